"""Towards InfluxDB: lines made and sent on one core, delay until visible, memory with an hour of backlog on disk.

The receiver is a process of its own that reads, unpacks and counts lines, and answers 204 when it has them all; so what is
measured is our side: points to lines, our durable outbox, compression, requests. Run: `python -m bench influx`, or one part:
`python -m bench.influx rate|delay|backlog`.
"""

import asyncio
import gzip
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import say
from monitor.domain.series import Point, series_key
from monitor.runtime.clock import SystemClock
from monitor.store.series_influx import InfluxSeries, open_influx
from monitor.store.series_influx_access import InfluxAccess

ROOT = Path(__file__).resolve().parent.parent
SERIES = [
    series_key("probe", region=f"KZ-{10 + n % 20}", asn=str(9000 + n % 30), kind="http", target=f"t{n % 200:03d}", vantage=f"v{n % 5}")
    for n in range(1000)
]  # fmt: skip


def points(count: int, start_ns: int) -> list[Point]:
    """As probes measure: a quarter-second apart, most well, latency in milliseconds."""
    chance = random.Random(1)
    return [
        Point(
            SERIES[n % 1000], start_ns + n * 1_000_000, float(chance.random() < 0.97), round(chance.random() * 200, 1)
        )
        for n in range(count)
    ]


@contextmanager
def receiver() -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.influx", "receive"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip(), process
    process.kill()
    process.communicate()


