"""Why a database could not do what was asked, in plain words.

Knows SQLite's and PostgreSQL's codes. Promises that the words hold no address, no password and no stored text.
"""

import sqlite3
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from monitor.domain.errors import StoreUnavailableError

BUGS: Final = (IntegrityError, ProgrammingError, DataError, NotSupportedError)
"""Mistakes of ours, not of the world: they are never turned into "unavailable"."""

SQLITE_WORDS: Final = {
    "SQLITE_FULL": "disk full",
    "SQLITE_READONLY": "the store is read-only",
    "SQLITE_BUSY": "the store is locked by another program",
    "SQLITE_LOCKED": "the store is locked by another program",
    "SQLITE_CANTOPEN": "the store's file cannot be opened",
    "SQLITE_PERM": "no permission for the store's file",
    "SQLITE_AUTH": "no permission for the store's file",
    "SQLITE_IOERR": "the disk reports an error",
    "SQLITE_NOMEM": "not enough memory",
    "SQLITE_TOOBIG": "a value is too large for the store",
    "SQLITE_CORRUPT": "the store's file is damaged; a restart saves what can be read",
    "SQLITE_NOTADB": "the store's file is damaged; a restart saves what can be read",
}
"""Words for SQLite's primary result codes."""

POSTGRESQL_WORDS: Final = {
    "53100": "disk full",
    "53300": "the database server takes no more connections",
    "25006": "the store is read-only",
    "28": "the database server refused our login",
    "3D000": "the database does not exist on its server",
    "55P03": "the store is locked by another program",
    "57": "the database server is shutting down or starting",
    "08": "the connection to the database server broke",
    "58030": "the database server's disk reports an error",
    "XX": "the database server reports damage",
}
"""Words for SQLSTATE codes, or for their class where the first two characters say enough."""


def sqlite_words(error: sqlite3.Error) -> str:
    """What SQLite's error means."""
    name = getattr(error, "sqlite_errorname", None) or ""
    for code, words in SQLITE_WORDS.items():
        if name == code or name.startswith(f"{code}_"):
            return words
    return f"the store reports an error ({name or type(error).__name__})"


def disk_words(error: OSError) -> str:
    """What the operating system's error means; without the name of a file."""
    return f"the disk refuses ({error.strerror or type(error).__name__})"


def postgresql_words(error: BaseException) -> str:
    """What PostgreSQL's error means; without a code it never reached the server."""
    code = getattr(error, "sqlstate", None)
    if code is None:
        return "no connection to the database server"
    return POSTGRESQL_WORDS.get(code) or POSTGRESQL_WORDS.get(code[:2]) or f"the store reports an error ({code})"


def unavailable(error: DBAPIError | PoolTimeoutError) -> StoreUnavailableError | None:
    """The error to raise instead; `None` where it is a bug of ours and must stay loud."""
    if isinstance(error, PoolTimeoutError):
        return StoreUnavailableError("all connections to the store are busy")
    if isinstance(error, BUGS):
        return None
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return StoreUnavailableError(sqlite_words(cause))
    return StoreUnavailableError(postgresql_words(cause or error))
