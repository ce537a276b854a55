"""Single values on their way into columns and back: moments, texts, lists of codes, JSON."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import Row

from monitor.domain.moments import EPOCH

log = logging.getLogger(__name__)

Value = TypeVar("Value")

ONE: Final = timedelta(microseconds=1)
REPLACEMENT: Final = "\ufffd"


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970-01-01T00:00:00Z."""
    return (moment - EPOCH) // ONE


def optional_microseconds(moment: datetime | None) -> int | None:
    """The same, `None` staying `None`."""
    return None if moment is None else (moment - EPOCH) // ONE


def moment(count: int) -> datetime:
    """The moment, aware, in UTC."""
    return EPOCH + timedelta(microseconds=count)


def optional_moment(count: int | None) -> datetime | None:
    """The same, `None` staying `None`."""
    return None if count is None else EPOCH + timedelta(microseconds=count)


def storable(text: str) -> str:
    """The text without what a database refuses: lone surrogates and NUL become U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", REPLACEMENT)


def optional_storable(text: str | None) -> str | None:
    """The same, `None` staying `None`."""
    return None if text is None else storable(text)


def compact_json(value: Any) -> str:
    """JSON in ASCII, so that any text may stand in it; NUL and lone surrogates are escapes there."""
    return json.dumps(value, separators=(",", ":"))


def spaced(codes: Iterable[str]) -> str:
    """Codes with a space on both sides of each, so that one can be looked for with LIKE."""
    return f" {' '.join(codes)} "


def unspaced(text: str) -> tuple[str, ...]:
    """The codes again."""
    return tuple(text.split())


def readable(rows: Iterable[Row[Any]], build: Callable[[Row[Any]], Value]) -> Iterator[Value]:
    """The values of these rows; a row that makes no sense (a damaged file) costs itself and a line in the log."""
    for row in rows:
        try:
            value = build(row)
        except (ValueError, TypeError, KeyError) as error:
            log.warning("a stored row cannot be read and is left out (%s)", type(error).__name__)
        else:
            yield value