async def receive() -> None:
    """The other side: counts lines, and says when each batch was whole."""
    from aiohttp import web  # noqa: PLC0415

    seen = {"lines": 0, "delays": []}

    async def write(request: web.Request) -> web.Response:
        text = gzip.decompress(await request.read())
        now = time.time_ns()
        seen["lines"] += text.count(b"\n")
        if b"measured=now" in text:
            for line in text.splitlines()[::50]:
                seen["delays"].append(now - int(line.rpartition(b" ")[2]))
        return web.Response(status=204)

    async def figures(_: web.Request) -> web.Response:
        return web.json_response(seen)

    app = web.Application(client_max_size=2**30)
    app.router.add_post("/api/v2/write", write)
    app.router.add_get("/figures", figures)
    runner = web.AppRunner(app, access_log=None, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


async def store_to(url: str, directory: Path) -> InfluxSeries:
    return await open_influx(InfluxAccess(url=url, org="bench", token="bench"), directory, SystemClock())


async def figures(url: str) -> dict[str, object]:
    import aiohttp  # noqa: PLC0415

    async with aiohttp.ClientSession() as session, session.get(f"{url}/figures") as answer:
        return dict(await answer.json())


async def rate(rounds: int = 5, count: int = 100_000) -> None:
    """Points to stored lines, everything in between: durable outbox with a sync a batch, gzip, request, receipt."""
    taken: dict[str, list[float]] = {"processor": [], "wall": []}
    with receiver() as (url, _), tempfile.TemporaryDirectory() as directory:
        store = await store_to(url, Path(directory))
        batch = points(count, time.time_ns())
        for number in range(rounds + 1):
            began, cpu = time.perf_counter(), time.process_time()
            for start in range(0, count, 5000):
                await store.write(batch[start : start + 5000])
                if start % 20_000 == 0:
                    await store.drain()
            await store.drain()
            if number:
                taken["wall"].append(count / (time.perf_counter() - began))
                taken["processor"].append(count / (time.process_time() - cpu))
        found = await figures(url)
        await store.close()
    assert found["lines"] == count * (rounds + 1)
    for name, values in taken.items():
        say(
            "influx: points made, kept and sent",
            by=name,
            points_per_second=round(sorted(values)[rounds // 2]),
            worst=round(min(values)),
        )
    library()


def library(count: int = 20_000) -> None:
    """The client library's own way from a point to a line, in the same process, for the ratio."""
    from influxdb_client import Point as TheirPoint  # noqa: PLC0415

    from monitor.store.series_influx_lines import line  # noqa: PLC0415

    batch = points(count, 1_767_225_600_000_000_000)
    began = time.process_time()
    for point in batch:
        line(point)
    ours = count / (time.process_time() - began)
    began = time.process_time()
    for n, point in enumerate(batch):
        made = (
            TheirPoint("probe")
            .tag("region", f"KZ-{n % 20}")
            .tag("asn", "9198")
            .tag("kind", "http")
            .tag("target", "t")
            .tag("vantage", "v")
        )
        made.field("samples", 1).field("ratio_sum", point.ratio).field("valued", 1).field(
            "value_sum", point.value
        ).field("text", "")
        made.time(point.time_ns).to_line_protocol()
    theirs = count / (time.process_time() - began)
    say(
        "influx: a point to a line",
        ours_per_second=round(ours),
        library_per_second=round(theirs),
        ratio=round(ours / theirs, 1),
    )


async def delay(seconds: int = 20, per_second: int = 5000) -> None:
    """From the moment in the point to the receiver's having it whole, at a steady rate."""
    with receiver() as (url, _), tempfile.TemporaryDirectory() as directory:
        store = await store_to(url, Path(directory))
        mark = [key + ",measured=now" for key in SERIES]

        async def produce() -> None:
            began, each = time.monotonic(), per_second // 20
            for tick in range(seconds * 20):
                now = time.time_ns()
                await store.write([Point(mark[n % 1000], now + n, 1.0, 20.5) for n in range(each)])
                await asyncio.sleep(max(0.0, began + (tick + 1) / 20 - time.monotonic()))

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part()) for part in store.parts().values()]  # type: ignore[arg-type]
            await produce()
            while store.backlog.lines:  # noqa: ASYNC110 - the end of a measurement
                await asyncio.sleep(0.05)
            for task in tasks:
                task.cancel()
        found = await figures(url)
        await store.close()
    delays = sorted(number / 1e6 for number in found["delays"])  # type: ignore[attr-defined]
    say(
        "influx: measured to visible", per_second=per_second, points=found["lines"], p50_ms=round(delays[len(delays) // 2], 1),
        p99_ms=round(delays[len(delays) * 99 // 100], 1), max_ms=round(delays[-1], 1),
    )  # fmt: skip


async def backlog(per_second: int = 5000) -> None:
    """An hour of points at that rate kept on disk while nothing listens, then handed over; memory of the whole process."""
    with receiver() as (url, _), tempfile.TemporaryDirectory() as directory:
        store = await store_to(url, Path(directory))
        lines, start = 3600 * per_second, time.time_ns()
        once = points(5000, start)
        began = time.perf_counter()
        for at in range(0, lines, 5000):
            moved = at * 200_000
            await store.write([Point(key, at_ns + moved, ratio, value) for key, at_ns, ratio, value, _ in once])
        wrote = time.perf_counter() - began
        full_bytes, full = store.backlog.bytes, resident_bytes()
        began = time.perf_counter()
        await store.drain()
        sent = time.perf_counter() - began
        found = await figures(url)
        await store.close()
    assert found["lines"] == lines
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(
        "influx: an hour of backlog", points=lines, disk_mib=round(full_bytes / 2**20), memory_with_backlog_mib=round(full / 2**20),
        peak_memory_mib=round(peak), kept_per_second=round(lines / wrote), handed_over_per_second=round(lines / sent),
    )  # fmt: skip


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


PARTS = {"rate": rate, "delay": delay, "backlog": backlog, "receive": receive}


def main() -> None:
    """Each part in a process of its own: memory is measured too."""
    for part in ("rate", "delay", "backlog"):
        subprocess.run([sys.executable, "-m", "bench.influx", part], cwd=ROOT, check=True)


if __name__ == "__main__":
    asyncio.run(PARTS[sys.argv[1]]()) if len(sys.argv) > 1 else main()
