"""JSON Feed 1.0 and 1.1. PURE."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from collectors.plain import plain_text, tidy


@dataclass(slots=True)
class JsonRow:
    """What an item of a JSON Feed says."""

    id: str | None
    title: str
    link: str | None
    published: str | None
    updated: str | None
    text: str


def json_entries(text: str, url: str | None) -> tuple[str, list[JsonRow], str | None]:
    """Title of the feed, its items, and what was wrong with some.

    Raises:
        ValueError: not a JSON Feed.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"not JSON: {str(error)[:120]}"
        raise ValueError(message) from None
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        message = "not a JSON Feed: it has no list of items"
        raise ValueError(message)
    rows = [_row(item, url) for item in data["items"] if isinstance(item, dict)]
    left = len(data["items"]) - len(rows)
    return _text(data.get("title")), rows, f"{left} items are not objects" if left else None


def _row(item: dict[str, Any], url: str | None) -> JsonRow:
    link = _text(item.get("url")) or _text(item.get("external_url"))
    body = _text(item.get("content_html"))
    text = plain_text(body) if body else tidy(_text(item.get("content_text"))) or tidy(_text(item.get("summary")))
    return JsonRow(
        id=_text(item.get("id")) or None,
        title=tidy(_text(item.get("title"))),
        link=urljoin(url or "", link) if link else None,
        published=_text(item.get("date_published")) or None,
        updated=_text(item.get("date_modified")) or None,
        text=text,
    )


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
