"""Rows that InfluxDB answered, as our own words."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from monitor.domain.errors import StoreUnavailableError
from monitor.domain.moments import EPOCH
from monitor.domain.series import NANOSECONDS, Bucket, Point, series_key
from monitor.store.series_influx_csv import Row, Value
from monitor.store.series_influx_lines import FIELDS, unquoted

_NO_TAG: Final = frozenset(
    {"", "result", "table", "_start", "_stop", "_time", "_measurement", "_field", "_value", *FIELDS}
)


def point(row: Row) -> Point:
    """A row with a column for each field.

    Raises:
        StoreUnavailableError: somebody else's row: it has not our fields.
    """
    tags = {name: str(value) for name, value in row.items() if name not in _NO_TAG and value is not None}
    return Point(
        series_key(str(row.get("_measurement")), **tags),
        whole(row.get("_time")),
        number(row.get("ratio_sum")) if whole(row.get("samples")) else None,
        number(row.get("value_sum")) if whole(row.get("valued")) else None,
        unquoted(str(row.get("text") or "")),
    )


def buckets(rows: Iterable[Row], step: timedelta, by: str, limit: int) -> list[Bucket]:
    """Sums by step and value of the tag, oldest first; what has no such tag is left out."""
    width = int(step.total_seconds())
    found: dict[tuple[int, str], dict[str, float]] = {}
    for row in rows:
        label = row.get(by)
        if label is not None and row.get("_value") is not None:
            begun = whole(row.get("_time")) // (width * NANOSECONDS) * width
            sums = found.setdefault((begun, str(label)), {})
            field = str(row.get("_field"))
            sums[field] = sums.get(field, 0) + number(row.get("_value"))
    return [_bucket(label, begun, sums) for (begun, label), sums in sorted(found.items())[:limit]]


def _bucket(label: str, begun: int, sums: dict[str, float]) -> Bucket:
    samples = int(sums.get("samples", 0))
    return Bucket(
        label,
        EPOCH + timedelta(seconds=begun),
        samples,
        sums.get("ratio_sum", 0.0) / samples if samples else None,
        sums.get("value_sum", 0.0) if sums.get("valued") else None,
        int(sums.get("points", 0)),
    )


def whole(value: Value) -> int:
    """A whole number.

    Raises:
        StoreUnavailableError: it is none.
    """
    if isinstance(value, int):
        return value
    raise _strange()


def number(value: Value) -> float:
    """Any number.

    Raises:
        StoreUnavailableError: it is none.
    """
    if isinstance(value, (int, float)):
        return float(value)
    raise _strange()


def _strange() -> StoreUnavailableError:
    return StoreUnavailableError(
        "series: InfluxDB's answer has not the fields that we write: does somebody else write there?"
    )
