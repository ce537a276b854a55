"""Where SQL runs: one thread that writes, two that read, never the event loop.

One writer means that a commit never waits for another commit of ours. Promises that work either commits whole or
leaves nothing, and that a connection which met a failure is not used again: after room is made on a full disk, the
next call starts afresh.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from monitor.domain.errors import StoreUnavailableError
from monitor.store.condition import Condition
from monitor.store.damage import CommitNote
from monitor.store.engines import READERS, Engines
from monitor.store.failures import disk_words, sqlite_words, unavailable
from monitor.store.schema import commits

Result = TypeVar("Result")
Work = Callable[[Connection], Result]


class Lanes:
    """Runs functions of a connection in the thread that fits.

    Args:
        condition: told of everything that was refused.
    """

    def __init__(
        self, engines: Engines, *, read_only: bool = False, reserve_bytes: int = 0, condition: Condition | None = None
    ) -> None:
        self._engines = engines
        self._condition = condition
        self._read_only = read_only
        self._reserve_bytes = reserve_bytes
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        # A store in memory has one connection, which only one thread at a time may use.
        alone = engines.reading is engines.writing and engines.path is None and self._on_sqlite
        self._readers = self._writer if alone else ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        self._note = CommitNote.beside(engines.path) if engines.path and not read_only else None
        self._closed = False

    @property
    def _on_sqlite(self) -> bool:
        return self._engines.writing.dialect.name == "sqlite"

    async def write(self, work: Work[Result], *, growing: bool = False, synced: bool = True) -> Result:
        """Do this in one transaction, synced to disk when it returns.

        Args:
            work: gets the connection, must not commit.
            growing: it brings new things in, and is refused while the last bytes of the disk are kept for telling
                people.
            synced: `False` leaves it to the next synced commit to reach the disk. It survives a killed process, and a
                power cut may undo it; for what may be done twice.

        Raises:
            StoreUnavailableError: nothing of it was stored.
        """
        return await self._run(self._writer, lambda: self._commit(work, growing=growing, synced=synced))

    async def read(self, work: Work[Result]) -> Result:
        """Ask this of one unmoving view of the store.

        Raises:
            StoreUnavailableError: the store could not be read.
        """
        return await self._run(self._readers, lambda: _transact(self._engines.reading, work))

    async def write_beside(self, work: Work[Result], *, synced: bool = True) -> Result:
        """Do something small in a transaction that must not wait in the writer's line: a beat of a lease, a message's fate.

        SQLite has one writer: there it waits like everything else.
        """
        if self._on_sqlite:
            return await self.write(work, synced=synced)
        return await self._run(self._readers, lambda: _transact(self._engines.writing, work))

    async def truncate_log(self) -> None:
        """Move everything from SQLite's write-ahead log into the file and empty the log.

        A reader that is in the middle of a question keeps some of it until the next time.
        """
        if self._engines.path is not None:
            await self._run(self._writer, lambda: _checkpoint(self._engines.writing))

    async def with_file(self, job: Callable[[Path], Result]) -> Result | None:
        """Do something with the SQLite file's folder in the writer's thread; `None` where there is no file."""
        path = self._engines.path
        return None if path is None else await self._run(self._writer, lambda: job(path))

    async def close(self) -> None:
        """Finish what runs, then let go. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._readers, self._engines.reading.dispose)
        await loop.run_in_executor(self._writer, self._engines.dispose)
        self._readers.shutdown(wait=False)
        self._writer.shutdown(wait=False)

    async def _run(self, lane: ThreadPoolExecutor, job: Callable[[], Result]) -> Result:
        if self._closed:
            message = "the store is closed"
            raise StoreUnavailableError(message)
        try:
            return await asyncio.get_running_loop().run_in_executor(lane, partial(_in_words, job))
        except StoreUnavailableError as error:
            if self._condition is not None:
                self._condition.refused(error.reason)
            raise

    def _commit(self, work: Work[Result], *, growing: bool, synced: bool) -> Result:
        if self._read_only:
            message = "the store was opened read-only"
            raise StoreUnavailableError(message)
        if growing:
            self._keep_reserve()
        if not self._on_sqlite:
            return _transact(self._engines.writing, work)
        with nullcontext() if synced else _relaxed(self._engines.writing):
            result, number = _transact(self._engines.writing, lambda connection: _counted(connection, work))
        if self._note and number:
            self._note.write(number)
        return result

    def _keep_reserve(self) -> None:
        """While little room is left, it is kept for alerts and for what became of messages."""
        path = self._engines.path
        if path is not None and self._reserve_bytes and shutil.disk_usage(path.parent).free < self._reserve_bytes:
            message = f"disk full: less than {self._reserve_bytes // 2**20} MiB free, kept for alerts"
            raise StoreUnavailableError(message)


def _in_words(job: Callable[[], Result]) -> Result:
    """Do this; what the disk refuses outside a transaction is said like what it refuses inside one."""
    try:
        return job()
    except sqlite3.OperationalError as error:
        raise StoreUnavailableError(sqlite_words(error)) from error
    except OSError as error:
        raise StoreUnavailableError(disk_words(error)) from error


def _counted(connection: Connection, work: Work[Result]) -> tuple[Result, int | None]:
    """Do the work and count the transaction; `None` where the work changed nothing and costs no sync."""
    raw = connection.connection.dbapi_connection
    before = getattr(raw, "total_changes", 0)
    result = work(connection)
    if getattr(raw, "total_changes", 0) == before:
        return result, None
    counting = update(commits).values(number=commits.c.number + 1).returning(commits.c.number)
    return result, connection.execute(counting).scalar_one()


@contextmanager
def _relaxed(engine: Engine) -> Iterator[None]:
    """While this lasts SQLite does not wait for the disk at a commit (www.sqlite.org/pragma.html#pragma_synchronous)."""
    try:
        _set_synchronous(engine, "NORMAL")
        yield
    finally:
        try:
            _set_synchronous(engine, "FULL")
        except sqlite3.Error:
            # A connection that would go on without waiting for the disk is not used again; a fresh one waits.
            engine.dispose()


def _set_synchronous(engine: Engine, mode: str) -> None:
    raw = engine.raw_connection()
    try:
        raw.cursor().execute(f"PRAGMA synchronous={mode}").close()
    finally:
        raw.close()


def _checkpoint(engine: Engine) -> None:
    raw = engine.raw_connection()
    try:
        # Outside a transaction: SQLite cannot move a log that it is writing.
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    except sqlite3.Error as error:
        raise StoreUnavailableError(sqlite_words(error)) from error
    finally:
        raw.close()


def _transact(engine: Engine, work: Work[Result]) -> Result:
    try:
        with engine.begin() as connection:
            return work(connection)
    except (DBAPIError, PoolTimeoutError) as error:
        reason = unavailable(error)
        if reason is None:
            raise
        engine.dispose()
        raise reason from error
