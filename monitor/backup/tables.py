"""The state store's tables as lines of JSON, and back: the same from SQLite and from PostgreSQL, into either.

A dump is one unmoving view of the store. Promises that what was written is read back value by value, that a restore
fills only an empty store, and that it stands whole or not at all.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO, Final

from sqlalchemy import BigInteger, Connection, Engine, Integer, MetaData, Table, func, select, text, update

from monitor.domain.errors import StoreUnavailableError
from monitor.store.migrating import migrate, revision, run_steps
from monitor.store.migrations import REVISIONS
from monitor.store.schema import OUTSTANDING, notifications

AT_ONCE: Final = 1000
SKIPPED: Final = frozenset({"alembic_version", "commits", "leases"})
"""The schema's own mark, the count of one file's commits, and who holds what now: none of it belongs to another place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dumped:
    """One table of a dump.

    Attributes:
        rows: how many.
        digest: SHA-256 over its lines, hexadecimal.
    """

    rows: int
    digest: str


def snapshot(connection: Connection) -> None:
    """Make this transaction one unmoving view, however long the dump takes."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def tables_of(connection: Connection) -> list[Table]:
    """Tables as they are, those that others refer to first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in SKIPPED]


def lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """The rows of a table, in the order of its key."""
    asked = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=AT_ONCE)
    for row in connection.execute(asked):
        yield json.dumps(list(row), separators=(",", ":"), default=_bytes).encode() + b"\n"


def _bytes(value: bytes | memoryview) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


def _value(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


def dump_table(connection: Connection, table: Table, out: BinaryIO) -> Dumped:
    """Write a table: a line with the names of its columns, then its rows."""
    digest, rows = hashlib.sha256(), 0
    head = json.dumps([column.name for column in table.columns]).encode() + b"\n"
    for line in chain((head,), lines(connection, table)):
        out.write(line)
        digest.update(line)
        rows += 1
    return Dumped(rows=rows - 1, digest=digest.hexdigest())


def restore(
    engine: Engine, schema: str, dumps: Mapping[str, Callable[[], Iterable[bytes]]], done: Callable[[str, int], None]
) -> None:
    """Fill an empty store from a dump, in one transaction, and bring it to the schema of this release.

    Args:
        engine: where to.
        schema: revision of the dump.
        dumps: lines by table.
        done: told of each table and how many rows it got.

    Raises:
        StoreUnavailableError: it is not empty, or the dump is of a newer release; nothing was changed.
    """
    if schema not in REVISIONS:
        message = f"this backup was made by a newer release (schema {schema}): update Dabyl first"
        raise StoreUnavailableError(message)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        if revision(connection) is not None and _holds_rows(connection):
            raise StoreUnavailableError("the store is not empty: a backup is only restored into an empty one")
        if revision(connection) is None:
            run_steps(connection, schema)
        for table in tables_of(connection):
            if table.name in dumps:
                done(table.name, _fill(connection, table, dumps[table.name]()))
        _count_on(connection)
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(update(notifications).where(OUTSTANDING).values(UNCERTAIN))


UNCERTAIN: Final = {
    "state": "owed", "claimed_by": None, "claimed_until": None,
    "begun_at": func.coalesce(notifications.c.begun_at, notifications.c.due_at),
}  # fmt: skip
"""What was owed when the backup was made may have been sent since: it goes out and says that it may be a repeat."""


def _holds_rows(connection: Connection) -> bool:
    return any(connection.scalar(select(func.count()).select_from(table)) for table in tables_of(connection))


def _fill(connection: Connection, table: Table, found: Iterable[bytes]) -> int:
    given = iter(found)
    names: list[str] = json.loads(next(given))
    rows: list[dict[str, Any]] = []
    total = 0
    for line in given:
        rows.append(dict(zip(names, map(_value, json.loads(line)), strict=True)))
        if len(rows) >= AT_ONCE:
            total += _insert(connection, table, rows)
    return total + _insert(connection, table, rows)


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    count = len(rows)
    if rows:
        connection.execute(table.insert(), rows)
        rows.clear()
    return count


def _count_on(connection: Connection) -> None:
    """Let PostgreSQL's own numbers go on behind the restored ones."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables_of(connection):
        for column in table.primary_key.columns:
            name = connection.scalar(
                text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column.name}
            )
            if name and isinstance(column.type, BigInteger | Integer):
                last = connection.scalar(select(func.max(column)))
                connection.execute(
                    text("SELECT setval(:name, :last, :used)"),
                    {"name": name, "last": last or 1, "used": last is not None},
                )
