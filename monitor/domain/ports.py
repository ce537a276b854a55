"""The seams: protocols between the rooms. Who uses a protocol never knows which implementation it got."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from monitor.domain.alerts import Alert, Attempt, Incident, Notification, Receipt, TimelineEntry
from monitor.domain.changes import Change, Pruned, Query, Retention, StoredReport
from monitor.domain.connectivity import Round
from monitor.domain.health import Health
from monitor.domain.leases import Fence, Lease
from monitor.domain.measurements import Measurement
from monitor.domain.reports import Item, Report
from monitor.domain.series import Bucket, Point, SeriesQuery
from monitor.domain.signals import Signal

Memory = TypeVar("Memory")
Heard_contra = TypeVar("Heard_contra", contravariant=True)


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds of this clock."""
        ...


class Collector(Protocol):
    """Brings one source in. Stops when cancelled.

    Everything it meets is an Item, a broken post and an empty page too. It may raise `UnavailableError` (the
    supervisor waits and starts it again) or `AccessDeniedError` (the source stops until a person acts).
    """

    def items(self) -> AsyncIterator[Item]:
        """What it hears, for as long as there is anything to hear."""
        ...


class Detector(Protocol[Memory, Heard_contra]):
    """Makes signals of measurements. Pure: no I/O, no clock; the state is a plain value that can be stored."""

    def step(self, state: Memory, measurement: Heard_contra, now: datetime) -> tuple[Memory, tuple[Signal, ...]]:
        """The state after one more measurement, and what there is to tell."""
        ...


class Bus(Protocol):
    """The doorbell between parts: at least once, bounded. The store is the memory."""

    async def publish(self, topic: str, message: str = "") -> None:
        """Ring. Never waits for a listener; a listener that is busy finds one ring waiting, not a thousand."""
        ...

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """Listen from now on."""
        ...


