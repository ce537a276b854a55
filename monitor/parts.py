"""The service as several processes: collect, read, alert, web, each one part, joined by a broker and one store.

The bus is a doorbell, the store is the memory. Every part may be killed at any moment and started again; several
readers share the stream, and of several alert parts one holds the lease, judges and tells.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final

from alerts.dispatcher import Dispatcher
from alerts.service import AlertService
from collectors.base import Access
from collectors.probes.own import OwnProbes
from collectors.schedule import Rounds
from monitor.bus.uplink import Uplink
from monitor.domain.changes import Change, Retention
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.health import Feeling, Health
from monitor.domain.leases import LeaseLostError
from monitor.domain.ports import Bus, Clock, SharedState, StateStore
from monitor.domain.reports import Item
from monitor.domain.sources import Source
from monitor.judging import judged
from monitor.network import Watch
from monitor.pipeline import Pipeline
from monitor.recording import Recording
from monitor.runtime.lease import Tenure, held
from monitor.runtime.metrics import Metrics
from monitor.runtime.supervisor import Stage, Supervisor
from monitor.store.condition import Condition

LEASE: Final = "alert"
LOOK_SECONDS: Final = 2.0
"""How often the alert part looks by itself: a ring may be lost with the broker."""
KEEP_SECONDS: Final = 15.0
HOUR_SECONDS: Final = 3600.0
DAY_SECONDS: Final = 86_400.0
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Gathering:
    """The collect part: every source, into the uplink."""

    clock: Clock
    state: StateStore
    sources: Mapping[str, Source]
    access: Access
    uplink: Uplink
    probes: OwnProbes | None = None

    def supervise(self, supervisor: Supervisor) -> None:
        """Hand every source to the supervisor."""
        for source in self.sources.values():
            if source.enabled:
                supervisor.add(f"collect:{source.id}", Stage.COLLECT, partial(self._collect, source))
        if self.probes is not None:
            supervisor.add("probe", Stage.COLLECT, self.probes.run)
        supervisor.add("uplink", Stage.PIPELINE, self.uplink.run)

    async def _collect(self, source: Source) -> None:
        rounds = await Rounds.resumed(source, self.access, self.state, self.clock)
        async for item in rounds.items():
            await self.uplink.put(item)


@dataclass(slots=True)
class Reading:
    """The read part: a batch of the stream to a stored change."""

    pipeline: Pipeline
    bus: Bus
    metrics: Metrics

    async def take(self, items: tuple[Item, ...]) -> None:
        """Read and store; returns after the commit.

        Raises:
            StoreUnavailableError: nothing was stored; the same items may be given again.
        """
        outcome = await self.pipeline.process(items)
        self.metrics.reports.inc(outcome.reports)
        self.metrics.repeats.inc(outcome.repeats)
        self.metrics.set_aside.inc(outcome.set_aside)
        for signal in outcome.signals:
            self.metrics.signals.labels(family=signal.family.value).inc()
        if outcome.signals:
            await self.bus.publish("signals")


@dataclass(slots=True)
class Telling:
    """The alert part: judges and tells while it holds the lease; waits for it otherwise.

    Attributes:
        holder: unique for this life of the process.
        recording: keeps the series up with the journal; `None` where nobody asked for it.
        watch: judges what was measured; `None` where nobody asked for it.
        tenure: the present one; `None` while another part holds the lease.
    """

    state: SharedState
    alerts: AlertService
    dispatcher: Dispatcher
    bus: Bus
    clock: Clock
    metrics: Metrics
    holder: str
    recording: Recording | None = None
    watch: Watch | None = None
    retention: Retention = field(default_factory=Retention)
    tenure: Tenure | None = None

    def holds(self) -> bool:
        """Whether this process judges and tells now."""
        return self.tenure is not None and self.tenure.lasts()

    async def run(self) -> None:
        """One tenure after the other, for ever.

        Raises:
            StoreUnavailableError: the store cannot be asked for the lease.
        """
        while True:
            async with held(self.state, LEASE, self.holder, self.clock) as tenure:
                self.tenure = self.dispatcher.tenure = tenure
                self.alerts.fence = tenure.fence
                await self._serve(tenure)
            self.tenure = None

    async def _serve(self, tenure: Tenure) -> None:
        """Judge and tell until the lease is lost. Nothing is cut off: a message that is under way arrives and is marked."""
        async with asyncio.TaskGroup() as group:
            group.create_task(tenure.keep())
            group.create_task(self._judge(tenure))
            group.create_task(self.dispatcher.run(self.bus))
            if self.recording is not None:
                group.create_task(self._record(tenure, self.recording))
            if self.watch is not None:
                group.create_task(self._watch(tenure, self.watch))

    async def _judge(self, tenure: Tenure) -> None:
        async with self.bus.subscribe("signals") as rings:
            while tenure.lasts():
                try:
                    await self.alerts.catch_up()
                    while tenure.lasts():
                        if not await judged(self.alerts, self.dispatcher, self.bus, self.metrics):
                            await self._ring_or_due(rings)
                except LeaseLostError as error:
                    log.info("judging ends: %s", error)
                    return
                except StoreUnavailableError as error:
                    log.error("judging waits for the store: %s", error.reason)
                    await self.clock.sleep(1.0)

    async def _record(self, tenure: Tenure, recording: Recording) -> None:
        """Keep the series up with the journal; a series store that is away delays nothing but itself."""
        kept = self.clock.monotonic() - HOUR_SECONDS
        while tenure.lasts():
            try:
                self.metrics.recorded.inc(await recording.catch_up())
                if self.clock.monotonic() - kept >= HOUR_SECONDS:
                    kept = self.clock.monotonic()
                    await recording.series.keep(self.clock.now(), self.retention.series)
            except StoreUnavailableError as error:
                log.error("series wait: %s", error.reason)
            await self.clock.sleep(LOOK_SECONDS)

    async def _watch(self, tenure: Tenure, watch: Watch) -> None:
        """Judge what was measured; a tenure begins with what the store knows, for another may have gone on."""
        watch.begin_anew(tenure.fence)
        while tenure.lasts():
            try:
                found = await watch.catch_up()
                self.metrics.watched(found.measurements, found.rounds, found.signals)
                if found.signals:
                    await self.bus.publish("signals")
            except LeaseLostError as error:
                log.info("watching the network ends: %s", error)
                return
            except StoreUnavailableError as error:
                log.error("measurements wait: %s", error.reason)
            await self.clock.sleep(LOOK_SECONDS)

    async def _ring_or_due(self, rings: AsyncIterator[str]) -> None:
        due = self.alerts.next_due()
        left = LOOK_SECONDS if due is None else (due - self.clock.now()) / timedelta(seconds=1)
        try:
            async with asyncio.timeout(min(LOOK_SECONDS, max(0.05, left))):
                await anext(rings)
        except TimeoutError:
            return


@dataclass(slots=True)
class Keeping:
    """Every part: stores how its own parts feel, and a heartbeat; the one that leads keeps the whole.

    Attributes:
        leads: whether this process is the one whose heartbeat says that the service runs, and that prunes.
        line: how our own way to the internet feels; `None` where this part has none.
        conditions: of the stores that this process uses.
    """

    clock: Clock
    state: StateStore
    instance: str
    metrics: Metrics
    leads: Callable[[], bool] = lambda: False
    line: Callable[[], Health] | None = None
    retention: Retention = field(default_factory=Retention)
    conditions: list[Condition] = field(default_factory=list)
    _healths: dict[str, Health] = field(default_factory=dict)
    _others: dict[str, Health] = field(default_factory=dict)

    def on_health(self, health: Health) -> None:
        """Remember how a part of this process feels until the next moment of storing."""
        name = health.subject.removeprefix("part:")
        # The page knows sources' parts by their name; of the others two processes may have the same.
        subject = health.subject if name.startswith("collect:") else f"part:{self.instance}.{name}"
        self._healths[subject] = replace(health, subject=subject)

    async def heard(self, health: Health) -> None:
        """Another process said how it feels, or its last will did; the one that leads stores it."""
        self._others[health.subject] = health

    async def run(self) -> None:
        """Store it every few seconds, for ever."""
        pruned: float | None = None
        while True:
            now = self.clock.now()
            try:
                await self._keep_feelings()
                self.metrics.heartbeat.set(now.timestamp())
                if self.leads():
                    owed = await self.state.owed(now, 1000)
                    self.metrics.owed.set(max(((now - note.due_at).total_seconds() for note in owed), default=0.0))
                if self.leads() and (pruned is None or self.clock.monotonic() - pruned >= DAY_SECONDS):
                    await self.state.prune(now, self.retention)
                    pruned = self.clock.monotonic()
            except StoreUnavailableError as error:
                log.error("how the parts feel waits for the store: %s", error.reason)
            await self.clock.sleep(KEEP_SECONDS)

    async def _keep_feelings(self) -> None:
        for condition in self.conditions:
            self.on_health(condition.health())
        leads = self.leads()
        felt, others = dict(self._healths), dict(self._others) if leads else {}
        beats = [self._beat(f"part:{self.instance}"), *([self._beat("part:heartbeat")] if leads else ())]
        if self.line is not None:
            beats.append(self.line())
        await self.state.apply(Change(healths=(*felt.values(), *beats, *others.values())))
        _settled(self._healths, felt)
        _settled(self._others, others)

    def _beat(self, subject: str) -> Health:
        now = self.clock.now()
        return Health(subject=subject, feeling=Feeling.OK, reason="runs", since=now, checked_at=now)


def _settled(waiting: dict[str, Health], stored: Mapping[str, Health]) -> None:
    """Let go of what is stored, but for what was said anew meanwhile."""
    for subject, health in stored.items():
        if waiting.get(subject) is health:
            del waiting[subject]
