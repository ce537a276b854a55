"""The soak from outside: what the process held each hour, and whether it grows."""

import statistics
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from tests.fakes.serving import serving
from tests.faults.child import running
from tests.faults.hook import listening

FEEDS = 10
ENTRIES = 15


@dataclass(frozen=True, kw_only=True)
class Soaked:
    """What the process held.

    Attributes:
        slope_mib_an_hour: of resident memory after the first third, over hours of its own clock (least squares).
        resident_mib: each hour.
        files, tasks: most and fewest after the first third.
        files_drift, tasks_drift: the middle of the last third less the middle of the second.
        behind_minutes: the furthest that the work was behind the clock.
    """

    hours: int
    slope_mib_an_hour: float
    resident_mib: tuple[float, ...]
    files: tuple[int, int]
    tasks: tuple[int, int]
    files_drift: float
    tasks_drift: float
    fetched: int
    messages: int
    behind_minutes: int


async def soaked(folder: Path, *, hours: int, speed: float) -> Soaked:
    """Let the service work for that long on a clock of that speed."""
    async with (
        listening() as hook,
        feeds() as (address, fetched),
        running("tests.faults.soaked", folder, hook, hours, speed, sources=sources(address)) as child,
    ):
        weighed = [await child.heard("hour") for _ in range(hours)]
        await child.heard("soaked")
        await child.stopped()
    later = weighed[max(1, hours // 3) :]
    half = len(later) // 2
    files, tasks = [int(one["files"]) for one in later], [int(one["tasks"]) for one in later]
    return Soaked(
        hours=hours, slope_mib_an_hour=round(slope([(one["hour"], one["resident_mib"]) for one in later]), 3),
        resident_mib=tuple(one["resident_mib"] for one in weighed), files=(max(files), min(files)),
        tasks=(max(tasks), min(tasks)), files_drift=_drift(files, half), tasks_drift=_drift(tasks, half),
        fetched=fetched.total(), messages=len(hook.got), behind_minutes=max(one["behind_minutes"] for one in weighed),
    )  # fmt: skip


def _drift(values: Sequence[int], half: int) -> float:
    return statistics.median(values[half:]) - statistics.median(values[: half or 1])


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Least squares: how much the second rises with the first."""
    return statistics.linear_regression(*zip(*points, strict=True)).slope if len(points) > 1 else 0.0


def sources(address: str) -> str:
    entries = [
        f"  - {{id: feed-{number}, kind: feeds, name: Feed {number}, owner: o{number}, tier: 2,"
        f" settings: {{url: '{address}{number}', every_minutes: 15}}}}\n"
        for number in range(FEEDS)
    ]
    return f"sources:\n{''.join(entries)}"


@asynccontextmanager
async def feeds() -> AsyncIterator[tuple[str, "Counter[str]"]]:
    """Feeds on loopback; each has a new entry whenever it is fetched."""
    fetched: Counter[str] = Counter()

    async def answer(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        fetched[name] += 1
        newest = fetched[name] + ENTRIES
        entries = "".join(
            f"<item><guid>{name}-{number}</guid><link>https://example.org/{name}/{number}</link>"
            f"<title>Новость {number}</title><description>Жители города {number} обсуждают ремонт дороги</description></item>"
            for number in range(newest, newest - ENTRIES, -1)
        )
        text = f"<rss version='2.0'><channel><title>Feed</title>{entries}</channel></rss>"
        return web.Response(text=text, content_type="application/rss+xml")

    app = web.Application()
    app.router.add_get("/{name}", answer)
    async with serving(app) as address:
        yield address, fetched
