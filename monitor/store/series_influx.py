"""The series store over InfluxDB 2: written through our own outbox, asked in Flux.

`write` returns when the points are safe on our own disk; the deliveries carry them on, and a dead, slow or full InfluxDB
delays nobody. A question goes to InfluxDB and says so clearly when it cannot be answered. Points are in buckets by class of
data; long questions in whole steps are answered from the sums that the server's tasks keep ready.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from monitor.domain.backlog import Backlog
from monitor.domain.errors import AccessDeniedError, StoreUnavailableError, UnavailableError
from monitor.domain.health import Health
from monitor.domain.moments import EPOCH
from monitor.domain.ports import Clock
from monitor.domain.series import ROLLED_UP_BY, Bucket, Point, SeriesQuery
from monitor.store import series_influx_flux as flux
from monitor.store.outbox import LIMIT_BYTES, Outbox
from monitor.store.outbox_rows import Batch, Parked
from monitor.store.series_influx_access import InfluxAccess
from monitor.store.series_influx_answers import RefusedError, TooLargeError
from monitor.store.series_influx_csv import Row
from monitor.store.series_influx_delivery import Delivery, batches
from monitor.store.series_influx_lines import head, line
from monitor.store.series_influx_rows import buckets, point, whole

OUTBOX: Final = "series-outbox.sqlite3"
MIGRATION_OUTBOX: Final = "migration-outbox.sqlite3"
LONG: Final = timedelta(days=2)
"""Questions about a longer time are answered from ready sums where they fit."""

SETTLED: Final = timedelta(hours=2)
"""Steps that are over for this long are complete in the sums."""

SUM_UP_SECONDS: Final = 60.0
"""How often hours that late points fell into are summed up again."""

HOURS_AT_ONCE: Final = 6
FAR: Final = datetime(2262, 1, 1, tzinfo=UTC)
"""Nanoseconds of 64 bits end in that year."""

log = logging.getLogger(__name__)


class Server(Protocol):
    """What we ask of InfluxDB."""

    async def write(self, bucket: str, body: bytes) -> None:
        """Hand over gzip of lines."""
        ...

    async def query(self, script: str) -> list[Row]:
        """Rows of all tables that answer."""
        ...

    async def delete(self, bucket: str, since: datetime, until: datetime) -> None:
        """Forget what is in the interval."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


