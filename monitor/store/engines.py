"""Connections: SQLite by path, PostgreSQL by address, each set up so that a commit survives a power cut."""

import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool, StaticPool

from monitor.domain.errors import StoreUnavailableError
from monitor.store.failures import sqlite_words

MEMORY: Final = ":memory:"
READERS: Final = 2
"""Connections that only read. Two: a long question of an analyst must not hold up the status page."""

BUSY_TIMEOUT_SECONDS: Final = 5.0
"""How long one program waits for another one's commit."""

SETTINGS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16384",
)
"""FULL syncs every commit; secure_delete overwrites what is deleted; nothing temporary ever goes to disk."""

POSTGRESQL_OPTIONS: Final = (
    "-c synchronous_commit=on -c timezone=UTC -c lock_timeout=5000 -c idle_in_transaction_session_timeout=3000"
    " -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
)
"""A process that is frozen in the middle of a transaction must not hold the others up for longer than three seconds; one
whose machine lost its power is noticed by the server within about eleven."""


@dataclass(frozen=True, slots=True)
class Engines:
    """Where to write and where to read; the same engine twice for a store in memory.

    Attributes:
        path: the SQLite file; `None` for PostgreSQL and for a store in memory.
    """

    writing: Engine
    reading: Engine
    path: Path | None = None

    def dispose(self) -> None:
        """Close every connection."""
        self.reading.dispose()
        self.writing.dispose()


def sqlite_path(address: str | Path) -> Path | None:
    """The file that an address names; `None` where it is the address of a server.

    Raises:
        StoreUnavailableError: not an address we know.
    """
    if isinstance(address, Path) or "://" not in address:
        return Path(address)
    url = _url(address)
    if url.get_backend_name() == "sqlite":
        return Path(url.database or MEMORY)
    return None


def _url(address: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError as error:
        # The address may hold a password: it is not repeated.
        message = "the store's address cannot be read; use a path or postgresql+psycopg://user@host/database"
        raise StoreUnavailableError(message) from error
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        message = f"the state store speaks SQLite and PostgreSQL, not {url.get_backend_name()}"
        raise StoreUnavailableError(message)
    return url


def lenient(data: bytes) -> str:
    """Text of a database column; a byte that is no UTF-8 (damage) costs one character, not the row."""
    return data.decode("utf-8", "replace")


def connect_file(path: Path | str) -> sqlite3.Connection:
    """A connection that may write, set up for durability. Transactions are begun by hand."""
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_SECONDS, cached_statements=256
    )
    connection.text_factory = lenient
    for setting in SETTINGS:
        connection.execute(setting)
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write and creates no file.

    While the service runs (or was killed), its write-ahead log lies beside the file and is read too. After an orderly
    stop there is none, and only an "immutable" opening keeps SQLite from creating one.
    """
    live = path.with_name(f"{path.name}-wal").exists()
    query = "mode=ro" if live else "mode=ro&immutable=1"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{query}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT_SECONDS,
    )
    connection.text_factory = lenient
    connection.execute("PRAGMA temp_store=MEMORY")
    return connection


def create_private(path: Path) -> None:
    """Create an empty file (and its folders) that only its owner may read; leave an existing one as it is.

    Raises:
        StoreUnavailableError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        message = f"{path}: cannot be created or written ({error.strerror})"
        raise StoreUnavailableError(message) from error


def memory_engines() -> Engines:
    """A store that is gone when it is closed: for tests and trials."""
    engine = _sqlite_engine(lambda: connect_file(MEMORY), "BEGIN IMMEDIATE", connections=1, pool=StaticPool)
    return Engines(engine, engine)


def file_engines(path: Path) -> Engines:
    """A SQLite file for one writer and some readers."""
    writing = _sqlite_engine(lambda: connect_file(path), "BEGIN IMMEDIATE", connections=1)
    return Engines(writing, _sqlite_engine(lambda: _query_only(path), "BEGIN", connections=READERS), path)


def reading_engines(path: Path) -> Engines:
    """A SQLite file that somebody else may be writing."""
    engine = _sqlite_engine(lambda: connect_to_read(path), "BEGIN", connections=READERS)
    return Engines(engine, engine, path)


def _query_only(path: Path) -> sqlite3.Connection:
    connection = connect_file(path)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _sqlite_engine(
    connect: Callable[[], sqlite3.Connection],
    begin: str,
    *,
    connections: int,
    pool: type[QueuePool] | type[StaticPool] = QueuePool,
) -> Engine:
    limits = {"pool_size": connections, "max_overflow": 0} if pool is QueuePool else {}
    engine = create_engine("sqlite://", creator=connect, poolclass=pool, hide_parameters=True, **limits)

    def start(connection: Connection) -> None:
        # A writer takes its lock at once: a transaction that starts as a reader may find the way barred.
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", start)
    return engine


def server_engines(address: str, *, read_only: bool, name: str = "dabyl") -> Engines:
    """A PostgreSQL database.

    Args:
        address: `postgresql+psycopg://user@host/database`.
        read_only: refuse every change.
        name: how the server's list of sessions names this process; whether the holder of a lease lives is told by it.

    Raises:
        StoreUnavailableError: the driver is not installed or the address cannot be read.
    """
    url = _url(address).set(drivername="postgresql+psycopg")
    options = POSTGRESQL_OPTIONS + (" -c default_transaction_read_only=on" if read_only else "")
    try:
        engine = create_engine(
            url,
            connect_args={"options": options, "connect_timeout": 10, "application_name": name[:63]},
            pool_size=READERS + 1,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    except ModuleNotFoundError as error:
        message = "PostgreSQL needs its driver: install dabyl[postgresql]"
        raise StoreUnavailableError(message) from error
    event.listen(engine, "do_executemany", _one_by_one)
    return Engines(engine, engine)


def _one_by_one(cursor: Any, statement: str, many: Sequence[Any], _: object) -> bool:
    """Run a statement for each of its rows, each to its answer.

    psycopg would send them in a pipeline (www.postgresql.org/docs/15/libpq-pipeline-mode.html). In the middle of one the
    server counts a session as busy, not as idle: a process frozen there would hold its locks until it wakes.
    """
    for values in many:
        cursor.execute(statement, values)
    return True


def refused(path: Path, error: sqlite3.Error) -> StoreUnavailableError:
    """What to tell a person when a file could not be used at all."""
    return StoreUnavailableError(f"{path}: {sqlite_words(error)}")
