"""Series: numbers over time, in the words of a time series database.

A series is named by its measurement and tags, written as the head of a line of InfluxDB's line protocol
(https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/), so that one text is the key in every store.
Tags are few-valued (region, kind, source, operator); what has endless values is a field, never a tag.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from monitor.domain.moments import EPOCH

MAX_KEY_CHARACTERS: Final = 1000
NANOSECONDS: Final = 1_000_000_000
ROLLUP_SECONDS: Final = 300
"""The finest step of ready-made sums."""

ROLLED_UP_BY: Final = ("region", "asn", "kind")
"""Tags by which sums are kept ready in every store."""

_SPECIAL: Final = re.compile(r"([,= ])")
_REFUSED: Final = re.compile(r"[\x00-\x1f\x7f]|\\$")


class Point(NamedTuple):
    """One number, or pair of numbers, at one moment of one series.

    Written again, it changes nothing; another value at the same series and moment replaces the first.

    Attributes:
        series: key made by `series_key`.
        time_ns: nanoseconds since 1970-01-01T00:00:00Z.
        ratio: 0..1, share of what was well, or strength; `None` where it means nothing.
        value: any number (milliseconds, people); `None` where there is none.
        text: a code or an id, at most a line; `None` where there is none.
    """

    series: str
    time_ns: int
    ratio: float | None = None
    value: float | None = None
    text: str | None = None

    @property
    def at(self) -> datetime:
        """The moment, aware, in UTC, to the microsecond."""
        return EPOCH + timedelta(microseconds=self.time_ns // 1000)


class Bucket(NamedTuple):
    """What one step of time comes to for one value of a tag.

    Attributes:
        label: the tag's value (`KZ-75`).
        at: beginning of the step.
        samples: how many points had a ratio; 0 where only values were given.
        ratio: their mean, 0..1; `None` where there was none.
        value: sum of the values; `None` where there was none.
        points: how many points there were.
    """

    label: str
    at: datetime
    samples: int
    ratio: float | None
    value: float | None
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesQuery:
    """A question about points or steps of one measurement.

    Attributes:
        since, until: half-open interval, `since <= at < until`.
        tags: only series with one of these values, for each tag named.
        limit: at most so many points, the oldest of the interval.
    """

    measurement: str
    since: datetime
    until: datetime
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limit: int = 10_000


def series_key(measurement: str, /, **tags: str | None) -> str:
    """The key of a series; tags without a value are left out.

    Raises:
        ValueError: a name or value holds control characters or ends in a backslash, or the key is too long.
    """
    return _key(measurement, tuple(sorted((name, value) for name, value in tags.items() if value)))


@lru_cache(maxsize=65_536)
def _key(measurement: str, tags: tuple[tuple[str, str], ...]) -> str:
    parts = [measurement, *(text for tag in tags for text in tag)]
    if any(_REFUSED.search(text) for text in parts):
        message = "a series' names and tags hold no control characters and end in no backslash"
        raise ValueError(message)
    key = ",".join([_escaped(measurement), *(f"{_escaped(name)}={_escaped(value)}" for name, value in tags)])
    if len(key) > MAX_KEY_CHARACTERS:
        message = f"a series' key has at most {MAX_KEY_CHARACTERS} characters"
        raise ValueError(message)
    return key


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _plain(text: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", text)


def read_key(key: str) -> tuple[str, dict[str, str]]:
    """Measurement and tags of a key."""
    measurement, *tags = re.split(r"(?<!\\),", key)
    pairs = (re.split(r"(?<!\\)=", tag, maxsplit=1) for tag in tags)
    return _plain(measurement), {_plain(name): _plain(value) for name, value in pairs}


def nanoseconds(at: datetime) -> int:
    """Nanoseconds since 1970-01-01T00:00:00Z."""
    return (at - EPOCH) // timedelta(microseconds=1) * 1000


def day_of(time_ns: int) -> str:
    """The UTC day, `2026-01-05`."""
    return datetime.fromtimestamp(time_ns // NANOSECONDS, UTC).strftime("%Y-%m-%d")


def telling_apart(at: datetime, identity: str) -> int:
    """Nanoseconds of that millisecond, its last six digits made from an id.

    Two reports of one second on one series would otherwise be one point; the same report twice still is.
    """
    return nanoseconds(at) // 1_000_000 * 1_000_000 + int.from_bytes(identity.encode()[-8:], "big") % 1_000_000
