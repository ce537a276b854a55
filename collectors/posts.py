"""Posts as JSON Lines, for replay: one object a line, keys as the usual exporters name them. PURE."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.domain.ids import content_id
from monitor.domain.moments import from_unix, parse_rfc3339
from monitor.domain.reports import Report


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no post; `number` is counted from 1."""

    number: int
    reason: str


def read_posts(lines: Iterable[str], name: str) -> Iterator[Report | BadLine]:
    """The posts of a file called `name`; a bad line costs itself alone."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _post(json.loads(line), name)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            yield BadLine(number, f"not a post: {str(error)[:120] or type(error).__name__}")


def _post(row: dict[str, Any], name: str) -> Report:
    text = row.get("text") or ""
    title = row.get("title")
    if not isinstance(text, str) or not (text or title):
        message = "it has no text"
        raise ValueError(message)
    published = _time(_first(row, "published_at", "date", "time", "datetime"))
    observed = _time(_first(row, "observed_at")) or published
    if observed is None:
        message = "it has no time (published_at or date)"
        raise ValueError(message)
    source = str(_first(row, "source", "channel", "sender_id") or name)
    forwarded = _first(row, "forwarded_from")
    return Report(
        source=source,
        origin=str(row.get("origin") or source),
        key=str(_first(row, "id", "message_id", "link") or content_id(text)),
        title=title if isinstance(title, str) and title else None,
        text=text,
        link=_first(row, "link", "url"),
        published_at=published,
        observed_at=observed,
        edited=bool(row.get("edited")),
        forwarded_from=str(forwarded) if forwarded else None,
    )


def _first(row: dict[str, Any], *keys: str) -> Any:
    return next((row[key] for key in keys if row.get(key) not in {None, ""}), None)


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    return from_unix(float(value)) if isinstance(value, (int, float)) else parse_rfc3339(str(value))
