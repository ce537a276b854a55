"""Who is usually heard, how often, and who has fallen quiet: agents, and reporters who write from one place. PURE.

Known by a made-up mark, never by name. A rhythm is learnt from three gaps at least; who has not been heard for a day is not
there any more, which is no silence. After we ourselves were away, everybody has half an hour to be heard again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from monitor.detect.local_cut import MISSED_BEATS, Presence
from monitor.domain.connectivity import Outage, Scope
from monitor.domain.measurements import Access
from monitor.domain.regions import WHOLE_COUNTRY

LEAST_GAPS: Final = 3
SHORTEST: Final = timedelta(minutes=1)
GONE: Final = timedelta(days=1)
AWAY: Final = timedelta(minutes=10)
"""A pause of ours longer than this means that we were away."""
SETTLING: Final = timedelta(minutes=30)
LEARNS: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Somebody as known at a moment.

    Attributes:
        member: a mark that names nobody.
        at: when it was last heard.
        every: its rhythm where somebody has written it down; `None` = learn it.
        longitude, latitude: as coarse as the consent allows; `None` where the place is not shared.
        measures: it is an agent, whose silence speaks of its network.
    """

    member: str
    at: datetime
    region: str | None = None
    operator: str | None = None
    access: Access = Access.FIXED
    longitude: float | None = None
    latitude: float | None = None
    every: timedelta | None = None
    measures: bool = True


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When somebody was last heard, and how often it is."""

    heard_at: datetime
    every_seconds: float = 0.0
    gaps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A plain value.

    Attributes:
        rhythms: by member.
        looked_at: when we last looked; `None` before the first time.
        since: since when we have looked without a pause.
    """

    rhythms: Mapping[str, Rhythm] = field(default_factory=dict)
    looked_at: datetime | None = None
    since: datetime | None = None

    def settled(self, now: datetime) -> bool:
        """Whether we have been there long enough for a silence to be somebody else's."""
        return self.since is not None and now - self.since >= SETTLING


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who is usually heard."""

    sighting: Sighting
    presence: Presence
    quiet: bool

    def stands_in(self, outage: Outage) -> bool:
        """Whether it is an agent on a network, or in a place, that the outage is said to reach."""
        seen = self.sighting
        if not seen.measures or seen.access is Access.OUTSIDE or seen.region is None:
            return False
        if outage.scope is Scope.OPERATOR:
            network = outage.entity.partition(":")[2]
            return network == (f"{seen.operator}/mobile" if seen.access is Access.MOBILE else seen.operator)
        return WHOLE_COUNTRY in outage.regions or seen.region in outage.regions


def listened_to(
    before: Listening, sightings: Iterable[Sighting], now: datetime
) -> tuple[Listening, tuple[Member, ...]]:
    """The state after a look at who was heard when, and who is usually heard."""
    rhythms, members = {}, []
    for sighting in sightings:
        rhythm = rhythms[sighting.member] = _after(before.rhythms.get(sighting.member), sighting)
        usual = sighting.every or timedelta(seconds=rhythm.every_seconds)
        if now - sighting.at > GONE or (sighting.every is None and rhythm.gaps < LEAST_GAPS):
            continue
        presence = Presence(
            member=sighting.member, heard_at=sighting.at, every=max(usual, SHORTEST),
            longitude=sighting.longitude, latitude=sighting.latitude,
        )  # fmt: skip
        members.append(Member(sighting, presence, presence.quiet(now)))
    paused = before.looked_at is None or now - before.looked_at > AWAY
    since = now if paused else before.since
    return Listening(rhythms=rhythms, looked_at=now, since=since), tuple(members)


def _after(known: Rhythm | None, sighting: Sighting) -> Rhythm:
    if known is None:
        return Rhythm(sighting.at)
    gap = (sighting.at - known.heard_at).total_seconds()
    if gap <= 0:
        return known
    if known.gaps >= LEAST_GAPS and gap > MISSED_BEATS * max(known.every_seconds, SHORTEST.total_seconds()):
        # A silence that is over is no rhythm; who has truly become slower is learnt by and by.
        gap = MISSED_BEATS * known.every_seconds
    share = max(LEARNS, 1.0 / (known.gaps + 1))
    every = known.every_seconds + share * (gap - known.every_seconds)
    return Rhythm(sighting.at, round(every, 1), known.gaps + 1)
