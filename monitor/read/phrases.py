"""Finds many phrases in a list of words at once, in time that depends on the words and not on the number of phrases.

A phrase is written as people would write it down: `выш(ел|ли|едш*) на площад*`. Elements are separated by spaces:

- `word` exactly this word; `stem*` any ending; `(a|b*)` alternatives, also inside a word; `[N]` a number;
- `...` up to four words that do not matter, `..` up to two; `_` exactly one word that does not matter.

The first element decides where a phrase may begin, and each word's answer to that is remembered, so an ordinary word
costs one look into a dict.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from monitor.read.counts_words import PLURALS, SPELLED

MAX_GAP: Final = 4
SMALL_GAP: Final = 2
_MEMORY: Final = 50_000
_GROUP = re.compile(r"\(([^()]*)\)")
NUMBER_WORDS: Final = frozenset((*SPELLED, *PLURALS))


@dataclass(frozen=True, slots=True)
class Element:
    """One place in a phrase: whole words and stems that may stand there."""

    words: frozenset[str] = frozenset()
    stems: tuple[str, ...] = ()
    number: bool = False
    gap: int = 0
    any_word: bool = False

    def fits(self, word: str) -> bool:
        """Whether this word may stand here."""
        if word in self.words or self.any_word:
            return True
        if self.stems and word.startswith(self.stems):
            return True
        return self.number and (word.isdecimal() or word in NUMBER_WORDS)


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase met: whose it is, and the first and the last word of it."""

    owner: int
    first: int
    last: int


def parse_phrases(phrase: str, change: Callable[[str], str] = str) -> list[tuple[Element, ...]]:
    """A phrase as it is written down; more than one where an alternative has several words.

    Raises:
        ValueError: empty, or begins with what matches anything.
    """
    phrase = _flat(phrase)
    if re.search(r"\([^()]*\(", phrase) or phrase.count("(") != phrase.count(")"):
        message = f"brackets that do not close, or too many inside each other: '{phrase[:80]}'"
        raise ValueError(message)
    pieces = _GROUP.split(phrase)
    choices = [_ways(piece) if place % 2 else [piece] for place, piece in enumerate(pieces)]
    return [parse_phrase(way, change) for choice in product(*choices) for way in _with_optional("".join(choice))]


def _ways(piece: str) -> list[str]:
    """Alternatives of one word stay together as one element; those of several words become phrases of their own."""
    options = piece.split("|")
    single = [option for option in options if " " not in option]
    together = [""] if single == [""] else [f"({'|'.join(single)})"] if single else []
    return together + [option for option in options if " " in option]


_NESTED = re.compile(r"([(|])([^()|]*)\(([^()]*)\)([^()|]*)(?=[|)])")


def _flat(phrase: str) -> str:
    """`(выш(ел|ли)|стоит)` as `(вышел|вышли|стоит)`: alternatives inside alternatives are multiplied out."""
    for _ in range(100):
        depth_two = next((found for found in _NESTED.finditer(phrase) if _inside(phrase, found.start(2))), None)
        if depth_two is None:
            return phrase
        opening, before, choices, after = depth_two.groups()
        spread = "|".join(f"{before}{choice}{after}" for choice in choices.split("|"))
        phrase = phrase[: depth_two.start()] + opening + spread + phrase[depth_two.end() :]
    return phrase


def _inside(phrase: str, place: int) -> bool:
    return phrase[:place].count("(") > phrase[:place].count(")")


def _with_optional(phrase: str) -> list[str]:
    """`a (|b|c)` as `a` and `a (b|c)`: an empty alternative of a whole element makes it optional."""
    ways: list[list[str]] = [[]]
    for part in _split(phrase):
        choices = part[1:-1].split("|") if part.startswith("(") and part.endswith(")") else []
        if "" in choices:
            kept = f"({'|'.join(filter(None, choices))})"
            ways = [way + more for way in ways for more in ([], [kept])]
        else:
            ways = [[*way, part] for way in ways]
    return [" ".join(way) for way in ways]


def parse_phrase(phrase: str, change: Callable[[str], str] = str) -> tuple[Element, ...]:
    """The elements of a phrase without alternatives of several words; `change` folds each literal part.

    Raises:
        ValueError: empty, or begins with what matches anything.
    """
    elements = tuple(_element(part, change) for part in _split(phrase.lower().replace("ё", "е")))
    if not elements or elements[0].gap or elements[0].any_word:
        message = f"a phrase must begin with a word: '{phrase}'"
        raise ValueError(message)
    return elements


def _split(phrase: str) -> list[str]:
    """Parts between spaces that stand outside brackets."""
    return re.findall(r"(?:\([^()]*\)|\[n\]|[^\s()])+", phrase)


