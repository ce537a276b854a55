"""The functions of Flux that we call, each with exactly the parameters that we give."""

from collections.abc import Callable
from typing import Any

from tests.fakes.flux import Database, FluxError, Length, Moment, Row, Stream, Table, stream_of

Predicate = Callable[[Row], bool]


def from_(database: Database, stream: None, *, bucket: str) -> Stream:
    return Stream([], bucket=bucket)


def range_(database: Database, stream: Stream, *, start: int, stop: int) -> Stream:
    start, stop = (_moment(database, bound) for bound in (start, stop))
    if start >= stop:
        raise FluxError("cannot query an empty range")
    found = database.read(stream.bucket, start, stop)
    rows = [{**row, "_start": Moment(start), "_stop": Moment(stop)} for row in found]
    names = tuple(sorted({name for row in rows for name in row} - {"_time", "_value"}))
    tables = stream_of(rows, names)
    for table in tables:
        table.rows.sort(key=lambda row: row["_time"])
    return Stream(tables)


def _moment(database: Database, bound: int) -> int:
    return database.now_ns() + bound if isinstance(bound, Length) else bound


def filter_(database: Database, stream: Stream, *, fn: Predicate) -> Stream:
    tables = [Table(table.key, [row for row in table.rows if fn(row)]) for table in stream.tables]
    return Stream([table for table in tables if table.rows])


def group(database: Database, stream: Stream, *, columns: list[str] | None = None) -> Stream:
    return Stream(stream_of([row for table in stream.tables for row in table.rows], tuple(columns or ())))


def sort(database: Database, stream: Stream, *, columns: list[str]) -> Stream:
    return Stream(
        [
            Table(table.key, sorted(table.rows, key=lambda row: tuple(row[column] for column in columns)))
            for table in stream.tables
        ]
    )


def limit(database: Database, stream: Stream, *, n: int) -> Stream:
    return Stream([Table(table.key, table.rows[:n]) for table in stream.tables])


def first(database: Database, stream: Stream) -> Stream:
    return Stream([Table(table.key, table.rows[:1]) for table in stream.tables if table.rows])


def last(database: Database, stream: Stream) -> Stream:
    return Stream([Table(table.key, table.rows[-1:]) for table in stream.tables if table.rows])


def pivot(database: Database, stream: Stream, *, rowKey: list[str], columnKey: list[str], valueColumn: str) -> Stream:  # noqa: N803
    if (rowKey, columnKey, valueColumn) != (["_time"], ["_field"], "_value"):
        raise FluxError("only the usual pivot")
    found: dict[tuple[Any, ...], Row] = {}
    names: set[str] = set()
    for table in stream.tables:
        for row in table.rows:
            kept = {name: row[name] for name in table.key if name != "_field"}
            names |= set(kept)
            key = (*sorted(kept.items()), ("_time", row["_time"]))
            found.setdefault(key, {**kept, "_time": row["_time"]})[row["_field"]] = row["_value"]
    tables = stream_of(list(found.values()), tuple(sorted(names)))
    for table in tables:
        table.rows.sort(key=lambda row: row["_time"])
    return Stream(tables)


def _aggregate(name: str, rows: list[Row]) -> Any:
    values = [row["_value"] for row in rows if row.get("_value") is not None]
    if name == "count":
        return len(values)
    if any(isinstance(value, (str, bool)) for value in values):
        raise FluxError("unsupported input type for sum aggregate: string")
    return sum(values)


def total(name: str) -> Callable[..., Stream]:
    def job(database: Database, stream: Stream) -> Stream:
        return Stream(
            [
                Table(table.key, [{**{k: table.rows[0][k] for k in table.key}, "_value": _aggregate(name, table.rows)}])
                for table in stream.tables
                if table.rows
            ]
        )

    job.__name__ = name
    return job


def aggregate_window(
    database: Database,
    stream: Stream,
    *,
    every: Length,
    fn: Any,
    createEmpty: bool,  # noqa: N803
    timeSrc: str,  # noqa: N803
) -> Stream:
    if createEmpty or timeSrc != "_start":
        raise FluxError("only windows that are not empty, by their start")
    tables = []
    for table in stream.tables:
        windows: dict[int, list[Row]] = {}
        for row in table.rows:
            windows.setdefault(row["_time"] // every * every, []).append(row)
        rows = []
        for begun, inside in sorted(windows.items()):
            # As InfluxDB does it: a window at the edge is cut by the range.
            start, stop = max(begun, inside[0]["_start"]), min(begun + every, inside[0]["_stop"])
            kept = {name: inside[0][name] for name in table.key}
            bounds = {"_start": inside[0]["_start"], "_stop": inside[0]["_stop"], "_time": Moment(start)}
            assert start < stop
            rows.append({**kept, **bounds, "_value": _aggregate(fn.__name__, inside)})
        tables.append(Table((*table.key, "_start", "_stop"), rows))
    return Stream(tables)


def set_(database: Database, stream: Stream, *, key: str, value: str) -> Stream:
    return Stream([Table(table.key, [{**row, key: value} for row in table.rows]) for table in stream.tables])


def yield_(database: Database, stream: Stream, *, name: str) -> Stream:
    return Stream(stream.tables, name)


def to(database: Database, stream: Stream, *, bucket: str, org: str) -> Stream:
    rows = [row for table in stream.tables for row in table.rows]
    database.write(bucket, rows)
    return Stream(stream.tables)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "from": from_,
    "range": range_,
    "filter": filter_,
    "group": group,
    "sort": sort,
    "limit": limit,
    "first": first,
    "last": last,
    "pivot": pivot,
    "sum": total("sum"),
    "count": total("count"),
    "aggregateWindow": aggregate_window,
    "set": set_,
    "yield": yield_,
    "to": to,
}
