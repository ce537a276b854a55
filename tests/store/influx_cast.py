"""The cast of the InfluxDB tests: a fake server with our buckets, a store over it, and points."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

from monitor.domain.series import Point, nanoseconds, series_key
from monitor.runtime.clock import SimulatedClock
from monitor.store.outbox import Outbox
from monitor.store.series_influx import OUTBOX, InfluxSeries
from monitor.store.series_influx_access import InfluxAccess, Kept
from monitor.store.series_influx_server import InfluxServer, Limits
from tests.fakes.influx import FakeInflux

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
QUICK = Limits(connect_seconds=0.5, write_seconds=0.3, query_seconds=1.0)
PATIENT = Limits()
RAW = "dabyl_measurements"
Trouble = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


def access_to(fake: FakeInflux) -> InfluxAccess:
    return InfluxAccess(url=fake.url, org=fake.org, token=fake.token)


@asynccontextmanager
async def fake_server(clock: SimulatedClock, kept: Kept | None = None) -> AsyncIterator[FakeInflux]:
    async with FakeInflux(clock) as fake:
        for name, length in (kept or Kept(None, None, None, None)).of(access_to(fake)).items():
            fake.add_bucket(name, length)
        yield fake


@asynccontextmanager
async def store_over(
    fake: FakeInflux, directory: Path, clock: SimulatedClock, *, limits: Limits = PATIENT, limit_bytes: int = 2**30
) -> AsyncIterator[InfluxSeries]:
    box = Outbox(directory / OUTBOX, clock, limit_bytes=limit_bytes)
    await box.open()
    access = access_to(fake)
    store = InfluxSeries(access, InfluxServer(access, clock, limits), box, clock)
    try:
        yield store
    finally:
        await store.close()


def probe(
    number: int, region: str = "KZ-75", at: datetime = NOON, ratio: float | None = 1.0, value: float | None = None
) -> Point:
    key = series_key("probe", region=region, target=f"t{number % 7}")
    return Point(key, nanoseconds(at + timedelta(milliseconds=number)), ratio, value)


def probes(count: int, at: datetime = NOON) -> list[Point]:
    return [probe(number, at=at, value=float(number)) for number in range(count)]


def answers(*made: Callable[[], web.StreamResponse] | Trouble) -> Trouble:
    """Trouble for the first writes, one after the other; afterwards none."""
    left = list(made)

    async def trouble(request: web.Request) -> web.StreamResponse | None:
        if request.path != "/api/v2/write" or not left:
            return None
        answer = left.pop(0)
        found = answer() if answer.__code__.co_argcount == 0 else answer(request)  # type: ignore[union-attr,call-arg]
        return await found if isinstance(found, Awaitable) else found  # type: ignore[return-value]

    return trouble


async def until(true: Callable[[], bool], within_seconds: float = 60.0) -> None:
    """Let everything run until that is true; a slow machine gets its minute."""
    assert await _came_true(true, within_seconds), "it did not come true"


async def goes_on(clock: SimulatedClock, true: Callable[[], bool], minutes: int = 300) -> None:
    """Let time go on until that is true: who was busy when it moved falls asleep after it, and waits for the next minute."""
    for _ in range(minutes):
        clock.advance(60)
        if await _came_true(true, 0.2):
            return
    raise AssertionError("it did not come true")


async def _came_true(true: Callable[[], bool], within_seconds: float) -> bool:
    loop = asyncio.get_running_loop()
    end = loop.time() + within_seconds
    while not true():
        if loop.time() > end:
            return False
        await asyncio.sleep(0)
    return True


@asynccontextmanager
async def running(store: InfluxSeries) -> AsyncIterator[None]:
    """The store's parts run, as under the supervisor."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part(), name=name) for name, part in store.parts().items()]  # type: ignore[arg-type]
        yield
        for task in tasks:
            task.cancel()
