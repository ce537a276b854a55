"""Where a damaged SQLite file goes: beside the new one, under a name that says when. It is never thrown away unread.

Moving a file and its log is two steps, and we may be killed between them; so every step is found and finished at the
next start.
"""

import contextlib
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from monitor.domain.errors import StoreUnavailableError
from monitor.domain.ports import Clock
from monitor.store.damage import CommitNote

STAMP: Final = "%Y%m%dT%H%M%SZ"
LOG_SUFFIX: Final = "-wal"


def lost_before(path: Path) -> str | None:
    """What is wrong when there is no file at all: `None` if there never was one, or if it is there."""
    if path.exists():
        return None
    if unfinished(path) is not None:
        return "an earlier rescue was interrupted"
    if CommitNote.beside(path).read():
        return "the file is gone"
    return None


def unfinished(path: Path) -> Path | None:
    """The newest file set aside, while no new file has taken its place."""
    return None if path.exists() else max(_all_set_aside(path), default=None)


def set_aside(path: Path, clock: Clock) -> Path:
    """Move the file and its log out of the way; where to. Goes on with what an interrupted start had begun.

    Raises:
        StoreUnavailableError: the folder cannot be written.
    """
    begun = unfinished(path)
    aside = begun or _free_name(path, clock.now())
    try:
        if path.exists():
            path.rename(aside)
        log = _beside(path, LOG_SUFFIX)
        if log.exists():
            log.rename(_beside(aside, LOG_SUFFIX))
        _beside(path, "-shm").unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        message = f"{path}: damaged, and it cannot be moved aside ({error.strerror})"
        raise StoreUnavailableError(message) from error
    return aside


def forget_set_aside(path: Path, oldest: datetime) -> int:
    """Remove files that were set aside before that moment: they hold raw text. How many went."""
    gone = 0
    for aside in _all_set_aside(path):
        if _set_aside_at(path, aside) < oldest:
            for file in (aside, _beside(aside, LOG_SUFFIX), _beside(aside, "-shm")):
                with contextlib.suppress(FileNotFoundError):
                    _overwrite(file)
                    file.unlink()
            gone += 1
    return gone


def sync_folder(folder: Path) -> None:
    """Make renames in this folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _free_name(path: Path, now: datetime) -> Path:
    stem = f"{path.name}.damaged-{now.strftime(STAMP)}"
    count = 1
    while path.with_name(stem if count == 1 else f"{stem}.{count}").exists():
        count += 1
    return path.with_name(stem if count == 1 else f"{stem}.{count}")


def _all_set_aside(path: Path) -> list[Path]:
    pattern = re.compile(re.escape(path.name) + r"\.damaged-\d{8}T\d{6}Z(\.\d+)?")
    return sorted(file for file in path.parent.glob("*") if pattern.fullmatch(file.name))


def _set_aside_at(path: Path, aside: Path) -> datetime:
    stamp = aside.name.removeprefix(f"{path.name}.damaged-").partition(".")[0]
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)


def _overwrite(file: Path) -> None:
    """Zeros over the content: an unlinked file's bytes stay on the disk."""
    with file.open("r+b") as opened:
        remaining = file.stat().st_size
        while remaining > 0:
            remaining -= opened.write(bytes(min(remaining, 2**20)))
        opened.flush()
        os.fsync(opened.fileno())
