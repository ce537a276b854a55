"""A day told in lines: posts, news, states of the network and failures of sources, for demo, replay and tests. PURE."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from typing import Final, Literal
from zlib import crc32

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from monitor.domain.alerts import Level
from monitor.domain.connectivity import Round, Tally
from monitor.domain.health import Feeling, Health
from monitor.domain.kinds import EventKind
from monitor.domain.measurements import Access
from monitor.domain.moments import utc
from monitor.domain.regions import RegionCode
from monitor.domain.reports import Deletion, Item, Report
from monitor.domain.rules import SeverityWord
from monitor.domain.signals import Signal, signal_id
from monitor.domain.sources import Source


class Network(BaseModel):
    """A state of the network, as if measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: EventKind = Field(description="a kind of the family net")
    regions: tuple[RegionCode, ...] = Field(min_length=1, description="where")
    strength: float = Field(default=0.95, ge=0, le=1, description="how sure the measurement is, 0..1")
    note: str = Field(default="", description="what was measured, for people")


class Probes(BaseModel):
    """What probes see of some networks from now on, until another line says otherwise of the same networks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operators: tuple[str, ...] = Field(min_length=1, description="short names of the operators")
    regions: tuple[RegionCode, ...] = Field(min_length=1, description="where their probed hosts are")
    access: Literal["fixed", "mobile"] = Field(default="fixed", description="which network of theirs")
    service: str | None = Field(
        default=None, description="one service seen from these networks; all of it if not given"
    )
    up: float = Field(ge=0, le=1, description="share of targets that are reachable, 0..1")
    of: int = Field(default=12, ge=1, le=500, description="targets of each operator in each region")
    vantages: int = Field(default=3, ge=1, le=100, description="how many vantages see it")
    within_minutes: float = Field(default=0, ge=0, description="reached step by step within so many minutes; 0 at once")
    note: str = Field(default="", description="where that is known from, for people")


class Line(BaseModel):
    """One thing that happens. Exactly one of text, network, probes, down, up and deleted says what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime = Field(description="when we learn of it, with its zone")
    published_at: AwareDatetime | None = Field(default=None, description="when it was written, if earlier")
    source: str = Field(default="", description="id of a source of this scenario")
    text: str = Field(default="", description="what it says")
    title: str | None = Field(default=None, description="headline of a news item")
    key: str = Field(default="", description="its id at the source; made from its place in the file where not given")
    forwarded_from: str | None = Field(default=None, description="id of the source it was forwarded from")
    network: Network | None = Field(
        default=None, description="a state of the network, as if somebody else had found it"
    )
    probes: Probes | None = Field(default=None, description="what probes see from now on")
    down: tuple[str, ...] = Field(default=(), description="sources that cannot be reached from now on")
    up: tuple[str, ...] = Field(default=(), description="sources that can be reached again")
    deleted: bool = Field(default=False, description="the post with this key is gone")

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Line":
        said = [
            bool(self.text or self.title) and not self.deleted,
            self.network is not None,
            self.probes is not None,
            bool(self.down),
            bool(self.up),
            self.deleted,
        ]
        if sum(said) != 1:
            message = "a line says exactly one thing: text, network, probes, down, up or deleted"
            raise ValueError(message)
        if (self.text or self.deleted) and not self.source:
            message = "a post needs a source"
            raise ValueError(message)
        return self


