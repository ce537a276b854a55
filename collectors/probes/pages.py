"""What a page says about itself, as far as verdicts need it: its title, out of bytes that may be anything."""

import html
import re
from typing import Final

_TITLE: Final = re.compile(r"<title[^>]{0,200}>([^<]{0,512})", re.IGNORECASE)
_TITLE_MARKS: Final = ("<title", "<TITLE", "<Title")
_CHARSET: Final = re.compile(r"charset=[\"']?([\w-]{2,20})", re.IGNORECASE)
SEARCHED_BYTES: Final = 65_536


def title_of(text: str) -> str | None:
    """The title of an HTML page with its entities resolved, in one line; `None` where there is none."""
    text = text[:SEARCHED_BYTES]
    # Plain searches: the pattern without regard to case would take milliseconds on a long page without a title.
    places = [at for mark in _TITLE_MARKS if (at := text.find(mark)) >= 0]
    found = _TITLE.match(text, min(places)) if places else None
    title = " ".join(html.unescape(found.group(1)).split()) if found else ""
    return title or None


def text_of(body: bytes, content_type: str) -> str:
    """The beginning of a body as text: the declared charset if it fits, else UTF-8, else cp1251."""
    head = body[:SEARCHED_BYTES]
    declared = _CHARSET.search(content_type) or _CHARSET.search(head[:1024].decode("ascii", "replace"))
    for charset in (declared.group(1) if declared else "utf-8", "utf-8"):
        try:
            return head.decode(charset, "strict" if len(body) <= SEARCHED_BYTES else "ignore")
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return head.decode("cp1251", "replace")
