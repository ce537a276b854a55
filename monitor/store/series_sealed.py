"""Sealed days of the series: one Parquet file a UTC day, read by DuckDB.

A file is written under another name, synced, and then renamed, so that it is whole or not there. It needs nothing else
to be read: an analyst can open it with any tool. This module costs 40 MiB (DuckDB, numpy); the store loads it when a
question or a seal first needs it.
"""

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np

from monitor.domain.errors import StoreUnavailableError
from monitor.domain.series import NANOSECONDS, Point, SeriesQuery
from monitor.store.series_columns import Columns
from monitor.store.series_live import NEVER, chunks
from monitor.store.setting_aside import sync_folder

SETTINGS: Final[dict[str, str | int | float | list[str]]] = {"threads": 2, "memory_limit": "256MB"}
COPY: Final = """
COPY (SELECT k.key AS series, k.measurement, d.time AS time_ns, d.ratio, d.value, d.text
      FROM day d JOIN keys k ON k.number = d.series ORDER BY series, time_ns)
TO '{path}' (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, ROW_GROUP_SIZE 245760)
"""


class SealedDays:
    """The folder of sealed days."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, day: str) -> Path:
        """Where that day's file lies, or would lie."""
        return self._folder / f"{day}.parquet"

    def seal(self, connection: sqlite3.Connection, day: str, *, known: bool) -> tuple[int, str]:
        """Write that day's file from its table (and what was sealed before, if `known`); rows and SHA-256 of the file.

        Raises:
            StoreUnavailableError: the file could not be written; nothing has changed.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, fresh = self.path(day), self._folder / f".{day}.parquet.sealing"
        try:
            with opened() as duck:
                count = self._fill(duck, connection, day, path if known else None)
                duck.execute(COPY.format(path=_quoted(fresh)))
            _sync(fresh)
            digest = _sha256(fresh)
            fresh.replace(path)
            sync_folder(self._folder)
        except OSError as error:
            message = f"{path.name}: cannot be sealed ({error.strerror})"
            raise StoreUnavailableError(message) from error
        finally:
            fresh.unlink(missing_ok=True)
        return count, digest

    def _fill(
        self, duck: duckdb.DuckDBPyConnection, connection: sqlite3.Connection, day: str, earlier: Path | None
    ) -> int:
        keys = connection.execute("SELECT number, key, measurement FROM series").fetchall()
        _fill_columns(duck, "keys", ("number", "key", "measurement"), keys)
        rows = chunks(connection, day, NEVER, -NEVER)
        texts: Any = np.full(len(rows), None, dtype=object)
        for place, text in rows.texts.items():
            texts[place] = text
        duck.register("batch", {
            "time": rows.time, "series": rows.series, "text": texts,
            "ratio": np.ma.masked_invalid(rows.ratio), "value": np.ma.masked_invalid(rows.value),
        })  # fmt: skip
        duck.execute("CREATE TABLE day (time BIGINT, series BIGINT, ratio DOUBLE, value DOUBLE, text VARCHAR)")
        duck.execute("INSERT INTO day SELECT time, series, ratio, value, text FROM batch")
        if earlier is not None and earlier.exists():
            duck.execute(
                f"INSERT INTO day SELECT o.time_ns, k.number, o.ratio, o.value, o.text FROM '{_quoted(earlier)}' o"  # noqa: S608
                " JOIN keys k ON k.key = o.series"
                " WHERE NOT EXISTS (SELECT 1 FROM day d WHERE d.time = o.time_ns AND d.series = k.number)"
            )
        return _one(duck.execute("SELECT count(*) FROM day"))

    def points(self, days: Sequence[str], query: SeriesQuery, keys: Sequence[str], *, limit: int) -> list[Point]:
        """Points of these series in these days, oldest first."""
        paths = self._paths(days)
        if not paths or not keys:
            return []
        with opened() as duck:
            _fill_columns(duck, "wanted", ("series",), [(key,) for key in keys])
            found = duck.execute(
                "SELECT series, time_ns, ratio, value, text FROM read_parquet(?) SEMI JOIN wanted USING (series)"
                " WHERE time_ns >= ? AND time_ns < ? ORDER BY time_ns, series LIMIT ?",
                [paths, _ns(query.since.timestamp()), _ns(query.until.timestamp()), limit],
            )
            return [Point(*row) for row in found.fetchall()]

    def rows(self, day: str, asked: Sequence[tuple[int, str]]) -> dict[tuple[int, str], tuple[Any, ...]]:
        """What is sealed of these moments of these series: ratio, value, text."""
        if not self.path(day).exists():
            return {}
        with opened() as duck:
            _fill_columns(duck, "asked", ("time_ns", "series"), asked)
            found = duck.execute(
                "SELECT time_ns, series, ratio, value, text FROM read_parquet(?) JOIN asked USING (time_ns, series)",
                [str(self.path(day))],
            ).fetchall()
        return {(time_ns, key): tuple(rest) for time_ns, key, *rest in found}

    def all_days(self) -> Iterator[tuple[str, int, str]]:
        """Day, rows and SHA-256 of every sealed file."""
        for path in sorted(self._folder.glob("????-??-??.parquet")):
            with opened() as duck:
                yield path.stem, _one(duck.execute("SELECT count(*) FROM read_parquet(?)", [str(path)])), _sha256(path)

    def everything(self, day: str, number: Callable[[str], int]) -> Columns:
        """All rows of a sealed day; `number` gives the number of a series."""
        with opened() as duck:
            path = [str(self.path(day))]
            keys = [key for (key,) in duck.execute("SELECT DISTINCT series FROM read_parquet(?)", path).fetchall()]
            _fill_columns(duck, "keys", ("number", "key"), [(number(key), key) for key in keys])
            found = duck.execute(
                "SELECT o.time_ns, k.number, o.ratio, o.value, o.text FROM read_parquet(?) o JOIN keys k ON k.key = o.series",
                path,
            ).fetchall()
        return Columns.of(*zip(*found, strict=True)) if found else Columns.joined([])

    def steps(
        self, days: Sequence[str], labelled: Iterable[tuple[str, str]], bounds: tuple[int, int], step_seconds: int
    ) -> list[tuple[Any, ...]]:
        """Sums by label and step over these days: label, bucket, points, samples, ratio sum, valued, value sum."""
        paths = self._paths(days)
        if not paths:
            return []
        with opened() as duck:
            _fill_columns(duck, "wanted", ("series", "label"), list(labelled))
            size = step_seconds * NANOSECONDS
            return duck.execute(
                f"SELECT label, time_ns // {size} * {step_seconds}, count(*), count(ratio), coalesce(sum(ratio), 0),"  # noqa: S608
                " count(value), coalesce(sum(value), 0) FROM read_parquet(?) JOIN wanted USING (series)"
                " WHERE time_ns >= ? AND time_ns < ? GROUP BY 1, 2",
                [paths, *bounds],
            ).fetchall()

    def drop(self, before_day: str) -> None:
        """Remove the files of days that retention no longer keeps."""
        for path in sorted(self._folder.glob("????-??-??.parquet")):
            if path.stem < before_day:
                path.unlink(missing_ok=True)

    def _paths(self, days: Sequence[str]) -> list[str]:
        return [str(self.path(day)) for day in days if self.path(day).exists()]


@contextmanager
def opened() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB over nothing but memory; its errors are the store's.

    Raises:
        StoreUnavailableError: a file is damaged, or there was no room.
    """
    connection = duckdb.connect(":memory:", config=dict(SETTINGS))
    try:
        yield connection
    except duckdb.Error as error:
        message = f"sealed history cannot be used ({type(error).__name__})"
        raise StoreUnavailableError(message) from error
    finally:
        connection.close()


def _fill_columns(
    duck: duckdb.DuckDBPyConnection, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """A table of these rows, given as columns: DuckDB is slow row by row."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    typed = {
        name: np.array(column, np.int64 if column and isinstance(column[0], int) else object)
        for name, column in zip(names, columns, strict=True)
    }
    duck.register("given", typed)
    duck.execute(f"CREATE TABLE {table} AS SELECT * FROM given")  # noqa: S608 - our own names
    duck.unregister("given")


def _one(result: duckdb.DuckDBPyConnection) -> int:
    row = result.fetchone()
    return int(row[0]) if row else 0


def _ns(seconds: float) -> int:
    return round(seconds * 1_000_000) * 1000


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _sync(path: Path) -> None:
    path.chmod(0o600)
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
