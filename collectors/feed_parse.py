"""Feeds: RSS 0.9x, 1.0 and 2.0, Atom, JSON Feed; whole or broken. PURE: bytes in, entries out.

Runs in a worker that can be killed. Parses strictly first; what is broken is mended and, failing that, recovered, and a
feed that was cut off yields its complete items only. Entities are never followed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from lxml import etree

from collectors.feed_dates import parse_date
from collectors.feed_json import json_entries
from collectors.feed_text import decode, mended, without_bombs
from collectors.plain import plain_text, tidy
from monitor.domain.ids import content_id

MAX_BYTES: Final = 8 * 1024 * 1024
"""Larger feeds are read up to here."""
MAX_ENTRIES: Final = 1000
MAX_TEXT: Final = 100_000
"""Characters of one entry's text; a longer one is cut and ends with […]."""
_CLOSED: Final = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>")
_SELF_CLOSED: Final = re.compile(r"<(?:\w+:)?(?:item|entry)(?:\s[^<>]*)?/>")
_XML_BASE: Final = "{http://www.w3.org/XML/1998/namespace}base"


class FeedError(ValueError):
    """Not a feed; the message says what it is instead."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed; `published_at` is UTC, `None` where the feed does not say."""

    id: str
    title: str
    link: str | None
    published_at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed. `problem` says what was wrong with it although entries could be had; `None` for a whole one."""

    kind: str
    title: str
    entries: tuple[Entry, ...]
    problem: str | None = None


def parse_feed(
    body: bytes, content_type: str | None = None, url: str | None = None, zone: str | None = None
) -> ParsedFeed:
    """The feed in these bytes.

    Args:
        body: as it came.
        content_type: the header, for its charset.
        url: where it came from, for relative links.
        zone: IANA zone for dates that name none; UTC where not given.

    Raises:
        FeedError: not a feed.
    """
    cut = len(body) > MAX_BYTES
    text = decode(body[:MAX_BYTES], content_type)
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if not start:
        raise FeedError("the feed is empty")
    if start == "{":
        title, rows, damage = json_entries(text, url)
        entries = tuple(_made(row, zone) for row in rows[:MAX_ENTRIES])
        return ParsedFeed("json", title, entries, damage)
    root, problem = _tree(without_bombs(text))
    feed = _xml_feed(root, text, problem, url, zone)
    return ParsedFeed(
        feed.kind, feed.title, feed.entries, f"larger than {MAX_BYTES >> 20} MiB: read in part" if cut else feed.problem
    )


def _tree(text: str) -> tuple[Any, str | None]:
    """The root element, and what was wrong."""
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), _parser(recover=False)), None
    except etree.XMLSyntaxError as error:
        problem = f"not well-formed: {str(error.msg)[:120]}"
    fixed = mended(text).encode("utf-8", "replace")
    try:
        return etree.fromstring(fixed, _parser(recover=False)), problem
    except etree.XMLSyntaxError:
        root = etree.fromstring(fixed, _parser(recover=True)) if fixed.strip() else None
    if root is None:
        raise FeedError(problem)
    return root, problem


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        recover=recover, resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True,
        strip_cdata=True, encoding="utf-8",
    )  # fmt: skip


def _xml_feed(root: Any, text: str, problem: str | None, url: str | None, zone: str | None) -> ParsedFeed:
    name = _local(root)
    if name == "html":
        raise FeedError("a web page came instead of a feed")
    kinds = {"rss": "rss", "rdf": "rss", "feed": "atom", "channel": "rss"}
    items = list(islice(root.iter("{*}item", "{*}entry"), MAX_ENTRIES * 2))
    if not items:
        items = list(islice((node for node in root.iter() if _local(node) in {"item", "entry"}), MAX_ENTRIES * 2))
    if name not in kinds and not items:
        raise FeedError(f"not a feed: the root element is <{name[:40]}>")
    if problem is not None:
        items = items[: _closed(text, items)]
    base = _feed_base(root, url)
    entries = tuple(_made(_row(item, _base(item, base)), zone) for item in items[:MAX_ENTRIES])
    if problem is not None and not entries:
        raise FeedError(problem)
    return ParsedFeed(kinds.get(name, "rss"), _feed_title(root), entries, problem)


def _closed(text: str, items: list[Any]) -> int:
    """How many items were closed in the text: the rest were cut off."""
    low = text.lower() if items else ""
    return len(_CLOSED.findall(low)) + len(_SELF_CLOSED.findall(low))


def _local(node: Any) -> str:
    return _bare(node.tag)


@lru_cache(maxsize=4096)
def _bare(tag: Any) -> str:
    """A tag without its namespace, in lower case; empty for comments and the like, whose tag is a function."""
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def _feed_title(root: Any) -> str:
    for node in root.iter():
        if _local(node) == "title":
            return plain_text(_content(node))[:300]
        if _local(node) in {"item", "entry"}:
            return ""
    return ""


def _feed_base(root: Any, url: str | None) -> str | None:
    base: str | None = root.get(_XML_BASE)
    if base:
        return urljoin(url or "", base)
    channel = next((node for node in root if _local(node) == "channel"), root)
    base = channel.get(_XML_BASE)
    for node in channel if not base else ():
        if _local(node) == "link" and _is_web(str(node.text or "").strip()):
            return str(node.text).strip()
    return urljoin(url or "", base) if base else url


def _base(node: Any, base: str | None) -> str | None:
    here = node.get(_XML_BASE)
    parent = node.getparent()
    above = parent.get(_XML_BASE) if parent is not None else None
    for found in (above, here):
        base = urljoin(base or "", found) if found else base
    return base


@dataclass(slots=True)
class _Row:
    """What an item says, before it is made an entry."""

    id: str | None = None
    title: str = ""
    link: str | None = None
    published: str | None = None
    updated: str | None = None
    text: str = ""
    text_rank: int = -1


_TEXTS: Final = {"encoded": 5, "content": 4, "description": 3, "summary": 2, "body": 4, "fulltext": 5, "full-text": 5}
_PUBLISHED: Final = frozenset({"pubdate", "published", "issued", "date", "created", "datepublished"})


def _row(item: Any, base: str | None) -> _Row:
    row = _Row(id=item.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"))
    for node in item:
        _take(row, node, _local(node), str(node.tag), base)
    if not row.title and len(item):
        row.title = next((_title(node) for node in item.iter() if _local(node) == "title"), "")
    if row.link is None and row.id and _is_web(row.id):
        row.link = row.id
    return row


def _take(row: _Row, node: Any, name: str, tag: str, base: str | None) -> None:
    if name == "title" and "search.yahoo" not in tag:
        row.title = row.title or _title(node)
    elif name in {"guid", "id"} and (node.text or "").strip():
        row.id = (node.text or "").strip()
        if (
            name == "guid"
            and row.link is None
            and node.get("isPermaLink", "true").lower() == "true"
            and _is_web(row.id)
        ):
            row.link = row.id
    elif name == "link":
        _take_link(row, node, base)
    elif name in _PUBLISHED and row.published is None and (node.text or "").strip():
        row.published = node.text
    elif name in {"updated", "modified", "lastbuilddate"} and (node.text or "").strip():
        row.updated = node.text
    elif name in _TEXTS and _TEXTS[name] > row.text_rank and "search.yahoo" not in tag:
        content = _content(node)
        if content.strip():
            row.text, row.text_rank = _as_text(node, content), _TEXTS[name]


def _take_link(row: _Row, node: Any, base: str | None) -> None:
    address = (node.get("href") or node.text or "").strip()
    if not address or node.get("rel", "alternate") != "alternate":
        return
    if row.link is None or row.link == row.id or (node.get("type", "text/html") == "text/html" and node.get("href")):
        row.link = address if _is_web(address) else urljoin(base or "", address)


def _is_web(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _content(node: Any) -> str:
    """The node's text; of XHTML inside it, the markup."""
    if len(node) == 0:
        return node.text or ""
    return (node.text or "") + "".join(etree.tostring(child, encoding="unicode", method="html") for child in node)


def _title(node: Any) -> str:
    content = _content(node)
    return tidy(content) if node.get("type") == "text" else plain_text(content).replace("\n", " ")


def _as_text(node: Any, content: str) -> str:
    return tidy(content) if node.get("type") in {"text", "text/plain"} else plain_text(content)


def _made(row: Any, zone: str | None) -> Entry:
    title, text = row.title[:1000], row.text
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT] + " […]"
    link = row.link if row.link and _allowed(row.link) else None
    moment = next((found for found in _moments(row, zone) if found is not None), None)
    return Entry(row.id or link or content_id("entry", title, text), title, link, moment, text)


def _moments(row: Any, zone: str | None) -> Iterator[datetime | None]:
    for written in (row.published, row.updated):
        yield parse_date(written, zone) if written else None


def _allowed(link: str) -> bool:
    """Links that a person may follow; `javascript:` and the like are dropped."""
    if _is_web(link):
        return True
    try:
        return urlsplit(link).scheme.lower() in {"http", "https", ""}
    except ValueError:
        return False
