"""The text of a Telegram block as its author typed it: `<br>` as line ends, emoji as characters, no markup. PURE."""

import re
from typing import Final

from selectolax.lexbor import LexborNode

_HIDDEN: Final = frozenset({"script", "style", "svg", "canvas", "picture", "video"})
_BLOCKS: Final = frozenset({"div", "p", "blockquote", "pre"})
_MAX_NODES: Final = 50_000
_LINE_SPACES = re.compile(r"[ \t]*\n[ \t]*")
_PRINTED = re.compile(r"\n\s+")


def node_text(node: LexborNode) -> str:
    """The text inside a node."""
    pieces: list[str] = []
    _collect(node, pieces, [0])
    text = "".join(pieces).replace("\u00a0", " ")
    return _LINE_SPACES.sub("\n", re.sub(r"[ \t]{2,}", " ", text)).strip()


def _collect(node: LexborNode, pieces: list[str], count: list[int], *, preformatted: bool = False) -> None:
    """Walk without recursion over siblings; depth is bounded by the parser's own tree."""
    stack: list[tuple[LexborNode | str, bool]] = [(child, preformatted) for child in reversed(_children(node))]
    while stack and count[0] < _MAX_NODES:
        count[0] += 1
        entry, kept = stack.pop()
        if isinstance(entry, str):
            pieces.append(entry)
            continue
        tag = entry.tag or ""
        if tag == "-text":
            pieces.append(entry.text_content or "" if kept else _flowing(entry.text_content or ""))
        elif tag == "br":
            pieces.append("\n")
        elif tag not in _HIDDEN and not tag.startswith("-"):
            inner: list[tuple[LexborNode | str, bool]] = [(child, kept or tag == "pre") for child in _children(entry)]
            if tag in _BLOCKS:
                inner = [("\n", kept), *inner, ("\n", kept)]
            stack.extend(reversed(inner))


def _children(node: LexborNode) -> list[LexborNode]:
    return list(node.iter(include_text=True))


def _flowing(text: str) -> str:
    """Text between tags: a line end followed by indentation is how a printer laid the page out, not the author."""
    return _PRINTED.sub(" ", text).replace("\n", " ")
