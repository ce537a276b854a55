"""The public preview pages of Telegram (t.me/s/name, and single posts t.me/name/ID?embed=1) to messages. PURE.

Three layouts are read: widgets of 2018, pages of 2020 to 2023, pages of 2026 (where a hidden copy of the "not supported"
block follows every post). Runs in a worker that can be killed. See docs/collectors.md for what the pages do not show.
"""

import base64
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.telegram_media import media_of
from collectors.telegram_text import node_text
from monitor.domain.moments import utc
from monitor.domain.reports import Media

MAX_CHARACTERS: Final = 8_000_000
_ONE = re.compile(r"(\d+(?:[.,]\d+)?)\s*([KMkmКМ]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One post as a preview page shows it.

    Attributes:
        channel: username as the page writes it.
        also: ids of the other parts of an album.
        forwarded_name, forwarded_link: origin of a forward; the link is `None` where the origin is hidden.
        numeric_channel: Telegram's own id of the channel; `None` where the page does not carry it.
    """

    channel: str
    message_id: int
    published_at: datetime | None
    edited: bool
    text: str
    views: int | None
    forwarded_name: str | None = None
    forwarded_link: str | None = None
    reply_to: int | None = None
    media: tuple[Media, ...] = ()
    is_service: bool = False
    also: tuple[int, ...] = ()
    numeric_channel: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPage:
    """A page. `problem` says why it holds no messages; `shown_at` is the server's clock where the page carries it."""

    channel: str | None
    title: str | None
    messages: tuple[Message, ...] = ()
    before: int | None = None
    after: int | None = None
    problem: str | None = None
    shown_at: int | None = None


def parse_preview(body: bytes | str) -> PreviewPage:
    """The messages of a page; a landing page without messages has the problem `no preview`."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    tree = LexborHTMLParser(text[:MAX_CHARACTERS])
    blocks = map(_message, tree.css(".tgme_widget_message[data-post]"))
    messages = [message for message in blocks if message is not None]
    title = _first_text(tree, ".tgme_channel_info_header_title, .tgme_page_title, .tgme_widget_message_owner_name")
    channel = messages[0].channel if messages else _channel(tree)
    problem = None
    if not messages:
        problem = _problem(tree)
    return PreviewPage(
        channel=channel, title=title, messages=tuple(messages), before=_page(tree, "before"), after=_page(tree, "after"),
        problem=problem, shown_at=next((stamp for stamp in map(_server_time, tree.css("[data-view]")) if stamp), None),
    )  # fmt: skip


def _problem(tree: LexborHTMLParser) -> str:
    if tree.css_first(".tgme_widget_message_error") is not None:
        return "post not found"
    if tree.css_first(".tgme_channel_history, .tme_no_messages_found, .tgme_header_search") is not None:
        return "no posts found"
    return "no preview"


def _channel(tree: LexborHTMLParser) -> str | None:
    node = tree.css_first(".tgme_page_extra, .tgme_channel_info_header_username")
    name = (node.text() if node else "").strip()
    return name.removeprefix("@") if name.startswith("@") else None


def _message(node: LexborNode) -> Message | None:
    channel, _, number = (node.attributes.get("data-post") or "").rpartition("/")
    number = number.partition("?")[0]
    if not number.isdigit():
        return None
    wrap = node
    name, link = _forwarded(wrap)
    return Message(
        channel=channel,
        message_id=int(number),
        published_at=_published(wrap),
        edited=_edited(wrap),
        text=_text(wrap),
        views=_views(wrap),
        forwarded_name=name,
        forwarded_link=link,
        reply_to=_reply(wrap),
        media=media_of(wrap),
        is_service="service_message" in (wrap.attributes.get("class") or ""),
        also=_album(wrap, int(number)),
        numeric_channel=_numeric(wrap),
    )


def _published(wrap: LexborNode) -> datetime | None:
    for node in wrap.css(
        ".tgme_widget_message_date time[datetime], .tgme_widget_message_meta time[datetime], time.datetime, time[datetime]"
    ):
        written = node.attributes.get("datetime") or ""
        if "message_video_duration" in (node.attributes.get("class") or "") or "T" not in written:
            continue
        try:
            return utc(datetime.fromisoformat(written))
        except ValueError:
            continue
    return None


def _edited(wrap: LexborNode) -> bool:
    meta = wrap.css_first(".tgme_widget_message_meta, .tgme_widget_message_info")
    if meta is None:
        return False
    signature = meta.css_first(".tgme_widget_message_from_author")
    words = meta.text(separator=" ").split()
    author = signature.text(separator=" ").split() if signature else []
    return "edited" in words[: len(words)] and words.count("edited") > author.count("edited")


def _text(wrap: LexborNode) -> str:
    """The text of the post: the outermost text blocks that are not part of a reply's quote or a link's preview."""
    pieces = []
    for node in wrap.css(".tgme_widget_message_text"):
        if _within(
            node, wrap, ("tgme_widget_message_reply", "tgme_widget_message_text", "tgme_widget_message_link_preview")
        ):
            continue
        pieces.append(node_text(node))
    if not pieces and "service_message" in (wrap.attributes.get("class") or ""):
        bubble = wrap.css_first(".tgme_widget_message_service_text, .tgme_widget_message_bubble")
        pieces = [node_text(bubble)] if bubble else []
    return "\n".join(piece for piece in pieces if piece)


def _within(node: LexborNode, top: LexborNode, classes: tuple[str, ...]) -> bool:
    parent = node.parent
    while parent is not None and parent != top:
        held = (parent.attributes.get("class") or "").split()
        if any(name in held for name in classes):
            return True
        parent = parent.parent
    return False


def _views(wrap: LexborNode) -> int | None:
    node = wrap.css_first(".tgme_widget_message_views")
    found = _ONE.search((node.text() if node else "").replace("\u00a0", " "))
    if found is None:
        return None
    scale = {"k": 1000, "к": 1000, "m": 1_000_000, "м": 1_000_000}.get(found.group(2).lower(), 1)
    return round(float(found.group(1).replace(",", ".")) * scale)


def _forwarded(wrap: LexborNode) -> tuple[str | None, str | None]:
    node = wrap.css_first(".tgme_widget_message_forwarded_from_name")
    if node is None:
        return None, None
    return " ".join(node.text().split()) or None, node.attributes.get("href")


def _reply(wrap: LexborNode) -> int | None:
    node = wrap.css_first("a.tgme_widget_message_reply[href]")
    number = urlsplit((node.attributes.get("href") or "") if node else "").path.rpartition("/")[2]
    return int(number) if number.isdigit() else None


def _album(wrap: LexborNode, number: int) -> tuple[int, ...]:
    group = wrap.css_first(".tgme_widget_message_grouped_wrap, .tgme_widget_message_grouped")
    ids: set[int] = set()
    for node in group.css("a[href]") if group else []:
        parts = urlsplit(node.attributes.get("href") or "")
        last = parts.path.rpartition("/")[2]
        if "single" in parts.query and last.isdigit():
            ids.add(int(last))
    return tuple(sorted(ids - {number}))


def _view(node: LexborNode) -> dict[str, Any]:
    written = node.attributes.get("data-view") or ""
    try:
        data = json.loads(base64.b64decode(written + "=" * (-len(written) % 4)))
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _numeric(wrap: LexborNode) -> int | None:
    number = _view(wrap).get("c")
    return abs(number) if isinstance(number, int) else None


def _server_time(node: LexborNode) -> int | None:
    stamp = _view(node).get("t")
    return stamp if isinstance(stamp, int) else None


def _page(tree: LexborHTMLParser, way: str) -> int | None:
    for node in tree.css(f"a.tme_messages_more[data-{way}], a.tgme_messages_more[data-{way}]"):
        number = node.attributes.get(f"data-{way}") or ""
        if number.isdigit():
            return int(number)
    rel = "prev" if way == "before" else "next"
    link = tree.css_first(f'link[rel="{rel}"]')
    found = parse_qs(urlsplit((link.attributes.get("href") or "") if link else "").query).get(way, [""])[0]
    return int(found) if found.isdigit() else None


def _first_text(tree: LexborHTMLParser, selector: str) -> str | None:
    node = tree.css_first(selector)
    return " ".join(node.text().split()) or None if node else None
