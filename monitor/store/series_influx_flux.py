r"""Questions to InfluxDB, in Flux. Every name, text and moment that enters one goes through `literal` or `moment`.

A text literal holds letters, digits and a few harmless signs; every other byte is written as `\x..`, which Flux never
reads as an end of the text or as an expression (https://docs.influxdata.com/flux/v0/spec/lexical-elements/#string-literals).
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.domain.series import ROLLED_UP_BY, ROLLUP_SECONDS, SeriesQuery
from monitor.store.series_influx_access import InfluxAccess
from monitor.store.series_influx_lines import SUMS

_HARMLESS: Final = re.compile(rb"[A-Za-z0-9 _.:/@-]")
FIVE_MINUTES: Final = timedelta(seconds=ROLLUP_SECONDS)
HOUR: Final = timedelta(hours=1)
LOOK_BACK: Final = timedelta(minutes=30)
"""How far back the task of five minutes sums again: uploads that are late by less need nothing else."""

_KEPT: Final = {
    False: ("_measurement", "_field", *ROLLED_UP_BY),
    True: ("_measurement", "_field", *(tag for tag in ROLLED_UP_BY if tag != "asn")),
}
"""Columns that the sums keep; what is told (`True`) names no network."""


def literal(text: str) -> str:
    """A text as a literal of Flux."""
    bytes_ = text.encode("utf-8", "replace")
    return '"' + "".join(chr(b) if _HARMLESS.match(bytes((b,))) else f"\\x{b:02x}" for b in bytes_) + '"'


def moment(at: datetime) -> str:
    """A moment as a literal of Flux, to the microsecond."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def duration(length: timedelta) -> str:
    """A length of time as a literal of Flux, in whole seconds."""
    return f"{int(length.total_seconds())}s"


def names(texts: Iterable[str]) -> str:
    """An array of texts."""
    return f"[{', '.join(literal(text) for text in texts)}]"


def one_of(column: str, values: Sequence[str]) -> str:
    """A condition that the storage engine can apply by itself, unlike `contains`."""
    return f"({' or '.join(f'r[{literal(column)}] == {literal(value)}' for value in values)})"


def source(bucket: str, query: SeriesQuery, fields: Sequence[str] = ()) -> str:
    """Points of one measurement within the interval and tags."""
    conditions = [one_of("_measurement", (query.measurement,))]
    conditions += [one_of(tag, values) for tag, values in sorted(query.tags.items())]
    conditions += [one_of("_field", fields)] if fields else []
    return (
        f"from(bucket: {literal(bucket)}) |> range(start: {moment(query.since)}, stop: {moment(query.until)})"
        f" |> filter(fn: (r) => {' and '.join(conditions)})"
    )


_AS_ROWS: Final = ' |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")'


def points(bucket: str, query: SeriesQuery) -> str:
    """The oldest points of the interval, a row each."""
    first = f" |> limit(n: {query.limit})"
    return f'{source(bucket, query)}{_AS_ROWS}{first} |> group() |> sort(columns: ["_time"]){first}'


def latest(bucket: str, query: SeriesQuery) -> str:
    """The newest point of every series."""
    return f"{source(bucket, query)} |> last(){_AS_ROWS}"


def steps(bucket: str, query: SeriesQuery, step: timedelta, by: str, *, ready: bool) -> str:
    """Sums of each step by the values of a tag; `ready` where the bucket holds sums already."""
    grouped = f" |> group(columns: {names((by, '_field'))})"
    fields = (*SUMS, "points") if ready else SUMS
    windows = "aggregateWindow(every: {}, fn: {}, createEmpty: false, timeSrc: {})"
    summed = windows.format(duration(step), "sum", '"_start"')
    asked = f'{source(bucket, query, fields)}{grouped} |> {summed} |> yield(name: "sums")'
    if ready:
        return asked
    counted = windows.format(duration(step), "count", '"_start"')
    return (
        f'{asked}\n{source(bucket, query, ("samples",))}{grouped} |> {counted}'
        ' |> set(key: "_field", value: "points") |> yield(name: "points")'
    )  # fmt: skip


def count(bucket: str, query: SeriesQuery) -> str:
    """How many points there are."""
    return f"{source(bucket, query, ('samples',))} |> count() |> group() |> sum()"


def extent(bucket: str, since: datetime, until: datetime) -> str:
    """The first and the last moment of each measurement of a bucket."""
    begun = (
        f"from(bucket: {literal(bucket)}) |> range(start: {moment(since)}, stop: {moment(until)})"
        f" |> filter(fn: (r) => {one_of('_field', ('samples',))})"
    )
    grouped = ' |> group(columns: ["_measurement"]) |> sort(columns: ["_time"])'
    return (
        f'{begun} |> first(){grouped} |> first() |> yield(name: "first")\n'
        f'{begun} |> last(){grouped} |> last() |> yield(name: "last")'
    )


def sum_up(access: InfluxAccess, since: str, until: str, step: timedelta) -> str:
    """Make the sums of five minutes from the points, or those of an hour from the sums of five minutes, and keep them.

    The answer is only how many there are of each series: all of them may be more than anybody wants to carry.
    """
    span = f" |> range(start: {since}, stop: {until})"
    windows = f' |> aggregateWindow(every: {duration(step)}, fn: {{}}, createEmpty: false, timeSrc: "_start")'
    org = literal(access.org)
    if step == HOUR:
        # Series of the sums are grouped as they should be already.
        kept = f" |> to(bucket: {literal(access.coarse)}, org: {org}) |> count()"
        return f"from(bucket: {literal(access.fine)}){span}{windows.format('sum')}{kept}"
    kept = f" |> to(bucket: {literal(access.fine)}, org: {org}) |> count()"
    made = []
    for bucket in access.raw:
        begun = f"from(bucket: {literal(bucket)}){span} |> filter(fn: (r) => "
        grouped = f" |> group(columns: {names(_KEPT[bucket == access.told])})"
        made.append(f"{begun}{one_of('_field', SUMS)}){grouped}{windows.format('sum')}{kept}")
        as_points = ' |> set(key: "_field", value: "points")'
        made.append(f"{begun}{one_of('_field', ('samples',))}){grouped}{windows.format('count')}{as_points}{kept}")
    return "\n".join(f'{text} |> yield(name: "{number}")' for number, text in enumerate(made))


def task(access: InfluxAccess, step: timedelta) -> tuple[str, str]:
    """Name and script of the task that keeps the sums of one width up to date.

    It begins at a whole hour, whenever it runs: a window that was cut at its beginning would replace a whole sum.
    """
    name = access.coarse if step == HOUR else access.fine
    back = 3 * HOUR if step == HOUR else LOOK_BACK
    offset = timedelta(minutes=2) if step == HOUR else timedelta(seconds=20)
    until = "date.truncate(t: now(), unit: 1h)" if step == HOUR else "now()"
    script = (
        'import "date"\n\n'
        f"option task = {{name: {literal(name)}, every: {duration(step)}, offset: {duration(offset)}}}\n\n"
        f"since = date.truncate(t: -{duration(back)}, unit: 1h)\n"
        f"until = {until}\n\n"
        f"{sum_up(access, 'since', 'until', step)}\n"
    )
    return name, script
