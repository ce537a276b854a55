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
from typing import Final, NamedTuple

from monitor.read.beginnings import Beginnings
from monitor.read.counts_words import PLURALS, SPELLED

MAX_GAP: Final = 4
SMALL_GAP: Final = 2
_MEMORY: Final = 30_000
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
    if "(" not in phrase and ")" not in phrase:
        return [parse_phrase(phrase, change)]
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


def changed(element: Element, change: Callable[[str], str]) -> Element:
    """The element with each of its literal parts folded."""
    if not element.words and not element.stems:
        return element
    words = frozenset(map(change, element.words))
    return Element(words, tuple(sorted(set(map(change, element.stems)))))


def _alternatives(part: str) -> list[str]:
    """`выш(ел|ли)` as `вышел`, `вышли`."""
    pieces = _GROUP.split(part)
    choices = [piece.split("|") if place % 2 else [piece] for place, piece in enumerate(pieces)]
    return ["".join(choice) for choice in product(*choices)]


class PhraseMatcher:
    """Phrases of many owners, looked for together.

    Elements that several phrases share are one. Each word's elements are remembered; a phrase is looked at only where all
    its telling elements stand somewhere in the text, and then around its anchor, the most telling one before its first
    gap: «в нескольких городах» around «нескольких», so that «в» costs nothing.
    """

    def __init__(self, phrases: Iterable[tuple[int, tuple[Element, ...]]]) -> None:
        self._exact: dict[str, tuple[int, ...]] = {}
        self._stems: dict[str, tuple[int, ...]] = {}
        self._numbers: set[int] = set()
        self._single: dict[int, tuple[int, ...]] = {}
        self._anchored: dict[int, tuple[_Phrase, ...]] = {}
        numbers: dict[Element, int] = {}
        for owner, elements in phrases:
            self._add(owner, elements, numbers)
        self._beginnings = Beginnings(self._stems)
        self._starts = frozenset({*self._single, *self._anchored})
        self._memory: dict[str, frozenset[int]] = {}
        self._shared: dict[frozenset[int], frozenset[int]] = {}

    def _add(self, owner: int, elements: tuple[Element, ...], numbers: dict[Element, int]) -> None:
        anchor = _anchor(elements)
        steps = tuple(self._step(element, numbers) for element in elements)
        middle = steps[anchor]
        if len(steps) == 1:
            self._single[middle] = (*self._single.get(middle, ()), owner)
            return
        told = {
            step for step, element in zip(steps, elements, strict=True) if step >= 0 and _telling(element) >= _CONTENT
        }
        phrase = _Phrase(owner, tuple(sorted(told - {middle})), steps[:anchor], steps[anchor + 1 :])
        self._anchored[middle] = (*self._anchored.get(middle, ()), phrase)

    def _step(self, element: Element, numbers: dict[Element, int]) -> int:
        """The number of an element; below zero for what any word fits: -1 for one word, -1 - n for up to n."""
        if element.any_word or element.gap:
            return -1 - element.gap
        number = numbers.get(element)
        if number is not None:
            return number
        number = numbers[element] = len(numbers)
        if element.number:
            self._numbers.add(number)
        for word in element.words:
            self._exact[word] = (*self._exact.get(word, ()), number)
        for stem in dict.fromkeys(element.stems):
            self._stems[stem] = (*self._stems.get(stem, ()), number)
        return number

    def _fits(self, word: str) -> frozenset[int]:
        """Which elements this word may stand for."""
        known = self._memory.get(word)
        if known is None:
            known = self._look_up(word)
            if len(self._memory) > _MEMORY:
                self._memory.clear()
                self._shared.clear()
            # Most words stand for the same few elements: one set serves them all.
            self._memory[word] = self._shared.setdefault(known, known)
        return known

    def _look_up(self, word: str) -> frozenset[int]:
        found = set(self._exact.get(word, ()))
        for stem in self._beginnings.of(word):
            found.update(self._stems[stem])
        if self._numbers and (word.isdecimal() or word in NUMBER_WORDS):
            found.update(self._numbers)
        return frozenset(found)

    def looked_up(self) -> tuple[list[str], list[str], bool]:
        """Whole words and beginnings of words by which any phrase may be looked up, and whether a number is one."""
        wanted = (phrase.wanted for phrases in self._anchored.values() for phrase in phrases)
        steps = self._starts.union(*wanted)
        words = [word for word, some in self._exact.items() if not steps.isdisjoint(some)]
        stems = [stem for stem, some in self._stems.items() if not steps.isdisjoint(some)]
        return words, stems, not steps.isdisjoint(self._numbers)

    def begins(self, word: str) -> bool:
        """Whether this word alone is a phrase, or one may be looked up by it."""
        return not self._starts.isdisjoint(self._fits(word))

    def steps_of(self) -> dict[int, frozenset[int]]:
        """By owner, the elements of which one must stand in a text for any phrase of that owner to be met."""
        steps: dict[int, set[int]] = {}
        for step, owners in self._single.items():
            for owner in owners:
                steps.setdefault(owner, set()).add(step)
        for step, phrases in self._anchored.items():
            for phrase in phrases:
                steps.setdefault(phrase.owner, set()).add(step)
        return {owner: frozenset(some) for owner, some in steps.items()}

    def present(self, words: Sequence[str], places: Sequence[int]) -> frozenset[int]:
        """Which elements the words at these places stand for."""
        known = self._memory.get
        return frozenset().union(*[known(words[place]) or self._fits(words[place]) for place in places])

    def find(
        self, words: Sequence[str], places: Sequence[int] | None = None, around: Sequence[frozenset[int]] | None = None
    ) -> list[Found]:
        """Every phrase met.

        Args:
            words: those of the text.
            places: only words at these places are looked up, if they are given.
            around: only phrases that are looked for around one of these elements, if they are given.
        """
        places = range(len(words)) if places is None else places
        known = self._memory.get
        # Asked with `is None`: most words stand for nothing, and an empty set is no reason to look again.
        fits = [self._fits(words[place]) if (some := known(words[place])) is None else some for place in places]
        likely = self._likely(frozenset().union(*fits), around)
        if not likely:
            return []
        found: list[Found] = []
        left = dict.fromkeys(likely, _MOST)
        steps = frozenset(likely)
        for place, here in zip(places, fits, strict=True):
            if steps.isdisjoint(here):
                continue
            for step in here & steps:
                if left[step] <= 0:
                    continue
                left[step] -= 1
                owners, phrases = likely[step]
                for owner in owners:
                    found.append(Found(owner, place, place))  # noqa: PERF401 - mostly there is none: a call costs more
                if phrases:
                    found += self._standing(phrases, words, place)
        return found

    def _standing(self, phrases: Sequence["_Phrase"], words: Sequence[str], place: int) -> list[Found]:
        """Those of the phrases that stand around their anchor at this place; most fall by the word beside it."""
        found = []
        after = self._fits(words[place + 1]) if place + 1 < len(words) else frozenset[int]()
        before = self._fits(words[place - 1]) if place else frozenset[int]()
        for phrase in phrases:
            steps = phrase[3]
            if steps and steps[0] >= 0 and steps[0] not in after:
                continue
            steps = phrase[2]
            if steps and steps[-1] >= 0 and steps[-1] not in before:
                continue
            if (hit := self._around(phrase, words, place)) is not None:
                found.append(hit)
        return found

    def _likely(
        self, present: frozenset[int], around: Sequence[frozenset[int]] | None
    ) -> "dict[int, tuple[Sequence[int], Sequence[_Phrase]]]":
        """What may be found where only these elements stand in the text, by the element around which it is looked for."""
        likely: dict[int, tuple[Sequence[int], Sequence[_Phrase]]] = {}
        single, anchored, holds = self._single, self._anchored, present.issuperset
        starts = self._starts if around is None else frozenset().union(*map(present.intersection, around))
        for step in present & starts:
            kept: list[_Phrase] = []
            for phrase in anchored.get(step, ()):
                if holds(phrase[1]):
                    kept.append(phrase)  # noqa: PERF401 - mostly nothing is kept, and a comprehension costs a call
            owners = single.get(step, ())
            if owners or kept:
                likely[step] = (owners, kept)
        return likely

    def _around(self, phrase: "_Phrase", words: Sequence[str], place: int) -> Found | None:
        """The phrase, if it stands around its anchor at this place."""
        _, _, before, after = phrase
        first = place
        if before:
            first = place - len(before)
            if first < 0:
                return None
            for step, word in zip(before, words[first:place], strict=True):
                if step >= 0 and step not in self._fits(word):
                    return None
        last = self._last(after, words, place) if after else place
        return None if last is None else Found(phrase.owner, first, last)

    def _last(self, steps: tuple[int, ...], words: Sequence[str], place: int) -> int | None:
        """Where a phrase ends whose anchor stands at `place`; `None` if it does not stand there."""
        gap, end, known = 0, len(words), self._memory.get
        for step in steps:
            if step < -1:
                gap = -1 - step
                continue
            edge = min(place + gap + 2, end)
            place += 1
            while step >= 0 and place < edge and step not in (known(words[place]) or self._fits(words[place])):
                place += 1
            if place >= edge:
                return None
            gap = 0
        return place


_MOST: Final = 60
"""How often in one text the same element is looked at: more often than in any honest text."""
_CONTENT: Final = 3
"""Letters of the shortest way to meet an element that is worth asking for first."""


class _Phrase(NamedTuple):
    """A phrase as its matcher keeps it: what must be somewhere in the text, and the steps around its anchor."""

    owner: int
    wanted: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]


def _anchor(elements: tuple[Element, ...]) -> int:
    """The most telling element before the first gap: the one whose shortest way of being met is longest."""
    before = next((place for place, element in enumerate(elements) if element.gap), len(elements))
    return max(range(before), key=lambda place: (_telling(elements[place]), -place))


def _telling(element: Element) -> int:
    if element.any_word or element.number or element.gap:
        return 0
    return min(map(len, (*element.words, *element.stems)))
