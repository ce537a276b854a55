"""Short re-openings of a cut, kept as a schedule: people plan calls, money and medicine by it.

A pattern is told only when three openings on three different days began within three quarters of an hour of the same time
of day; until then it is "no pattern yet". The forecast is what was usual, never a promise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
from statistics import median
from typing import Final

from monitor.domain.connectivity import Outage

ALIKE_MINUTES: Final = 45
LEAST_DAYS: Final = 3
LOOKED_BACK: Final = 6
LONGEST: Final = timedelta(hours=18)
"""A longer opening is the end of a cut, not a window in it."""
DAY_MINUTES: Final = 1440
NO_PATTERN: Final = "no pattern yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A window in a cut; `end` is `None` while it is open."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Openings alike, with the next one if it goes on so.

    Attributes:
        starts_at_minute: of the local day, middle of those seen; `minutes`: how long, middle.
        seen: how many openings it rests on.
        next_start, next_end: forecast, aware, in the reader's zone.
    """

    starts_at_minute: int
    minutes: int
    seen: int
    next_start: datetime
    next_end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """All openings of a cut so far, and the pattern if there is one."""

    openings: tuple[Opening, ...]
    pattern: Pattern | None

    @property
    def words(self) -> str:
        """As a person would say it."""
        if self.pattern is None:
            return NO_PATTERN
        start, end = self.pattern.next_start, self.pattern.next_end
        return f"{self.pattern.seen} openings alike; next perhaps {start:%d %b %H:%M} to {end:%H:%M}"


def schedule(outages: Sequence[Outage], now: datetime, zone: tzinfo) -> Schedule:
    """The schedule of one entity's outages (in any order), as known at `now`; times of day are those of `zone`."""
    found = openings(outages)
    return Schedule(openings=found, pattern=_pattern(found, now, zone))


def openings(outages: Sequence[Outage]) -> tuple[Opening, ...]:
    """The windows between outages, oldest first."""
    ordered = sorted(outages, key=lambda outage: outage.onset)
    found = []
    for before, after in pairwise(ordered):
        if before.ended is not None and timedelta(0) < after.onset - before.ended <= LONGEST:
            found.append(Opening(start=before.ended, end=after.onset))
    if ordered and ordered[-1].ended is not None and len(ordered) > 1:
        found.append(Opening(start=ordered[-1].ended, end=None))
    return tuple(found)


def _pattern(found: Sequence[Opening], now: datetime, zone: tzinfo) -> Pattern | None:
    closed = [opening for opening in found if opening.end is not None][-LOOKED_BACK:]
    alike = max((_alike(opening, closed, zone) for opening in closed), key=len, default=[])
    if len({_day(opening, zone) for opening in alike}) < LEAST_DAYS:
        return None
    starts = [_minute(opening, zone) for opening in alike]
    middle = int(median([starts[0] + _apart(starts[0], start) for start in starts])) % DAY_MINUTES
    minutes = int(median([(opening.end - opening.start).total_seconds() / 60 for opening in alike if opening.end]))
    next_start = _next(now, middle, zone)
    return Pattern(
        starts_at_minute=middle,
        minutes=minutes,
        seen=len(alike),
        next_start=next_start,
        next_end=next_start + timedelta(minutes=minutes),
    )


def _alike(opening: Opening, others: Sequence[Opening], zone: tzinfo) -> list[Opening]:
    mine = _minute(opening, zone)
    return [other for other in others if abs(_apart(mine, _minute(other, zone))) <= ALIKE_MINUTES]


def _apart(first: int, second: int) -> int:
    """Minutes from the first to the second time of day, the short way round midnight."""
    return (second - first + DAY_MINUTES // 2) % DAY_MINUTES - DAY_MINUTES // 2


def _minute(opening: Opening, zone: tzinfo) -> int:
    local = opening.start.astimezone(zone)
    return local.hour * 60 + local.minute


def _day(opening: Opening, zone: tzinfo) -> date:
    return opening.start.astimezone(zone).date()


def _next(now: datetime, minute: int, zone: tzinfo) -> datetime:
    local = now.astimezone(zone)
    today = local.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
    return today if today > local else today + timedelta(days=1)
