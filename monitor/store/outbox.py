"""What is on its way to another engine, on our own disk first: nothing is lost while that engine is away.

A SQLite file of batches, each compressed once and sent as it lies here. Promises that `put` returns only when the batch is
synced, that batches of one target leave in the order they came, that a batch goes only together with the record of what
became of it, and that a line which the engine refuses for good is kept ("parked") with its reason until a person decides.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from monitor.domain.backlog import Backlog
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.moments import EPOCH
from monitor.domain.ports import Clock
from monitor.runtime.transactions import transaction
from monitor.store.damage import damage
from monitor.store.engines import connect_file, create_private
from monitor.store.failures import sqlite_words
from monitor.store.outbox_rows import (
    SCHEMA,
    Batch,
    Parked,
    Waiting,
    count,
    forget_hours,
    insert,
    milliseconds,
    park,
    read_hours,
    take_over,
)
from monitor.store.setting_aside import set_aside

Result = TypeVar("Result")
LIMIT_BYTES: Final = 8 * 2**30
"""Beyond this the outbox refuses: the disk is needed by others too, and who writes here has a journal of its own."""

EMPTY_PAGES: Final = 8192
"""Of 4 KiB: more empty pages than these are given back to the disk when nothing waits."""


class Outbox:
    """One file of batches. One thread works on it, never the event loop. Any call may raise `StoreUnavailableError`.

    Attributes:
        backlog: what waited when the outbox was last touched.
        set_aside: where a damaged file went at the start; `None` if it was sound.
    """

    def __init__(self, path: Path, clock: Clock, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._path = path
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._lane = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._opened: sqlite3.Connection | None = None
        self._closed = False
        self.backlog = Backlog()
        self.set_aside: Path | None = None

    async def open(self) -> None:
        """Make or mend the file; what can be read of a damaged one is taken over."""
        await self._run(self._open)

    async def put(self, batches: Sequence[Batch], refused: Sequence[Parked] = ()) -> None:
        """Keep these batches, and park these lines, in one transaction; synced when it returns."""
        await self._run(lambda: self._put(batches, refused))

    async def waiting(self, target: str, most_lines: int, most_bytes: int) -> Sequence[Waiting]:
        """The oldest batches of a target, at least one if there is any, else as many as stay below both limits."""
        return await self._run(lambda: self._waiting(target, most_lines, most_bytes))

    async def settle(self, done: Sequence[Waiting], refused: Sequence[Parked], late_hours: Iterable[int] = ()) -> None:
        """These were handed over, but for the refused lines, which are parked; late hours need new sums."""
        await self._run(lambda: self._settle(done, refused, late_hours))

    async def parked(self, limit: int = 1000) -> Sequence[Parked]:
        """Lines that were refused, oldest first."""
        return await self._run(lambda: self._parked(limit))

    async def unpark(self, batches: Callable[[Sequence[Parked]], Sequence[Batch]], limit: int = 100_000) -> int:
        """Put parked lines back in the queue, made into batches by that function; how many lines.

        What begins with `#` is no line (a point that none can carry, damaged bytes) and stays.
        """
        return await self._run(lambda: self._unpark(batches, limit))

    async def late_hours(self) -> Sequence[int]:
        """Hours whose sums must be made again, oldest first."""
        return await self._run(lambda: [hour for (hour,) in self._db().execute("SELECT hour FROM late ORDER BY hour")])

    async def summed_up(self, hours: Sequence[int]) -> None:
        """The sums of these hours were made."""
        await self._run(lambda: self._summed_up(hours))

    async def look(self) -> Backlog:
        """What waits now, whoever put it there."""
        return await self._run(self._look)

    async def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        if not self._closed:
            await self._run(self._forget)
            self._closed = True
            self._lane.shutdown(wait=False)

    async def _run(self, job: Callable[[], Result]) -> Result:
        if self._closed:
            message = "the outbox is closed"
            raise StoreUnavailableError(message)
        return await asyncio.get_running_loop().run_in_executor(self._lane, lambda: self._guarded(job))

    def _guarded(self, job: Callable[[], Result]) -> Result:
        try:
            return job()
        except sqlite3.Error as error:
            self._forget()
            raise StoreUnavailableError(f"outbox: {sqlite_words(error)}") from error

    def _open(self) -> None:
        if self._path.exists() and damage(self._path, self._clock) is not None:
            self.set_aside = set_aside(self._path, self._clock)
        create_private(self._path)
        db = self._db()
        if self.set_aside is not None:
            with transaction(db):
                take_over(db, self.set_aside)
        self._look()

    def _db(self) -> sqlite3.Connection:
        if self._opened is None:
            self._opened = connect_file(self._path)
            self._opened.execute("PRAGMA cache_size=-4096")
            self._opened.executescript(SCHEMA)
        return self._opened

    def _forget(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _put(self, batches: Sequence[Batch], refused: Sequence[Parked]) -> None:
        size = sum(len(batch.body) for batch in batches)
        if self.backlog.bytes + size > self._limit_bytes:
            message = f"outbox: full: {self.backlog.lines} lines wait to be taken"
            raise StoreUnavailableError(message)
        now = self._clock.now()
        with transaction(self._db()) as db:
            insert(db, batches, milliseconds(now))
            park(db, refused)
        old = self.backlog
        self.backlog = old._replace(
            lines=old.lines + sum(batch.lines for batch in batches), bytes=old.bytes + size,
            oldest_at=old.oldest_at or (now if batches else None), parked=old.parked + len(refused),
        )  # fmt: skip

    def _waiting(self, target: str, most_lines: int, most_bytes: int) -> list[Waiting]:
        asked = "SELECT number, lines, bytes FROM batches WHERE target = ? ORDER BY number LIMIT 1000"
        chosen: list[int] = []
        lines = size = 0
        for number, of_lines, of_bytes in self._db().execute(asked, (target,)):
            lines, size = lines + of_lines, size + of_bytes
            if chosen and (lines > most_lines or size > most_bytes):
                break
            chosen.append(number)
        if not chosen:
            return []
        found = self._db().execute(
            "SELECT number, lines, oldest_ns, hours, body FROM batches WHERE target = ? AND number BETWEEN ? AND ? ORDER BY number",
            (target, chosen[0], chosen[-1]),
        )
        return [
            Waiting(number, Batch(target, count, oldest_ns, read_hours(hours), body))
            for number, count, oldest_ns, hours, body in found
        ]

    def _settle(self, done: Sequence[Waiting], refused: Sequence[Parked], late_hours: Iterable[int]) -> None:
        lines = sum(waiting.batch.lines for waiting in done)
        with transaction(self._db()) as db:
            db.executemany("DELETE FROM batches WHERE number = ?", [(waiting.number,) for waiting in done])
            park(db, refused)
            db.executemany("INSERT OR IGNORE INTO late VALUES (?)", [(hour,) for hour in late_hours])
            count(db, lines - len(refused))
        if not self._look().lines:
            self._give_back_disk()

    def _give_back_disk(self) -> None:
        """After a long backlog the file is mostly empty pages; an empty file is rewritten in no time."""
        (free,) = self._db().execute("PRAGMA freelist_count").fetchone()
        if free > EMPTY_PAGES:
            self._db().execute("VACUUM")

    def _parked(self, limit: int) -> list[Parked]:
        asked = "SELECT target, line, reason, parked_at FROM parked ORDER BY number LIMIT ?"
        return [
            Parked(target, line, reason, EPOCH + timedelta(milliseconds=at))
            for target, line, reason, at in self._db().execute(asked, (limit,))
        ]

    def _unpark(self, batches: Callable[[Sequence[Parked]], Sequence[Batch]], limit: int) -> int:
        lines = [parked for parked in self._parked(limit) if not parked.line.startswith("#")]
        with transaction(self._db()) as db:
            insert(db, batches(lines), milliseconds(self._clock.now()))
            db.executemany("DELETE FROM parked WHERE target = ? AND line = ?", [line[:2] for line in lines])
        self._look()
        return len(lines)

    def _summed_up(self, hours: Sequence[int]) -> None:
        with transaction(self._db()) as db:
            forget_hours(db, hours)

    def _look(self) -> Backlog:
        db = self._db()
        lines, size, oldest = db.execute(
            "SELECT coalesce(sum(lines), 0), coalesce(sum(bytes), 0), min(written_at) FROM batches"
        ).fetchone()
        (parked,) = db.execute("SELECT count(*) FROM parked").fetchone()
        row = db.execute("SELECT value FROM totals WHERE name = 'delivered'").fetchone()
        at = None if oldest is None else EPOCH + timedelta(milliseconds=oldest)
        self.backlog = Backlog(lines, size, at, parked, row[0] if row else 0)
        return self.backlog
