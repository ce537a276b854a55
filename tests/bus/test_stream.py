"""Items from a collecting part to reading ones over the real Mosquitto, with a broker and readers that die."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.bus.intake import Handle, Intake
from monitor.bus.mqtt_connection import Broker, connected
from monitor.bus.spool import Spool
from monitor.bus.topics import Topics
from monitor.bus.uplink import Uplink
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.reports import Item, Report
from monitor.runtime.clock import SystemClock
from tests.contract.mosquitto import Mosquitto, need_mosquitto

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
TOPICS = Topics("test")


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    need_mosquitto()
    with Mosquitto(tmp_path / "broker") as broker:
        yield broker


def item(number: int) -> Item:
    report = Report(source="a", origin="a", key=str(number), text=f"слово {number}", observed_at=NOON)
    return Item(source="a", content=report, cursor=str(number))


def broker_of(mosquitto: Mosquitto) -> Broker:
    return Broker(host="127.0.0.1", port=mosquitto.port, identifier="t", tls=False, patience_seconds=5)


class Collected:
    """Remembers what was stored, and bookmarks."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.cursors: list[str] = []
        self.failures = 0

    async def handle(self, items: tuple[Item, ...]) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailableError("disk full")
        self.keys += [one.content.key for one in items if isinstance(one.content, Report)]

    async def settle(self, cursors: object) -> None:
        self.cursors.append(dict(cursors)["a"])  # type: ignore[call-overload]


def uplink_of(mosquitto: Mosquitto, place: Path, collected: Collected) -> Uplink:
    return Uplink(
        broker=broker_of(mosquitto), topics=TOPICS, spool=Spool(place / "spool.sqlite3"), clock=SystemClock(),
        sender="collect", settle=collected.settle,
    )  # fmt: skip


def intake_of(mosquitto: Mosquitto, name: str, handle: Handle) -> Intake:
    return Intake(broker=broker_of(mosquitto), topics=TOPICS, clock=SystemClock(), instance=name, handle=handle)


@asynccontextmanager
async def running(*jobs: Uplink | Intake) -> AsyncIterator[list["asyncio.Task[None]"]]:
    tasks = [asyncio.ensure_future(job.run()) for job in jobs]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for job in jobs:
            if isinstance(job, Uplink):
                await job.close()


async def test_everything_arrives_and_the_bookmark_follows(mosquitto: Mosquitto, tmp_path: Path) -> None:
    collected = Collected()
    uplink = uplink_of(mosquitto, tmp_path, collected)
    readers = [intake_of(mosquitto, f"r{number}", collected.handle) for number in range(2)]
    async with running(uplink, *readers):
        for number in range(1500):
            await uplink.put(item(number))
        await uplink.idle()
    assert sorted(map(int, collected.keys)) == list(range(1500))
    assert collected.cursors[-1] == "1499"
    assert collected.cursors == sorted(collected.cursors, key=int)
    assert all(reader.done for reader in readers)


async def test_a_store_that_is_away_for_a_moment_loses_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    collected = Collected()
    collected.failures = 1
    uplink = uplink_of(mosquitto, tmp_path, collected)
    async with running(uplink, intake_of(mosquitto, "r", collected.handle)):
        await uplink.put(item(1))
        await uplink.idle()
    assert collected.keys == ["1"]


async def test_a_broker_that_is_killed_and_forgets_everything_delays_and_loses_nothing(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    collected = Collected()
    uplink = uplink_of(mosquitto, tmp_path, collected)
    async with running(uplink, intake_of(mosquitto, "r", collected.handle)):
        for number in range(500):
            await uplink.put(item(number))
        mosquitto.kill()
        for number in range(500, 1000):
            await uplink.put(item(number))
        mosquitto.start()
        await uplink.idle()
    assert set(map(int, collected.keys)) == set(range(1000))
    assert collected.cursors[-1] == "999"


async def test_what_was_spooled_before_a_crash_goes_out_after_it(mosquitto: Mosquitto, tmp_path: Path) -> None:
    collected = Collected()
    before = uplink_of(mosquitto, tmp_path, collected)
    async with running(before):
        for number in range(250):
            await before.put(item(number))
        while before.waiting < 2:
            await SystemClock().sleep(0.01)
    after = uplink_of(mosquitto, tmp_path, collected)
    async with running(after, intake_of(mosquitto, "r", collected.handle)):
        await after.put(item(1000))
        await after.idle()
    keys = set(map(int, collected.keys))
    assert keys >= {*range(200), 1000}


async def test_a_batch_that_makes_no_sense_is_refused_and_holds_nobody_up(mosquitto: Mosquitto, tmp_path: Path) -> None:
    collected = Collected()
    uplink = uplink_of(mosquitto, tmp_path, collected)
    reader = intake_of(mosquitto, "r", collected.handle)
    async with running(uplink, reader):
        async with connected(broker_of(mosquitto)) as rogue:
            await rogue.publish(TOPICS.items("collect", "x"), b"\xff\x00")
        await uplink.put(item(1))
        await uplink.idle()
    assert collected.keys == ["1"]


async def test_a_batch_that_ends_its_readers_life_is_kept_aside_by_its_sender(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    collected = Collected()

    async def handle(items: tuple[Item, ...]) -> None:
        await collected.handle(items)
        if "13" in collected.keys:
            collected.keys.clear()
            raise RuntimeError("a bug")

    uplink, reader = uplink_of(mosquitto, tmp_path, collected), intake_of(mosquitto, "r", handle)
    async with running(uplink):
        await uplink.put(item(13))
        for _ in range(3):
            with pytest.raises(ExceptionGroup):
                await asyncio.wait_for(reader.run(), 20)
        async with running(reader):
            await uplink.idle()
            await uplink.put(item(14))
            await uplink.idle()
    assert collected.keys == ["14"]
    assert uplink.counts.refused == 1