class Expectation(BaseModel):
    """What a replay must show, for tests: an alert of a rule, or a signal of a kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str = Field(default="", description="id of the rule whose alert comes")
    signal: EventKind | None = Field(default=None, description="kind of the signal that comes, instead of a rule")
    says: str = Field(default="", description="words that stand in the reasons of the signal")
    region: RegionCode = Field(description="where")
    after: AwareDatetime | None = Field(default=None, description="not before this")
    by: AwareDatetime | None = Field(default=None, description="not after this")
    severity: SeverityWord | None = Field(default=None, description="at this severity")
    level: Level | None = Field(default=None, description="at least this well supported")

    @model_validator(mode="after")
    def _expects_one_thing(self) -> "Expectation":
        if bool(self.rule) == (self.signal is not None) or (self.says and not self.signal):
            message = "expects one thing: 'rule' or 'signal' ('says' goes with a signal)"
            raise ValueError(message)
        return self


class Scenario(BaseModel):
    """A file of `config/scenarios/`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9-]+$", description="unique")
    title: str = Field(description="what it tells")
    about: str = Field(default="", description="where its facts are from, and what is made up")
    mode: Literal["demo"] = Field(default="demo", description="marks everything made of it")
    sources: tuple[Source, ...] = Field(description="who speaks in it")
    lines: tuple[Line, ...] = Field(min_length=1, description="what happens, in any order")
    round_minutes: float = Field(default=2, ge=1, le=5, description="time between the rounds that probes lines become")
    seed: int = Field(default=1, description="of the small noise in those rounds; the same seed gives the same rounds")
    expect: tuple[Expectation, ...] = Field(default=(), description="alerts that must come")
    expect_not: tuple[Expectation, ...] = Field(default=(), description="alerts that must not")

    @model_validator(mode="after")
    def _knows_its_sources(self) -> "Scenario":
        known = {source.id for source in self.sources}
        for number, line in enumerate(self.lines, 1):
            for name in (line.source, *line.down, *line.up):
                if name and name not in known:
                    message = f"line {number} names an unknown source '{name}'"
                    raise ValueError(message)
        return self

    def items(self) -> Iterator[tuple[datetime, Item]]:
        """Everything that happens, in the order in which we learn of it; a round before what is said at its moment."""
        yield from merge(self._rounds(), self._told(), key=lambda moment: moment[0])

    def _rounds(self) -> Iterator[tuple[datetime, Item]]:
        for found in rounds_of(self):
            yield found.at, Item(source="probe", content=found)

    def _told(self) -> Iterator[tuple[datetime, Item]]:
        for number, line in sorted(enumerate(self.lines), key=lambda entry: (entry[1].at, entry[0])):
            for item in self._items_of(number, line):
                yield utc(line.at), item

    def _items_of(self, number: int, line: Line) -> Iterator[Item]:
        at = utc(line.at)
        if line.network is not None:
            yield Item(source="measurement", content=_measured(self.id, number, line.network, at))
        for name in line.down:
            yield Item(source=name, content=_health(name, Feeling.UNREACHABLE, "cannot reach: no connection", at))
        for name in line.up:
            yield Item(source=name, content=_health(name, Feeling.OK, "answers", at))
        key = line.key or f"{number}"
        if line.deleted:
            yield Item(
                source=line.source, content=Deletion(source=line.source, origin=line.source, key=key, observed_at=at)
            )
        elif line.text or line.title:
            yield Item(source=line.source, content=self._report(line, key, at))

    def _report(self, line: Line, key: str, at: datetime) -> Report:
        return Report(
            source=line.source,
            origin=line.source,
            key=key,
            title=line.title,
            text=line.text,
            link=f"demo:{self.id}/{line.source}/{key}",
            published_at=utc(line.published_at) if line.published_at else at,
            observed_at=at,
            forwarded_from=next((source.owner for source in self.sources if source.id == line.forwarded_from), None),
        )


def _measured(scenario: str, number: int, network: Network, at: datetime) -> Signal:
    evidence = f"{scenario}:{number}"
    return Signal(
        id=signal_id(evidence, network.kind, network.regions), kind=network.kind, regions=network.regions, at=at, observed_at=at,
        source="measurement", witness="measurement", strength=network.strength, evidence=(evidence,), tier=1,
        title=network.note or None, link=f"demo:{scenario}/measurement/{number}",
    )  # fmt: skip


def _health(name: str, feeling: Feeling, reason: str, at: datetime) -> Health:
    return Health(subject=f"source:{name}", feeling=feeling, reason=reason, since=at, checked_at=at)


NOISE: Final = 0.02
"""Share of targets that happen not to answer in a round, on average."""


def rounds_of(scenario: Scenario) -> Iterator[Round]:
    """The rounds that the scenario's probes lines mean, from the first of them to the last line of all."""
    said = sorted(((utc(line.at), line.probes) for line in scenario.lines if line.probes), key=lambda entry: entry[0])
    if not said:
        return
    last, step = max(utc(line.at) for line in scenario.lines), timedelta(minutes=scenario.round_minutes)
    networks: dict[tuple[str, str, str, str | None], _State] = {}
    at, place = said[0][0], 0
    while at <= last:
        while place < len(said) and said[place][0] <= at:
            _said(networks, *said[place])
            place += 1
        yield Round(at=at, tallies=tuple(_tally(scenario.seed, at, key, state) for key, state in networks.items()))
        at += step


@dataclass(frozen=True, slots=True)
class _State:
    """How a network is, and was before: shares of targets up."""

    probes: Probes
    since: datetime
    before: float

    def share_up(self, at: datetime) -> float:
        whole = timedelta(minutes=self.probes.within_minutes)
        passed = min(1.0, (at - self.since) / whole) if whole else 1.0
        return self.before + (self.probes.up - self.before) * passed


def _said(networks: dict[tuple[str, str, str, str | None], _State], at: datetime, probes: Probes) -> None:
    for operator in probes.operators:
        for region in probes.regions:
            key = (operator, region, probes.access, probes.service)
            known = networks.get(key)
            networks[key] = _State(probes, at, known.share_up(at) if known else probes.up)


def _tally(seed: int, at: datetime, key: tuple[str, str, str, str | None], state: _State) -> Tally:
    operator, region, access, service = key
    total = state.probes.of
    chance = crc32(f"{seed}/{at.timestamp():.0f}/{operator}/{region}/{access}/{service}".encode()) / 2**32
    up = int(total * state.share_up(at) * (1 - NOISE) + chance)
    return Tally(
        operator=operator, region=region, service=service, access=Access(access), total=total, up=min(total, up),
        asked=total, vantages=state.probes.vantages,
    )  # fmt: skip
