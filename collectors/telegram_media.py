"""What is attached to a Telegram message: kinds and plain facts, never the files. PURE."""

import re
from typing import Any, Final

from selectolax.lexbor import LexborNode

from collectors.telegram_text import node_text
from monitor.domain.reports import Media

_SIMPLE: Final = (
    ("roundvideo", ".tgme_widget_message_roundvideo_player, .tgme_widget_message_roundvideo"),
    ("video", ".tgme_widget_message_video_player, .tgme_widget_message_video_wrap"),
    ("photo", ".tgme_widget_message_photo_wrap, .tgme_widget_message_photo"),
    ("voice", ".tgme_widget_message_voice_player, .tgme_widget_message_voice"),
    ("sticker", ".tgme_widget_message_sticker_wrap, .tgme_widget_message_sticker, .tgme_widget_message_tgsticker"),
    ("poll", ".tgme_widget_message_poll"),
    ("location", ".tgme_widget_message_location_wrap, .tgme_widget_message_location"),
    ("contact", ".tgme_widget_message_contact_wrap, .tgme_widget_message_contact"),
    ("game", ".tgme_widget_message_game"),
    ("invoice", ".tgme_widget_message_invoice, .tgme_widget_message_paid_media"),
    ("link", ".tgme_widget_message_link_preview"),
)
_POINT = re.compile(r"(-?\d{1,3}\.\d+),\s*(-?\d{1,3}\.\d+)")


def media_of(wrap: LexborNode) -> tuple[Media, ...]:
    """What a message block holds, in the order of kinds above; an album's parts are each counted."""
    found: list[Media] = []
    for kind, selector in _SIMPLE:
        nodes = _outermost([node for node in wrap.css(selector) if not _in_reply(node, wrap)])
        found += [Media(kind, _details(kind, node)) for node in nodes]
    found += _documents(wrap)
    if not found and _unsupported(wrap):
        found.append(Media("unsupported", {}))
    return tuple(found)


def _outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """The nodes that stand inside no other of them."""
    kept: list[LexborNode] = []
    for node in nodes:
        parent = node.parent
        while parent is not None and parent not in kept:
            parent = parent.parent
        if parent is None:
            kept.append(node)
    return kept


def _in_reply(node: LexborNode, top: LexborNode) -> bool:
    parent = node.parent
    while parent is not None and parent != top:
        if "tgme_widget_message_reply" in (parent.attributes.get("class") or "").split():
            return True
        parent = parent.parent
    return False


def _details(kind: str, node: LexborNode) -> dict[str, Any]:
    if kind == "poll":
        return _poll(node)
    if kind == "location":
        return _location(node)
    if kind in {"video", "roundvideo", "voice"}:
        time = node.css_first("time, .message_video_duration, .tgme_widget_message_voice_duration")
        return {"duration": time.text().strip()} if time else {}
    if kind == "link":
        return _link(node)
    return {}


def _poll(node: LexborNode) -> dict[str, Any]:
    options = []
    for option in node.css(".tgme_widget_message_poll_option"):
        words = option.css_first(".tgme_widget_message_poll_option_text")
        share = option.css_first(".tgme_widget_message_poll_option_percent")
        figure = (share.text() if share else "").strip().rstrip("%")
        options.append(
            {"text": node_text(words) if words else "", "percent": int(figure) if figure.isdigit() else None}
        )
    question = node.css_first(".tgme_widget_message_poll_question")
    sort = node.css_first(".tgme_widget_message_poll_type")
    return {
        "question": node_text(question) if question else "",
        "type": sort.text().strip() if sort else "",
        "options": options,
    }


def _location(node: LexborNode) -> dict[str, Any]:
    holder = node if node.attributes.get("href") else node.parent
    found = _POINT.search((holder.attributes.get("href") or "") if holder is not None else "") or _POINT.search(
        node.html or ""
    )
    if found is None:
        return {}
    return {"latitude": float(found.group(1)), "longitude": float(found.group(2))}


def _link(node: LexborNode) -> dict[str, Any]:
    title = node.css_first(".link_preview_title")
    site = node.css_first(".link_preview_site_name")
    return {
        "url": node.attributes.get("href") or "",
        "title": node_text(title) if title else "",
        "site": node_text(site) if site else "",
    }


def _documents(wrap: LexborNode) -> list[Media]:
    nodes = wrap.css(".tgme_widget_message_document_wrap, .tgme_widget_message_document")
    found = []
    for node in _outermost(list(nodes)):
        title = node.css_first(".tgme_widget_message_document_title")
        extra = node.css_first(".tgme_widget_message_document_extra")
        is_audio = node.css_first(".tgme_widget_message_document_icon.audio, .audio") is not None
        facts = {"title": node_text(title) if title else "", "extra": node_text(extra) if extra else ""}
        found.append(Media("audio" if is_audio else "document", facts))
    return found


def _unsupported(wrap: LexborNode) -> bool:
    """A block that says that this cannot be shown here; in the 2026 layout a hidden copy follows every post."""
    for node in wrap.css(".message_media_not_supported_label, .message_media_not_supported"):
        parent: LexborNode | None = node
        while parent is not None and "media_not_supported_cont" not in (parent.attributes.get("class") or ""):
            parent = parent.parent
        if parent is None:
            return True
    shown = wrap.css_first(".media_supported_cont")
    return (
        shown is None
        and wrap.css_first(".media_not_supported_cont") is not None
        and not wrap.css(".tgme_widget_message_text")
    )
