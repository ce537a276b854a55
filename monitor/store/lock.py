"""One service per data directory.

The operating system holds the lock for as long as the process lives, kill -9 included; the file only says whose it is.
"""

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from monitor.domain.moments import rfc3339
from monitor.domain.ports import Clock


class DataInUseError(Exception):
    """Another process works on this data, or the lock cannot be taken; the message says which."""


class DataLock:
    """Holds a data directory for this process.

    Attributes:
        left_by: process id of a holder that died without letting go; `None` if there was none.
    """

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._path = directory / "lock"
        self._clock = clock
        self._file: int | None = None
        self.left_by: int | None = None

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            DataInUseError: somebody holds it, or the directory cannot be written.
        """
        file = self._open()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(file)
            os.close(file)
            who = f"process {holder}" if holder else "another process"
            message = f"{self._path.parent}: in use by {who}; stop it first, or use another data directory"
            raise DataInUseError(message) from error
        self.left_by = _holder(file)
        self._sign(file)
        self._file = file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go, leaving an empty file: removing it would let two processes lock two files of one name."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def _open(self) -> int:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            message = f"{self._path.parent}: cannot be written ({error.strerror})"
            raise DataInUseError(message) from error

    def _sign(self, file: int) -> None:
        with contextlib.suppress(OSError):  # a full disk: the lock holds all the same, it is only unsigned
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n{rfc3339(self._clock.now())}\n".encode(), 0)


def _holder(file: int) -> int | None:
    first = os.pread(file, 64, 0).partition(b"\n")[0]
    return int(first) if first.isdigit() else None
