"""Whether a condition holds for the signals at hand. PURE."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from monitor.domain.alerts import Level
from monitor.domain.rules import Condition
from monitor.domain.signals import Signal

AHEAD = timedelta(minutes=10)
"""Event times a little in the future are clocks that go wrong, not prophecies."""
MEASURED = frozenset({"detect", "measurement"})
"""Sources of what was measured: our own detectors, and a state of the network that somebody else has found."""


def counting(condition: Condition, signals: Iterable[Signal], now: datetime) -> list[Signal]:
    """The signals that count towards a condition now: right kind, fresh, strong, told by somebody, not of another day."""
    since = now - timedelta(minutes=condition.within_minutes)
    until = now + AHEAD
    return [signal for signal in signals if since < signal.at <= until and counts_at_all(condition, signal)]


def counts_at_all(condition: Condition, signal: Signal) -> bool:
    """Whether a signal counts towards a condition at whatever time."""
    return (
        condition.counts(signal.kind)
        and signal.strength >= condition.strength_at_least
        and signal.tier <= condition.tier_at_most
        and signal.stands
        and (not condition.measured or signal.source in MEASURED)
        and (condition.include_past or not signal.past)
    )


def holds(condition: Condition, signals: Sequence[Signal]) -> bool:
    """Whether these counting signals are enough: different reports, independent witnesses, people if asked."""
    reports = {signal.report or signal.id for signal in signals}
    if len(reports) < max(condition.at_least, condition.independent_sources):
        return False
    if len({signal.witness for signal in signals}) < condition.independent_sources:
        return False
    return condition.people_at_least is None or any(has_people(condition, signal) for signal in signals)


def has_people(condition: Condition, signal: Signal) -> bool:
    """Whether a signal tells of as many people as a condition asks for, if it asks."""
    return condition.people_at_least is not None and _people(signal) >= condition.people_at_least


def _people(signal: Signal) -> int:
    roles = ("detained", "participants", "injured", "killed")
    return max((signal.counts[role][0] for role in roles if role in signal.counts), default=0)


def level_of(signals: Iterable[Signal]) -> Level:
    """How well something is supported.

    Seen by one witness; corroborated by two independent ones; confirmed where a measurement and a report agree, or three
    independent witnesses of which one checks facts before it publishes (tier 1).
    """
    told = {signal.witness for signal in signals if signal.stands}
    measured = {signal.witness for signal in signals if signal.source in MEASURED}
    best = min((signal.tier for signal in signals if signal.source not in MEASURED), default=4)
    if (measured and told - measured) or (len(told) >= 3 and best == 1):
        return Level.CONFIRMED
    return Level.CORROBORATED if len(told) >= 2 else Level.SEEN
