"""The field: the shipped broker configuration under a real Mosquitto, an agent that sends, and a core that stores."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import trustme

from collectors.agent.enrolment import password_hash, set_broker_password
from collectors.agent.outbox import Outbox
from collectors.agent.uplink import Sender
from collectors.agent_desk import AgentDesk
from collectors.base import Access
from collectors.base import kind as collector_kind
from monitor.domain.errors import UnavailableError
from monitor.domain.reports import Item
from monitor.domain.sources import Source
from monitor.runtime.clock import SystemClock
from tests.collectors.agent.cast import Core, outbox
from tests.conftest import ROOT
from tests.contract.mosquitto import Mosquitto, free_port

PASSWORDS = {"kz-1": "one", "kz-2": "two", "dabyl-core": "three"}


class Collecting(Protocol):
    def items(self) -> AsyncIterator[Item]: ...


def shipped_broker(folder: Path, authority: trustme.CA) -> Mosquitto:
    """A broker with `config/mosquitto/mosquitto.conf` as it is shipped, but for its paths and ports."""
    folder.mkdir()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    leaf = authority.issue_cert("127.0.0.1")
    leaf.private_key_pem.write_to_path(folder / "server.key")
    leaf.cert_chain_pems[0].write_to_path(folder / "server.pem")
    for name, password in PASSWORDS.items():
        set_broker_password(folder / "passwords", name, password_hash(password))
    shipped = ROOT / "config" / "mosquitto"
    port = free_port()
    text = (shipped / "mosquitto.conf").read_text()
    for old, new in (
        ("listener 8883", f"listener {port} 127.0.0.1"),
        ("listener 1883", f"listener {free_port()} 127.0.0.1"),
        ("/mosquitto/certs/", f"{folder}/"),
        ("/mosquitto/config/passwords", f"{folder}/passwords"),
        ("/mosquitto/config/acl", f"{shipped}/acl"),
        ("/mosquitto/data/", f"{folder}/"),
    ):
        assert old in text
        text = text.replace(old, new)
    return Mosquitto(folder, settings=text, whole=True, port=port)


@dataclass
class Field:
    """One agent and one core with a broker between them."""

    broker: Mosquitto
    core: Core
    desk: AgentDesk
    outbox: Outbox
    clock: SystemClock
    https_url: str | None = None

    def ca(self) -> Path:
        return self.broker.folder / "ca.pem"

    def sender(self, **changes: object) -> Sender:
        values = {
            "mqtt": {"host": "127.0.0.1", "port": self.broker.port}, "authorities": self.ca(),
            **({"https": {"url": self.https_url}} if self.https_url else {}), **changes,
        }  # fmt: skip
        self.outbox.config = type(self.outbox.config).model_validate(
            self.outbox.config.model_dump(exclude_none=True) | values
        )
        return Sender(self.outbox, self.clock, password="one", first_wait_seconds=0.05)

    def collector(self, kind: str = "agents", **settings: object) -> Any:
        source = Source(
            id=kind.replace("_", "-"), kind=kind, name="A", owner="dabyl",
            settings=settings or {"port": self.broker.port, "authorities": str(self.ca()), "password": "PASSWORD"},
        )  # fmt: skip
        nothing: Any = None
        access = Access(
            clock=self.clock, http=nothing, workers=nothing, secret=lambda _: PASSWORDS["dabyl-core"], desk=self.desk
        )
        return collector_kind(kind).collector(source, access, None)

    async def receive(self, collector: Collecting) -> None:
        """What the service does with a source: for ever, with a pause after each failure."""
        while True:
            try:
                async for item in collector.items():
                    await self.core.store([item])
            except UnavailableError:
                await self.clock.sleep(0.05)

    @property
    def waiting(self) -> int:
        return self.outbox.queue.count().rows


def make_field(path: Path, core: Core, authority: trustme.CA, **changes: object) -> Field:
    clock = SystemClock()
    core.clock = clock
    return Field(
        shipped_broker(path / "broker", authority), core, core.desk(), outbox(path / "agent", clock, **changes), clock
    )


@asynccontextmanager
async def at_work(*jobs: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """These run for as long as the block lasts."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(job) for job in jobs]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def until(holds: Callable[[], bool | Awaitable[bool]], seconds: float = 20) -> None:
    """Wait for it, in real time."""
    clock = SystemClock()
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if await found if isinstance(found, Awaitable) else found:
                return
            await clock.sleep(0.02)
