"""A disk that fails at random: errors of SQLite and of the system on a share of calls, seeded, on and off at will.

Injected where Python and SQLite meet the disk, because no compiler can be assumed for a shim below them. An error may come
before a call took effect or after it: a commit that is reported as failed may have been made.
"""

import builtins
import errno
import io
import os
import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

SQLITE = (
    ("SQLITE_IOERR_FSYNC", "disk I/O error"),
    ("SQLITE_READONLY", "attempt to write a readonly database"),
    ("SQLITE_CANTOPEN", "unable to open database file"),
)
SYSTEM = (errno.EIO, errno.EROFS, errno.EMFILE)
CALLS = ("open", "fsync", "pwrite", "replace", "statvfs")


class BadDisk:
    """Fails a share of calls while it is `on`.

    Attributes:
        struck: failures so far, by kind of call.
    """

    def __init__(self, seed: int, ratio: float = 0.01) -> None:
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._ratio = ratio
        self.on = False
        self.struck: Counter[str] = Counter()

    def strikes(self, call: str) -> bool:
        with self._lock:
            struck = self.on and self._chance.random() < self._ratio
            if struck:
                self.struck[call] += 1
        return struck

    def sqlite_error(self) -> sqlite3.OperationalError:
        with self._lock:
            name, words = self._chance.choice(SQLITE)
        error = sqlite3.OperationalError(words)
        error.sqlite_errorname = name
        return error

    def system_error(self) -> OSError:
        with self._lock:
            number = self._chance.choice(SYSTEM)
        return OSError(number, os.strerror(number))

    def around(self, call: str, work: Callable[[], Any]) -> Any:
        """Work of SQLite that may fail before it takes effect, or after."""
        if self.strikes(call):
            raise self.sqlite_error()
        result = work()
        if self.strikes(f"{call}, done"):
            raise self.sqlite_error()
        return result

    def install(self, put: Callable[[object, str, Any], None] = setattr) -> None:
        """Stand before SQLite and the system's calls from now on; `put` may be one that a test takes back."""
        put(sqlite3, "connect", self._connect(sqlite3.connect))
        for name in CALLS:
            put(os, name, self._system(name, getattr(os, name)))
        opening = self._system("open a file", io.open)
        put(io, "open", opening)
        put(builtins, "open", opening)

    def _system(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if self.strikes(name):
                raise self.system_error()
            return real(*arguments, **named)

        return call

    def _connect(self, real: Callable[..., Any]) -> Callable[..., Any]:
        disk = self

        class Cursor(sqlite3.Cursor):
            def execute(self, *arguments: Any) -> Any:
                if arguments[0].startswith("ROLLBACK"):
                    return super().execute(*arguments)
                return disk.around("statement", lambda: super(Cursor, self).execute(*arguments))

            def executemany(self, *arguments: Any) -> Any:
                return disk.around("statements", lambda: super(Cursor, self).executemany(*arguments))

        class Connection(sqlite3.Connection):
            def cursor(self, factory: Any = Cursor) -> Any:
                return super().cursor(factory)

            def execute(self, *arguments: Any) -> Any:
                return self.cursor().execute(*arguments)

            def executemany(self, *arguments: Any) -> Any:
                return self.cursor().executemany(*arguments)

            def commit(self) -> None:
                disk.around("commit", super().commit)

        def connect(*arguments: Any, **named: Any) -> Any:
            if disk.strikes("connect"):
                raise disk.sqlite_error()
            return real(*arguments, factory=Connection, **named)

        return connect
