"""Two alert parts with one lease: killed or frozen at random moments while there is always something to tell."""

import asyncio
import json
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from aiohttp import web

from monitor.domain.alerts import Reason
from monitor.domain.changes import Change, Query
from monitor.domain.kinds import EventKind
from monitor.domain.signals import Signal, signal_id
from monitor.runtime.clock import SystemClock
from monitor.store.sql_state import SqlStateStore
from monitor.store.state import open_state
from tests.several.processes import Part, Several

CONFIG = {
    "rules.yaml": """
rules:
  - id: detentions
    title: Detentions
    severity: high
    when: {kinds: [police.detention], within_minutes: 60}
    clear_minutes: 0.03
""",
    "receivers.yaml": """
receivers:
  - id: hook
    kind: webhook
    settings: {url_secret: DRILL_HOOK}
""",
}


@dataclass
class Hook:
    """A pager: counts what arrives by its id, and when; answers after a moment, as real ones do."""

    clock: SystemClock
    delay_seconds: float = 0.02
    arrived: list[tuple[float, str, str]] = field(default_factory=list)
    url: str = ""
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/", self._post)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = "http://{}:{}/".format(*self._runner.addresses[0][:2])

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.arrived.append((self.clock.monotonic(), request.headers["Dabyl-Id"], body["incident"]))
        await self.clock.sleep(self.delay_seconds)
        return web.Response()

    @property
    def counts(self) -> Counter[str]:
        return Counter(name for _, name, _ in self.arrived)


@dataclass(frozen=True)
class Told:
    """What a drill came to.

    Attributes:
        repeats: messages that arrived again, with the id they had the first time: at most what was under way at a kill.
        unjudged: events that stand in no alert.
        doubled: incidents that were opened or ended by two messages.
        pages: messages in all.
        longest_gap_seconds: from a blow to the next page that arrived.
    """

    blows: int
    events: int
    unjudged: int
    pages: int
    lost: int
    doubled: int
    repeats: int
    unmarked: int
    longest_gap_seconds: float
    gaps: tuple[float, ...] = ()


REGIONS = tuple(
    f"KZ-{number}" for number in (10, 11, 15, 19, 23, 27, 31, 33, 35, 39, 43, 47, 55, 59, 61, 62, 63, 71, 75, 79)
)


def event(number: int, clock: SystemClock) -> Signal:
    now = clock.now()
    region = REGIONS[number % len(REGIONS)]
    return Signal(
        id=signal_id(f"drill {number}", EventKind.POLICE_DETENTION, (region,)), kind=EventKind.POLICE_DETENTION,
        regions=(region,), at=now, observed_at=now, source="drill", witness=f"witness {number}", strength=0.9,
    )  # fmt: skip


Blow = Callable[[Part, SystemClock], Awaitable[None]]


async def killed(part: Part, _: SystemClock) -> None:
    """kill -9, and started again a little later."""
    part.kill()


async def frozen(part: Part, clock: SystemClock) -> None:
    """Frozen until another has taken over and told, then resumed: two that believe to hold the lease."""
    part.say(signal.SIGSTOP)
    await clock.sleep(12)
    part.say(signal.SIGCONT)


async def tell(
    folder: Path, state_url: str, port: int, *, blows: int, blow: Blow, every_seconds: float = 0.3, seed: int = 1
) -> Told:
    """Bring signals all the time; strike whoever holds the lease, so many times; see what the pager got."""
    clock = SystemClock()
    hook = Hook(clock)
    await hook.start()
    config = folder / "config"
    config.mkdir(parents=True)
    for name, text in CONFIG.items():
        (config / name).write_text(text)
    state = await open_state(state_url, clock, name="drill")
    settings = {"DABYL_CONFIG": str(config), "DRILL_HOOK": hook.url, "DABYL_ALLOW_PRIVATE": "127.0.0.0/8"}
    chance, struck, ends, stop = random.Random(seed), [], [], asyncio.Event()
    made = 0

    async def bring() -> None:
        nonlocal made
        while not stop.is_set():
            await state.apply(Change(signals=(event(made, clock),)))
            made += 1
            await clock.sleep(every_seconds)

    async def strike(several: Several) -> None:
        for _ in range(blows):
            holder = await _holder(state, several, clock)
            await clock.sleep(chance.random() * 2)
            struck.append(clock.monotonic())
            await blow(holder, clock)
            before = len(hook.arrived)
            while len(hook.arrived) == before and blow is killed:
                await clock.sleep(0.05)
            ends.append(clock.monotonic())
            if holder.process is None:
                holder.start(wait=False)
                # What is measured is one that dies while another stands by, not two that die together.
                await asyncio.to_thread(holder.wait)
        stop.set()

    try:
        with Several(folder, state_url, f"mqtt://127.0.0.1:{port}/drill", settings) as several:
            for number in range(2):
                several.part("alert", f"alert-{number}").start()
            async with asyncio.TaskGroup() as group:
                group.create_task(bring())
                group.create_task(strike(several))
            await _all_sent(state, clock)
            return await _judged(state, hook, struck, made)
    finally:
        await state.close()
        await hook.stop()


async def _holder(state: SqlStateStore, several: Several, clock: SystemClock) -> Part:
    """The part that holds the lease, seen alive by two beats."""
    while True:
        first = await state.lease("alert")
        await clock.sleep(1.3)
        second = await state.lease("alert")
        if first and second and second.holder and first.token == second.token and second.beats > first.beats:
            name = second.holder.rpartition("-")[0]
            return next(part for part in several.parts if part.name == name)


async def _all_sent(state: SqlStateStore, clock: SystemClock) -> None:
    """Wait until every incident is over, nothing is owed and the whole journal was judged; a minute and a half at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(90):
            while True:
                # In the order in which one leads to the next: signals are judged, incidents end, their ends are told.
                journal = await state.journal(0, 100_000)
                judged = await state.checkpoint("alerts") >= journal[-1][0]
                over = judged and not await state.incidents(Query(open_only=True, limit=1))
                notes = await state.notifications(Query(limit=100_000))
                if over and notes and all(note.sent_at for note in notes):
                    return
                await clock.sleep(0.5)


async def _judged(state: SqlStateStore, hook: Hook, struck: list[float], made: int) -> Told:
    notes = await state.notifications(Query(limit=100_000))
    counts = hook.counts
    causes = Counter((note.incident, note.reason) for note in notes)
    judged = {signal for alert in await state.alerts(Query(limit=100_000)) for signal in alert.signals}
    brought = {signal.id for _, signal in await state.journal(0, 100_000)}
    notes_lost = sum(note.id not in counts for note in notes)
    notes_lost += sum(
        (incident.id, Reason.FIRST) not in causes for incident in await state.incidents(Query(limit=100_000))
    )
    gaps = [min((at for at, _, _ in hook.arrived if at > blow), default=blow + 999) - blow for blow in struck]
    return Told(
        blows=len(struck), events=made, unjudged=len(brought - judged), pages=len(notes), lost=notes_lost,
        doubled=sum(number - 1 for number in causes.values()), repeats=sum(number - 1 for number in counts.values()),
        unmarked=sum(note.sent_at is None for note in notes), longest_gap_seconds=round(max(gaps, default=0), 2),
        gaps=tuple(round(gap, 2) for gap in sorted(gaps)[-5:]),
    )  # fmt: skip


def told(result: Told) -> str:
    return json.dumps(asdict(result))
