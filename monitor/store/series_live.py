"""The live days of the series: one SQLite table a UTC day that holds batches as packed columns, and coarse sums.

Promises that a batch is stored whole or not at all together with its sums, synced when the call returns, that a point
written again changes nothing, and that the sums equal those of a computation from scratch in whatever order the points
came. Whether a point may be known shows in the newest moment of its series; only then is anything looked up.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from monitor.domain.series import NANOSECONDS, ROLLED_UP_BY, ROLLUP_SECONDS, Point, day_of, read_key
from monitor.runtime.transactions import transaction
from monitor.store.series_columns import Columns, Numbers, Row, unpacked
from monitor.store.series_sums import ADD, Group, kept_sums

DAY_NS: Final = 86_400 * NANOSECONDS
GROWING_ROWS: Final = 500
"""The last chunk of a day takes more rows up to this many, so that single points do not each cost a chunk."""

NEVER: Final = -(2**62)

# Columns of a table without row numbers stand in the order of its key: some releases of SQLite check them wrongly otherwise.
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS commits (id INTEGER PRIMARY KEY, number INTEGER NOT NULL);
INSERT OR IGNORE INTO commits VALUES (1, 0);
CREATE TABLE IF NOT EXISTS series (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, measurement TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS labels (
    tag TEXT NOT NULL, label TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (tag, label, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sealed (
    day TEXT PRIMARY KEY, rows INTEGER NOT NULL, sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sums (
    step INTEGER NOT NULL, measurement TEXT NOT NULL, tag TEXT NOT NULL, bucket INTEGER NOT NULL, label TEXT NOT NULL,
    points INTEGER NOT NULL, samples INTEGER NOT NULL, ratio INTEGER NOT NULL,
    valued INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY (step, measurement, tag, bucket, label)) WITHOUT ROWID;
"""

Known = Callable[[str, Columns], list[Row]]
"""What a sealed file knows of these moments of these series of that day."""


def table_of(day: str) -> str:
    """The table of a UTC day."""
    return f"day_{day.replace('-', '_')}"


def live_days(connection: sqlite3.Connection) -> list[str]:
    """Days that have a table, oldest first."""
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'day_*'")
    return sorted(name.removeprefix("day_").replace("_", "-") for (name,) in found)


def chunks(connection: sqlite3.Connection, day: str, since_ns: int, until_ns: int) -> Columns:
    """Rows of a live day in that half-open interval; of two for the same series and moment the later written."""
    asked = f"SELECT data, amends FROM {table_of(day)} WHERE last >= ? AND first < ? ORDER BY sequence"  # noqa: S608
    parts, amended = [], False
    for data, amends in connection.execute(asked, (since_ns, until_ns)):
        part = unpacked(data)
        parts.append(part.where((part.time >= since_ns) & (part.time < until_ns)))
        amended = amended or bool(amends)
    together = Columns.joined(parts)
    return together.newest_only() if amended else together


