"""The embedded series store: SQLite for the live days and ready-made sums, sealed Parquet for history.

One thread writes, one reads, never the event loop. A question is answered from the sums where they suffice (a tag kept
ready, a step of whole five minutes), else from the points of the live days and of the sealed ones together.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from monitor.domain.errors import StoreUnavailableError
from monitor.domain.ports import Clock
from monitor.domain.series import ROLLED_UP_BY, ROLLUP_SECONDS, Bucket, Point, SeriesQuery, nanoseconds
from monitor.store import series_questions
from monitor.store.condition import Condition
from monitor.store.damage import CommitNote, damage
from monitor.store.engines import connect_file, connect_to_read, create_private
from monitor.store.failures import disk_words, sqlite_words
from monitor.store.series_columns import Columns, DamagedError, Row
from monitor.store.series_live import LiveDays, live_days
from monitor.store.setting_aside import lost_before

if TYPE_CHECKING:
    from monitor.store.series_rescue import Rescue
    from monitor.store.series_sealed import SealedDays

Result = TypeVar("Result")

EVERYTHING: Final = 1_000_000_000
LIVE: Final = timedelta(days=2)
"""A day is sealed when it has been over for this long: most late uploads have come by then."""

FINE_SUMS: Final = timedelta(days=400)
"""How long sums of five minutes are kept; those of an hour stay."""


class EmbeddedSeries:
    """Series in one directory. Any call may raise `StoreUnavailableError`.

    Attributes:
        rescue: what was saved when the file was damaged; `None` if it was sound.
        condition: how it feels; `None` where it was opened to be read only.
    """

    def __init__(
        self, directory: Path, rescue: "Rescue | None", *, read_only: bool, condition: Condition | None = None
    ) -> None:
        self._path = directory / "series.sqlite3"
        self._folder = directory / "series"
        self._read_only = read_only
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="series-write")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="series-read")
        self._note = CommitNote.beside(self._path)
        self._live: LiveDays | None = None
        self._writing: sqlite3.Connection | None = None
        self._reading: sqlite3.Connection | None = None
        self._closed = False
        self.rescue = rescue
        self.condition = condition

    @property
    def mended(self) -> str | None:
        """What was wrong with the file when it was opened; `None` if it was sound."""
        return self.rescue.found if self.rescue else None

    async def write(self, batch: Sequence[Point]) -> int:
        """Store these points in one transaction, synced when it returns; how many were new or changed."""
        return await self._run(self._writer, lambda: self._write(batch)) if batch else 0

    async def series(self, query: SeriesQuery) -> Sequence[Point]:
        """Points, oldest first."""
        return await self._run(self._reader, lambda: self._points(query))

    async def steps(self, query: SeriesQuery, step: timedelta, by: str = "region") -> Sequence[Bucket]:
        """What each step comes to for each value of a tag, oldest first; the limit counts steps."""
        return await self._run(self._reader, lambda: self._steps(query, step, by))

    async def latest(self, query: SeriesQuery) -> Sequence[Point]:
        """The newest point of every series within the interval, by series."""
        return await self._run(self._reader, lambda: self._latest(query))

    async def count(self, query: SeriesQuery) -> int:
        """How many points there are; the limit does not matter."""
        return await self._run(self._reader, lambda: len(self._points(replace(query, limit=EVERYTHING))))

    async def extent(self) -> Mapping[str, tuple[datetime, datetime]]:
        """For each measurement the beginning of the first day and of the last that have points of any of them."""
        return await self._run(self._reader, lambda: series_questions.extent(self._connection()))

    async def keep(self, now: datetime, retention: timedelta) -> int:
        """Seal the days that are over, forget what is older than `retention`; how many days were sealed."""
        return await self._run(self._writer, lambda: self._keep(now, retention))

    async def close(self) -> None:
        """Finish what runs, then let go. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._reader, self._forget_reading)
        await loop.run_in_executor(self._writer, self._forget_writing)
        self._reader.shutdown(wait=False)
        self._writer.shutdown(wait=False)

    async def _run(self, lane: ThreadPoolExecutor, job: Callable[[], Result]) -> Result:
        if self._closed:
            message = "the series store is closed"
            raise StoreUnavailableError(message)
        try:
            return await asyncio.get_running_loop().run_in_executor(lane, lambda: self._guarded(lane, job))
        except StoreUnavailableError as error:
            if self.condition is not None:
                self.condition.refused(error.reason)
            raise

    def _guarded(self, lane: ThreadPoolExecutor, job: Callable[[], Result]) -> Result:
        try:
            return job()
        except BaseException as error:
            # What met a failure is not used again: after room is made the next call starts afresh.
            (self._forget_writing if lane is self._writer else self._forget_reading)()
            if isinstance(error, sqlite3.Error):
                raise StoreUnavailableError(f"series: {sqlite_words(error)}") from error
            if isinstance(error, OSError):
                raise StoreUnavailableError(f"series: {disk_words(error)}") from error
            if isinstance(error, DamagedError):
                if not self._read_only:
                    _suspicion(self._path).touch()
                raise StoreUnavailableError(f"series: {error}; a restart saves what can be read") from error
            raise

    def _open_live(self) -> LiveDays:
        if self._read_only:
            message = "the series store was opened read-only"
            raise StoreUnavailableError(message)
        if self._live is None:
            self._writing = connect_file(self._path)
            self._live = LiveDays(self._writing, self._sealed_rows)
        return self._live

    def _forget_writing(self) -> None:
        self._live = None
        if self._writing is not None:
            self._writing.close()
            self._writing = None

    def _forget_reading(self) -> None:
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    @cached_property
    def _sealed(self) -> "SealedDays":
        # Loaded on first use: DuckDB and numpy cost 40 MiB that a quiet service does not need.
        from monitor.store.series_sealed import SealedDays  # noqa: PLC0415

        return SealedDays(self._folder)

    def _sealed_rows(self, day: str, asked: Columns) -> list[Row]:
        """Which of these a sealed file knows already."""
        assert self._writing is not None
        keys = dict(self._writing.execute("SELECT number, key FROM series"))
        numbers = {key: number for number, key in keys.items()}
        moments = zip(asked.time.tolist(), asked.series.tolist(), strict=True)
        found = self._sealed.rows(day, [(time_ns, keys[number]) for time_ns, number in moments])
        return [(time_ns, numbers[key], ratio, value, text) for (time_ns, key), (ratio, value, text) in found.items()]

    def _write(self, batch: Sequence[Point]) -> int:
        changed, number = self._open_live().write(batch)
        if changed:
            self._note.write(number)
        return changed

    def _connection(self) -> sqlite3.Connection:
        if self._reading is None:
            if not self._path.is_file():
                message = f"{self._path}: there is no data here yet: start the service once (dabyl run)"
                raise StoreUnavailableError(message)
            self._reading = connect_to_read(self._path) if self._read_only else connect_file(self._path)
            self._reading.execute("PRAGMA query_only=ON")
        return self._reading

    def _points(self, query: SeriesQuery) -> list[Point]:
        connection = self._connection()
        keys = series_questions.keys(connection, query)
        live = series_questions.points(connection, query, keys)
        days = series_questions.sealed_days(connection, query)
        old = self._sealed.points(days, query, list(keys.values()), limit=query.limit) if days and keys else []
        # A point of a live table replaces the one that was sealed.
        together = {(point.time_ns, point.series): point for point in (*old, *live)}
        return [together[key] for key in sorted(together)][: query.limit]

    def _latest(self, query: SeriesQuery) -> list[Point]:
        connection = self._connection()
        newest = series_questions.latest(connection, query, series_questions.keys(connection, query))
        return sorted(newest, key=lambda point: point.series)[: query.limit]

    def _steps(self, query: SeriesQuery, step: timedelta, by: str) -> list[Bucket]:
        connection = self._connection()
        seconds = int(step.total_seconds())
        if seconds <= 0:
            message = "a step must be at least a second"
            raise ValueError(message)
        ready = by in ROLLED_UP_BY and set(query.tags) <= {by} and seconds % ROLLUP_SECONDS == 0
        if ready and series_questions.on_steps(query, ROLLUP_SECONDS):
            return series_questions.ready_steps(connection, query, seconds, by)
        return self._computed_steps(connection, query, seconds, by)

    def _computed_steps(
        self, connection: sqlite3.Connection, query: SeriesQuery, seconds: int, by: str
    ) -> list[Bucket]:
        labels = series_questions.labels(connection, query, by)
        days = series_questions.sealed_days(connection, query)
        amended = set(days) & set(live_days(connection))
        sums = series_questions.live_sums(connection, query, seconds, labels, set(live_days(connection)) - amended)
        if pure := [day for day in days if day not in amended]:
            bounds = nanoseconds(query.since), nanoseconds(query.until)
            sums += self._sealed.steps(pure, labels.values(), bounds, seconds)
        if amended:
            whole = [point for day in sorted(amended) for point in self._points(series_questions.within(query, day))]
            sums += series_questions.sums_of(whole, seconds, dict(labels.values()))
        return series_questions.buckets(sums, query.limit)

    def _keep(self, now: datetime, retention: timedelta) -> int:
        live = self._open_live()
        assert self._writing is not None
        over = (now - LIVE).astimezone(UTC).strftime("%Y-%m-%d")
        due = [day for day in live_days(self._writing) if day < over]
        for day in due:
            rows, digest = self._sealed.seal(self._writing, day, known=day in live.sealed)
            self._note.write(live.forget(day, rows, digest))
        last = (now - retention).astimezone(UTC).strftime("%Y-%m-%d")
        if live.drop_before(last, int((now - FINE_SUMS).timestamp())):
            self._sealed.drop(last)
        return len(due)


