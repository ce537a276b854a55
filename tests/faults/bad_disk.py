"""The drill with a bad disk, from outside: what people see meanwhile, and what the stores hold afterwards."""

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp

from monitor.domain.changes import Query
from monitor.domain.series import SeriesQuery
from monitor.runtime.clock import SystemClock
from monitor.store.series_embedded import open_series
from monitor.store.state import open_state
from tests.faults.child import Child, running
from tests.faults.hook import listening

MANY = 10**6


@dataclass(frozen=True, kw_only=True)
class Survived:
    """What the drill came to.

    Attributes:
        struck: calls that failed, by kind.
        degraded_seconds: from the first faults until the page said so.
        stored_seconds: from the end of the faults until everything that was brought is stored.
        well_seconds: from the end of the faults until the page said that all is well.
        missing, doubled: posts and measurements that were brought and are not stored, or stored twice.
        untold: messages owed that did not arrive; told_twice: those that arrived more than once.
        series_difference: points of signals that the series lack or have too many.
    """

    struck: dict[str, int]
    put: int
    degraded_seconds: float
    stored_seconds: float
    well_seconds: float
    exit_code: int
    missing: int
    doubled: int
    untold: int
    told_twice: int
    shed: int
    series_difference: int


async def survived(folder: Path, *, seconds: float, seed: int, ratio: float) -> Survived:
    """Run the service over a bad disk for that long, and judge it."""
    async with listening() as hook, running("tests.faults.unlucky", folder, hook, seconds, seed, ratio) as child:
        began = (await child.heard("faults"))["at"]
        seen = asyncio.create_task(_said(child, degraded=True))
        calm = (await child.heard("calm"))["at"]
        degraded = await asyncio.wait_for(seen, 30) - began
        stored = await asyncio.wait_for(child.heard("stored"), 120)
        well = await asyncio.wait_for(_said(child, degraded=False), 90) - calm
        owed = await _all_told(folder, hook.ids)
        code = await child.stopped()
    told = Counter(hook.ids)
    missing, doubled, difference = await _judged(folder, stored["put"])
    return Survived(
        struck=stored["struck"], put=stored["put"], degraded_seconds=round(degraded, 2),
        stored_seconds=round(stored["at"] - calm, 2), well_seconds=round(well, 2), exit_code=code, missing=missing,
        doubled=doubled, untold=len(owed - told.keys()), told_twice=sum(count > 1 for count in told.values()),
        shed=stored["shed"], series_difference=difference,
    )  # fmt: skip


async def _said(child: Child, *, degraded: bool) -> float:
    """When both the status as JSON and the address for health say so."""
    clock = SystemClock()
    while True:
        try:
            status = json.loads(await child.asked("api/v1/status"))
            on_page = any(part["feeling"] == "degraded" for part in status.get("troubles", [{"feeling": ""}]))
            if on_page is degraded and ("degraded" in await child.asked("health")) is degraded:
                return time.monotonic()
        except aiohttp.ClientError:
            pass
        await clock.sleep(0.2)


async def _all_told(folder: Path, ids: list[str]) -> set[str]:
    """Ids of all messages; waits a little for those whose first try failed. `ids` grows meanwhile."""
    clock = SystemClock()
    state = await open_state(folder / "data" / "state.sqlite3", read_only=True)
    owed = set[str]()
    for _ in range(150):
        owed = {note.id for note in await state.notifications(Query(limit=MANY))}
        if owed <= set(ids):
            break
        await clock.sleep(1)
    await state.close()
    return owed


async def _judged(folder: Path, put: int) -> tuple[int, int, int]:
    clock = SystemClock()
    state = await open_state(folder / "data" / "state.sqlite3", clock)
    reports = [report.key for report in await state.reports(Query(limit=MANY))]
    measured = [row.id for _, row in await state.measured(0, MANY)]
    signals = [signal for _, signal in await state.journal(0, MANY)]
    assert state.salvage is None
    await state.close()
    series = await open_series(folder / "data", clock)
    now = clock.now()
    asked = SeriesQuery(measurement="signal", since=now - timedelta(days=1), until=now + timedelta(days=1), limit=MANY)
    points = await series.count(asked)
    assert series.mended is None
    await series.close()
    missing = len({*map(str, range(put))} - {*reports}) + len({f"m{number}" for number in range(put)} - {*measured})
    doubled = len(reports) - len({*reports}) + len(measured) - len({*measured})
    return missing, doubled, points - sum(len(signal.regions) or 1 for signal in signals)