class StateStore(Protocol):
    """State of the product. All times are aware UTC. Any call may raise `StoreUnavailableError`.

    A change and the messages it causes are one transaction, durable (synced to disk) when `apply` returns.
    """

    async def apply(self, change: Change) -> None:
        """Store the change whole, or raise and store nothing of it.

        Raises:
            LeaseLostError: it carries the fence of a tenure that is over.
        """
        ...

    async def apply_after(
        self, position: int | None, since: datetime, build: Callable[[Sequence[Report]], Change]
    ) -> int:
        """Store what `build` makes of the reports that others have stored behind this position, in one transaction.

        No other writer comes in between: what `build` was told is all there is. It is pure, quick, and called in the
        writer's thread.

        Args:
            position: what the last call returned; `None` at first.
            since: at first, reports observed from then on are told.
            build: is told of reports that brought signals, in the order they were stored; makes the change.
        """
        ...

    async def known_versions(self, versions: Sequence[str]) -> frozenset[str]:
        """Which of these report versions are stored already."""
        ...

    async def cursor(self, source: str) -> str | None:
        """The bookmark of a source; `None` if it has none."""
        ...

    async def checkpoint(self, reader: str) -> int:
        """How far this reader of the journal has come; 0 at first."""
        ...

    async def journal(self, after: int, limit: int = 1000) -> Sequence[tuple[int, Signal]]:
        """Signals in the order they were committed, with their sequence numbers, which only grow."""
        ...

    async def signals(self, query: Query) -> Sequence[Signal]:
        """Signals by event time (`at`)."""
        ...

    async def measured(self, after: int, limit: int = 1000) -> Sequence[tuple[int, Measurement | Round]]:
        """What was measured, in the order it was stored, with numbers that only grow; a number without value is skipped."""
        ...

    async def measured_between(self, since: datetime, until: datetime) -> Sequence[Measurement]:
        """Measurements that began in `since <= at < until`, oldest first."""
        ...

    async def memories(self, prefix: str) -> Mapping[str, str]:
        """What readers remember under names that begin so."""
        ...

    async def reports(self, query: Query) -> Sequence[StoredReport]:
        """Reports by the time they were published (or observed, where the source does not say)."""
        ...

    async def alerts(self, query: Query) -> Sequence[Alert]:
        """Alerts by `started_at`; with `open_only` those pending or firing."""
        ...

    async def incidents(self, query: Query) -> Sequence[Incident]:
        """Incidents by `opened_at`; with `open_only` those not closed."""
        ...

    async def timeline(self, incident: str) -> Sequence[TimelineEntry]:
        """The story of one incident, oldest first."""
        ...

    async def healths(self) -> Sequence[Health]:
        """The latest health of every subject, by subject."""
        ...

    async def owed(self, now: datetime, limit: int = 100) -> Sequence[Notification]:
        """Messages that are due and nobody holds, most severe first, then oldest."""
        ...

    async def notifications(self, query: Query) -> Sequence[Notification]:
        """Messages by `created_at`, whatever became of them; `ids` are ids of incidents here."""
        ...

    async def claim(self, notification: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take a message until that moment. Of two that try, one gets `True`; a lapsed claim may be taken over."""
        ...

    async def claim_due(
        self, claimant: str, now: datetime, until: datetime, limit: int = 100, besides: Collection[str] = ()
    ) -> Sequence[Notification]:
        """Take what is due and nobody holds, most severe first; two that ask at once get different messages.

        Messages to the receivers `besides` are left.
        """
        ...

    async def free_stale(self, fence: Fence, now: datetime) -> int:
        """Free what former tenures had claimed, except what a living process may be handing over right now.

        Raises:
            LeaseLostError: this tenure is over.
        """
        ...

    async def begin(self, notification: str, fence: Fence, now: datetime, until: datetime) -> bool:
        """Write down that handing this message over begins; `False` if it is not this tenure's.

        Raises:
            LeaseLostError: this tenure is over.
        """
        ...

    async def give_back(self, notification: str, claimant: str) -> None:
        """It was begun and not handed over, says its claimant: owed again."""
        ...

    async def mark_sent(self, notification: str, attempt: Attempt) -> None:
        """It was handed over."""
        ...

    async def mark_all_sent(self, attempts: Sequence[Attempt]) -> None:
        """These were handed over, each attempt naming its message: one transaction for all of them."""
        ...

    async def mark_failed(self, notification: str, attempt: Attempt, retry_at: datetime | None) -> None:
        """It was not; try again at `retry_at`, or park it for a person where that is `None`."""
        ...

    async def attempts(self, notification: str) -> Sequence[Attempt]:
        """Every try to hand this message over, oldest first."""
        ...

    async def prune(self, now: datetime, retention: Retention) -> Pruned:
        """Remove what its class of data no longer keeps; what an incident holds stays."""
        ...

    async def close(self) -> None:
        """Let go of the files or connections. Safe to call twice."""
        ...


class SeriesStore(Protocol):
    """Numbers over time. Any call may raise `StoreUnavailableError`; every question has a limit; times are aware UTC.

    A store on another machine takes what is written onto our own disk first and shows it to questions once it is there.
    """

    async def write(self, batch: Sequence[Point]) -> int | None:
        """Store these points, durable when it returns; how many were new or changed, `None` where it cannot know.

        Writing a point twice is harmless; another value at the same series and moment replaces the first.
        """
        ...

    async def series(self, query: SeriesQuery) -> Sequence[Point]:
        """Points, oldest first."""
        ...

    async def steps(self, query: SeriesQuery, step: timedelta, by: str = "region") -> Sequence[Bucket]:
        """What each step comes to for each value of a tag (availability per region), oldest first."""
        ...

    async def latest(self, query: SeriesQuery) -> Sequence[Point]:
        """The newest point of every series within the interval, by series."""
        ...

    async def keep(self, now: datetime, retention: timedelta) -> int:
        """Put days that are over away for good, and forget what is older than `retention`; how many days were put away.

        0 where the store puts days away by itself.
        """
        ...

    @property
    def mended(self) -> str | None:
        """What was wrong with the store's own files when it was opened and was put right; `None` if all was well."""
        ...

    async def close(self) -> None:
        """Let go of the files or connections. Safe to call twice."""
        ...


class LeaseStore(Protocol):
    """Where leases stand; the state store is one. Any call may raise `StoreUnavailableError`."""

    async def lease(self, name: str) -> Lease | None:
        """The lease as it stands; `None` if nobody ever held it."""
        ...

    async def take_lease(self, name: str, holder: str, seen: Lease | None) -> Fence | None:
        """Take it over, if it still stands as it was seen; `None` if it moved."""
        ...

    async def renew_lease(self, fence: Fence) -> bool:
        """Say that the holder lives; `False` if somebody else holds it by now."""
        ...

    async def release_lease(self, fence: Fence) -> None:
        """Let it go, so that another may take it at once."""
        ...


class SharedState(StateStore, LeaseStore, Protocol):
    """A state store for several processes."""


class Receiver(Protocol):
    """One way to reach people."""

    async def send(self, notification: Notification) -> Receipt:
        """Hand the message over.

        Raises:
            DeliveryError: it was not taken; the only error it raises, and never with an address or token in it.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
