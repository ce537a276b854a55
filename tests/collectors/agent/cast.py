"""The cast of the agents' tests: one core, one agent, what it measures, and a service that stores."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from collectors.agent.keys import Secret, key_of
from collectors.agent.outbox import Outbox
from collectors.agent.parcels import Head, pack, pack_content, short_key
from collectors.agent.queue import DiskQueue
from collectors.agent.rows import Row, pack_row
from collectors.agent.settings import AgentConfig
from collectors.agent_desk import AgentDesk, Taken
from monitor.domain.agents import Agent, Parcel
from monitor.domain.changes import Change
from monitor.domain.health import Health
from monitor.domain.measurements import Access, HttpStep, Measurement, TcpStep, Vantage, measurement_id
from monitor.domain.ports import Clock
from monitor.domain.reports import Item
from monitor.domain.signals import Signal
from monitor.store.sql_state import SqlStateStore
from tests.conftest import NEW_YEAR

CORE: Secret = key_of("11" * 32)
AGENT: Secret = key_of("22" * 32)
OTHER: Secret = key_of("33" * 32)
VANTAGE = Vantage(id="kz-1", asn=29355, operator="kcell", region="KZ-75", access=Access.MOBILE)
MINUTE = timedelta(minutes=1)


def agent(name: str = "kz-1", secret: Secret = AGENT) -> Agent:
    return Agent(id=name, key=secret.public, vantage=VANTAGE, enrolled_at=NEW_YEAR)


def config(**changes: object) -> AgentConfig:
    values = {
        "id": "kz-1", "core": CORE.public, "asn": 29355, "operator": "kcell", "region": "KZ-75", "access": "mobile",
        "answer_seconds": 2, "pack_seconds": 1, **changes,
    }  # fmt: skip
    return AgentConfig.model_validate(values)


def measured(number: int, at: datetime = NEW_YEAR, target: str = "wikipedia") -> Measurement:
    at += timedelta(seconds=number)
    steps = (
        TcpStep(host="wikipedia.test", address="198.51.100.7:443", family=4, took_seconds=0.03),
        HttpStep(host="wikipedia.test", url="https://wikipedia.test/", status=200, title="W", headers={"server": "x"}),
    )
    return Measurement(
        id=measurement_id("kz-1", target, at), target=target, service=target, url="https://wikipedia.test/",
        vantage=VANTAGE, started_at=at, steps=steps,
    )  # fmt: skip


def open_queue(path: Path, at: datetime = NEW_YEAR, largest_bytes: int = 2**28) -> DiskQueue:
    return DiskQueue(path / "queue.sqlite3", partial(pack_content, core=CORE.public), largest_bytes, at)


def outbox(path: Path, clock: Clock, **changes: object) -> Outbox:
    return Outbox(config(**changes), AGENT, open_queue(path, clock.now()), clock)


def transmission(
    sequence: int = 1,
    attempt: int = 1,
    *,
    by: Secret = AGENT,
    rows: Sequence[Measurement] | None = None,
    **changes: object,
) -> bytes:
    """A message made by hand, for those who forge."""
    content = changes.pop("content", None) or pack_content(
        [pack_row(Row(measurement=row, run="r")) for row in rows or [measured(sequence)]], CORE.public
    )
    values = {
        "agent": "kz-1", "core": short_key(CORE.public), "sequence": sequence, "attempt": attempt, "oldest": 1,
        "waiting": 1, "rows": 1, "sent_at": NEW_YEAR, **changes,
    }  # fmt: skip
    assert isinstance(content, bytes)
    return pack(Head(**values), content, by)  # type: ignore[arg-type]


@dataclass
class Core:
    """What the service does with items: stores them, in one transaction a batch."""

    state: SqlStateStore
    clock: Clock
    measurements: list[Measurement] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    healths: list[Health] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)

    def desk(self) -> AgentDesk:
        return AgentDesk(self.state, CORE, self.clock)

    async def store(self, items: Sequence[Item]) -> None:
        contents = [item.content for item in items]
        self.measurements += [content for content in contents if isinstance(content, Measurement)]
        self.signals += [content for content in contents if isinstance(content, Signal)]
        self.healths += [content for content in contents if isinstance(content, Health)]
        parcels = [content for content in contents if isinstance(content, Parcel)]
        self.parcels += parcels
        await self.state.apply(Change(parcels=tuple(parcels)))

    async def take(self, desk: AgentDesk, data: bytes, over: str | None = "kz-1", **how: bool) -> Taken:
        taken = await desk.take(data, over=over, **how)
        await self.store(taken.items)
        return taken

    async def answers(self, desk: AgentDesk, taken: Taken) -> list[bytes]:
        """What the agent is told once the store has committed."""
        if taken.pending is None:
            return [taken.answer] if taken.answer else []
        return list((await desk.committed([taken.pending])).values())

    @property
    def ids(self) -> list[str]:
        return [found.id for found in self.measurements]
