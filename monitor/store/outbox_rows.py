"""What the outbox keeps, as rows of SQLite: batches in order, parked lines, hours that need new sums, totals."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from monitor.domain.moments import EPOCH

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS batches (
    number INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, lines INTEGER NOT NULL, bytes INTEGER NOT NULL,
    written_at INTEGER NOT NULL, oldest_ns INTEGER NOT NULL, hours TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS batches_in_order ON batches (target, number, lines, bytes, written_at);
CREATE TABLE IF NOT EXISTS parked (
    number INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, line TEXT NOT NULL, reason TEXT NOT NULL,
    parked_at INTEGER NOT NULL, UNIQUE (target, line));
CREATE TABLE IF NOT EXISTS late (hour INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""


BATCH_COLUMNS: Final = "number, target, lines, bytes, written_at, oldest_ns, hours, body"
TAKE_BATCH: Final = f"INSERT OR IGNORE INTO batches ({BATCH_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
PARK: Final = "INSERT OR IGNORE INTO parked (target, line, reason, parked_at) VALUES (?, ?, ?, ?)"


class Batch(NamedTuple):
    """Lines for one target.

    Attributes:
        lines: how many.
        oldest_ns: moment of the oldest, nanoseconds since 1970-01-01T00:00:00Z.
        hours: every hour since then that has a line in it.
        body: gzip of the lines.
    """

    target: str
    lines: int
    oldest_ns: int
    hours: frozenset[int]
    body: bytes


class Waiting(NamedTuple):
    """A batch in the outbox; `number` only grows."""

    number: int
    batch: Batch


class Parked(NamedTuple):
    """A line that was refused for good.

    Attributes:
        reason: what the engine said.
        at: when it was parked.
    """

    target: str
    line: str
    reason: str
    at: datetime


def insert(db: sqlite3.Connection, batches: Sequence[Batch], now: int) -> None:
    """Add batches at the end of the queue."""
    db.executemany(
        "INSERT INTO batches (target, lines, bytes, written_at, oldest_ns, hours, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (batch.target, batch.lines, len(batch.body), now, batch.oldest_ns, _write_hours(batch.hours), batch.body)
            for batch in batches
        ],
    )


def park(db: sqlite3.Connection, lines: Sequence[Parked]) -> None:
    """Keep lines that were refused; a line that is parked already stays as it is."""
    db.executemany(
        PARK,
        [(parked.target, parked.line, parked.reason, milliseconds(parked.at)) for parked in lines],
    )


def count(db: sqlite3.Connection, lines: int) -> None:
    """So many lines more were handed over."""
    db.execute(
        "INSERT INTO totals VALUES ('delivered', ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        (lines,),
    )


def forget_hours(db: sqlite3.Connection, hours: Sequence[int]) -> None:
    """These hours need no new sums."""
    db.executemany("DELETE FROM late WHERE hour = ?", [(hour,) for hour in hours])


def _write_hours(hours: frozenset[int]) -> str:
    return " ".join(map(str, sorted(hours)))


def read_hours(text: str) -> frozenset[int]:
    """The hours of a batch."""
    return frozenset(int(hour) for hour in text.split())


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970-01-01T00:00:00Z."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def take_over(db: sqlite3.Connection, damaged: Path) -> int:
    """Copy what can still be read of a damaged outbox, from both ends; how many batches."""
    taken = 0
    with suppress(sqlite3.Error), closing(sqlite3.connect(damaged)) as old:
        for order in ("ASC", "DESC"):
            asked = f"SELECT {BATCH_COLUMNS} FROM batches ORDER BY number {order}"  # noqa: S608 - only our own names
            with suppress(sqlite3.Error):
                for row in old.execute(asked):
                    if not db.execute(TAKE_BATCH, row).rowcount:
                        break
                    taken += 1
        with suppress(sqlite3.Error):
            for line in old.execute("SELECT target, line, reason, parked_at FROM parked ORDER BY number"):
                db.execute(PARK, line)
    return taken
