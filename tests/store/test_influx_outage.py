"""InfluxDB away for an hour, the process killed with a backlog, torn files, a second real receiver: nothing lost or doubled."""

import asyncio
import json
import random
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from monitor.domain.changes import Change
from monitor.recording import Recording, points_of
from monitor.runtime.clock import SimulatedClock, SystemClock
from monitor.store.series_influx import OUTBOX, open_influx
from monitor.store.series_influx_access import InfluxAccess
from monitor.store.series_influx_lines import FIELDS
from monitor.store.series_influx_server import Limits
from tests.conftest import need
from tests.fakes.influx import hang, refused
from tests.fakes.state import MemoryState
from tests.store.cast import report, signal
from tests.store.influx_cast import QUICK, RAW, fake_server, goes_on, probe, probes, running, store_over, until
from tests.store.killing import hear, kill, start

SIGNALS = "dabyl_signals"


async def closed(request: web.Request) -> web.StreamResponse | None:
    assert request.transport is not None
    request.transport.abort()
    return web.Response(status=500)


async def busy(request: web.Request) -> web.StreamResponse | None:
    return refused(503, "unavailable", "busy", **{"Retry-After": "20"})


@pytest.mark.parametrize("away", [closed, busy], ids=["cut", "busy"])
async def test_an_hour_away_delays_and_neither_loses_nor_doubles(
    tmp_path: Path, clock: SimulatedClock, away: object
) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store, running(store):
        fake.trouble = away  # type: ignore[assignment]
        began = clock.now()
        for minute in range(60):
            await store.write(probes(100, began + timedelta(minutes=minute)))
            while clock.now() < began + timedelta(minutes=minute + 1):
                await until(lambda: clock.next_wake is not None)
                before = len(fake.statuses)
                clock.advance(15)
                await until(lambda seen=before: len(fake.statuses) > seen or clock.next_wake is not None)  # type: ignore[misc]
        assert (store.backlog.lines, fake.count(RAW)) == (6000, 0)
        assert store.backlog.oldest_at == began
        assert len(fake.statuses) < 600
        fake.trouble = None
        await goes_on(clock, lambda: store.backlog.lines == 0)
        assert fake.count(RAW) == 6000
        assert store.backlog.delivered == 6000


@pytest.mark.parametrize("away", [closed, hang], ids=["cut", "hang"])
async def test_the_journal_is_recorded_at_once_whatever_influxdb_does(
    tmp_path: Path, clock: SimulatedClock, away: object
) -> None:
    limits = QUICK if away is hang else Limits()
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock, limits=limits) as store, running(store):
        fake.trouble = away  # type: ignore[assignment]
        state = MemoryState()
        told = [signal(report(str(number))) for number in range(50)]
        await state.apply(Change(signals=tuple(told)))
        points = {point[:2] for one in told for point in points_of(one)}
        began = asyncio.get_running_loop().time()
        assert await Recording(state, store).catch_up() == 50
        assert asyncio.get_running_loop().time() - began < 5
        assert store.backlog.lines >= len(points)
        fake.trouble = None
        await goes_on(clock, lambda: store.backlog.lines == 0)
        # The journal read once more, as after a crash before the checkpoint, doubles nothing.
        state._checkpoints.clear()
        await Recording(state, store).catch_up()
        await until(lambda: store.backlog.lines == 0)
        assert fake.count(SIGNALS) == len(points)


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_kills_with_a_backlog_lose_and_double_nothing(tmp_path: Path, clock: SimulatedClock) -> None:
    chance, acknowledged = random.Random(5), 0
    async with fake_server(clock) as fake:

        async def trouble(request: web.Request) -> web.StreamResponse | None:
            kind = chance.random()
            if kind < 0.4:
                return refused(503, "unavailable", "busy")
            return await closed(request) if kind < 0.6 else None

        fake.trouble = trouble
        for _ in range(5):
            process = start("tests.store.influx_worker", tmp_path, fake.url, acknowledged)
            said = await asyncio.to_thread(hear, process, chance.randint(1, 80)) + await asyncio.to_thread(
                kill, process
            )
            acknowledged = max(int(line) for line in said) + 1
        fake.trouble = None
        async with store_over(fake, tmp_path, clock) as store:
            await store.drain()
            stored = {time_ns for times in fake.buckets[RAW].points.values() for time_ns in times}
            wanted = {probe(number).time_ns for number in range(acknowledged)}
            # What was written and killed before it could be said may be there too.
            assert stored - wanted <= {probe(number).time_ns for number in range(acknowledged, acknowledged + 2)}
            assert stored >= wanted
            assert fake.count(RAW) == 2 * len(stored)
            assert (store.backlog.lines, store.backlog.parked) == (0, 0)


