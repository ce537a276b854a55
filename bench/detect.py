"""Detection over simulated countries of seeds that served no tuning: latency by kind of cut, false and raised national onsets.

    python -m bench.detect --months 24 --first-seed 1000

Seeds 0 to 99 were looked at while the detector was made; never quote figures of those.
"""

import argparse
import statistics
from collections import defaultdict

from bench.figures import say
from monitor.simulation.play import play
from monitor.simulation.trial import Trial, trial
from monitor.simulation.world import SHAPES, WorldSettings, world


def percentile(values: list[float], share: float) -> float:
    """The smallest value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 100) * len(ordered) // 100) - 1))]


def run(months: int, first_seed: int, settings: WorldSettings) -> list[Trial]:
    return [trial(play(world(seed, settings))) for seed in range(first_seed, first_seed + months)]


def report(trials: list[Trial], label: str) -> None:
    months = sum(entry.months for entry in trials)
    by_shape: dict[str, list[float | None]] = defaultdict(list)
    for entry in trials:
        for found in entry.found:
            by_shape[found.cut.what].append(found.latency_minutes)
    for shape, latencies in by_shape.items():
        seen = [value for value in latencies if value is not None]
        say(
            "detect",
            world=label,
            cut=shape,
            cuts=len(latencies),
            missed=len(latencies) - len(seen),
            median_minutes=statistics.median(seen) if seen else None,
            p95_minutes=percentile(seen, 0.95) if seen else None,
            longest_minutes=max(seen, default=None),
        )
    errors = [
        abs(found.onset_error_minutes)
        for entry in trials
        for found in entry.found
        if found.onset_error_minutes is not None
    ]
    false = sum(len(entry.false_national) for entry in trials)
    say(
        "detect",
        world=label,
        entity_months=round(months, 1),
        false_national=false,
        false_national_a_month=round(false / months, 3),
        raised_from_one_operator=sum(entry.raised for entry in trials),
        onset_error_median_minutes=statistics.median(errors) if errors else None,
        rounds_a_day=round(sum(entry.rounds for entry in trials) / months / 30),
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--days", type=int, default=30)
    chosen = parser.parse_args(arguments or [])
    with_cuts = WorldSettings(days=chosen.days, cuts=SHAPES * 2)
    report(run(chosen.months, chosen.first_seed, with_cuts), "48 targets, 4 operators, cuts and noise")


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
