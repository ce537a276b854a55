"""Bytes of a feed to text that an XML parser can take: the right charset, no bombs, no broken characters. PURE."""

import codecs
import re
from html.entities import html5
from typing import Final

_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']", re.I)
_META = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9._-]{1,40})", re.I)
_HEADER = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._-]{1,40})", re.I)
_PROLOG = re.compile(r"^\s*<\?xml[^>]{0,300}\?>")
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BAD_REFERENCE = re.compile(r"&#(?:x0*(?:[0-8bcBC]|[eE]|1[0-9a-fA-F]|0)|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));")
_AMPERSAND = re.compile(r"&(#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{0,31};)?")
_XML_NAMES: Final = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
                (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip


def decode(body: bytes, content_type: str | None = None) -> str:
    """The bytes as text: a mark at the start, strict UTF-8 whatever is declared, then what the header and file declare."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    if body[:4] in {b"<\0?\0", b"<\0r\0"} or body[:2] == b"<\0":
        return body.decode("utf-16-le", "replace")
    if body[:2] == b"\0<":
        return body.decode("utf-16-be", "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_other(body, content_type)


def _decode_other(body: bytes, content_type: str | None) -> str:
    for name in _declared(body, content_type):
        if name.lower().replace("_", "-") not in {"utf-8", "utf8", "us-ascii", "ascii", "utf-16"}:
            return body.decode(name, "replace")
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for char in text[:200_000] if char > "\x7f") - broken
    return text if broken <= whole // 4 or broken <= 12 else _cyrillic(body)


def _declared(body: bytes, content_type: str | None) -> list[str]:
    found = _DECLARED.search(body[:500]) or _META.search(body[:1500])
    header = _HEADER.search(content_type or "")
    names = [header.group(1)] if header else []
    names += [found.group(1).decode("ascii")] if found else []
    return [name for name in names if _known(name)]


def _known(name: str) -> bool:
    try:
        info = codecs.lookup(name)
    except LookupError:
        return False
    return getattr(info, "_is_text_encoding", True)


def _cyrillic(body: bytes) -> str:
    """Windows-1251 or KOI8-R, or a Western charset where the other letters are mostly Latin.

    The wrong one of the two Russian ones swaps capitals and small letters.
    """
    text = body.decode("cp1251", "replace")
    sample = text[:50_000]
    if 3 * sum("А" <= char <= "я" for char in sample) < sum(char.isascii() and char.isalpha() for char in sample):
        bare = re.sub("<[^<>]*>", "", sample)
        if 3 * sum("А" <= char <= "я" for char in bare) < sum(char.isascii() and char.isalpha() for char in bare):
            return body.decode("cp1252", "replace")
    small = sum("а" <= char <= "я" for char in text[:50_000])
    large = sum("А" <= char <= "Я" for char in text[:50_000])
    return body.decode("koi8-r", "replace") if large > small else text


def without_bombs(text: str) -> str:
    """The text without what stands before the root, its document type and its entities, and characters XML forbids."""
    text = _BAD.sub("", text) if _BAD.search(text) else text
    text = text.lstrip("\ufeff \t\r\n")
    start = text.find("<")
    text = text[max(start, 0) :] if start else text
    text = _PROLOG.sub("", text, count=1)
    head = text[:4096].lower().find("<!doctype")
    return text[:head] + _after_doctype(text, head) if head >= 0 else text


def _after_doctype(text: str, head: int) -> str:
    close, subset = text.find(">", head), text.find("[", head)
    if 0 <= subset < close:
        end = text.find("]", subset)
        # Entity values may hold brackets; the subset ends where a bracket is followed by the closing sign.
        while end >= 0 and text[end + 1 : end + 50].lstrip()[:1] != ">":
            end = text.find("]", end + 1)
        close = text.find(">", end) if end >= 0 else -1
    return text[close + 1 :] if close >= 0 else ""


def mended(text: str) -> str:
    """The text with HTML's entities as characters and bare ampersands escaped."""
    return _AMPERSAND.sub(_mend, _BAD_REFERENCE.sub("", text))


def _mend(found: re.Match[str]) -> str:
    name = found.group(1)
    if name is None:
        return "&amp;"
    if name[0] == "#" or name in _XML_NAMES:
        return found.group()
    return html5.get(name, f"&amp;{name}")
