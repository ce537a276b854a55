"""Readers that share a stream of posts while one of them is killed every few seconds."""

import asyncio
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.text import posts
from monitor.bus.mqtt_connection import Broker
from monitor.bus.spool import Spool
from monitor.bus.topics import Topics
from monitor.bus.uplink import Uplink
from monitor.domain.changes import Change, Query
from monitor.domain.reports import Item, Report
from monitor.runtime.clock import SystemClock
from monitor.store.state import open_state
from tests.several.processes import Several

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
SOURCES = 24


@dataclass(frozen=True)
class Shared:
    """What a drill came to."""

    readers: int
    posts: int
    seconds: float
    kills: int
    repeated_batches: int
    stored: int
    lost: int
    doubled: int
    doubled_signals: int

    @property
    def posts_per_second(self) -> float:
        return self.posts / self.seconds


def stream(count: int) -> Iterator[Item]:
    texts = posts(400)
    for number in range(count):
        text = texts[number % len(texts)]
        source = f"s{number % SOURCES}"
        at = START + timedelta(seconds=number)
        report = Report(source=source, origin=source, key=str(number), text=f"{text} {number}", observed_at=at)
        yield Item(source=source, content=report, cursor=str(number))


async def share(
    folder: Path,
    state_url: str,
    port: int,
    *,
    count: int,
    readers: int,
    kill_every_seconds: float | None,
    seed: int = 1,
) -> Shared:
    """Send `count` posts to that many readers; kill one at random every few seconds."""
    clock, topics = SystemClock(), Topics("drill")
    state = await open_state(state_url, clock, name="drill")
    broker = Broker(host="127.0.0.1", port=port, identifier="drill", tls=False, keep_alive_seconds=15)
    uplink = Uplink(
        broker=broker, topics=topics, spool=Spool(folder / "spool.sqlite3"), clock=clock, sender="collect",
        settle=lambda cursors: state.apply(Change(cursors=cursors)),
    )  # fmt: skip
    kills = 0

    async def feed() -> None:
        for item in stream(count):
            await uplink.put(item)

    async def kill(several: Several) -> None:
        nonlocal kills
        chance = random.Random(seed)
        while kill_every_seconds is not None:
            await clock.sleep(kill_every_seconds * (0.5 + chance.random()))
            victim = chance.choice(several.parts)
            victim.kill()
            kills += 1
            victim.start(wait=False)
            # Whoever is killed while still starting brings no batch in danger, and on a busy machine nobody would ever work.
            await asyncio.to_thread(victim.wait)

    async def all_stored() -> None:
        # The last bookmarks are stored after everything before them.
        last = {f"s{number % SOURCES}": str(number) for number in range(count)}
        while {source: await state.cursor(source) for source in last} != last:
            await clock.sleep(0.2)

    try:
        with Several(folder, state_url, f"mqtt://127.0.0.1:{port}/drill") as several:
            for number in range(readers):
                several.part("read", f"read-{number}").start()
            began = clock.monotonic()
            with suppress(asyncio.CancelledError):
                async with asyncio.TaskGroup() as group:
                    others = [group.create_task(job) for job in (uplink.run(), kill(several), feed())]
                    await all_stored()
                    for task in others:
                        task.cancel()
            seconds = clock.monotonic() - began
        found = await state.reports(Query(limit=10 * count))
        journal = await state.journal(0, 10 * count)
        keys = {report.key for report in found}
        return Shared(
            readers=readers, posts=count, seconds=round(seconds, 1), kills=kills,
            repeated_batches=uplink.counts.repeated, stored=len(found), lost=count - len(keys),
            doubled=sum(report.versions - 1 for report in found),
            doubled_signals=len(journal) - len({signal.id for _, signal in journal}),
        )  # fmt: skip
    finally:
        await uplink.close()
        await state.close()


def told(result: Shared) -> str:
    return json.dumps(asdict(result) | {"posts_per_second": round(result.posts_per_second)})
