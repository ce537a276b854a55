"""A damaged file of series: set aside, every chunk that can be read carried over, the sums made anew.

Chunks are found page by page, without a sound schema, and tell by their magic and checksum whether they are whole; one bad
page costs the chunks it lies in and no more. Names of series lie in rows of a shape of their own. What is sealed is safe
in its own files; sums of sealed days are carried over where the old file still answers, else made from the sealed files.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from monitor.domain.errors import StoreUnavailableError
from monitor.domain.ports import Clock
from monitor.domain.series import day_of, read_key
from monitor.runtime.transactions import transaction
from monitor.store.damage import CommitNote
from monitor.store.engines import connect_file, create_private
from monitor.store.pages import Image, records
from monitor.store.series_columns import Columns, DamagedError, unpacked
from monitor.store.series_live import SCHEMA, LiveDays
from monitor.store.series_sealed import SealedDays
from monitor.store.setting_aside import LOG_SUFFIX, set_aside, sync_folder, unfinished

SUFFIX: Final = ".rescuing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """What was wrong with the file of series, and what was saved."""

    at: datetime
    found: str
    set_aside: Path
    points: int


def rescue(path: Path, found: str, clock: Clock) -> Rescue:
    """Put a sound file in the place of a damaged one; the damaged one is kept beside it.

    Raises:
        StoreUnavailableError: the new file cannot be written; the next start tries again.
    """
    aside = unfinished(path) or set_aside(path, clock)
    fresh = path.with_name(path.name + SUFFIX)
    for file in fresh.parent.glob(f"{fresh.name}*"):
        file.unlink()
    try:
        create_private(fresh)
        with closing(connect_file(fresh)) as target:
            saved = _carry_over(aside, target, SealedDays(path.parent / "series"), CommitNote.beside(path).read())
        fresh.replace(path)
        sync_folder(path.parent)
    except (OSError, sqlite3.Error) as error:
        message = f"{path}: damaged, and what was saved cannot be written ({type(error).__name__})"
        raise StoreUnavailableError(message) from error
    return Rescue(at=clock.now(), found=found, set_aside=aside, points=saved)


def _carry_over(aside: Path, target: sqlite3.Connection, sealed: SealedDays, commits: int) -> int:
    image = Image.of(_bytes(aside), _bytes(aside.with_name(aside.name + LOG_SUFFIX)))
    target.executescript(SCHEMA)
    with transaction(target):
        target.execute("UPDATE commits SET number = ?", (commits,))
        _carry_names(image, target)
        target.executemany("INSERT OR REPLACE INTO sealed VALUES (?, ?, ?)", list(sealed.all_days()))
    live = LiveDays(target, lambda _day, _columns: [])
    found = _days(image, live)
    saved = 0
    with transaction(target):
        ready = _carry_sums(aside, target, sorted(live.sealed - set(found)))
        for day, columns in sorted(found.items()):
            live.put(day, columns, amends=True)
            saved += len(columns)
        for day in sorted((set(found) | live.sealed) - ready):
            parts = [sealed.everything(day, live.number)] if day in live.sealed else []
            parts += [found[day]] if day in found else []
            live.add_sums(Columns.joined(parts).newest_only())
    target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return saved


def _carry_names(image: Image, target: sqlite3.Connection) -> None:
    """Rows of `series`: a number, a key, and the measurement that the key begins with."""
    for number, values in records(image):
        match values:
            case (None, str(key), str(measurement)) if measurement and key.startswith(measurement):
                target.execute("INSERT OR IGNORE INTO series VALUES (?, ?, ?)", (number, key, measurement))
                labels = [(tag, label, number) for tag, label in read_key(key)[1].items()]
                target.executemany("INSERT OR IGNORE INTO labels VALUES (?, ?, ?)", labels)


def _carry_sums(aside: Path, target: sqlite3.Connection, days: list[str]) -> set[str]:
    """Sums of days that lie sealed and untouched, where the old file still answers whole; which days that were."""
    rows: list[tuple[object, ...]] = []
    try:
        with closing(sqlite3.connect(f"{aside.absolute().as_uri()}?mode=ro", uri=True)) as source:
            for day in days:
                begun = int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp())
                rows += source.execute("SELECT * FROM sums WHERE bucket >= ? AND bucket < ?", (begun, begun + 86_400))
    except sqlite3.Error:
        return set()
    target.executemany("INSERT OR IGNORE INTO sums VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    return set(days)


def _days(image: Image, live: LiveDays) -> dict[str, Columns]:
    """All chunks that are whole, by day; of two rows for the same series and moment the later written."""
    found: dict[str, list[tuple[int, Columns]]] = {}
    for sequence, columns in _whole_chunks(image):
        known = columns.where(np.isin(columns.series, live.known_numbers()))
        if len(known):
            found.setdefault(day_of(int(known.time[0])), []).append((sequence, known))
    return {
        day: Columns.joined([part for _, part in sorted(parts, key=lambda part: part[0])]).newest_only()
        for day, parts in found.items()
    }


def _whole_chunks(image: Image) -> Iterator[tuple[int, Columns]]:
    for sequence, values in records(image):
        match values:
            case (None, int(), int(), int(), bytes(data)):
                try:
                    yield sequence, unpacked(data)
                except DamagedError:
                    continue


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
