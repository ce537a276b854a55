"""A part that is stopped in the middle and starts again in the same process loses no item and blames no batch."""

import asyncio
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor.bus.intake import Intake
from monitor.bus.mqtt_connection import Broker
from monitor.bus.spool import Fresh, Spool
from monitor.bus.topics import Topics
from monitor.bus.uplink import Uplink
from monitor.bus.wire import pack, unpack
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.reports import Item, Report
from monitor.runtime.clock import SystemClock
from tests.bus.test_stream import item

NOWHERE = Broker(host="127.0.0.1", port=9, identifier="t", tls=False)


async def settle(_: Mapping[str, str]) -> None:
    """Bookmarks go nowhere here."""


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def stopped(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("moments", [0, 1, 3, 10, 30, 100, 1000])
async def test_items_that_were_taken_and_not_yet_spooled_outlive_a_restart(tmp_path: Path, moments: int) -> None:
    path = tmp_path / "spool.sqlite3"
    uplink = Uplink(
        broker=NOWHERE, topics=Topics("t"), spool=Spool(path), clock=SystemClock(), sender="c", settle=settle
    )
    for number in range(3):
        running = asyncio.ensure_future(uplink.run())
        await uplink.put(item(number))
        while uplink._fresh.qsize():
            await turns(1)
        await turns(moments)
        await stopped(running)
    running = asyncio.ensure_future(uplink.run())
    try:
        async with asyncio.timeout(10):
            while uplink._unspooled:
                await turns(1)
    finally:
        await stopped(running)
    await uplink.close()
    again = Spool(path)
    keys = [
        one.content.key
        for batch in await again.open()
        for one in unpack(batch.body).items
        if isinstance(one.content, Report)
    ]
    await again.close()
    assert keys == ["0", "1", "2"]


async def test_a_connection_that_breaks_in_the_middle_of_a_commit_is_no_fault_of_the_batch() -> None:
    begun = asyncio.Event()
    stuck = True
    stored: list[Item] = []

    async def handle(items: tuple[Item, ...]) -> None:
        begun.set()
        if stuck:
            await asyncio.Event().wait()
        stored.extend(items)

    intake = Intake(broker=NOWHERE, topics=Topics("t"), clock=SystemClock(), instance="r", handle=handle)
    body = pack([item(1)], sender="c", name="x-1")
    for _ in range(5):
        begun.clear()
        judging = asyncio.ensure_future(intake._judged("c", "x-1", body))
        await begun.wait()
        judging.cancel()
        await asyncio.gather(judging, return_exceptions=True)
    stuck = False
    assert (await intake._judged("c", "x-1", body)).refused is None
    assert len(stored) == 1


async def test_a_failed_write_leaves_a_spool_that_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite3"
    spool = Spool(path)
    await spool.open()
    fresh = Fresh(lambda name: pack([item(1)], sender="c", name=name), {})
    (batch,) = await spool.add([fresh])
    with sqlite3.connect(path) as other:
        other.execute("CREATE TRIGGER no BEFORE UPDATE ON batches BEGIN SELECT RAISE(ABORT, 'no'); END")
    other.close()
    with pytest.raises(StoreUnavailableError):
        await spool.set_aside(batch.number, "why")
    assert len(await spool.add([fresh])) == 1
    await spool.close()
