"""Words and where they stand. Knows nothing of languages; promises offsets into the text as it was given.

Hostile text is harmless: reading stops after `MAX_CHARACTERS`, nothing here backtracks, and characters that show
nothing (zero width, soft hyphen, combining accents) are looked through, not deleted, so that offsets stay true.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_CHARACTERS: Final = 20_000
"""Code points of a text that are read: a post has at most 4,096, a news item a few thousand."""

_WORD = re.compile(r"[^\W\d_]+|\d+")
_LINK = re.compile(r"https?://[^\s)\]>]+|(?<!\w)t\.me/[^\s)\]>]+")
_SHORT_I = "\u0438\u0306"
INVISIBLE = re.compile("[\u00ad\u0300-\u036f\u0483-\u0489\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]+")
_HIDDEN = re.compile(rf"{INVISIBLE.pattern[:-1]}(?<=[^\W\d_].){INVISIBLE.pattern[:-1]}*(?=[^\W\d_])|\u0306(?<=[иИ].)")
_SPACED = re.compile(r"(?<!\w)(?:[^\W\d_][ \u00a0.*_-]){4,30}[^\W\d_](?!\w)")
_STARRED = re.compile(r"[*$•·](?<=[^\W\d_].)[*$•·]*(?=[^\W\d_])")
"""Begins with its marks and looks back from them, which lets the engine skip to them."""
_DISGUISED = re.compile("[034@](?=[а-яәғқңөұүһі])(?<=[а-яәғқңөұүһі].)")
_MARKS: Final = "*$•·@0340"
_DISGUISES: Final = {"0": "о", "3": "з", "4": "ч", "@": "а"}
_END = re.compile(r"[.!?…]+(?=[\s\"»”)\]]|$)(?![\"»”)\]]+,?\s+(?:[–—-]\s+)?[a-zа-яёәғқңөұүһі])|\n+|[•▪️❗‼⚡🔴🔺]+")
"""A quotation that ends within a sentence («Долой!» — скандировали, «Кетсін!» деген плакат) does not end it."""
_ABBREVIATION = re.compile(
    r"(?:^|[\s(«\"])(?:г|гг|[Пп]л|ул|Ул|обл|пр|просп|Пр|мкр|им|т|тыс|млн|млрд|руб|тг|ст|ч|п|д|стр|св|р|пос|с|"
    r"[А-ЯЁA-ZӘҒҚҢӨҰҮІ]|Mr|Mrs|Dr|St|No|vs|жж|ж|көш|ауд|[ap]\.m|т\.е|т\.д|т\.п)$"
)

_ITEM = re.compile(r"\n+(?=[ \t]*(?:[—–•▪▫◾◽●○🔹🔸🔻📌✅❗⚡➡*-]|\d{1,2}[.)])[\ufe0f\s])")
_LEAST_ITEMS: Final = 3
APART: Final = 20_000
"""The sentences of each item of a list are numbered from a multiple of it: a digest is several texts."""

_LATIN_LOOK: Final = str.maketrans("aceopxykmthbiәöüαεοριυκχτνμ", "асеорхукмтнвіәөүаеоріуктхнм")
_CYRILLIC = re.compile("[а-яёәғқңөұүһі]")
_LATIN = re.compile("[a-zα-ω]")
_MIXED = re.compile("[a-zα-ω][а-яәғқңөұүһі]|[а-яәғқңөұүһі][a-zα-ω]", re.IGNORECASE)
_FANCY = re.compile("[\uff10-\uff5a\U0001d400-\U0001d7ff]")
_MOST_SINGLE_SHARE: Final = 5
"""A text with more than one word in this many of a single letter may be spaced out."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text cut into words.

    Attributes:
        original: as it was given.
        words: normalised: lower case, ё as е, look-alike letters of the other alphabet repaired.
        starts, ends: code-point offsets of each word in `original`.
        sentences: number of the sentence that each word stands in, growing; see `APART`.
    """

    original: str
    words: list[str]
    starts: list[int]
    ends: list[int]
    sentences: list[int]
    starred: frozenset[int] = frozenset()
    """Words in which a letter was hidden or struck out («м*тинг»)."""

    def item(self, place: int) -> int:
        """Of which item of a list the word at `place` is part; 0 in a text that is none."""
        return self.sentences[place] // APART

    def at(self, character: int) -> int:
        """Which word stands at a character of the original, or was the last to begin before it."""
        return bisect_right(self.starts, character) - 1

    def sentence(self, place: int) -> range:
        """Where the words stand of the sentence that the word at `place` is in."""
        own = self.sentences[place]
        return range(bisect_left(self.sentences, own), bisect_right(self.sentences, own))


def lowered(text: str) -> str:
    """The text with every character in lower case and as many characters as before.

    Addresses become blanks, letters of mathematical and wide alphabets become plain ones.
    """
    if "://" in text or "t.me/" in text:
        text = _LINK.sub(lambda found: " " * len(found.group()), text)
    if not _is_plain(text) and _FANCY.search(text):
        text = _FANCY.sub(lambda found: unicodedata.normalize("NFKC", found.group())[:1] or " ", text)
    low = text.lower()
    if len(low) != len(text):
        low = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return low.replace("ё", "е")


def quick_words(text: str) -> list[str]:
    """The words without their places, for a first look; same words as `tokenize` on ordinary text."""
    return _WORD.findall(lowered(text[:MAX_CHARACTERS]))


def is_odd(text: str, words: list[str]) -> bool:
    """Whether letters may be hidden, struck out, swapped or spaced apart, so that the quick words are not the words."""
    if list(map(len, words)).count(1) * _MOST_SINGLE_SHARE > len(words):
        return True
    if any(mark in text for mark in _MARKS) and (_STARRED.search(text) or _DISGUISED.search(text)):
        return True
    return not _is_plain(text) and _HIDDEN.search(text) is not None


@lru_cache(maxsize=8)
def _is_plain(text: str) -> bool:
    """Whether every character has a place in the old code page of Russian, which has none that are hidden but the soft hyphen.

    It is asked first because it costs a third of the looks that it spares.
    """
    if text.isascii():
        return True
    try:
        text.encode("cp1251")
    except UnicodeEncodeError:
        return False
    return "\u00ad" not in text


def is_mixed(word: str) -> bool:
    """Whether a word is written with letters of two alphabets."""
    return not word.isascii() and _LATIN.search(word) is not None and _CYRILLIC.search(word) is not None


def tokenize(text: str, plain: list[str] | None = None) -> Text:
    """The words of the text, at most those of its first `MAX_CHARACTERS` characters.

    Args:
        text: the text.
        plain: its quick words, if it is not odd: only their places are wanted.
    """
    body = lowered(text[:MAX_CHARACTERS])
    if plain is not None:
        starts, ends = _edges(list(map(re.Match.span, _WORD.finditer(body))))
        return Text(text, plain, starts, ends, _sentences(text[:MAX_CHARACTERS], starts))
    clean, origin = _looked_through(body)
    spans = [found.span() for found in _WORD.finditer(clean)]
    words = [clean[start:end] for start, end in spans]
    if _MIXED.search(clean):
        words = [repaired(word) for word in words]
    if origin is None:
        starts, ends = _edges(spans)
        return Text(text, words, starts, ends, _sentences(text[:MAX_CHARACTERS], starts))
    starts, ends = [origin[start] for start, _ in spans], [origin[end - 1] + 1 for _, end in spans]
    starred = frozenset(
        place
        for place, (start, end) in enumerate(zip(starts, ends, strict=True))
        if end - start > len(words[place]) and _STARRED.search(body, start, end)
    )
    return Text(text, words, starts, ends, _sentences(text[:MAX_CHARACTERS], starts), starred)


def repaired(word: str) -> str:
    """The word in one alphabet: Latin and Greek look-alikes in a Cyrillic word become what they look like."""
    if word.isascii() or not _LATIN.search(word) or not _CYRILLIC.search(word):
        return word
    return word.translate(_LATIN_LOOK)


def _looked_through(body: str) -> tuple[str, list[int] | None]:
    """The text without what shows nothing, and for each kept character where it stood; `None` if nothing went."""
    if _SHORT_I in body:
        body = body.replace(_SHORT_I, "й\u200b")
    body = _DISGUISED.sub(lambda found: _DISGUISES[found.group()], body)
    gaps = [found.span() for found in INVISIBLE.finditer(body)] if not body.isascii() else []
    bold = " **" in body or "** " in body or body.startswith("**")
    gaps += [found.span() for found in _STARRED.finditer(body) if not (bold and found.group() == "**")]
    for run in _SPACED.finditer(body):
        # «м и т и н г»: the letters are wanted, what stands between them is not.
        gaps += [(run.start() + step, run.start() + step + 1) for step in range(1, run.end() - run.start(), 2)]
    if not gaps:
        return body, None
    gone = bytearray(len(body))
    for start, end in gaps:
        gone[start:end] = b"\1" * (end - start)
    origin = [position for position, flag in enumerate(gone) if not flag]
    return "".join([body[position] for position in origin]), origin


def _sentences(text: str, starts: list[int]) -> list[int]:
    breaks = [
        found.end()
        for found in _END.finditer(text)
        if found.group() != "." or not _ABBREVIATION.search(text, max(0, found.start() - 8), found.start())
    ]
    items = _items(text) if "\n" in text else frozenset[int]()
    counted: list[int] = []
    number = 0
    for edge in breaks:
        counted += [number] * (bisect_left(starts, edge) - len(counted))
        number = (number // APART + 1) * APART if edge in items else number + 1
    return counted + [number] * (len(starts) - len(counted))


def _items(text: str) -> frozenset[int]:
    """Where the items of a list begin, each of which tells something of its own; none where there are not several."""
    found = frozenset(found.end() for found in _ITEM.finditer(text))
    return found if len(found) >= _LEAST_ITEMS else frozenset()


def _edges(spans: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Beginnings and ends apart."""
    if not spans:
        return [], []
    starts, ends = zip(*spans, strict=True)
    return list(starts), list(ends)
