"""Saving every readable row of a damaged SQLite file into a new one, and saying so.

The rows come from `pages.py`, which does not need a sound schema; which table a row belongs to shows in the number and
types of its columns (a test makes sure that no two tables look alike). The new file takes the old one's place in one
step at the end, so an interrupted rescue starts over and loses nothing. The fact stands in the audit.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import BigInteger, Boolean, Float, Integer, Table
from sqlalchemy.exc import DBAPIError

from monitor.domain.changes import AuditEntry
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.ports import Clock
from monitor.store import audit
from monitor.store.damage import CommitNote
from monitor.store.engines import connect_file, create_private, file_engines, refused
from monitor.store.failures import unavailable
from monitor.store.migrating import migrate
from monitor.store.pages import Image, Value, records
from monitor.store.schema import metadata, signals
from monitor.store.setting_aside import LOG_SUFFIX, sync_folder

SEQUENCE_LEAP: Final = 1_000_000
"""The journal goes on this far behind the last number that was saved: readers may have seen numbers that were lost."""

ROWS_AT_ONCE: Final = 5000
"""Rows kept in memory before they are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SalvageReport:
    """What was wrong with the store's file, and what was saved of it.

    Attributes:
        found: what is wrong, in a few words.
        set_aside: the damaged file, kept until raw text of that day is due to go.
        rows: rows saved, by table.
    """

    at: datetime
    found: str
    set_aside: Path
    rows: Mapping[str, int]

    @property
    def total(self) -> int:
        """Rows saved in all."""
        return sum(self.rows.values())


def salvage(path: Path, damaged: Path, found: str, clock: Clock) -> SalvageReport:
    """Make a new file at `path` from what can be read of `damaged`.

    Raises:
        StoreUnavailableError: the new file could not be written; `damaged` is as it was, and the next start tries again.
    """
    fresh = path.with_name(f"{path.name}.salvaging")
    try:
        _clear(fresh)
        create_private(fresh)
        rows = _rebuild(fresh, damaged, CommitNote.beside(path))
        report = SalvageReport(at=clock.now(), found=found, set_aside=damaged, rows=rows)
        _record(fresh, report)
        _clear(fresh, keep_main=True)
        fresh.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        message = f"{path}: damaged, and what was saved cannot be written ({error.strerror})"
        raise StoreUnavailableError(message) from error
    except sqlite3.Error as error:
        raise refused(path, error) from error
    return report


def _rebuild(fresh: Path, damaged: Path, note: CommitNote) -> Mapping[str, int]:
    engines = file_engines(fresh)
    try:
        migrate(engines.writing)
    finally:
        engines.dispose()
    image = Image.of(_bytes(damaged), _bytes(damaged.with_name(damaged.name + LOG_SUFFIX)))
    with closing(connect_file(fresh)) as connection:
        # Half of a pair may be lost; the other half is still worth having.
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("BEGIN IMMEDIATE")
        counts = _copy(connection, image)
        _give_heads_to_orphans(connection)
        _leap(connection, note)
        connection.execute("COMMIT")
    return counts


def _copy(connection: sqlite3.Connection, image: Image) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    waiting: dict[Table, list[tuple[Value, ...]]] = {}
    for table, values in _sorted_rows(image):
        batch = waiting.setdefault(table, [])
        batch.append(values)
        if len(batch) >= ROWS_AT_ONCE:
            counts[table.name] += _insert(connection, table, batch)
            batch.clear()
    for table, batch in waiting.items():
        counts[table.name] += _insert(connection, table, batch)
    return {name: count for name, count in sorted(counts.items()) if count}


def _insert(connection: sqlite3.Connection, table: Table, rows: list[tuple[Value, ...]]) -> int:
    places = ",".join("?" * len(table.columns))
    before = connection.total_changes
    connection.executemany(f"INSERT OR IGNORE INTO {table.name} VALUES ({places})", rows)  # noqa: S608 - our own name
    return connection.total_changes - before


