"""Annotated CSV, the form in which InfluxDB answers: several tables, each with its own columns and types.

Moments become whole nanoseconds: the client library's own reader stops at microseconds, and our points are told apart by
less (https://docs.influxdata.com/influxdb/v2/reference/syntax/annotated-csv/).
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from monitor.domain.moments import parse_rfc3339
from monitor.domain.series import nanoseconds

Value = str | int | float | bool | None
Row = Mapping[str, Value]
_MOMENT: Final = re.compile(r"([^.]+?)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)")


class BadAnswerError(Exception):
    """The answer is no annotated CSV, or it carries an error of the server; the message says which."""


def rows(text: str) -> Iterator[Row]:
    """Rows of all tables; values typed, an empty cell is `None`, an empty text in a text column too.

    Raises:
        BadAnswerError: not annotated CSV, or the server broke off with an error.
    """
    types: list[str] = []
    defaults: list[str] = []
    header: list[str] | None = None
    for cells in csv.reader(io.StringIO(text, newline="")):
        if not cells:
            header, types, defaults = None, [], []
        elif cells[0].startswith("#"):
            header = None
            types = cells[1:] if cells[0] == "#datatype" else types
            defaults = cells[1:] if cells[0] == "#default" else defaults
        elif cells[0] or len(cells) < 2:
            message = "the answer is not what InfluxDB answers: is something else at its address?"
            raise BadAnswerError(message)
        elif header is None:
            header = cells[1:]
            if "error" in header and not types:
                types = ["string"] * len(header)
            _check(header, types)
        else:
            yield _row(header, types, defaults, cells[1:])


def _check(header: list[str], types: list[str]) -> None:
    if len(types) != len(header):
        message = "a table of InfluxDB's answer does not name the types of its columns"
        raise BadAnswerError(message)
    if unknown := [name for name in types if name not in _READERS]:
        message = f"InfluxDB's answer has a column of type {unknown[0][:40]!r}"
        raise BadAnswerError(message)


def _row(header: list[str], types: list[str], defaults: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        message = "a row of InfluxDB's answer was cut"
        raise BadAnswerError(message)
    filled = [cell or (defaults[place] if place < len(defaults) else "") for place, cell in enumerate(cells)]
    try:
        found = {
            name: _READERS[kind](cell) if cell else None for name, kind, cell in zip(header, types, filled, strict=True)
        }
    except ValueError as error:
        message = f"a value of InfluxDB's answer does not fit its type: {error}"
        raise BadAnswerError(message) from error
    if found.get("error"):
        message = f"InfluxDB broke off: {str(found['error'])[:200]}"
        raise BadAnswerError(message)
    return found


def time_ns(text: str) -> int:
    """Nanoseconds since 1970-01-01T00:00:00Z of an RFC 3339 moment with up to nine decimals.

    Raises:
        ValueError: not one.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        message = f"not a moment: {text[:40]!r}"
        raise ValueError(message)
    seconds, decimals, zone = found.groups()
    return nanoseconds(_whole(seconds + zone)) + int((decimals or "0").ljust(9, "0"))


@lru_cache(maxsize=4096)
def _whole(text: str) -> datetime:
    return parse_rfc3339(text)


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        message = f"not true or false: {text[:40]!r}"
        raise ValueError(message)
    return text == "true"


_READERS: Final[dict[str, Callable[[str], Value]]] = {
    "string": str,
    "long": int,
    "unsignedLong": int,
    "double": float,
    "boolean": _boolean,
    "dateTime:RFC3339": time_ns,
    "dateTime:RFC3339Nano": time_ns,
    "duration": str,
    "base64Binary": str,
}
