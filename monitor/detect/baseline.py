"""What share of an entity's targets is usually up, by hour of the week, with disturbed hours painted over.

An hour is learnt six hours later, and only if no outage, suspicion or lasting loss touched it; so the beginning of a ramp,
which nobody knew for one, is not learnt either. What was once learnt of an hour of the week is forgotten only when newer
usual hours replace it, never because time passes: thirty evenings of slow-down are as visible on the thirtieth as on the
first. Public holidays count as Sundays.
"""

from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Final

HOUR: Final = 3600
WEEK_HOURS: Final = 168
THURSDAY_TO_MONDAY: Final = 72  # 1970-01-01 was a Thursday; hour 0 of our week is Monday 00:00 UTC
KEPT_WEEKS: Final = 4
LEARNT_AFTER_HOURS: Final = 6
RECENT_HOURS: Final = 48
UNKNOWN_RATIO: Final = 0.95
"""Assumed before the first hour is over; a target list is kept at nine tenths and more."""
LEAST_SPREAD: Final = 0.01
MOST_SPREAD: Final = 0.05
LASTING_LOSS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual; a plain value.

    Attributes:
        hours: by hour of the week (168 places), the shares of the latest usual weeks, latest last.
        waiting: hours not yet learnt: (hour since 1970, share).
        recent: shares of the latest learnt hours, whatever the hour of the week.
        hour: the running hour since 1970; -1 before any.
        up, total: sums over the usual rounds of the running hour.
        usual: share now usual, 0..1.
        spread: how far usual hours stray from it.
        spoilt: the running hour was disturbed.
    """

    hours: tuple[tuple[float, ...], ...] = ((),) * WEEK_HOURS
    waiting: tuple[tuple[int, float], ...] = ()
    recent: tuple[float, ...] = ()
    hour: int = -1
    up: float = 0.0
    total: float = 0.0
    usual: float = UNKNOWN_RATIO
    spread: float = MOST_SPREAD
    spoilt: bool = False


def entered(baseline: Baseline, at: float, holidays: frozenset[int] = frozenset()) -> Baseline:
    """The baseline as it is for a round at that time: on a new hour the last one is put by and the usual looked up.

    `holidays` are days since 1970 (UTC).
    """
    hour = int(at // HOUR)
    if hour == baseline.hour:
        return baseline
    baseline = _learnt(_put_by(baseline), hour, holidays)
    usual, spread = _looked_up(baseline, _place(hour, holidays))
    return replace(baseline, hour=hour, up=0.0, total=0.0, usual=usual, spread=spread, spoilt=False)


def counted(baseline: Baseline, up: int, total: int, *, disturbed: bool) -> Baseline:
    """The baseline after a round of the running hour."""
    if disturbed:
        return baseline if baseline.spoilt else replace(baseline, spoilt=True)
    return Baseline(
        baseline.hours,
        baseline.waiting,
        baseline.recent,
        baseline.hour,
        baseline.up + up,
        baseline.total + total,
        baseline.usual,
        baseline.spread,
        baseline.spoilt,
    )


def painted_over(baseline: Baseline, since: float) -> Baseline:
    """The baseline without what was put by since then: an outage turned out to have begun there."""
    first = int(since // HOUR)
    waiting = tuple(entry for entry in baseline.waiting if entry[0] < first)
    return replace(baseline, waiting=waiting, spoilt=True)


def _put_by(baseline: Baseline) -> Baseline:
    if baseline.spoilt or baseline.total <= 0 or baseline.hour < 0:
        return baseline
    return replace(baseline, waiting=(*baseline.waiting, (baseline.hour, baseline.up / baseline.total)))


def _learnt(baseline: Baseline, now: int, holidays: frozenset[int]) -> Baseline:
    due = [entry for entry in baseline.waiting if entry[0] <= now - LEARNT_AFTER_HOURS]
    if not due:
        return baseline
    hours, recent = list(baseline.hours), baseline.recent
    for hour, ratio in due:
        place = _place(hour, holidays)
        if not recent or ratio >= _known(hours[place], recent) - LASTING_LOSS:
            hours[place] = (*hours[place], ratio)[-KEPT_WEEKS:]
            recent = (*recent, ratio)[-RECENT_HOURS:]
    waiting = tuple(entry for entry in baseline.waiting if entry[0] > now - LEARNT_AFTER_HOURS)
    return replace(baseline, hours=tuple(hours), recent=recent, waiting=waiting)


def _known(same_hour: tuple[float, ...], recent: tuple[float, ...]) -> float:
    return median(same_hour or recent)


def _place(hour: int, holidays: frozenset[int]) -> int:
    place = (hour + THURSDAY_TO_MONDAY) % WEEK_HOURS
    return 144 + hour % 24 if hour // 24 in holidays else place


def _looked_up(baseline: Baseline, place: int) -> tuple[float, float]:
    """The usual share and its spread: the hour of the week; until that is known twice, the hour of the day; else lately."""
    same = baseline.hours[place]
    if len(same) < 2:
        day = [ratio for hour in range(place % 24, WEEK_HOURS, 24) for ratio in baseline.hours[hour]]
        same = tuple(day) if len(day) >= 2 else baseline.recent or tuple(ratio for _, ratio in baseline.waiting)
    if not same:
        started = baseline.total > 0 and not baseline.spoilt
        return (baseline.up / baseline.total if started else UNKNOWN_RATIO), MOST_SPREAD
    usual = median(same)
    around = baseline.recent or same
    spread = 1.4826 * fmean([abs(ratio - median(around)) for ratio in around])
    return usual, min(MOST_SPREAD, max(LEAST_SPREAD, spread))