class InfluxSeries:
    """Series in InfluxDB. Any call may raise `StoreUnavailableError`.

    Attributes:
        rescue: where a damaged outbox went at the start; `None` if it was sound.
        on_health: told how the way to each bucket feels.
    """

    def __init__(self, access: InfluxAccess, server: Server, outbox: Outbox, clock: Clock) -> None:
        self.access = access
        self._server = server
        self._outbox = outbox
        self._clock = clock
        self._kept_day = ""
        self.on_health: Callable[[Health], None] = lambda _: None
        self._deliveries = {
            bucket: Delivery(bucket, outbox, server, clock, self._tell, seed=seed)
            for seed, bucket in enumerate(access.raw)
        }

    @property
    def mended(self) -> str | None:
        """What was wrong with our own outbox when it was opened; `None` if it was sound."""
        return "the outbox was damaged" if self.rescue is not None else None

    @property
    def rescue(self) -> Path | None:
        """Where a damaged outbox went at the start; `None` if it was sound."""
        return self._outbox.set_aside

    @property
    def backlog(self) -> Backlog:
        """What waits for InfluxDB."""
        return self._outbox.backlog

    def parts(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What must run beside the store for as long as it is written to, by name."""
        found: dict[str, Callable[[], Awaitable[None]]] = {
            f"deliver:{name}": d.run for name, d in self._deliveries.items()
        }
        return {**found, "sum-up": self._sum_up_for_ever}

    async def write(self, batch: Sequence[Point]) -> None:
        """Keep these points on our own disk, synced when it returns; `None`, for only InfluxDB knows what is new."""
        if not batch:
            return
        packed, refused = await asyncio.to_thread(self._packed, batch)
        await self._outbox.put(packed, refused)
        for one in packed:
            self._deliveries[one.target].ring()

    async def drain(self) -> None:
        """Hand over all that waits.

        Raises:
            StoreUnavailableError: InfluxDB does not take it now; it stays in the outbox.
        """
        for delivery in self._deliveries.values():
            await _guarded(delivery.drain)

    async def sum_up(self) -> None:
        """Make the sums again that points have changed after the server's tasks passed by.

        Raises:
            StoreUnavailableError: InfluxDB does not answer; it will be made up for.
        """
        await _guarded(self._sum_up)

    async def series(self, query: SeriesQuery) -> Sequence[Point]:
        """Points, oldest first."""
        if _empty(query):
            return []
        rows = await self._ask(flux.points(self.access.bucket_of(query.measurement), query))
        return sorted((point(row) for row in rows), key=lambda found: (found.time_ns, found.series))[: query.limit]

    async def latest(self, query: SeriesQuery) -> Sequence[Point]:
        """The newest point of every series within the interval, by series."""
        if _empty(query):
            return []
        rows = await self._ask(flux.latest(self.access.bucket_of(query.measurement), query))
        return sorted((point(row) for row in rows), key=lambda found: found.series)[: query.limit]

    async def steps(self, query: SeriesQuery, step: timedelta, by: str = "region") -> Sequence[Bucket]:
        """What each step comes to for each value of a tag, oldest first; the limit counts steps."""
        if step < timedelta(seconds=1) or step % timedelta(seconds=1):
            message = "a step must be whole seconds"
            raise ValueError(message)
        if _empty(query):
            return []
        scripts = [
            flux.steps(bucket, part, step, by, ready=ready) for bucket, part, ready in self._where(query, step, by)
        ]
        rows = [row for script in scripts for row in await self._ask(script)]
        return buckets(rows, step, by, query.limit)

    async def count(self, query: SeriesQuery) -> int:
        """How many points there are; the limit does not matter."""
        if _empty(query):
            return 0
        rows = await self._ask(flux.count(self.access.bucket_of(query.measurement), query))
        return sum(whole(row.get("_value")) for row in rows)

    async def extent(self) -> Mapping[str, tuple[datetime, datetime]]:
        """First and last moment of each measurement that has points."""
        found: dict[str, list[int]] = {}
        for bucket in self.access.raw:
            for row in await self._ask(flux.extent(bucket, EPOCH, FAR)):
                found.setdefault(str(row["_measurement"]), []).append(whole(row["_time"]))
        return {name: (_at(min(moments)), _at(max(moments))) for name, moments in found.items()}

    async def keep(self, now: datetime, retention: timedelta) -> int:
        """Forget what is older than `retention`, once a UTC day; 0, for InfluxDB puts days away by itself.

        The buckets have a retention of their own (`dabyl influx setup`); the shorter of the two holds.
        """
        day = (now - retention).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if day.isoformat() != self._kept_day:
            for bucket in self.access.raw:
                await _guarded(partial(self._server.delete, bucket, EPOCH, day))
            self._kept_day = day.isoformat()
        return 0

    async def look(self) -> Backlog:
        """What waits now, whoever put it there."""
        return await self._outbox.look()

    async def parked(self, limit: int = 1000) -> Sequence[Parked]:
        """Lines that InfluxDB refused for good, oldest first."""
        return await self._outbox.parked(limit)

    async def retry_parked(self) -> int:
        """Put parked lines back in the queue; how many."""
        return await self._outbox.unpark(again)

    async def close(self) -> None:
        """Let go of the file and the connections. What waits stays on disk. Safe to call twice."""
        await self._outbox.close()
        await self._server.close()

    def _tell(self, health: Health) -> None:
        self.on_health(health)

    def _packed(self, batch: Sequence[Point]) -> tuple[list[Batch], list[Parked]]:
        lines: dict[str, list[tuple[str, int]]] = {}
        refused = []
        for one in batch:
            try:
                bucket = self.access.bucket_of(head(one[0])[0])
                lines.setdefault(bucket, []).append((line(one), one[1]))
            except ValueError as error:
                # A bug of whoever made the point; it costs the point and not what came with it.
                log.error("a point cannot be written as line protocol: %s", error)
                refused.append(Parked(self.access.measured, f"# {one!r}", str(error), self._clock.now()))
        return [made for bucket, found in lines.items() for made in batches(bucket, found)], refused

    def _where(self, query: SeriesQuery, step: timedelta, by: str) -> list[tuple[str, SeriesQuery, bool]]:
        """Which bucket answers which part of the time: sums for what is long over, points for the rest."""
        raw = self.access.bucket_of(query.measurement)
        fine = flux.HOUR if step % flux.HOUR == timedelta() else flux.FIVE_MINUTES
        border = min(query.until, self._clock.now() - SETTLED)
        border -= (border - EPOCH) % step
        fits = step % fine == timedelta() and (query.since - EPOCH) % fine == timedelta()
        kept = by in ROLLED_UP_BY and set(query.tags) <= set(ROLLED_UP_BY)
        if not (fits and kept and query.until - query.since > LONG and border > query.since):
            return [(raw, query, False)]
        ready = self.access.coarse if fine == flux.HOUR else self.access.fine
        parts = [(ready, replace(query, until=border), True), (raw, replace(query, since=border), False)]
        return [part for part in parts if part[1].since < part[1].until]

    async def _ask(self, script: str) -> list[Row]:
        found: list[Row] = []

        async def job() -> None:
            found.extend(await self._server.query(script))

        await _guarded(job)
        return found

    async def _sum_up(self) -> None:
        """Make the sums of hours again that late points fell into."""
        while hours := list(await self._outbox.late_hours()):
            run = in_a_row(hours)
            span = [flux.moment(EPOCH + timedelta(hours=hour)) for hour in (run[0], run[-1] + 1)]
            for step in (flux.FIVE_MINUTES, flux.HOUR):
                await self._server.query(flux.sum_up(self.access, span[0], span[1], step))
            await self._outbox.summed_up(run)

    async def _sum_up_for_ever(self) -> None:
        while True:
            await self._clock.sleep(SUM_UP_SECONDS)
            try:
                await self._sum_up()
            except (UnavailableError, AccessDeniedError, StoreUnavailableError, RefusedError) as error:
                log.warning("sums of late hours wait: %s", error)


async def _guarded(job: Callable[[], Awaitable[None]]) -> None:
    try:
        await job()
    except (UnavailableError, AccessDeniedError) as error:
        raise StoreUnavailableError(f"series: {error.reason}") from error
    except (RefusedError, TooLargeError) as error:
        raise StoreUnavailableError(f"series: InfluxDB does not take the question: {error}") from error


def _empty(query: SeriesQuery) -> bool:
    return query.since >= query.until or query.limit < 1 or not all(query.tags.values())


def _at(time_ns: int) -> datetime:
    return EPOCH + timedelta(microseconds=time_ns // 1000)


def in_a_row(hours: Sequence[int]) -> Sequence[int]:
    """The first of these hours and those that follow it without a gap, a few of them at most."""
    length = next((place for place, hour in enumerate(hours) if hour != hours[0] + place), len(hours))
    return hours[: min(length, HOURS_AT_ONCE)]


def again(lines: Sequence[Parked]) -> list[Batch]:
    """Parked lines as batches, one a line: none of them shall hold up the others again."""
    return [made for parked in lines for made in batches(parked.target, [(parked.line, _moment_of(parked.line))])]


def _moment_of(text: str) -> int:
    """Nanoseconds at the end of a line; 0 where there are none."""
    last = text.rpartition(" ")[2]
    return int(last) if last.isascii() and last.isdigit() else 0


async def open_influx(
    access: InfluxAccess,
    directory: Path,
    clock: Clock,
    *,
    outbox: str = OUTBOX,
    limit_bytes: int = LIMIT_BYTES,
    read_only: bool = False,
) -> InfluxSeries:
    """The series store over that InfluxDB, with its outbox in this directory. InfluxDB need not be there.

    With `read_only` it asks only, beside a running service, and leaves the outbox alone.

    Raises:
        StoreUnavailableError: the outbox cannot be opened.
    """
    # Loaded when it is needed: the client costs a second that no other command should wait for.
    from monitor.store.series_influx_server import InfluxServer  # noqa: PLC0415

    box = Outbox(directory / outbox, clock, limit_bytes=limit_bytes)
    if not read_only:
        await box.open()
    try:
        server = InfluxServer(access, clock)
    except AccessDeniedError as error:
        await box.close()
        raise StoreUnavailableError(error.reason) from error
    return InfluxSeries(access, server, box, clock)