class LiveDays:
    """Writes batches through one connection. Used by one thread at a time, and not again after an error."""

    def __init__(self, connection: sqlite3.Connection, known: Known) -> None:
        self._connection = connection
        self._known = known
        connection.executescript(SCHEMA)
        self._numbers: dict[str, int] = {}
        self._names: dict[int, Group] = {}
        self._group_numbers: dict[Group, int] = {}
        self._groups: Numbers = np.zeros(64, np.int64)
        self._newest: Numbers = np.full(64, NEVER, np.int64)
        for number, key in connection.execute("SELECT number, key FROM series"):
            self._remember(number, key)
        self._tables = set(live_days(connection))
        self._sealed = {day for (day,) in connection.execute("SELECT day FROM sealed")}
        self._tails: dict[str, tuple[int, Columns]] = {}
        self._tails_after: dict[str, tuple[int, Columns]] = {}
        for day in self._tables:
            self._note_newest(chunks(connection, day, NEVER, -NEVER))

    @property
    def sealed(self) -> frozenset[str]:
        """Days whose rows lie in a sealed file."""
        return frozenset(self._sealed)

    def write(self, batch: Sequence[Point]) -> tuple[int, int]:
        """Store these points in one transaction; how many were new or changed, and the number of the last commit."""
        self._tails_after = {}
        with transaction(self._connection):
            written = [self._write_day(day, part) for day, part in _by_day(self._columns(batch))]
            changed = sum(len(part) for part in written)
            if changed:
                self._connection.execute("UPDATE commits SET number = number + 1")
            (number,) = self._connection.execute("SELECT number FROM commits").fetchone()
        for part in written:
            self._note_newest(part)
        self._tails |= self._tails_after
        return changed, number

    def forget(self, day: str, rows: int, sha256: str) -> int:
        """The day is sealed: note its file and drop its table, in one transaction; the number of that commit."""
        with transaction(self._connection):
            self._connection.execute("INSERT OR REPLACE INTO sealed VALUES (?, ?, ?)", (day, rows, sha256))
            self._connection.execute(f"DROP TABLE IF EXISTS {table_of(day)}")
            self._connection.execute("UPDATE commits SET number = number + 1")
            (number,) = self._connection.execute("SELECT number FROM commits").fetchone()
        self._sealed.add(day)
        self._tables.discard(day)
        self._tails.pop(day, None)
        return int(number)

    def drop_before(self, day: str, sums_before_seconds: int) -> int:
        """Forget sealed days and fine sums that retention no longer keeps; how many days went."""
        old = [name for name in sorted(self._sealed) if name < day]
        with transaction(self._connection):
            self._connection.executemany("DELETE FROM sealed WHERE day = ?", [(name,) for name in old])
            self._connection.execute(
                "DELETE FROM sums WHERE step = ? AND bucket < ?", (ROLLUP_SECONDS, sums_before_seconds)
            )
        self._sealed.difference_update(old)
        return len(old)

    def add_sums(self, columns: Columns, sign: int = 1) -> None:
        """Put these points into the sums, or take them out."""
        if len(columns):
            rows = kept_sums(columns, self._groups[columns.series], self._names, sign)
            self._connection.executemany(ADD, list(rows))

    def known_numbers(self) -> Numbers:
        """Numbers of all series."""
        return np.fromiter(self._numbers.values(), np.int64, len(self._numbers))

    def number(self, key: str) -> int:
        """The number of this series; a new one where it is met for the first time. Inside a transaction."""
        if key not in self._numbers:
            measurement, tags = read_key(key)
            added = self._connection.execute("INSERT INTO series (key, measurement) VALUES (?, ?)", (key, measurement))
            assert added.lastrowid is not None
            rows = [(tag, label, added.lastrowid) for tag, label in tags.items()]
            self._connection.executemany("INSERT INTO labels VALUES (?, ?, ?)", rows)
            self._remember(added.lastrowid, key)
        return self._numbers[key]

    def put(self, day: str, columns: Columns, *, amends: bool) -> None:
        """Store these rows of one day as a chunk, growing its last one while that is small. Inside a transaction."""
        table = table_of(day)
        if day not in self._tables:
            self._connection.execute(
                f"CREATE TABLE IF NOT EXISTS {table} (sequence INTEGER PRIMARY KEY, first INTEGER NOT NULL,"
                " last INTEGER NOT NULL, amends INTEGER NOT NULL, data BLOB NOT NULL)"
            )
            self._tables.add(day)
        sequence, tail = self._tails.get(day, (None, None))
        if tail is None or amends or len(tail) + len(columns) > GROWING_ROWS:
            sequence, tail = None, columns
        else:
            tail = Columns.joined([tail, columns])
        values = (sequence, int(tail.time.min()), int(tail.time.max()), int(amends), tail.packed())
        put = self._connection.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?, ?)", values)  # noqa: S608
        if not amends and len(tail) < GROWING_ROWS:
            assert put.lastrowid is not None
            self._tails_after[day] = put.lastrowid, tail

    def _columns(self, batch: Sequence[Point]) -> Columns:
        keys, times, ratios, values, texts = zip(*batch, strict=True)
        try:
            numbers = list(map(self._numbers.__getitem__, keys))
        except KeyError:
            numbers = [self.number(key) for key in keys]
        return Columns.of(times, numbers, ratios, values, texts)

    def _remember(self, number: int, key: str) -> None:
        measurement, tags = read_key(key)
        group = measurement, tuple((tag, tags[tag]) for tag in ROLLED_UP_BY if tag in tags)
        while number >= len(self._groups):
            self._groups = np.concatenate([self._groups, np.zeros(len(self._groups), np.int64)])
            self._newest = np.concatenate([self._newest, np.full(len(self._newest), NEVER, np.int64)])
        self._numbers[key] = number
        self._groups[number] = self._group_numbers.setdefault(group, len(self._group_numbers))
        self._names[self._group_numbers[group]] = group

    def _note_newest(self, columns: Columns) -> None:
        np.maximum.at(self._newest, columns.series, columns.time)

    def _write_day(self, day: str, columns: Columns) -> Columns:
        """Store what is new or other of these rows of one day, and say what that was."""
        fresh = bool((columns.time > self._newest[columns.series]).all()) and day not in self._sealed
        if not fresh or len(set(zip(columns.time.tolist(), columns.series.tolist(), strict=True))) < len(columns):
            return self._amend(day, columns.newest_only())
        self.put(day, columns, amends=False)
        self.add_sums(columns)
        return columns

    def _amend(self, day: str, columns: Columns) -> Columns:
        there = {(row[0], row[1]): row for row in self._known(day, columns)} if day in self._sealed else {}
        if day in self._tables:
            stored = chunks(self._connection, day, int(columns.time.min()), int(columns.time.max()) + 1)
            met = np.isin(stored.time, columns.time) & np.isin(stored.series, columns.series)
            there |= {(row[0], row[1]): row for row in stored.where(met).rows()}
        rows = columns.rows()
        changed = [place for place, row in enumerate(rows) if there.get((row[0], row[1])) != row]
        if not changed:
            return columns.chosen(np.array([], np.int64))
        kept = columns.chosen(np.array(changed, np.int64))
        replaced = [there[key] for key in ((rows[place][0], rows[place][1]) for place in changed) if key in there]
        if replaced:
            self.add_sums(Columns.of(*zip(*replaced, strict=True)), -1)
        self.put(day, kept, amends=bool(replaced))
        self.add_sums(kept)
        return kept


def _by_day(columns: Columns) -> Iterator[tuple[str, Columns]]:
    """Rows of each UTC day; most batches lie within one."""
    days = columns.time // DAY_NS
    for day in np.unique(days).tolist():
        yield day_of(day * DAY_NS), columns.where(days == day)
