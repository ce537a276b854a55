"""The service in one process: collect, read, judge, tell and show, under one supervisor."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from alerts.dispatcher import Dispatcher
from alerts.service import AlertService
from collectors.base import Access
from collectors.probes.own import OwnProbes
from collectors.schedule import Rounds
from monitor.domain.changes import Change, Retention
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.health import Feeling, Health
from monitor.domain.ports import Bus, Clock, StateStore
from monitor.domain.reports import Item
from monitor.domain.sources import Source
from monitor.inbox import Inbox
from monitor.judging import judged
from monitor.network import Watch, Watched
from monitor.pipeline import Outcome, Pipeline
from monitor.recording import Recording
from monitor.runtime.metrics import Metrics
from monitor.runtime.supervisor import Stage, Supervisor
from monitor.store.condition import Condition

BATCH: Final = 250
RETRY_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 1.0
"""Until judging asks a store again that refused."""
TICK_SECONDS: Final = 15.0
HOUR_SECONDS: Final = 3600.0
DAY_SECONDS: Final = 86_400.0
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Service:
    """All parts and what joins them.

    Attributes:
        conditions: of the stores, which cannot be asked how they feel.
    """

    clock: Clock
    state: StateStore
    pipeline: Pipeline
    alerts: AlertService
    dispatcher: Dispatcher
    recording: Recording
    bus: Bus
    sources: Mapping[str, Source]
    access: Access | None
    watch: Watch | None = None
    probes: OwnProbes | None = None
    metrics: Metrics = field(default_factory=Metrics)
    retention: Retention = field(default_factory=Retention)
    line: Callable[[], tuple[Feeling, str]] = lambda: (Feeling.OK, "nothing here needs a line")
    clock_apart_seconds: Callable[[], float] = lambda: 0.0
    speed: Callable[[], float] = lambda: 1.0
    conditions: Sequence[Condition] = ()
    _inbox: Inbox = field(default_factory=Inbox)
    _healths: dict[str, Health] = field(default_factory=dict)
    _before: dict[str, Health] = field(default_factory=dict)

    def supervise(self, supervisor: Supervisor) -> None:
        """Hand every part to the supervisor."""
        for source in self.sources.values():
            if source.enabled and self.access is not None:
                supervisor.add(f"collect:{source.id}", Stage.COLLECT, partial(self._collect, source))
        if self.probes is not None:
            supervisor.add("probe", Stage.COLLECT, self.probes.run)
        supervisor.add("read", Stage.PIPELINE, self._read)
        if self.watch is not None:
            supervisor.add("network", Stage.PIPELINE, partial(self._watch, self.watch))
        supervisor.add("alert", Stage.TELL, self._alert)
        supervisor.add("tell", Stage.TELL, partial(self.dispatcher.run, self.bus))
        supervisor.add("record", Stage.STORE, self._record)
        supervisor.add("keep", Stage.STORE, self._keep)

    def on_health(self, health: Health) -> None:
        """Remember how a part feels until the next moment of storing."""
        self._healths[health.subject] = health

    async def put(self, item: Item) -> None:
        """An item from outside the collectors (a demo, an import)."""
        await self._inbox.put(item)

    async def _collect(self, source: Source) -> None:
        assert self.access is not None
        rounds = await Rounds.resumed(source, self.access, self.state, self.clock)
        async for item in rounds.items():
            await self._inbox.put(item)

    async def _read(self) -> None:
        """Items to signals, in batches; what could not be stored is tried again and not forgotten."""
        while True:
            batch = await self._inbox.take(BATCH)
            self.metrics.shed.set(self._inbox.shed)
            await self._store(batch)
            self._inbox.done()

    async def _store(self, batch: list[Item]) -> None:
        while True:
            try:
                outcome = await self.pipeline.process(batch)
            except StoreUnavailableError as error:
                log.error("nothing can be stored: %s; %d items wait", error.reason, len(batch))
                await self.clock.sleep(RETRY_SECONDS)
                continue
            self._count(outcome)
            if outcome.signals:
                await self.bus.publish("signals")
            if outcome.measured:
                await self.bus.publish("measurements")
            return

    async def _watch(self, watch: Watch) -> None:
        """Judge what was measured when the bell rings, and every few seconds the windows that are over."""
        watch.begin_anew()
        async with self.bus.subscribe("measurements") as rings:
            while True:
                try:
                    found = await watch.catch_up()
                except StoreUnavailableError as error:
                    log.error("measurements wait: %s", error.reason)
                    found = Watched()
                self.metrics.watched(found.measurements, found.rounds, found.signals)
                if found.signals:
                    await self.bus.publish("signals")
                try:
                    async with asyncio.timeout(TICK_SECONDS):
                        await anext(rings)
                except TimeoutError:
                    continue

    def _count(self, outcome: Outcome) -> None:
        self.metrics.reports.inc(outcome.reports)
        self.metrics.repeats.inc(outcome.repeats)
        self.metrics.set_aside.inc(outcome.set_aside)
        self.metrics.queue.set(self._inbox.waiting)
        for signal in outcome.signals:
            self.metrics.signals.labels(family=signal.family.value).inc()

    async def _alert(self) -> None:
        """Judge when the bell rings, when time is due, and every few seconds in any case."""
        async with self.bus.subscribe("signals") as rings:
            while True:
                try:
                    # After a step that could not be stored, what the store says counts and not what we remember.
                    await self.alerts.catch_up()
                    while True:
                        await self._judge(rings)
                except StoreUnavailableError as error:
                    log.error("judging waits for the store: %s", error.reason)
                    await self.clock.sleep(AGAIN_SECONDS)

    async def _judge(self, rings: AsyncIterator[str]) -> None:
        """One step, and the wait for the next; none where more stands in the journal."""
        if await judged(self.alerts, self.dispatcher, self.bus, self.metrics):
            return
        try:
            async with asyncio.timeout(self._until_due() / self.speed()):
                await anext(rings)
        except TimeoutError:
            return

    async def _record(self) -> None:
        """Keep the series up with the journal, and put days that are over away; a store that refuses only delays it."""
        kept = self.clock.monotonic() - HOUR_SECONDS
        async with self.bus.subscribe("signals") as rings:
            while True:
                try:
                    self.metrics.recorded.inc(await self.recording.catch_up())
                    if self.clock.monotonic() - kept >= HOUR_SECONDS:
                        kept = self.clock.monotonic()
                        await self.recording.series.keep(self.clock.now(), self.retention.series)
                except StoreUnavailableError as error:
                    log.error("series wait: %s", error.reason)
                try:
                    async with asyncio.timeout(TICK_SECONDS):
                        await anext(rings)
                except TimeoutError:
                    continue

    def _until_due(self) -> float:
        """Seconds of our clock until time alone changes something, or until the next look in any case."""
        due, longest = self.alerts.next_due(), TICK_SECONDS * self.speed()
        if due is None:
            return longest
        return min(longest, max(0.05 * self.speed(), (due - self.clock.now()) / timedelta(seconds=1)))

    async def _keep(self) -> None:
        """Store how the parts feel, a heartbeat, and once a day what retention asks for."""
        pruned = self.clock.monotonic() - DAY_SECONDS
        while True:
            now = self.clock.now()
            try:
                await self._keep_feelings()
                await self._count_beat(now)
                if self.clock.monotonic() - pruned >= DAY_SECONDS:
                    await self.state.prune(now, self.retention)
                    pruned = self.clock.monotonic()
            except StoreUnavailableError as error:
                log.error("how the parts feel waits for the store: %s", error.reason)
            # However fast a demonstration runs, a beat of life is enough.
            await self.clock.sleep(TICK_SECONDS * max(1.0, self.speed() / TICK_SECONDS))

    async def _keep_feelings(self) -> None:
        own, felt = self._own(), dict(self._healths)
        self._say_deaf(own)
        await self.state.apply(Change(healths=(*felt.values(), *own)))
        for subject, health in felt.items():
            # What was said anew meanwhile is kept for the next time.
            if self._healths.get(subject) is health:
                del self._healths[subject]
        await self._count_feelings()

    async def _count_feelings(self) -> None:
        counted = Counter(h.feeling.value for h in await self.state.healths() if h.subject.startswith("source:"))
        for feeling in Feeling:
            self.metrics.sources.labels(feeling=feeling.value).set(counted[feeling.value])

    async def _count_beat(self, now: datetime) -> None:
        self.metrics.heartbeat.set(now.timestamp())
        owed = await self.state.owed(now, 1000)
        self.metrics.owed.set(max(((now - note.due_at).total_seconds() for note in owed), default=0.0))

    def _own(self) -> tuple[Health, ...]:
        """How we ourselves feel: alive, with a line, and with a calendar that can be trusted."""
        apart = self.clock_apart_seconds()
        jumped = f"the machine's clock jumped by {apart:.0f} s; we go by our own count"
        return (
            *(condition.health() for condition in self.conditions),
            self._felt("part:heartbeat", Feeling.OK, "runs"),
            self._felt("line", *self.line()),
            self._felt("clock", Feeling.BROKEN, jumped) if apart else self._felt("clock", Feeling.OK, "clock is steady"),
        )  # fmt: skip

    def _say_deaf(self, own: Sequence[Health]) -> None:
        """Let rules see that our line is down, also while every source waits long for its next try."""
        for health in own:
            if health.subject == "line" and health.feeling is Feeling.UNREACHABLE:
                self._inbox.offer(Item(source="line", content=health))

    def _felt(self, subject: str, feeling: Feeling, reason: str) -> Health:
        now, before = self.clock.now(), self._before.get(subject)
        since = before.since if before and before.feeling is feeling else now
        health = Health(subject=subject, feeling=feeling, reason=reason, since=since, checked_at=now)
        self._before[subject] = health
        return health
