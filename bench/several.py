"""The service as several processes: readers that are killed, holders that are killed or frozen, rows a second over MQTT.

    python -m bench.several readers [POSTS] [READERS,...]   posts shared by readers, one of them killed every few seconds
    python -m bench.several kills [TIMES]                   kill -9 of the lease holder
    python -m bench.several freezes [TIMES]                 the holder frozen for 12 s, then resumed
    python -m bench.several bus [ROWS] [posts|probes]       rows a second from part to part
    python -m bench.several curve [POSTS]                   posts a second by number of readers, nobody killed
    python -m bench.several cluster [READ_MS] [STORE_MS]    what a cluster would do, simulated from times of one batch

Needs Debian's mosquitto and postgresql, started on loopback as the tests do. Short forms of the first three run in CI.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

from bench.figures import say
from bench.text import posts
from monitor.bus.intake import Intake
from monitor.bus.mqtt_connection import Broker
from monitor.bus.spool import Spool
from monitor.bus.topics import Topics
from monitor.bus.uplink import Uplink
from monitor.domain.measurements import DnsStep, Measurement, TcpStep, Vantage
from monitor.domain.reports import Item, Report
from monitor.runtime.clock import SystemClock
from tests.contract.mosquitto import Mosquitto
from tests.contract.postgresql import cluster, fresh_database
from tests.several.reading import share
from tests.several.telling import frozen, killed, tell

BROKER = "allow_anonymous true\nset_tcp_nodelay true\n"  # as `dabyl setup-services` writes it
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
Drill = Callable[[Path, str, int], Awaitable[object]]


def _with_servers(drill: Drill) -> None:
    with tempfile.TemporaryDirectory(prefix="dabyl-several-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        with (
            cluster(folder / "pg") as server,
            fresh_database(server) as database,
            Mosquitto(folder / "broker", settings=BROKER) as broker,
        ):
            asyncio.run(drill(folder / "drill", database, broker.port))  # type: ignore[arg-type]


def readers(count: int, numbers: list[int], kill_every_seconds: float | None) -> None:
    for number in numbers:

        async def drill(folder: Path, database: str, port: int, number: int = number) -> None:
            result = await share(
                folder, database, port, count=count, readers=number, kill_every_seconds=kill_every_seconds
            )
            say("several.readers", **asdict(result), posts_per_second=round(result.posts_per_second))

        _with_servers(drill)


def blows(times: int, how: str) -> None:
    async def drill(folder: Path, database: str, port: int) -> None:
        result = await tell(
            folder, database, port, blows=times, blow=frozen if how == "freezes" else killed, seed=times
        )
        say(f"several.{how}", **asdict(result))

    _with_servers(drill)


def _post(number: int, text: str) -> Item:
    return Item(source="s", content=Report(source="s", origin="s", key=str(number), text=text, observed_at=NOON))


def _probe(number: int, _: str) -> Item:
    vantage = Vantage(id=f"a{number % 40}", region="KZ-75", asn=9198)
    steps = (DnsStep(host="example.org", answers=("192.0.2.1",), took_seconds=0.02), TcpStep(took_seconds=0.05))
    row = Measurement(
        id=str(number), target=f"t{number % 1000}", service="web", url="https://example.org/", vantage=vantage,
        started_at=NOON, steps=steps,
    )  # fmt: skip
    return Item(source="agents", content=row)


def bus(rows: int, sort: str) -> None:
    async def drill(folder: Path, _: str, port: int) -> None:
        folder.mkdir(parents=True)
        clock, topics, got = SystemClock(), Topics("bench"), 0

        async def handle(items: tuple[Item, ...]) -> None:
            nonlocal got
            got += len(items)

        async def settle(_: object) -> None:
            return None

        broker = Broker(host="127.0.0.1", port=port, identifier="bench", tls=False)
        uplink = Uplink(broker=broker, topics=topics, spool=Spool(folder / "s"), clock=clock, sender="c", settle=settle)
        intake = Intake(broker=broker, topics=topics, clock=clock, instance="r", handle=handle)
        made = list(map(_probe if sort == "probes" else _post, range(rows), cycle(posts(400))))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(uplink.run()), group.create_task(intake.run())]
            began, spent = time.perf_counter(), time.process_time()
            for item in made:
                await uplink.put(item)
            await uplink.idle()
            seconds, processor = time.perf_counter() - began, time.process_time() - spent
            for task in tasks:
                task.cancel()
        await uplink.close()
        say(
            "several.bus",
            sort=sort,
            rows=got,
            rows_per_second=round(got / seconds),
            rows_per_core_second=round(got / processor),
        )

    _with_servers(drill)


def cluster_of(reading_ms: float, storing_ms: float, seed: int = 1) -> None:
    """Posts a second by number of readers, each with a core of its own: simulated from measured times of a batch.

    A batch is read side by side and stored one after the other; both times vary (gamma, a third of their mean).
    """
    chance = random.Random(seed)
    for number in (1, 2, 4, 8, 16, 32):
        free, store_free, done = [0.0] * number, 0.0, 0
        while min(free) < 60_000:
            place = free.index(min(free))
            read = free[place] + chance.gammavariate(9, reading_ms / 9)
            store_free = free[place] = max(read, store_free) + chance.gammavariate(9, storing_ms / 9)
            done += 1
        say("several.cluster", readers=number, posts_per_second=round(done * 100 / 60))


def main(arguments: list[str]) -> None:
    match arguments:
        case ["readers", *rest]:
            numbers = [int(text) for text in (rest[1] if len(rest) > 1 else "2,3").split(",")]
            readers(int(rest[0]) if rest else 100_000, numbers, 8.0)
        case ["curve", *rest]:
            readers(int(rest[0]) if rest else 20_000, [1, 2, 3], None)
        case ["kills" | "freezes" as how, *rest]:
            blows(int(rest[0]) if rest else (50 if how == "kills" else 10), how)
        case ["bus", *rest]:
            bus(int(rest[0]) if rest else 100_000, rest[1] if len(rest) > 1 else "posts")
        case ["cluster", *rest]:
            cluster_of(float(rest[0]) if rest else 85.0, float(rest[1]) if len(rest) > 1 else 34.0)
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