def _sorted_rows(image: Image) -> Iterator[tuple[Table, tuple[Value, ...]]]:
    """Each row with the table it belongs to; SQLite's own rows and nonsense are left out."""
    by_width: dict[int, list[Table]] = {}
    for table in metadata.sorted_tables:
        if table.name != "commits":
            by_width.setdefault(len(table.columns), []).append(table)
    for row, values in records(image):
        if len(values) == 2 and values[0] == signals.name:
            # SQLite's own counter of the journal looks like a checkpoint of a reader of that name.
            continue
        for table in by_width.get(len(values), ()):
            if fits(table, values):
                yield table, _numbered(table, row, values)
                break


def fits(table: Table, values: tuple[Value, ...]) -> bool:
    """Whether these columns can be a row of that table."""
    return all(
        _allows(column.type, value) if value is not None else column.nullable or is_row_number(table, column.name)
        for column, value in zip(table.columns, values, strict=True)
    )


def is_row_number(table: Table, name: str) -> bool:
    """Whether SQLite keeps this column as the row's own number, and NULL in its place."""
    column = table.columns[name]
    return column.primary_key and isinstance(column.type, (Integer, BigInteger))


def _allows(kind: object, value: Value) -> bool:
    if isinstance(kind, (Integer, BigInteger, Boolean)):
        return isinstance(value, int)
    if isinstance(kind, Float):
        # SQLite keeps 1.0 as the integer 1.
        return isinstance(value, (int, float))
    return isinstance(value, str)


def _numbered(table: Table, row: int, values: tuple[Value, ...]) -> tuple[Value, ...]:
    if is_row_number(table, table.columns[0].name):
        return (row, *values[1:])
    return values


def _give_heads_to_orphans(connection: sqlite3.Connection) -> None:
    """A wording whose post was lost gets one again (its key is lost); a post whose latest wording was lost, another."""
    connection.execute(
        """
        INSERT OR IGNORE INTO reports (id, source, origin, key, at, seen_at, latest, versions)
        SELECT report, source, source, report, coalesce(published_at, observed_at), max(observed_at), version, count(*)
        FROM report_versions WHERE report NOT IN (SELECT id FROM reports) GROUP BY report
        """
    )
    connection.execute(
        """
        UPDATE reports SET latest = coalesce(
            (SELECT version FROM report_versions WHERE report = reports.id ORDER BY observed_at DESC LIMIT 1), latest)
        WHERE latest NOT IN (SELECT version FROM report_versions)
        """
    )


def _leap(connection: sqlite3.Connection, note: CommitNote) -> None:
    """Numbers go on behind everything that anybody may have seen."""
    (last,) = connection.execute(
        "SELECT max(coalesce((SELECT max(sequence) FROM signals), 0), coalesce((SELECT max(sequence) FROM checkpoints), 0))"
    ).fetchone()
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'signals'")
    connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('signals', ?)", (last + SEQUENCE_LEAP,))
    connection.execute("UPDATE commits SET number = ?", (note.read() + 1,))


def _record(fresh: Path, report: SalvageReport) -> None:
    details = f"{report.found}; saved " + (
        ", ".join(f"{count} {name}" for name, count in report.rows.items()) or "nothing"
    )
    entry = AuditEntry(at=report.at, actor="store", action="salvaged", subject=report.set_aside.name, details=details)
    engines = file_engines(fresh)
    try:
        with engines.writing.begin() as connection:
            audit.append(connection, [entry])
    except DBAPIError as error:
        reason = unavailable(error)
        if reason is None:
            raise
        raise reason from error
    finally:
        engines.dispose()


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def _clear(fresh: Path, *, keep_main: bool = False) -> None:
    """Remove what an interrupted rescue left; the log only once SQLite has emptied it."""
    for suffix in ("-wal", "-shm") if keep_main else ("", "-wal", "-shm"):
        file = fresh.with_name(fresh.name + suffix)
        file.unlink(missing_ok=True)
