"""`dabyl simulate`: networks that never were, from a seed, with the truth beside what the detector told."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import click

from monitor.cli.output import write_lines
from monitor.domain.connectivity import Outage
from monitor.domain.moments import rfc3339
from monitor.simulation.play import START, Play, play
from monitor.simulation.trial import Trial, trial
from monitor.simulation.world import MINUTES_A_DAY, SHAPES, Incident, WorldSettings, world


@click.command(
    epilog="\b\nExamples:\n  dabyl simulate --seed 7 --days 3 --cut full\n"
    "  dabyl simulate --seed 7 --days 10 --cut ramp45 --cut short20 --rounds > rounds.jsonl"
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same country.")
@click.option("--days", type=click.IntRange(1, 120), default=4, show_default=True)
@click.option("--targets", type=click.IntRange(4, 2000), default=48, show_default=True)
@click.option("--operators", type=click.IntRange(1, 40), default=4, show_default=True)
@click.option("--regions", type=click.IntRange(1, 20), default=8, show_default=True)
@click.option("--vantages", type=click.IntRange(1, 20), default=3, show_default=True)
@click.option(
    "--cut", "cuts", type=click.Choice(SHAPES), multiple=True, help="A national cut of this shape; repeatable."
)
@click.option("--rounds", "only_rounds", is_flag=True, help="Write every minute's tallies and nothing else.")
def command(seed: int, days: int, cuts: tuple[str, ...], only_rounds: bool, **size: int) -> None:
    """Play a seeded country with flaps, incidents of operators and regions, vantage outages and transit trouble.

    Writes JSON Lines: what truly happened ("truth"), what the detector told ("told"), and how it did ("score"). The
    detector is the one that the service runs.
    """
    quiet = min(2, days - 1)
    made = world(seed, WorldSettings(days=days, quiet_days=quiet, cuts=cuts, **size))
    played = play(made)
    write_lines(_rounds(played) if only_rounds else _story(played, trial(played)))


def _rounds(played: Play) -> Iterator[dict[str, Any]]:
    with click.progressbar(range(played.world.settings.days * MINUTES_A_DAY), file=sys.stderr) as bar:
        for minute in bar:
            found = played.round(minute)
            yield {
                "at": rfc3339(found.at),
                "tallies": [
                    {
                        "operator": tally.operator,
                        "region": tally.region,
                        "up": tally.up,
                        "total": tally.total,
                        "asked": tally.asked,
                        "vantages": tally.vantages,
                    }
                    for tally in found.tallies
                ],
            }


def _story(played: Play, tried: Trial) -> Iterator[dict[str, Any]]:
    for incident in played.world.incidents:
        yield {"record": "truth", **_incident(incident)}
    for outage in sorted(tried.outages, key=lambda entry: entry.onset):
        yield {"record": "told", **outage_record(outage)}
    yield {
        "record": "score",
        "latencies_minutes": [[found.cut.what, found.latency_minutes] for found in tried.found],
        "missed": sum(found.latency_minutes is None for found in tried.found),
        "false_national": len(tried.false_national),
        "raised_from_one_operator": tried.raised,
        "rounds": tried.rounds,
    }


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "what": incident.what,
        "who": incident.who if incident.who >= 0 or incident.what == "wobble" else None,
        "start": rfc3339(START + timedelta(minutes=incident.start)),
        "end": rfc3339(START + timedelta(minutes=incident.end)),
        "ramp_minutes": incident.ramp_minutes,
        "share": round(incident.share, 3),
    }


def outage_record(outage: Outage) -> dict[str, Any]:
    """An outage with its counts and both bounds of its onset."""
    return {
        "entity": outage.entity,
        "scope": outage.scope.value,
        "kind": outage.kind.value,
        "state": outage.state.value,
        "degree": outage.degree.value,
        "onset": rfc3339(outage.onset),
        "onset_earliest": rfc3339(outage.onset_earliest),
        "onset_latest": rfc3339(outage.onset_latest),
        "detected_at": rfc3339(outage.detected_at),
        "ended": rfc3339(outage.ended),
        "up": outage.up,
        "total": outage.total,
        "vantages": outage.vantages,
        "loss_ratio": outage.loss_ratio,
        "entities": list(outage.entities),
    }
