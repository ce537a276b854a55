"""Recorded input through the very same pipeline on a simulated clock, as fast as it can.

Promises the same output to the byte for the same input and configuration. Nothing is sent to anybody: what would have
been told is told to the caller. Items that say nothing are stored in large batches; one that says something is judged at
its own time, and timers between two items run in their order.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.dispatcher import Dispatcher
from alerts.service import AlertService, Outcome
from monitor.domain.alerts import Notification, Receipt
from monitor.domain.ports import StateStore
from monitor.domain.reports import Item
from monitor.network import Watch
from monitor.pipeline import Pipeline
from monitor.replay_records import alert_record, incident_record, notification_record, signal_record, untold_record
from monitor.runtime.clock import SimulatedClock

BATCH: Final = 250
AFTERWARDS: Final = timedelta(days=14)
"""How long timers run on after the last item, so that what can end ends."""

Moment = tuple[datetime, Item]


class Recorder:
    """A receiver that only remembers; stands in for every real one."""

    def __init__(self) -> None:
        self.sent: list[Notification] = []

    async def send(self, notification: Notification) -> Receipt:
        """Remember the message."""
        self.sent.append(notification)
        return Receipt(reference="replay")

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass(slots=True)
class Replay:
    """One run."""

    state: StateStore
    pipeline: Pipeline
    alerts: AlertService
    dispatcher: Dispatcher
    clock: SimulatedClock
    until: datetime | None = None
    watch: Watch | None = None

    async def run(self, moments: Sequence[Moment], progress: Callable[[int], None]) -> AsyncIterator[dict[str, Any]]:
        """Everything that happens, as records in the order of time."""
        await self.alerts.catch_up()
        if self.watch is not None:
            await self.watch.start()
        for batch in _batches(moments):
            for quiet_or_not in self._speaking(batch):
                async for record in self._feed(quiet_or_not):
                    yield record
            progress(len(batch))
        async for record in self._timers(self.clock.now() + AFTERWARDS):
            yield record

    def _speaking(self, batch: Sequence[Moment]) -> Iterator[Sequence[Moment]]:
        """The batch cut so that each item that may say something ends its part."""
        part: list[Moment] = []
        for moment in batch:
            part.append(moment)
            if self._may_speak(moment[1]):
                yield part
                part = []
        if part:
            yield part

    def _may_speak(self, item: Item) -> bool:
        return self.pipeline.may_speak(item) or (self.watch is not None and self.watch.may_speak(item))

    async def _feed(self, part: Sequence[Moment]) -> AsyncIterator[dict[str, Any]]:
        at = part[-1][0]
        async for record in self._timers(at):
            yield record
        self.clock.move_to(at)
        outcome = await self.pipeline.process([item for _, item in part])
        found = (await self.watch.catch_up()).signals if self.watch is not None else ()
        for signal in (*outcome.signals, *found):
            yield signal_record(signal, max(at, signal.observed_at))
        if outcome.signals or found:
            async for record in self._step():
                yield record

    async def _timers(self, until: datetime) -> AsyncIterator[dict[str, Any]]:
        """Run what time alone brings about, up to a moment."""
        due = self.alerts.next_due()
        while due is not None and due < until and (self.until is None or due < self.until):
            self.clock.move_to(due)
            before = due
            async for record in self._step():
                yield record
            due = self.alerts.next_due()
            if due is not None and due <= before:
                # The same moment again means that nothing moved; a second step would turn for ever.
                due = None

    async def _step(self) -> AsyncIterator[dict[str, Any]]:
        outcome = await self.alerts.step()
        await self.dispatcher.send_now(outcome.notifications)
        for record in _records(outcome, self.clock.now()):
            yield record


def _batches(moments: Sequence[Moment]) -> Iterator[Sequence[Moment]]:
    for start in range(0, len(moments), BATCH):
        yield moments[start : start + BATCH]


def _records(outcome: Outcome, now: datetime) -> Iterator[dict[str, Any]]:
    for turn in outcome.turns:
        if turn.event != "evidence":
            yield alert_record(turn, now)
    for step in outcome.steps:
        if step.cause != "evidence":
            yield incident_record(step, now)
    for note in outcome.notifications:
        yield notification_record(note, outcome, now)
    for untold in outcome.untold:
        yield untold_record(untold, outcome, now)


def in_order(items: Iterable[Moment]) -> list[Moment]:
    """Items by the time we learn of them; those of one moment keep the order of the input."""
    return sorted(items, key=lambda moment: moment[0])
