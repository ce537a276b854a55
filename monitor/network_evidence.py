"""The evidence beside the rounds: what the store knows that others said, who was heard at all, and who is usually heard.

Told outages become signals here, each weighed with all of it; outages that last are weighed again at every look, since
people's reports come twenty minutes after the probes. Reads the store, and writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.detect.history import HistoryState, News, Told
from monitor.detect.presence import Listening, Member, Sighting, listened_to
from monitor.detect.said import AFTER, MEASURED_ELSEWHERE, Said, said_by
from monitor.detect.signals import outage_id, signal_of
from monitor.detect.track import LATELY
from monitor.detect.weighing import ORDER, UNHEARD, Evidence, Weighed, asked_since, weighed
from monitor.domain.agents import AgentBook
from monitor.domain.areas import Area
from monitor.domain.changes import Query
from monitor.domain.connectivity import Cause, EvidenceFamily, Outage, Round, Scope, Shown
from monitor.domain.ids import content_id
from monitor.domain.kinds import Family
from monitor.domain.ports import StateStore
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.signals import Signal
from monitor.domain.sources import Source

MOST_SAID: Final = 20_000
LOOK_EVERY: Final = timedelta(minutes=1)
"""How often it is looked who was heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """A piece of news, when it was found, and what was open then."""

    told: Told
    at: datetime
    still_open: tuple[Outage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known beside the target list: who speaks, where areas lie, and who our agents are.

    Attributes:
        book: of agents; `None` where there are none.
    """

    sources: Mapping[str, Source] = field(default_factory=dict)
    areas: Sequence[Area] = ()
    book: AgentBook | None = None


class EvidenceDesk:
    """Brings evidence and outages together."""

    def __init__(self, state: StateStore, surroundings: Surroundings) -> None:
        self._state = state
        self._book = surroundings.book
        self._sources = surroundings.sources
        self._stances = {source.id: source.stance for source in surroundings.sources.values()}
        self._reporters = [source for source in surroundings.sources.values() if source.place is not None]

    async def looked(self, before: Listening, now: datetime) -> tuple[Listening, tuple[Member, ...]] | None:
        """Who is usually heard, with the state after this look; `None` where none is due, or nobody is known."""
        if before.looked_at is not None and timedelta(0) <= now - before.looked_at < LOOK_EVERY:
            return None
        sightings = [*await self._agents(), *await self._reporting()]
        return listened_to(before, sightings, now) if sightings or before.rhythms else None

    async def _agents(self) -> list[Sighting]:
        found = []
        for agent, standing in await self._book.agents() if self._book is not None else ():
            if agent.revoked_at is None and standing.last_heard_at is not None:
                seen, (east, north) = agent.vantage, agent.place or (None, None)
                found.append(
                    Sighting(
                        member=content_id("agent", agent.id)[:12], at=standing.last_heard_at, region=seen.region,
                        operator=seen.operator, access=seen.access, longitude=east, latitude=north,
                    )
                )  # fmt: skip
        return found

    async def _reporting(self) -> list[Sighting]:
        """Reporters who write from one place, each by the newest of what it wrote."""
        found = []
        for source in self._reporters:
            newest = await self._state.reports(Query(sources=(source.id,), limit=1))
            if newest and source.place is not None:
                hours = source.expected_hours_between_posts
                found.append(
                    Sighting(
                        member=content_id("reporter", source.owner)[:12], at=newest[0].observed_at, region=source.region,
                        longitude=source.place[0], latitude=source.place[1], measures=False,
                        every=timedelta(hours=hours) if hours is not None else None,
                    )
                )  # fmt: skip
        # Channels of one owner are one person who is heard, the latest time counts.
        return list({one.member: one for one in sorted(found, key=lambda entry: entry.at)}.values())

    async def weighed(
        self, before: Mapping[str, Weighed], history: HistoryState, fresh: Sequence[Fresh], members: Sequence[Member],
        now: datetime,
    ) -> tuple[Mapping[str, Weighed], tuple[Signal, ...]]:  # fmt: skip
        """What is told of the news, and of outages that last and are judged anew; and all that last, as weighed."""
        lasting = _lasting(before, history, fresh)
        subjects = [*(one.told.outage for one in fresh), *lasting.values()]
        if not subjects:
            return ({} if before else before), ()
        said = await self._said(subjects, now)
        after: dict[str, Weighed] = {}
        signals: list[Signal] = []
        for one in fresh:
            found = await self._of(one.told.outage, _known(before, one.told), history, said, members, now)
            told = replace(one.told, outage=found.outage)
            signals.append(signal_of(told, one.at, found.judgement, still_open=one.still_open))
            after[outage_id(one.told.outage)] = found
        for name, outage in lasting.items():
            if name not in after:
                known = before.get(name)
                after[name] = found = await self._of(outage, known, history, said, members, now)
                if known is not None and (news := _news(known, found)):
                    anew = Told(news=news, outage=found.outage, past=False)
                    signals.append(signal_of(anew, now, found.judgement))
        kept = {name: found for name, found in after.items() if name in lasting}
        return (before if kept == before else kept), tuple(signals)

    async def _of(
        self, outage: Outage, known: Weighed | None, history: HistoryState, said: Sequence[Said],
        members: Sequence[Member], now: datetime,
    ) -> Weighed:  # fmt: skip
        ears = await self._ears(outage, known, now)
        evidence = Evidence(said=said, ears=ears, members=members)
        return weighed(outage, _rounds_in(history, outage), evidence, now, known)

    async def _said(self, outages: Sequence[Outage], now: datetime) -> list[Said]:
        """What was said of the network in the hours of these outages, in one order whatever store holds it."""
        since = min(asked_since(outage) for outage in outages)
        until = max(min(outage.ended or now, outage.onset + AFTER) for outage in outages) + timedelta(microseconds=1)
        query = Query(since=since, until=until, families=(Family.NET,), newest_first=False, limit=MOST_SAID)
        found = (said_by(signal, self._stances) for signal in await self._state.signals(query))
        return sorted((one for one in found if one is not None), key=lambda one: (one.signal.at, one.signal.id))

    async def _ears(self, outage: Outage, known: Weighed | None, now: datetime) -> tuple[EvidenceFamily, ...]:
        """Families that heard somebody since the onset, asked once they are due; what is known stays known."""
        ears = set(known.ears) if known else set()
        if now - outage.onset <= UNHEARD.lag:
            return tuple(sorted(ears))
        for family, projects in ((EvidenceFamily.REPORTS, False), (EvidenceFamily.THIRD_PARTY, True)):
            names = tuple(sorted(self._voices(outage, projects=projects)))
            if family not in ears and names:
                until = outage.ended or now
                query = Query(since=outage.onset, until=until, sources=names, limit=1)
                ears |= {family} if await self._state.reports(query) else set()
        return tuple(sorted(ears))

    def _voices(self, outage: Outage, *, projects: bool) -> list[str]:
        """Sources that would write of an outage there: projects that measure, or everybody who is not official."""
        here = {WHOLE_COUNTRY, *outage.regions}
        return [
            source.id
            for source in self._sources.values()
            if (source.stance == "measurement") is projects
            and source.stance != "official"
            and source.id != MEASURED_ELSEWHERE
            and (WHOLE_COUNTRY in outage.regions or source.region in here)
        ]


def open_cuts(found: Mapping[str, Weighed]) -> dict[str, Outage]:
    """Local cuts that last, by entity."""
    return {one.outage.entity: one.outage for one in found.values() if one.outage.scope is Scope.LOCAL}


def grown(found: Mapping[str, Weighed], lasting: Mapping[str, Outage]) -> Mapping[str, Weighed]:
    """The same with local cuts as they are now."""
    changed = {
        name: replace(one, outage=replace(lasting[one.outage.entity], cause=one.outage.cause))
        for name, one in found.items()
        if one.outage.entity in lasting and lasting[one.outage.entity].loss_ratio != one.outage.loss_ratio
    }
    return {**found, **changed} if changed else found


def shown(found: Mapping[str, Weighed]) -> tuple[Shown, ...]:
    """Outages that last, as the board shows them; who said what is left out."""
    return tuple(
        Shown(
            outage=one.outage, certainty=one.judgement.certainty, families=one.judgement.families,
            showing=one.judgement.showing, asked=one.judgement.asked, of=one.judgement.of,
        )
        for _, one in sorted(found.items(), key=lambda entry: (entry[1].outage.onset, entry[0]))
    )  # fmt: skip


def _lasting(before: Mapping[str, Weighed], history: HistoryState, fresh: Sequence[Fresh]) -> dict[str, Outage]:
    """Outages that last: of the networks as the rounds have them, of areas as they were told of."""
    cuts = open_cuts(before)
    for one in fresh:
        if one.told.outage.scope is Scope.LOCAL:
            if one.told.outage.ended is None:
                cuts[one.told.outage.entity] = one.told.outage
            else:
                cuts.pop(one.told.outage.entity, None)
    return {outage_id(outage): outage for outage in (*history.now.open.values(), *cuts.values())}


def _known(before: Mapping[str, Weighed], told: Told) -> Weighed | None:
    earlier = before.get(outage_id(told.before)) if told.before is not None else None
    return earlier or before.get(outage_id(told.outage))


def _rounds_in(history: HistoryState, outage: Outage) -> Sequence[Round]:
    """The last rounds that were in it."""
    if outage.ended is None:
        return history.now.rounds
    return [one for one in history.rounds if outage.onset <= one.at < outage.ended][-LATELY:]


def _news(before: Weighed, after: Weighed) -> News | None:
    if after.outage.cause is not before.outage.cause and after.outage.cause is not Cause.UNKNOWN:
        return News.EXPLAINED
    told, found = ORDER.index(before.judgement.certainty), ORDER.index(after.judgement.certainty)
    if found == told:
        return None
    return News.STRENGTHENED if found > told else News.WEAKENED
