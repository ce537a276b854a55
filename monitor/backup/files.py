"""Files beside the state store that belong into a backup, each as it is at one moment."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from monitor.domain.errors import StoreUnavailableError

NEVER: Final = (".session", ".session-journal", "-wal", "-shm", "-commits", ".part")
"""A Telegram session IS the account and is never copied; the others mean nothing without the file beside them."""
NOT_OURS: Final = frozenset({"lock", "demo"})
SQLITE: Final = b"SQLite format 3\0"


def kept_files(folder: Path, state: str) -> Iterator[Path]:
    """Files of a data directory, in order, without the state store (it has its own form) and what is never copied."""
    if not folder.is_dir():
        return
    for file in sorted(folder.rglob("*")):
        parts = file.relative_to(folder).parts
        ours = file.is_file() and not file.is_symlink() and not NOT_OURS & {parts[0], file.name}
        if ours and not parts[0].startswith(state) and not file.name.endswith(NEVER):
            yield file


@contextmanager
def unmoving(file: Path) -> Iterator[Path]:
    """A path that holds the file's content as of now: a copy of a database that is being written, else the file.

    Raises:
        StoreUnavailableError: the database cannot be read.
    """
    with file.open("rb") as opened:
        is_database = opened.read(16) == SQLITE
    if not is_database:
        yield file
        return
    with TemporaryDirectory(dir=file.parent, prefix=".copy-") as place:
        copy = Path(place) / file.name
        try:
            live = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
            with closing(live) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"{file.name} cannot be copied ({type(error).__name__})") from None
        yield copy
