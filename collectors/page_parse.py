"""A web page as entries: what a selector finds, each with its link and its words. PURE; runs in a worker."""

from typing import Final
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.feed_parse import Entry, FeedError, ParsedFeed
from collectors.feed_text import decode
from collectors.plain import plain_text
from monitor.domain.ids import content_id

MOST_ENTRIES: Final = 200
MOST_CHARACTERS: Final = 20_000
NOT_CONTENT: Final = "script, style, noscript, template, nav, header, footer, aside, form"


def parse_page(
    body: bytes,
    content_type: str | None = None,
    url: str | None = None,
    entry: str | None = None,
    title: str | None = None,
) -> ParsedFeed:
    """The entries on this page, as they stand; the page as one entry where no selector is given.

    Raises:
        FeedError: the selector finds nothing: the layout changed, or this is another page.
    """
    tree = LexborHTMLParser(decode(body, content_type))
    head = tree.css_first("title")
    name = plain_text(head.text()) if head else ""
    if entry is None:
        for node in tree.css(NOT_CONTENT):
            node.decompose()
        text = plain_text((tree.body.html or "") if tree.body else "")[:MOST_CHARACTERS]
        return ParsedFeed("page", name, (Entry(id=url or "page", title=name, link=url, published_at=None, text=text),))
    found = tree.css(entry)[:MOST_ENTRIES]
    if not found:
        message = "the page holds no entry any more: its layout changed, or another page was served"
        raise FeedError(message)
    return ParsedFeed("page", name, tuple(_entry(node, url, title) for node in found))


def _entry(node: LexborNode, url: str | None, title: str | None) -> Entry:
    head = node.css_first(title) if title else None
    named = plain_text(head.html or "") if head else ""
    text = plain_text(node.html or "")[:MOST_CHARACTERS]
    link = _link(node, url)
    # Without a link of its own an entry is known by its words; a change of them is then another entry.
    return Entry(id=link or content_id("entry", text), title=named, link=link or url, published_at=None, text=text)


def _link(node: LexborNode, url: str | None) -> str | None:
    anchor = node if node.tag == "a" else node.css_first("a[href]")
    target = anchor.attributes.get("href") if anchor else None
    if not target or target.startswith("#"):
        return None
    try:
        link = urljoin(url or "", target)
        return link if urlsplit(link).scheme in {"http", "https"} else None
    except ValueError:
        return None
