"""A square or a district is cut off: those inside a polygon go quiet together, while the others stay up.

Agents and reporters count alike, each once. Quiet is who has not been heard for longer than their own rhythm allows. The
cut is told when so many of those inside would go quiet within one quarter of an hour less than once in ten thousand by
chance, at the rate at which others are quiet. A general silence is not local, and a few people are not a crowd.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LEAST_QUIET: Final = 3
LEAST_QUIET_SHARE: Final = 0.6
LEAST_OTHERS: Final = 5
MOST_OTHERS_QUIET: Final = 0.3
TOGETHER: Final = timedelta(minutes=15)
MISSED_BEATS: Final = 3.0
CHANCE: Final = 1e-4

Polygon = Sequence[tuple[float, float]]
"""Corners as (longitude, latitude), in order; the last is joined to the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Somebody who is usually heard: an agent, or a reporter who posts.

    Attributes:
        member: short name; never a person's.
        longitude, latitude: as coarse as the consent allows; `None` where the place is not shared.
        heard_at: last time.
        every: usual time between signs of life.
    """

    member: str
    heard_at: datetime
    every: timedelta
    longitude: float | None = None
    latitude: float | None = None

    def quiet(self, now: datetime) -> bool:
        """Not heard for three of its beats."""
        return now - self.heard_at > self.every * MISSED_BEATS


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCut:
    """A place that seems cut off, with all counts.

    Attributes:
        onset_earliest: when the first of them was last heard; `onset_latest`: the last of them.
        chance: of so many going quiet together by accident.
    """

    place: str
    onset_earliest: datetime
    onset_latest: datetime
    quiet: int
    inside: int
    others_quiet: int
    others: int
    chance: float


def local_cut(place: str, polygon: Polygon, presences: Collection[Presence], now: datetime) -> LocalCut | None:
    """The cut of this place, if it is one; `None` where too few are known to say anything."""
    inside = [presence for presence in presences if _within(presence, polygon)]
    names = {presence.member for presence in inside}
    others = [presence for presence in presences if presence.member not in names]
    together = _together([presence for presence in inside if presence.quiet(now)])
    others_quiet = sum(presence.quiet(now) for presence in others)
    if len(together) < LEAST_QUIET or len(together) < LEAST_QUIET_SHARE * len(inside) or len(others) < LEAST_OTHERS:
        return None
    if others_quiet > MOST_OTHERS_QUIET * len(others):
        return None
    chance = binomial_at_least(len(together), len(inside), (others_quiet + 0.5) / (len(others) + 1.0))
    if chance >= CHANCE and others_quiet > 0:
        return None
    return LocalCut(
        place=place,
        onset_earliest=together[0].heard_at,
        onset_latest=together[-1].heard_at,
        quiet=len(together),
        inside=len(inside),
        others_quiet=others_quiet,
        others=len(others),
        chance=chance,
    )


def _together(quiet: Sequence[Presence]) -> list[Presence]:
    """The largest group last heard within a quarter of an hour of one another, or a beat of theirs if that is longer."""
    ordered = sorted(quiet, key=lambda presence: presence.heard_at)
    best: list[Presence] = []
    for first in ordered:
        reach = max(TOGETHER, first.every)
        group = [one for one in ordered if timedelta(0) <= one.heard_at - first.heard_at <= reach]
        best = max(best, group, key=len)
    return best


def _within(presence: Presence, polygon: Polygon) -> bool:
    if presence.longitude is None or presence.latitude is None:
        return False
    return contains(polygon, presence.longitude, presence.latitude)


def contains(polygon: Polygon, longitude: float, latitude: float) -> bool:
    """Whether the point lies inside (crossing rule; the ground is flat enough within a city)."""
    inside = False
    for (x1, y1), (x2, y2) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if (y1 > latitude) != (y2 > latitude) and longitude < (x2 - x1) * (latitude - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def binomial_at_least(count: int, size: int, share: float) -> float:
    """The chance of `count` or more successes in `size` trials."""
    return sum(
        math.comb(size, number) * share**number * (1.0 - share) ** (size - number) for number in range(count, size + 1)
    )
