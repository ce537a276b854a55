"""Two sides that tell different numbers of the same people: an official and others. PURE. See docs/counts.md."""

import itertools
from collections.abc import Iterable
from typing import Final

from monitor.read.counts_numbers import Number
from monitor.read.counts_words import CIVIC, FIGURE, OF_THEM, OFFICIAL, PART, SAYS
from monitor.read.tokens import Text

_NEAR_WORDS: Final = 9
_FAR_WORDS: Final = 7
_OF_THOSE: Final = {"них", "оның", "олардың"}


def other_side(text: Text, first: int, last: int, number: Number) -> bool:
    """Whether a number is another side's figure for those counted by the words `first` to `last` before it.

    «По данным полиции, 12, активисты говорят о 40»; "17 injured; the ministry gave the number as five". Who is told first
    without a source is told by the report itself: then only an official speaks against it.
    """
    if text.sentences[number.first] - text.sentences[first] > 1 or _counts_a_part(text, number):
        return False
    own = text.words[max(last + 1, text.sentence(number.first).start) : number.first][-_NEAR_WORDS:]
    after = text.words[number.last + 1 : number.last + _FAR_WORDS]
    theirs = _side(reversed(own)) or _side(after[:3])
    told = own[-1:] == ["о"] or any(word.startswith((*SAYS, *FIGURE)) for word in (*own, *after))
    if theirs is None or not told:
        return False
    between = text.words[last + 1 : number.first]
    before = reversed(text.words[max(0, first - _NEAR_WORDS) : first])
    others = _side(before) or _side(between[: -len(own) or None])
    return others != theirs and (others is not None or theirs == "official")


def _counts_a_part(text: Text, number: Number) -> bool:
    """«Двое из них», «оның үшеуі»: some of those, and nobody's other figure."""
    after = tuple(text.words[number.last + 1 : number.last + 3])
    before = text.words[max(0, number.first - 3) : number.first]
    of_them = any(pair in OF_THEM for pair in itertools.pairwise(before))
    return after in OF_THEM or of_them or any(word in PART or word in _OF_THOSE for word in before)


def _side(words: Iterable[str]) -> str | None:
    """Who speaks first in these words: an official, others, or nobody."""
    for word in words:
        if word.startswith(OFFICIAL):
            return "official"
        if word.startswith(CIVIC):
            return "civic"
    return None
