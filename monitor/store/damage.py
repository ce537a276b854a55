"""Finding out whether a SQLite file is still what we left: its structure, and whether its last commits are there.

SQLite cannot know that a write-ahead log was cut or deleted: it simply sees fewer commits. So every commit is counted
in the file, and the count is noted beside the file as well. The note may lag behind (it is not synced), and never
runs ahead: a file with fewer commits than its note has lost some.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.domain.ports import Clock
from monitor.store.engines import connect_to_read, refused

CHECK_SECONDS: Final = 8.0
"""How long the check of a large file may hold up the start; what it has not seen by then counts as sound."""

STEPS_BETWEEN_LOOKS: Final = 100_000
"""Steps of SQLite's machine between two looks at the clock: a few milliseconds."""

DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_SHORT_READ")


@dataclass(frozen=True, slots=True)
class CommitNote:
    """The note beside the file: how many commits it had taken when we last looked."""

    path: Path

    @classmethod
    def beside(cls, database: Path) -> "CommitNote":
        """The note that belongs to this file."""
        return cls(database.with_name(f"{database.name}-commits"))

    def write(self, number: int) -> None:
        """Note the count. A disk that refuses costs the note, not the commit, which is safe already."""
        try:
            file = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        except OSError:
            return
        try:
            os.pwrite(file, b"%020d\n" % number, 0)
        except OSError:
            return
        finally:
            os.close(file)

    def read(self) -> int:
        """The noted count; 0 where there is no note, or none that can be read."""
        try:
            return int(self.path.read_bytes()[:20])
        except (OSError, ValueError):
            return 0


def damage(path: Path, clock: Clock) -> str | None:
    """What is wrong with this file, in a few words; `None` if nothing was found.

    Raises:
        StoreUnavailableError: it could not be opened for another reason (permissions, lock, read-only).
    """
    try:
        # Only looking: a connection that may write throws a log away that it cannot make sense of.
        with closing(connect_to_read(path)) as connection:
            return _broken_structure(connection, clock) or _lost_commits(connection, path)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "").startswith(DAMAGED):
            return f"the file is damaged ({error})"
        raise refused(path, error) from error


def _broken_structure(connection: sqlite3.Connection, clock: Clock) -> str | None:
    deadline = clock.monotonic() + CHECK_SECONDS
    connection.set_progress_handler(lambda: clock.monotonic() > deadline, STEPS_BETWEEN_LOOKS)
    try:
        (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            return None
        raise
    finally:
        connection.set_progress_handler(None, 0)
    return None if answer == "ok" else f"the file is damaged ({answer})"


def _lost_commits(connection: sqlite3.Connection, path: Path) -> str | None:
    noted = CommitNote.beside(path).read()
    counted = _count(connection)
    return f"the last {noted - counted} commits are missing" if counted < noted else None


def _count(connection: sqlite3.Connection) -> int:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'commits'").fetchone()
    row = connection.execute("SELECT number FROM commits").fetchone() if known else None
    return int(row[0]) if row else 0
