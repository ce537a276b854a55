"""Words and where they stand. Knows nothing of languages; promises offsets into the text as it was given.

Hostile text is harmless: reading stops after `MAX_CHARACTERS`, nothing here backtracks, and characters that show
nothing (zero width, soft hyphen, combining accents) are looked through, not deleted, so that offsets stay true.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

MAX_CHARACTERS: Final = 60_000
"""Code points of a text that are read; a news item has a few thousand, and 60,000 are read within 50 ms."""

_WORD = re.compile(r"[^\W\d_]+|\d+")
_INVISIBLE = re.compile("[\u00ad\u0300-\u036f\u0483-\u0489\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]+")
_SPACED = re.compile(r"(?<!\w)(?:[^\W\d_][ \u00a0.*_-]){4,30}[^\W\d_](?!\w)")
_STARRED = re.compile(r"(?<=[^\W\d_])[*#@$•·]+(?=[^\W\d_])")
_END = re.compile(r"[.!?…]+(?=[\s\"»”)\]]|$)|\n+|[•▪️❗‼⚡🔴🔺]+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(«\"])(?:г|гг|ул|обл|пр|просп|мкр|им|т|тыс|млн|млрд|руб|тг|ст|ч|п|д|стр|св|р|пос|с|"
    r"[А-ЯЁA-ZӘҒҚҢӨҰҮІ]|Mr|Mrs|Dr|St|No|vs|жж|ж|көш|ауд|т\.е|т\.д|т\.п)$"
)

_LATIN_LOOK: Final = str.maketrans("aceopxykmthbiәöü", "асеорхукмтнвіәөү")
_CYRILLIC = re.compile("[а-яёәғқңөұүһі]")
_LATIN = re.compile("[a-z]")


@dataclass(frozen=True, slots=True)
class Text:
    """A text cut into words.

    Attributes:
        original: as it was given.
        words: normalised: lower case, ё as е, look-alike letters of the other alphabet repaired.
        starts, ends: code-point offsets of each word in `original`.
        sentences: index of the sentence that each word stands in.
    """

    original: str
    words: list[str]
    starts: list[int]
    ends: list[int]
    sentences: list[int]


def lowered(text: str) -> str:
    """The text with every character in lower case and as many characters as before."""
    low = text.lower()
    if len(low) != len(text):
        low = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return low.replace("ё", "е")


def quick_words(text: str) -> list[str]:
    """The words without their places, for a first look; same words as `tokenize` on ordinary text."""
    return _WORD.findall(lowered(text[:MAX_CHARACTERS]))


def is_plain(text: str) -> bool:
    """Whether no character of the text needs looking through."""
    return _INVISIBLE.search(text) is None and _STARRED.search(text) is None and _SPACED.search(text) is None


def tokenize(text: str) -> Text:
    """The words of the text, at most those of its first `MAX_CHARACTERS` characters."""
    body = lowered(text[:MAX_CHARACTERS])
    clean, origin = _looked_through(body)
    spans = [found.span() for found in _WORD.finditer(clean)]
    words = [clean[start:end] for start, end in spans]
    if _LATIN.search(clean) and _CYRILLIC.search(clean):
        words = [repaired(word) for word in words]
    starts = [start for start, _ in spans] if origin is None else [origin[start] for start, _ in spans]
    ends = [end for _, end in spans] if origin is None else [origin[end - 1] + 1 for _, end in spans]
    return Text(text, words, starts, ends, _sentences(text[:MAX_CHARACTERS], starts))


def repaired(word: str) -> str:
    """The word in one alphabet: Latin look-alikes in a Cyrillic word become what they look like."""
    if word.isascii() or not _LATIN.search(word) or not _CYRILLIC.search(word):
        return word
    return word.translate(_LATIN_LOOK)


def _looked_through(body: str) -> tuple[str, list[int] | None]:
    """The text without what shows nothing, and for each kept character where it stood; `None` if nothing went."""
    gaps = [found.span() for found in _INVISIBLE.finditer(body)]
    gaps += [found.span() for found in _STARRED.finditer(body)]
    for run in _SPACED.finditer(body):
        # «м и т и н г»: the letters are wanted, what stands between them is not.
        gaps += [(run.start() + step, run.start() + step + 1) for step in range(1, run.end() - run.start(), 2)]
    if not gaps:
        return body, None
    gone = bytearray(len(body))
    for start, end in gaps:
        gone[start:end] = b"\1" * (end - start)
    origin = [position for position, flag in enumerate(gone) if not flag]
    return "".join(body[position] for position in origin), origin


def _sentences(text: str, starts: list[int]) -> list[int]:
    breaks = [
        found.end()
        for found in _END.finditer(text)
        if found.group() != "." or not _ABBREVIATION.search(text, max(0, found.start() - 8), found.start())
    ]
    return [bisect_right(breaks, start) for start in starts]
