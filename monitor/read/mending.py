"""Words with one letter wrong, mended to what the lexicon knows. PURE.

Only long words are mended, only where the beginning of a telling stem of the lexicon is one step away (a letter missing,
doubled, swapped with its neighbour or replaced), and never a word that a Russian dictionary knows: «протезируют» is no
protest. The stems are kept with each of their letters taken out, so that a word costs a few looks into a dict
(symmetric deletion, after W. Garbe's SymSpell).
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

import pymorphy3_dicts_ru
from pymorphy3.dawg import WordsDawg

LEAST_STEM: Final = 6
"""Letters of a stem that is worth mending to: shorter ones have too many neighbours."""
LEAST_WORD: Final = 8
LEAST_STARRED: Final = 4
"""Letters of a word in which a letter was hidden on purpose («м*тинг»)."""
_REPEATED = re.compile(r"(.)\1{2,}")
_ENGLISH: Final = re.compile("[a-z]+")


@cache
def _dictionary() -> tuple[Any, Any]:
    """The dictionary's words alone, without what a morphological analysis would need, and ё for е."""
    words = WordsDawg().load(str(Path(pymorphy3_dicts_ru.get_path()) / "words.dawg"))
    return words, words.compile_replaces({"е": "ё"})


def is_russian_word(word: str) -> bool:
    """Whether a Russian dictionary (OpenCorpora's, through pymorphy3) holds this form."""
    words, replaces = _dictionary()
    return bool(words.similar_keys(word, replaces))


class Mender:
    """Mends words to these stems."""

    def __init__(self, stems: Iterable[str], hidden: Iterable[str] = (), spared: Iterable[str] = ()) -> None:
        """Index the stems.

        Args:
            stems: beginnings of words that point to events, long enough to be told with a letter wrong.
            hidden: the same for words in which a letter was hidden on purpose.
            spared: beginnings of words that look like them and are right as they are.
        """
        self._stems = frozenset(stem for stem in stems if len(stem) >= LEAST_STEM)
        self._all = tuple(sorted(self._stems))
        self._spared = tuple(spared)
        self._short = frozenset(stem for stem in hidden if len(stem) >= LEAST_STARRED)
        self._initials = frozenset(stem[0] for stem in self._stems)
        cut: dict[str, dict[str, None]] = {}
        for stem in sorted(self._stems | self._short):
            for place in range(1, len(stem)):
                cut.setdefault(stem[:place] + stem[place + 1 :], {})[stem] = None
        self._cut = {shorter: tuple(stems) for shorter, stems in cut.items()}
        self._heads = _lengths_by(self._stems, slice(0, 3))
        self._tails = _lengths_by(self._stems, slice(4, 7))
        self._memory: dict[str, str] = {}

    def _likely_lengths(self, word: str) -> Iterable[int]:
        """Lengths of the stems that may be one step away, longest first.

        The step lies behind the third letter of such a stem, or its fifth to seventh stand whole.
        """
        found = set(self._heads.get(word[:3], ()))
        for place in (3, 4, 5):
            found.update(self._tails.get(word[place : place + 3], ()), self._tails.get(word[place : place + 2], ()))
        return sorted((length for length in found if length <= len(word) + 1), reverse=True)

    def mended(self, word: str) -> str:
        """The word as the lexicon would have it, or the word itself."""
        known = self._memory.get(word)
        if known is None:
            known = self._look(word)
            if known != word:
                self._memory[word] = known
        return known

    def forget(self) -> None:
        """Forget which words were wrong; whoever asked about them must ask again."""
        self._memory.clear()

    def _look(self, word: str) -> str:
        if len(word) < LEAST_WORD or len(word) > 30 or word[0] not in self._initials:
            return word
        plain = _REPEATED.sub(r"\1", word)
        if plain != word and plain.startswith(self._all):
            return plain
        found = self._neighbour(plain)
        if found is None or word.startswith(self._spared):
            return word
        if not _ENGLISH.fullmatch(word) and is_russian_word(word):
            return word
        return found

    def _neighbour(self, word: str) -> str | None:
        """The word with the stem put right that it begins with but for one letter; the longest such stem."""
        for length in self._likely_lengths(word):
            for size, stem in self._near(word, length):
                if stem in self._stems and not word.startswith(stem):
                    return stem + word[size:]
        return None

    def _near(self, word: str, length: int) -> Iterable[tuple[int, str]]:
        """Stems of this length one step from a beginning of the word, with the length of that beginning."""
        cut, stems = self._cut, self._stems
        for stem in cut.get(word[: length - 1], ()):
            if len(stem) == length:
                yield length - 1, stem
        beginning = word[:length]
        for place in range(1, length):
            near = cut.get(beginning[:place] + beginning[place + 1 :])
            if near is not None:
                yield from (
                    (length, stem) for stem in near if len(stem) == length and _one_step(beginning, stem, place)
                )
        longer = word[: length + 1]
        for place in range(1, len(longer)):
            shorter = longer[:place] + longer[place + 1 :]
            if shorter in stems:
                yield length + 1, shorter

    def unstarred(self, word: str) -> str:
        """A word in which a letter was struck out, as the lexicon would have it: «мтинг» was «м*тинг»."""
        for length in range(min(len(word), 12), LEAST_STARRED - 2, -1):
            for stem in sorted(self._cut.get(word[:length], ()), key=lambda stem: (-len(stem), stem)):
                if len(stem) == length + 1:
                    return stem + word[length:]
        return word


def _one_step(written: str, stem: str, place: int) -> bool:
    """Whether the letter at `place` was replaced, or swapped with one beside it."""
    if written[:place] == stem[:place] and written[place + 1 :] == stem[place + 1 :]:
        return True
    return any(
        written[:left] + written[left + 1] + written[left] + written[left + 2 :] == stem
        for left in (place - 1, place)
        if left >= 0 and left + 1 < len(written)
    )


def _lengths_by(stems: Iterable[str], part: slice) -> dict[str, frozenset[int]]:
    """How long the stems are that have the same letters there."""
    found: dict[str, set[int]] = {}
    for stem in stems:
        found.setdefault(stem[part], set()).add(len(stem))
    return {letters: frozenset(lengths) for letters, lengths in found.items()}
