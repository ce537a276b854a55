"""What was measured as points of the series `probe`: did it answer, how fast, and how it failed. PURE.

Keyed by service, operator, region and kind of access, never by an address or an agent. A point says what was seen and not
what is concluded: verdicts need controls, which may come later, and are made again when they do.
"""

from collections.abc import Iterator
from typing import Final

from monitor.detect.verdict import judge
from monitor.domain.connectivity import Round
from monitor.domain.measurements import Link, Measurement, State
from monitor.domain.series import Point, nanoseconds, series_key, telling_apart

MEASUREMENT: Final = "probe"
_BLIND: Final = frozenset({Link.DOWN, Link.CAPTIVE_PORTAL})
_ANSWERED: Final = frozenset({State.OK, State.DEGRADED})


def probe_points(found: Measurement | Round) -> Iterator[Point]:
    """One point for a measurement; one for each tally of a round.

    `ratio` is 1 or 0 (or the share of targets up), `None` where our own link says that nothing can be told; `value` is
    milliseconds from beginning to end; `text` is the first failure in the words of df-007.
    """
    if isinstance(found, Round):
        yield from _of_round(found)
        return
    vantage = found.vantage
    network = vantage.operator or (f"AS{vantage.asn}" if vantage.asn is not None else None)
    key = series_key(
        MEASUREMENT, service=found.service, operator=network, region=vantage.region, access=vantage.access.value
    )
    ends = [step.started_seconds + step.took_seconds for step in found.steps]
    failures = [step.failure.value for step in found.steps if step.failure is not None]
    yield Point(
        key, telling_apart(found.started_at, found.id), _answered(found), round(max(ends) * 1000, 3) if ends else None,
        failures[0] if failures else None,
    )  # fmt: skip


def _answered(found: Measurement) -> float | None:
    if found.link in _BLIND or not found.steps:
        return None
    return 1.0 if judge(found).state in _ANSWERED else 0.0


def _of_round(found: Round) -> Iterator[Point]:
    for tally in found.tallies:
        if tally.total:
            key = series_key(
                MEASUREMENT,
                service=tally.service,
                operator=tally.operator,
                region=tally.region,
                access=tally.access.value,
            )
            yield Point(key, nanoseconds(found.at), tally.up / tally.total)
