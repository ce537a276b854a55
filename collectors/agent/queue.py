"""The agent's disk queue: rows wait for company, parcels wait for the core's word. SQLite, synced at each step.

Promises: what `add` returned from survives a power cut; a parcel leaves when the core says that it is committed, or
when the cap needs room, and then it is counted; numbers of parcels and of attempts are never used twice.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from collectors.agent.parcels import MOST_ROWS, digest
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.moments import EPOCH, from_unix

SMALL_ROW_BYTES: Final = 6 * 1024
"""Rows up to this size travel first; traces with certificate chains and samples are larger."""
LARGEST_ROW_BYTES: Final = 256 * 1024
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS rows (
    number INTEGER PRIMARY KEY AUTOINCREMENT, lane INTEGER NOT NULL, at REAL NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS rows_lane ON rows (lane, number);
CREATE TABLE IF NOT EXISTS parcels (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, lane INTEGER NOT NULL, at REAL NOT NULL, count INTEGER NOT NULL,
    content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS set_aside (sequence INTEGER PRIMARY KEY, why TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counters VALUES ('attempt', 0), ('dropped_rows', 0), ('bytes', 0), ('committed_rows', 0);
PRAGMA user_version = 1;
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A parcel that waits for the core's word."""

    sequence: int
    rows: int
    content: bytes

    @property
    def digest(self) -> str:
        """What tells one content from another."""
        return digest(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What the queue holds.

    Attributes:
        oldest_at: time of the oldest row held; `None` where the queue is empty.
        dropped_rows: what the cap cost so far.
        set_aside: parcels that the core refused for good.
    """

    rows: int
    parcels: int
    waiting_bytes: int
    oldest_at: datetime | None
    oldest_sequence: int
    dropped_rows: int
    committed_rows: int
    set_aside: int


class DiskQueue:
    """A queue in one file. Used by one process; its calls block for a sync of the disk, some milliseconds.

    Args:
        path: of the SQLite file.
        seal: makes the content of a parcel of rows.
        largest_bytes: the cap; what is oldest goes when it is reached.
        born_at: a new file begins its numbers at these seconds since 1970, so that a file that was lost is followed by
            higher numbers and the core does not take them for copies.
    """

    def __init__(
        self, path: Path, seal: Callable[[Sequence[bytes]], bytes], largest_bytes: int, born_at: datetime
    ) -> None:
        self._seal = seal
        self._largest_bytes = largest_bytes
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")
            self._file.execute("PRAGMA secure_delete = ON")
            self._file.execute("PRAGMA cache_size = -256")
            self._file.executescript(SCHEMA)
            self._begin_numbers(int((born_at - EPOCH).total_seconds()))
        except (OSError, sqlite3.Error) as error:
            raise StoreUnavailableError(f"{path}: the queue cannot be opened ({error})") from None

    def _begin_numbers(self, first: int) -> None:
        with self._transaction():
            if self._ask("SELECT count(*) FROM sqlite_sequence WHERE name = 'parcels'") == 0:
                self._file.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('parcels', ?)", (first,))
                self._count("attempt", first)

    def add(self, rows: Iterable[bytes], at: datetime) -> int:
        """Keep these rows; returns once they are on the disk. A row that is too large is dropped and counted."""
        moment = (at - EPOCH).total_seconds()
        kept = 0
        with self._transaction():
            for row in rows:
                if len(row) > LARGEST_ROW_BYTES:
                    self._count("dropped_rows", 1)
                    continue
                lane = 0 if len(row) <= SMALL_ROW_BYTES else 1
                self._file.execute("INSERT INTO rows (lane, at, data) VALUES (?, ?, ?)", (lane, moment, row))
                self._count("bytes", len(row))
                kept += 1
            self._keep_cap()
        return kept

    def pack(self, *, all_of_it: bool) -> int:
        """Make parcels of the rows that wait: full ones, or of whatever there is; returns how many."""
        made = 0
        for lane in (0, 1):
            while self._pack_one(lane, at_least=1 if all_of_it else MOST_ROWS):
                made += 1
        return made

    def _pack_one(self, lane: int, at_least: int) -> bool:
        with self._transaction():
            chosen = self._file.execute(
                "SELECT number, at, data FROM rows WHERE lane = ? ORDER BY number LIMIT ?", (lane, MOST_ROWS)
            ).fetchall()
            chosen = _fitting(chosen)
            if len(chosen) < at_least and not (chosen and len(chosen) < self._rows_in(lane)):
                return False
            content = self._seal([data for _, _, data in chosen])
            self._file.execute(
                "INSERT INTO parcels (lane, at, count, content) VALUES (?, ?, ?, ?)",
                (lane, chosen[0][1], len(chosen), content),
            )
            self._file.execute("DELETE FROM rows WHERE lane = ? AND number <= ?", (lane, chosen[-1][0]))
            self._count("bytes", len(content) - sum(len(data) for _, _, data in chosen))
        return True

    def _rows_in(self, lane: int) -> int:
        return self._ask("SELECT count(*) FROM rows WHERE lane = ?", lane)

    def waiting(self, limit: int, besides: Iterable[int] = ()) -> list[Waiting]:
        """Parcels to be sent next: small rows first, then by number; without those named."""
        left_out = ",".join(str(int(number)) for number in besides)
        found = self._file.execute(
            f"SELECT sequence, count, content FROM parcels WHERE sequence NOT IN ({left_out}) "  # noqa: S608 - numbers
            "ORDER BY lane, sequence LIMIT ?",
            (limit,),
        )
        return [Waiting(*row) for row in found]

    def sequences(self) -> list[int]:
        """Numbers of all parcels that wait, small rows first."""
        return [number for (number,) in self._file.execute("SELECT sequence FROM parcels ORDER BY lane, sequence")]

    def parcel(self, sequence: int) -> Waiting | None:
        """One of them; `None` where it is not here any more."""
        found = self._file.execute("SELECT sequence, count, content FROM parcels WHERE sequence = ?", (sequence,))
        row = found.fetchone()
        return None if row is None else Waiting(*row)

    def next_attempt(self) -> int:
        """A number for a transmission, on the disk before it is used."""
        with self._transaction():
            return self._count("attempt", 1)

    def committed(self, sequences: Iterable[int]) -> int:
        """The core has these: they may go. Returns how many were here."""
        gone = 0
        with self._transaction():
            for sequence in sequences:
                rows = self._take_out(sequence)
                if rows is not None:
                    gone += 1
                    self._count("committed_rows", rows)
        return gone

    def refused(self, sequence: int, why: str) -> None:
        """The core will never take this one: keep it aside for a person, out of the others' way."""
        with self._transaction():
            found = self._file.execute("SELECT content FROM parcels WHERE sequence = ?", (sequence,)).fetchone()
            if found is not None:
                self._file.execute("INSERT OR IGNORE INTO set_aside VALUES (?, ?, ?)", (sequence, why, found[0]))
                self._take_out(sequence)

    def count(self) -> Count:
        """What it holds now."""
        rows, oldest_row = self._file.execute("SELECT count(*), min(at) FROM rows").fetchone()
        parcels, in_parcels, oldest, first = self._file.execute(
            "SELECT count(*), coalesce(sum(count), 0), min(at), min(sequence) FROM parcels"
        ).fetchone()
        moments = [moment for moment in (oldest_row, oldest) if moment is not None]
        return Count(
            rows=rows + in_parcels,
            parcels=parcels,
            waiting_bytes=self._value("bytes"),
            oldest_at=from_unix(min(moments)) if moments else None,
            oldest_sequence=first if first is not None else self._next_sequence(),
            dropped_rows=self._value("dropped_rows"),
            committed_rows=self._value("committed_rows"),
            set_aside=self._ask("SELECT count(*) FROM set_aside"),
        )

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _next_sequence(self) -> int:
        return self._ask("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'parcels'), 0)") + 1

    def _keep_cap(self) -> None:
        """Drop what is oldest until the rest fits: parcels are older than rows that still wait for company."""
        while self._value("bytes") > self._largest_bytes:
            oldest = self._file.execute("SELECT sequence FROM parcels ORDER BY at, sequence LIMIT 1").fetchone()
            if oldest is not None:
                self._count("dropped_rows", self._take_out(oldest[0]) or 0)
                continue
            row = self._file.execute("SELECT number, length(data) FROM rows ORDER BY number LIMIT 1").fetchone()
            if row is None:
                return
            self._file.execute("DELETE FROM rows WHERE number = ?", (row[0],))
            self._count("bytes", -row[1])
            self._count("dropped_rows", 1)

    def _take_out(self, sequence: int) -> int | None:
        """Remove a parcel; how many rows it held, or `None` where it was not here."""
        found = self._file.execute(
            "DELETE FROM parcels WHERE sequence = ? RETURNING count, length(content)", (sequence,)
        ).fetchone()
        if found is None:
            return None
        self._count("bytes", -found[1])
        return int(found[0])

    def _count(self, name: str, more: int) -> int:
        changed = self._file.execute(
            "UPDATE counters SET value = value + ? WHERE name = ? RETURNING value", (more, name)
        ).fetchone()
        return int(changed[0])

    def _value(self, name: str) -> int:
        return self._ask("SELECT value FROM counters WHERE name = ?", name)

    def _ask(self, question: str, *values: object) -> int:
        return int(self._file.execute(question, values).fetchone()[0])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._file.execute("BEGIN IMMEDIATE")
            yield
            self._file.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise StoreUnavailableError(f"the queue cannot be written ({error})") from None
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")


def _fitting(rows: list[tuple[int, float, bytes]]) -> list[tuple[int, float, bytes]]:
    """As many rows from the front as a transmission can carry uncompressed, at least one."""
    size = 0
    for index, (_, _, data) in enumerate(rows):
        size += len(data)
        if index and size > 3 * LARGEST_ROW_BYTES:
            return rows[:index]
    return rows
