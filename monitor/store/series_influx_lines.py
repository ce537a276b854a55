r"""Points as line protocol, the one encoder of everything that is written to InfluxDB.

A point is written as the sums of one sample, so that points, five minutes and hours are added up alike, and always with
all five fields: InfluxDB joins the fields of two writes of one moment, so a field left out would keep its old value.

| field       | type   |                                                          |
| `samples`   | int    | 1 where there is a ratio, else 0                         |
| `ratio_sum` | float  | the ratio; 0 without one: divide by `samples`            |
| `valued`    | int    | 1 where there is a value, else 0                         |
| `value_sum` | float  | the value                                                |
| `text`      | string | the code or id; empty without one                        |

Names are tags only where they are few; ids, texts and numbers are fields, so that the number of series stays small
(https://docs.influxdata.com/influxdb/v2/write-data/best-practices/resolve-high-cardinality/). Moments are whole
nanoseconds. Line protocol knows no newline in a text: control characters travel as `\n`, `\t`, `\x1b`, and a backslash doubled.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from monitor.domain.series import Point, read_key

FIELDS: Final = ("samples", "ratio_sum", "valued", "value_sum", "text")
SUMS: Final = FIELDS[:4]
RESERVED: Final = frozenset({*FIELDS, "points", "time", "result", "table", "error"})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\]")
_ESCAPED: Final = re.compile(r"\\(?:u([0-9a-f]{4})|(\\))")
_ODD: Final = re.compile(r"[\x00-\x1f\x7f]|^[#_ ]|[\\=]")
_LINE: Final = re.compile(r'(?:[^\n"\\]|\\.|"(?:[^"\\]|\\.)*"|")+', re.DOTALL)


@lru_cache(maxsize=65_536)
def head(series: str) -> tuple[str, str]:
    """Measurement and head of the line of a series.

    Raises:
        ValueError: InfluxDB reserves one of its names, or the key was not made by `series_key`.
    """
    if "\n" in series or "\r" in series or "\\\\" in series:
        # Two backslashes together are one to the documentation and two to the server; so no name may need them.
        message = f"not the key of a series that line protocol can carry: {series[:80]!r}"
        raise ValueError(message)
    measurement, tags = read_key(series)
    names = [measurement, *tags]
    if _ODD.search(measurement) or not measurement or not all(tags) or not all(tags.values()):
        message = f"not the name of a series: {series[:80]!r}"
        raise ValueError(message)
    if taken := [name for name in names if name.startswith("_") or name in RESERVED]:
        message = f"InfluxDB or its fields need the names {', '.join(taken)} for themselves"
        raise ValueError(message)
    return measurement, series


def line(point: Point) -> str:
    """One line, without its end.

    Raises:
        ValueError: see `head`.
    """
    series, time_ns, ratio, value, text = point
    samples, ratio_sum = (0, 0.0) if ratio is None else (1, ratio)
    valued, value_sum = (0, 0.0) if value is None else (1, value)
    words = quoted(text) if text else ""
    return (
        f"{head(series)[1]} samples={samples}i,ratio_sum={ratio_sum},valued={valued}i,value_sum={value_sum}"
        f',text="{words}" {time_ns}'
    )


def quoted(text: str) -> str:
    """A text as it stands between the quotes of a string field."""
    visible = _CONTROL.sub(_shown, text) if _CONTROL.search(text) else text
    return visible.replace("\\", "\\\\").replace('"', '\\"')


def _shown(found: re.Match[str]) -> str:
    return "\\\\" if found.group() == "\\" else f"\\u{ord(found.group()):04x}"


def unquoted(text: str) -> str | None:
    """The text that was written, from what InfluxDB holds; `None` where there was none."""
    if "\\" in text:
        text = _ESCAPED.sub(lambda found: "\\" if found.group(2) else chr(int(found.group(1), 16)), text)
    return text or None


def split(body: str) -> Sequence[str]:
    """The lines of a body; a newline inside quotes ends none."""
    return _LINE.findall(body)


def joined(lines: Iterable[str]) -> bytes:
    """Lines as bytes; what UTF-8 cannot carry becomes a question mark."""
    return "\n".join(lines).encode("utf-8", "replace")