@pytest.mark.parametrize("seed", range(5))
async def test_a_torn_outbox_is_put_aside_and_what_can_be_read_goes_on(
    tmp_path: Path, clock: SimulatedClock, seed: int
) -> None:
    async with fake_server(clock) as fake:
        async with store_over(fake, tmp_path, clock) as store:
            for minute in range(40):
                await store.write(probes(200, clock.now() + timedelta(minutes=minute)))
        path = tmp_path / OUTBOX
        content = bytearray(path.read_bytes())
        chance = random.Random(seed)
        at = chance.randrange(8192, len(content) - 4096) // 4096 * 4096
        content[at : at + 4096] = chance.randbytes(4096)
        path.write_bytes(content)
        async with store_over(fake, tmp_path, clock) as store:
            await store.drain()
            sound = store.rescue is None
            assert store.backlog.lines == 0
            assert fake.count(RAW) >= 200 * 30
            assert sound or store.rescue.exists()
            # What was damaged inside a batch is kept with its reason, not thrown away.
            assert fake.count(RAW) == 8000 or store.rescue is not None or store.backlog.parked > 0


def free_port() -> int:
    with socket.socket() as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        return int(probe_socket.getsockname()[1])


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("victoria-metrics")
    need(program is not None, "victoria-metrics (Debian's package)")
    assert program is not None
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [program, f"-storageDataPath={tmp_path}/vm", f"-httpListenAddr={address}", "-retentionPeriod=100y", "-loggerOutput=stdout"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    while "started VictoriaMetrics" not in (line := process.stdout.readline()):
        assert line, "victoria-metrics did not start"
    yield f"http://{address}"
    process.kill()
    process.communicate()


@pytest.mark.server
async def test_a_second_real_receiver_takes_every_line(tmp_path: Path, victoria: str) -> None:
    clock = SystemClock()
    access = InfluxAccess(url=victoria, org="any", token="any")
    store = await open_influx(access, tmp_path, clock)
    moments = [clock.now().replace(microsecond=0) - timedelta(minutes=minute) for minute in range(1, 31)]
    for moment in moments:
        await store.write(probes(200, moment))
    await store.drain()
    assert (store.backlog.lines, store.backlog.parked, store.backlog.delivered) == (0, 0, 6000)
    await store.close()
    exported = await asyncio.to_thread(
        fetch, f"{victoria}/internal/force_flush", f"{victoria}/api/v1/export?match[]={{__name__=~'probe_.*'}}"
    )
    series = [json.loads(line) for line in exported.splitlines()]
    by_field = dict.fromkeys(FIELDS, 0)
    for one in series:
        by_field[one["metric"]["__name__"].removeprefix("probe_")] += len(one["values"])
        assert one["metric"]["region"] == "KZ-75"
    assert {by_field[name] for name in FIELDS[:4]} == {6000}


def fetch(*urls: str) -> str:
    answer = ""
    for url in urls:
        with urllib.request.urlopen(url, timeout=20) as opened:
            answer = opened.read().decode()
    return answer
