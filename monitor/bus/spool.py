"""Batches on disk until their receipts have come: a broker's acknowledgement is no receipt.

One SQLite file, synced whenever something new is kept. Promises that a batch is there after any crash once `add` has returned, that
batches are told apart for ever (the spool has an identity of its own), that a full spool holds its collectors back instead of dropping
anything, and that after a failure the next call opens the file afresh.
"""

import asyncio
import json
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from monitor.domain.errors import StoreUnavailableError
from monitor.runtime.transactions import transaction

Result = TypeVar("Result")
SCHEMA: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "CREATE TABLE IF NOT EXISTS identity (name TEXT NOT NULL)",
    """
    CREATE TABLE IF NOT EXISTS batches
        (number INTEGER PRIMARY KEY AUTOINCREMENT, cursors TEXT NOT NULL, body BLOB NOT NULL, refused TEXT)
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """A batch that waits for its receipt.

    Attributes:
        number: grows with each batch.
        cursors: bookmarks of its sources after it.
        body: its items, packed.
    """

    number: int
    cursors: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Fresh:
    """A batch on its way into the spool: `pack` makes its bytes from its name."""

    pack: Callable[[str], bytes]
    cursors: Mapping[str, str]


class Spool:
    """The batches of one collecting part, oldest first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lane = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._file: sqlite3.Connection | None = None
        self._closed = False
        self._last = 0
        self.identity = ""
        self.waiting_bytes = 0

    async def open(self) -> Sequence[Spooled]:
        """Open the file; what waits in it from before.

        Raises:
            StoreUnavailableError: it cannot be opened.
        """
        return await self._run(self._open)

    async def add(
        self, fresh: Sequence[Fresh], known: Callable[[Sequence[Spooled]], None] = lambda _: None
    ) -> Sequence[Spooled]:
        """Keep batches, in one synced commit: a sync costs the same for one as for ten.

        Args:
            fresh: the batches.
            known: told of them once they are kept, also where whoever waits is cancelled meanwhile: the commit goes on
                in its thread, and what nobody knows of would lie there unsent.

        Raises:
            StoreUnavailableError: they could not be kept (disk full); none of them is.
        """
        adding = asyncio.get_running_loop().run_in_executor(self._lane, lambda: self._guarded(lambda: self._add(fresh)))
        try:
            made = await _answer(asyncio.shield(adding))
        except asyncio.CancelledError:
            with suppress(StoreUnavailableError):
                known(await _answer(adding))
            raise
        known(made)
        return made

    async def forget(self, numbers: Sequence[int]) -> None:
        """Their receipts have come and their cursors are stored."""
        if numbers:
            await self._run(lambda: self._forget(numbers))

    async def set_aside(self, number: int, reason: str) -> None:
        """The readers will never take it: kept on disk for a person, and not sent again."""
        await self._run(
            lambda: self._write("UPDATE batches SET refused = ? WHERE number = ?", [(reason[:500], number)])
        )

    async def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        if not self._closed:
            await self._run(self._let_go)
            self._closed = True
        self._lane.shutdown(wait=False)

    def name_of(self, number: int) -> str:
        """The name of a batch on the wire."""
        return f"{self.identity}-{number}"

    def number_of(self, name: str) -> int | None:
        """The number again; `None` where the name is not one of this spool."""
        identity, _, number = name.rpartition("-")
        return int(number) if identity == self.identity and number.isascii() and number.isdigit() else None

    async def _run(self, job: Callable[[], Result]) -> Result:
        return await _answer(asyncio.get_running_loop().run_in_executor(self._lane, lambda: self._guarded(job)))

    def _guarded(self, job: Callable[[], Result]) -> Result:
        try:
            return job()
        except sqlite3.Error:
            # What met a failure is not used again.
            self._let_go()
            raise

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _connected(self) -> sqlite3.Connection:
        file = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        for statement in SCHEMA:
            file.execute(statement)
        return file

    def _open(self) -> Sequence[Spooled]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        file = self._file = self._connected()
        if file.execute("SELECT name FROM identity").fetchone() is None:
            file.execute("INSERT INTO identity VALUES (?)", (secrets.token_hex(8),))
        (self.identity,) = file.execute("SELECT name FROM identity").fetchone()
        self._last = _newest(file)
        rows = file.execute("SELECT number, cursors, body FROM batches WHERE refused IS NULL ORDER BY number")
        found = [Spooled(number=number, cursors=json.loads(cursors), body=body) for number, cursors, body in rows]
        self.waiting_bytes = sum(len(batch.body) for batch in found)
        return found

    def _add(self, fresh: Sequence[Fresh]) -> Sequence[Spooled]:
        # Said before each: the last deletion may have failed before it could say so again.
        self._opened().execute("PRAGMA synchronous=FULL")
        with transaction(self._opened()) as file:
            # A commit that was reported as failed may have been made: whoever was told so gives the same items again.
            file.execute("DELETE FROM batches WHERE number > ?", (self._last,))
            last = _newest(file)
            made = [
                Spooled(number=number, cursors=dict(one.cursors), body=one.pack(self.name_of(number)))
                for number, one in enumerate(fresh, last + 1)
            ]
            rows = [(batch.number, json.dumps(batch.cursors), batch.body) for batch in made]
            file.executemany("INSERT INTO batches (number, cursors, body) VALUES (?, ?, ?)", rows)
        self._last = last + len(made)
        self.waiting_bytes += sum(len(batch.body) for batch in made)
        return made

    def _forget(self, numbers: Sequence[int]) -> None:
        file = self._opened()
        marks = ",".join("?" * len(numbers))
        (size,) = file.execute(
            f"SELECT coalesce(sum(length(body)), 0) FROM batches WHERE number IN ({marks})",  # noqa: S608 - only marks
            list(numbers),
        ).fetchone()
        # Not synced: a deletion that a power cut undoes costs sending it again, which changes nothing.
        file.execute("PRAGMA synchronous=NORMAL")
        self._write("DELETE FROM batches WHERE number = ?", [(number,) for number in numbers])
        self.waiting_bytes -= size

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        with transaction(self._opened()) as file:
            file.executemany(statement, rows)

    def _opened(self) -> sqlite3.Connection:
        if not self.identity:
            raise StoreUnavailableError("the spool is not open")
        if self._file is None:
            self._file = self._connected()
        return self._file


def _newest(file: sqlite3.Connection) -> int:
    """The newest number that was ever given."""
    asked = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'batches'"
    return int(file.execute(asked).fetchone()[0])


async def _answer(job: Awaitable[Result]) -> Result:
    try:
        return await job
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailableError(f"the spool cannot be used ({error})") from None
