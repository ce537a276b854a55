"""The flood from outside: memory, what was told and how soon, and what the store holds afterwards."""

import asyncio
import sqlite3
import statistics
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.changes import Query
from monitor.runtime.clock import SystemClock
from monitor.store.state import SqlStateStore, open_state
from tests.faults.child import Child, running
from tests.faults.hook import Hook, listening

MANY = 10**7
RULE = "net.local"


@dataclass(frozen=True, kw_only=True)
class Flooded:
    """What the flood came to.

    Attributes:
        offered: posts that sources published.
        accepted: posts that the service took; it holds sources back where it cannot read more.
        stored, shed: what became of those; the difference must be 0.
        during: posts stored while sources published.
        drained_seconds: from the end of the publishing until everything published was stored.
        alerts: cuts told of; of as many cuts.
        alert_p50_seconds, alert_p99_seconds: from the cut until its message arrived.
        health_seconds: the longest that the address for health took to answer meanwhile.
        resident_peak_mib: the most memory that the process ever held.
    """

    offered: int
    accepted: int
    stored: int
    shed: int
    difference: int
    during: int
    drained_seconds: float
    cuts: int
    alerts: int
    alert_p50_seconds: float
    alert_p99_seconds: float
    health_seconds: float
    resident_peak_mib: float


async def flooded(folder: Path, *, seconds: float, posts_per_second: float, drain_seconds: float = 900.0) -> Flooded:
    """Flood the service for that long, and let it read what is left for `drain_seconds` at most."""
    arguments = (seconds, posts_per_second, drain_seconds)
    async with listening() as hook, running("tests.faults.flooded", folder, hook, *arguments) as child:
        await child.heard("flood")
        asking = asyncio.create_task(_slowest_answer(child, seconds))
        over = await child.heard("over")
        slowest = await asking
        drained = await child.heard("drained")
        peak = child.resident_peak_mib
        await child.stopped()
    state = await open_state(folder / "data" / "state.sqlite3", read_only=True)
    delays = await _delays(state, hook, drained["cuts"])
    await state.close()
    stored = _rows(folder / "data" / "state.sqlite3")
    return Flooded(
        offered=drained["offered"], accepted=drained["put"], stored=stored, shed=drained["shed"],
        difference=drained["put"] - stored - drained["shed"], during=over["stored"],
        drained_seconds=round(drained["at"] - over["at"], 1), cuts=len(drained["cuts"]), alerts=len(delays),
        alert_p50_seconds=round(statistics.median(delays), 2),
        alert_p99_seconds=round(sorted(delays)[int(len(delays) * 0.99)], 2), health_seconds=round(slowest, 2),
        resident_peak_mib=round(peak),
    )  # fmt: skip


async def _slowest_answer(child: Child, seconds: float) -> float:
    """The longest that a question for health took, asked twice a second."""
    clock, slowest = SystemClock(), 0.0
    until = clock.monotonic() + seconds
    while clock.monotonic() < until:
        asked = clock.monotonic()
        await child.asked("health")
        slowest = max(slowest, clock.monotonic() - asked)
        await clock.sleep(0.5)
    return slowest


async def _delays(state: SqlStateStore, hook: Hook, cuts: Mapping[str, float]) -> list[float]:
    """From each cut until its first message arrived; a cut that nobody was told of has none."""
    regions = {alert.id: alert.region for alert in await state.alerts(Query(limit=MANY)) if alert.rule == RULE}
    told: dict[str, float] = {}
    for at, message in hook.got:
        region = regions.get(message["alert"])
        if region in cuts and region is not None:
            told.setdefault(region, at - cuts[region])
    return list(told.values())


def _rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM reports").fetchone()
        return int(count)
