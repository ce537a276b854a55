"""What a word may belong to, asked once for all phrases and names together. PURE."""

from collections.abc import Iterable

from monitor.read.beginnings import Beginnings
from monitor.read.phrases import NUMBER_WORDS, PhraseMatcher


class WordMarks:
    """For each word the bits of those who may look something up by it; wrong only in saying yes."""

    def __init__(self, sources: Iterable[tuple[int, PhraseMatcher]], stems: Iterable[tuple[int, str]] = ()) -> None:
        """Join what they look up.

        Args:
            sources: matchers with their bits.
            stems: further beginnings of words with their bits.
        """
        self._words: dict[str, int] = {}
        self._stems: dict[str, int] = {}
        self._numbers = 0
        for bit, matcher in sources:
            words, beginnings, numbers = matcher.looked_up()
            for word in words:
                self._words[word] = self._words.get(word, 0) | bit
            for stem in beginnings:
                self._stems[stem] = self._stems.get(stem, 0) | bit
            self._numbers |= bit * numbers
        for bit, stem in stems:
            self._stems[stem] = self._stems.get(stem, 0) | bit
        self._beginnings = Beginnings(self._stems)

    def of(self, word: str) -> int:
        """The bits of this word; 0 if nobody knows it."""
        mark = self._words.get(word, 0)
        for stem in self._beginnings.of(word):
            mark |= self._stems[stem]
        if self._numbers and (word.isdecimal() or word in NUMBER_WORDS):
            mark |= self._numbers
        return mark
