"""Questions to the live days and the ready-made sums of the series. Each is SQL over one connection that only reads."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from monitor.domain.moments import EPOCH
from monitor.domain.series import NANOSECONDS, ROLLUP_SECONDS, Bucket, Point, SeriesQuery, day_of, nanoseconds
from monitor.store.series_columns import Columns
from monitor.store.series_live import DAY_NS, chunks, live_days
from monitor.store.series_sums import RATIO_UNIT, VALUE_UNIT, by_step

MAX_DAYS: Final = 40_000
Sums = tuple[str, int, int, int, float, int, float]
"""Label, bucket in seconds, points, samples, sum of ratios, points with a value, sum of values."""


def keys(connection: sqlite3.Connection, query: SeriesQuery) -> dict[int, str]:
    """Number and key of every series that the question is about."""
    found = dict(connection.execute("SELECT number, key FROM series WHERE measurement = ?", (query.measurement,)))
    for tag, values in query.tags.items():
        places = ",".join("?" * len(values))
        asked = f"SELECT number FROM labels WHERE tag = ? AND label IN ({places})"  # noqa: S608 - only places
        wanted = {number for (number,) in connection.execute(asked, (tag, *values))}
        found = {number: key for number, key in found.items() if number in wanted}
    return found


def labels(connection: sqlite3.Connection, query: SeriesQuery, by: str) -> dict[int, tuple[str, str]]:
    """Key and value of the tag, by number, for every series of the question that carries the tag."""
    named = dict(connection.execute("SELECT number, label FROM labels WHERE tag = ?", (by,)))
    return {number: (key, named[number]) for number, key in keys(connection, query).items() if number in named}


def sealed_days(connection: sqlite3.Connection, query: SeriesQuery) -> list[str]:
    """Sealed days that the interval touches."""
    first, last = day_of(nanoseconds(query.since)), day_of(nanoseconds(query.until) - 1)
    asked = "SELECT day FROM sealed WHERE day >= ? AND day <= ? ORDER BY day LIMIT ?"
    return [day for (day,) in connection.execute(asked, (first, last, MAX_DAYS))]


def points(connection: sqlite3.Connection, query: SeriesQuery, numbers: Mapping[int, str]) -> list[Point]:
    """Points of the live days, oldest first."""
    found: list[Point] = []
    for day in _touched(connection, query):
        columns = _wanted(chunks(connection, day, *_bounds(query)), numbers)
        columns = columns.chosen(np.lexsort((columns.series, columns.time))[: query.limit - len(found)])
        found += [Point(numbers[row[1]], row[0], *row[2:]) for row in columns.rows()]
        if len(found) >= query.limit:
            break
    return found


def latest(connection: sqlite3.Connection, query: SeriesQuery, numbers: Mapping[int, str]) -> list[Point]:
    """The newest point of each series in the live days."""
    newest: dict[int, Point] = {}
    for day in reversed(_touched(connection, query)):
        left = {number: key for number, key in numbers.items() if number not in newest}
        if not left:
            break
        columns = _wanted(chunks(connection, day, *_bounds(query)), left)
        order = np.lexsort((-columns.time, columns.series))
        _, first = np.unique(columns.series[order], return_index=True)
        for row in columns.chosen(order[first]).rows():
            newest[row[1]] = Point(numbers[row[1]], row[0], *row[2:])
    return list(newest.values())


def _wanted(columns: Columns, numbers: Mapping[int, str]) -> Columns:
    return columns.where(np.isin(columns.series, np.fromiter(numbers, np.int64, len(numbers))))


def on_steps(query: SeriesQuery, seconds: int) -> bool:
    """Whether the interval begins and ends on whole steps."""
    return not any(bound % (seconds * NANOSECONDS) for bound in _bounds(query))


def ready_steps(connection: sqlite3.Connection, query: SeriesQuery, seconds: int, by: str) -> list[Bucket]:
    """Steps from the sums that are kept ready: hours where they fit, else five minutes."""
    hourly = seconds % 3600 == 0 and on_steps(query, 3600)
    fine = 3600 if hourly else ROLLUP_SECONDS
    wanted = query.tags.get(by, ())
    narrowed = f" AND label IN ({','.join('?' * len(wanted))})" if wanted else ""
    chosen = " FROM sums WHERE step = ? AND measurement = ? AND tag = ? AND bucket >= ? AND bucket < ?" + narrowed
    since, until = (bound // NANOSECONDS for bound in _bounds(query))
    values = (fine, query.measurement, by, since, until, *wanted)
    if fine == seconds:
        asked = f"SELECT label, bucket, points, samples, ratio, valued, value{chosen} LIMIT ?"
        rows = connection.execute(asked, (*values, query.limit))
    else:
        asked = (
            f"SELECT label, bucket / {seconds} * {seconds} AS begun, sum(points), sum(samples), sum(ratio),"
            f" sum(valued), sum(value){chosen} GROUP BY begun, label LIMIT ?"
        )
        rows = connection.execute(asked, (*values, query.limit))
    moments: dict[int, datetime] = {}
    return [_bucket(row, moments) for row in rows]


def live_sums(
    connection: sqlite3.Connection,
    query: SeriesQuery,
    seconds: int,
    labelled: Mapping[int, tuple[str, str]],
    days: set[str],
) -> list[Sums]:
    """Sums by label and step over the points of live days."""
    names = sorted({label for _, label in labelled.values()})
    groups = np.zeros(max(labelled, default=0) + 1, np.int64)
    for number, (_, label) in labelled.items():
        groups[number] = names.index(label)
    found: list[Sums] = []
    for day in _touched(connection, query):
        if day in days:
            columns = _wanted(chunks(connection, day, *_bounds(query)), dict.fromkeys(labelled, ""))
            found += [(names[sums[0]], *sums[1:]) for sums in by_step(columns, groups[columns.series], seconds)]
    return found


def sums_of(given: Sequence[Point], seconds: int, labelled: Mapping[str, str]) -> list[Sums]:
    """The same over points that are at hand."""
    return [
        (
            labelled[point.series],
            point.time_ns // (seconds * NANOSECONDS) * seconds,
            1,
            int(point.ratio is not None),
            point.ratio or 0.0,
            int(point.value is not None),
            point.value or 0.0,
        )
        for point in given
        if point.series in labelled
    ]


def buckets(sums: Iterable[Sums], limit: int) -> list[Bucket]:
    """Sums of the same label and step together, oldest first."""
    together: dict[tuple[int, str], list[float]] = defaultdict(lambda: [0, 0, 0.0, 0, 0.0])
    for label, begun, *numbers in sums:
        total = together[(begun, label)]
        together[(begun, label)] = [a + b for a, b in zip(total, numbers, strict=True)]
    found = []
    for (begun, label), (count, samples, ratio, valued, value) in sorted(together.items())[:limit]:
        mean = ratio / samples if samples else None
        at = EPOCH + timedelta(seconds=begun)
        found.append(Bucket(label, at, int(samples), mean, value if valued else None, int(count)))
    return found


def extent(connection: sqlite3.Connection) -> dict[str, tuple[datetime, datetime]]:
    """For each measurement the beginning of the first day and of the last that have points of any of them."""
    days = {day for (day,) in connection.execute("SELECT day FROM sealed")} | set(live_days(connection))
    if not days:
        return {}
    first, last = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (min(days), max(days)))
    return {name: (first, last) for (name,) in connection.execute("SELECT DISTINCT measurement FROM series ORDER BY 1")}


def within(query: SeriesQuery, day: str) -> SeriesQuery:
    """The part of the question that lies in that day, without a limit that would cut it."""
    begun = datetime.fromisoformat(day).replace(tzinfo=UTC)
    since, until = max(query.since, begun), min(query.until, begun + timedelta(days=1))
    return replace(query, since=since, until=until, limit=10_000_000)


def _touched(connection: sqlite3.Connection, query: SeriesQuery) -> list[str]:
    since, until = _bounds(query)
    first, last = day_of(since // DAY_NS * DAY_NS), day_of(until - 1)
    return [day for day in live_days(connection) if first <= day <= last]


def _bounds(query: SeriesQuery) -> tuple[int, int]:
    return nanoseconds(query.since), nanoseconds(query.until)


def _bucket(row: Sequence[Any], moments: dict[int, datetime]) -> Bucket:
    label, begun, count, samples, ratio, valued, value = row
    at = moments.get(begun)
    if at is None:
        at = moments[begun] = EPOCH + timedelta(seconds=begun)
    mean = ratio / (samples * RATIO_UNIT) if samples else None
    return Bucket(label, at, samples, mean, value / VALUE_UNIT if valued else None, count)
