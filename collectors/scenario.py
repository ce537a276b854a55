"""A day told in lines: posts, news, states of the network and failures of sources, for demo, replay and tests. PURE."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from monitor.domain.alerts import Level
from monitor.domain.health import Feeling, Health
from monitor.domain.kinds import EventKind
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


class Line(BaseModel):
    """One thing that happens. Exactly one of text, network, down, up and deleted says what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime = Field(description="when we learn of it, with its zone")
    published_at: AwareDatetime | None = Field(default=None, description="when it was written, if earlier")
    source: str = Field(default="", description="id of a source of this scenario")
    text: str = Field(default="", description="what it says")
    title: str | None = Field(default=None, description="headline of a news item")
    key: str = Field(default="", description="its id at the source; made from its place in the file where not given")
    forwarded_from: str | None = Field(default=None, description="id of the source it was forwarded from")
    network: Network | None = Field(default=None, description="a state of the network")
    down: tuple[str, ...] = Field(default=(), description="sources that cannot be reached from now on")
    up: tuple[str, ...] = Field(default=(), description="sources that can be reached again")
    deleted: bool = Field(default=False, description="the post with this key is gone")

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Line":
        said = [
            bool(self.text or self.title) and not self.deleted,
            self.network is not None,
            bool(self.down),
            bool(self.up),
            self.deleted,
        ]
        if sum(said) != 1:
            message = "a line says exactly one thing: text, network, down, up or deleted"
            raise ValueError(message)
        if (self.text or self.deleted) and not self.source:
            message = "a post needs a source"
            raise ValueError(message)
        return self


class Expectation(BaseModel):
    """What a replay must show, for tests."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str = Field(description="id of the rule")
    region: RegionCode = Field(description="where")
    after: AwareDatetime | None = Field(default=None, description="not before this")
    by: AwareDatetime | None = Field(default=None, description="not after this")
    severity: SeverityWord | None = Field(default=None, description="at this severity")
    level: Level | None = Field(default=None, description="at least this well supported")


class Scenario(BaseModel):
    """A file of `config/scenarios/`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9-]+$", description="unique")
    title: str = Field(description="what it tells")
    about: str = Field(default="", description="where its facts are from, and what is made up")
    mode: Literal["demo"] = Field(default="demo", description="marks everything made of it")
    sources: tuple[Source, ...] = Field(description="who speaks in it")
    lines: tuple[Line, ...] = Field(min_length=1, description="what happens, in any order")
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
        """Everything that happens, in the order in which we learn of it."""
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