def _element(part: str, change: Callable[[str], str]) -> Element:
    if part in {"...", ".."}:
        return Element(gap=MAX_GAP if part == "..." else SMALL_GAP)
    if part == "_":
        return Element(any_word=True)
    if part == "[n]":
        return Element(number=True)
    choices = _alternatives(part)
    words = frozenset(change(choice) for choice in choices if not choice.endswith("*"))
    stems = tuple(sorted({change(choice[:-1]) for choice in choices if choice.endswith("*")}))
    if not all(stems) or "" in words:
        message = f"an empty alternative in '{part}'"
        raise ValueError(message)
    return Element(words, stems)


def _alternatives(part: str) -> list[str]:
    """`выш(ел|ли)` as `вышел`, `вышли`."""
    pieces = _GROUP.split(part)
    choices = [piece.split("|") if place % 2 else [piece] for place, piece in enumerate(pieces)]
    return ["".join(choice) for choice in product(*choices)]


class PhraseMatcher:
    """Phrases of many owners, looked for together.

    Each phrase is looked up by its anchor, the most telling word before its first gap: «в нескольких городах» by
    «нескольких», so that «в» costs nothing.
    """

    def __init__(self, phrases: Iterable[tuple[int, tuple[Element, ...]]]) -> None:
        self._phrases = [(owner, elements, _anchor(elements)) for owner, elements in phrases]
        self._exact: dict[str, list[int]] = {}
        self._stems: dict[str, list[int]] = {}
        self._numbers: list[int] = []
        for place, (_, elements, anchor) in enumerate(self._phrases):
            self._index(place, elements[anchor])
        self._longest = max(map(len, self._stems), default=0)
        self._memory: dict[str, tuple[int, ...]] = {}

    def _index(self, place: int, element: Element) -> None:
        if element.number:
            self._numbers.append(place)
        for word in element.words:
            self._exact.setdefault(word, []).append(place)
        for stem in element.stems:
            self._stems.setdefault(stem, []).append(place)

    def begins(self, word: str) -> tuple[int, ...]:
        """Which phrases this word may stand for."""
        known = self._memory.get(word)
        if known is None:
            known = self._look_up(word)
            if len(self._memory) > _MEMORY:
                self._memory.clear()
            self._memory[word] = known
        return known

    def _look_up(self, word: str) -> tuple[int, ...]:
        found = set(self._exact.get(word, ()))
        for length in range(1, min(len(word), self._longest) + 1):
            found.update(self._stems.get(word[:length], ()))
        if self._numbers and (word.isdecimal() or word in NUMBER_WORDS):
            found.update(self._numbers)
        return tuple(sorted(found))

    def may_hold(self, word: str) -> bool:
        """Whether any phrase may begin by this word or be looked up by it; remembers nothing."""
        if word in self._exact or word in self._memory:
            return True
        if any(word[:length] in self._stems for length in range(1, min(len(word), self._longest) + 1)):
            return True
        return bool(self._numbers) and (word.isdecimal() or word in NUMBER_WORDS)

    def find(self, words: Sequence[str], places: Iterable[int] | None = None) -> list[Found]:
        """Every phrase met, in the order of the words; only looked up at these places, if they are given."""
        memory = self._memory
        found: list[Found] = []
        for place in range(len(words)) if places is None else places:
            word = words[place]
            candidates = memory.get(word)
            if candidates is None:
                candidates = self.begins(word)
            for candidate in candidates:
                owner, elements, anchor = self._phrases[candidate]
                if len(elements) == 1:
                    found.append(Found(owner, place, place))
                    continue
                first = place - anchor
                if anchor and (
                    first < 0 or not all(elements[step].fits(words[first + step]) for step in range(anchor))
                ):
                    continue
                last = _last(elements[anchor:], words, place)
                if last is not None:
                    found.append(Found(owner, first, last))
        return found


def _anchor(elements: tuple[Element, ...]) -> int:
    """The most telling element before the first gap: the one whose shortest way of being met is longest."""
    before = next((place for place, element in enumerate(elements) if element.gap), len(elements))
    return max(range(before), key=lambda place: (_telling(elements[place]), -place))


def _telling(element: Element) -> int:
    if element.any_word or element.number:
        return 0
    return min(map(len, (*element.words, *element.stems)))


def _last(elements: tuple[Element, ...], words: Sequence[str], place: int) -> int | None:
    """Where the phrase that begins at `place` ends; `None` if it does not stand there."""
    gap = 0
    for element in elements[1:]:
        if element.gap:
            gap = element.gap
            continue
        edge = min(place + gap + 2, len(words))
        place += 1
        while place < edge and not element.fits(words[place]):
            place += 1
        if place >= edge:
            return None
        gap = 0
    return place