async def open_series(directory: Path, clock: Clock | None = None, *, read_only: bool = False) -> EmbeddedSeries:
    """Open the series of this directory, making or mending the file where needed.

    Args:
        directory: where `series.sqlite3` and the folder `series` lie.
        clock: names the file that is set aside when a damaged one is found; not needed to read.
        read_only: ask only; works beside a running service and without one.

    Raises:
        StoreUnavailableError: it cannot be opened.
    """
    saved = None
    if not read_only:
        if clock is None:
            message = "a clock is needed to write"
            raise ValueError(message)
        saved = await asyncio.to_thread(_prepare, directory / "series.sqlite3", clock)
    condition = None if clock is None or read_only else Condition("part:series", clock)
    return EmbeddedSeries(directory, saved, read_only=read_only, condition=condition)


def _prepare(path: Path, clock: Clock) -> "Rescue | None":
    if lost_before(path) is None:
        create_private(path)
    found = lost_before(path) or damage(path, clock)
    if found is None and _suspicion(path).exists():
        found = "a chunk is not what its checksum says"
    if found is None:
        return None
    # Loaded when it is needed: a sound file needs no DuckDB.
    from monitor.store.series_rescue import rescue  # noqa: PLC0415

    saved = rescue(path, found, clock)
    _suspicion(path).unlink(missing_ok=True)
    return saved


def _suspicion(path: Path) -> Path:
    """The note that a chunk was found damaged, for the next start: SQLite itself sees nothing wrong with such a file."""
    return path.with_name(f"{path.name}-suspect")
