"""The reader: a text in, everything it says to us out, each with its words and reasons. PURE.

Order of thought: cut into words; look for phrases that point to events; for each, ask its surroundings (what it needs,
what forbids it, noise, negation); find where it is and how many; join what says the same.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from monitor.domain.signals import PlaceHit, Reading
from monitor.read.classify import Surroundings, findings
from monitor.read.compiled import Compiled
from monitor.read.language import identify_words
from monitor.read.lexicon import Entry, Lexicon
from monitor.read.places import Gazetteer, hits_of
from monitor.read.tokens import Text, is_odd, quick_words, tokenize

_KAZAKH_CYRILLIC = re.compile("[а-яәғқңөұүһі]")
_ARABIC = re.compile("[\u0600-\u06ff]")
_MEMORY = 100_000


class Reader:
    """Reads texts with these lexicons and this gazetteer. Keeps no text; its matchers remember words they have met."""

    def __init__(self, lexicons: Sequence[Lexicon], gazetteer: Gazetteer) -> None:
        self._compiled = Compiled(lexicons)
        self._gazetteer = gazetteer
        self._dull: set[str] = set()

    def read(self, text: str, published_at: datetime | None = None, home_region: str | None = None) -> Reading:
        """All that the text says.

        Args:
            text: plain text, any length; see `tokens.MAX_CHARACTERS`.
            published_at: when it was published; years named in the text are compared with it.
            home_region: the region that the source writes about, for texts that name no place.
        """
        quick = quick_words(text)
        language = identify_words(quick[:60], text[:400].lower())
        if not self._may_speak(text, quick, language):
            return Reading(language=language)
        cut = self._mended(tokenize(text))
        mentions = self._gazetteer.mentions(cut, other_script=language == "kk")
        ways = _ways(language, text)
        triggers = self._compiled.find(self._compiled.triggers, cut, ways)
        places: tuple[PlaceHit, ...] = hits_of(cut, mentions)
        if language != "kk":
            triggers = self._compiled.in_their_language(triggers, cut)
        if not triggers:
            return Reading(language=language, places=places)
        context = self._compiled.find(self._compiled.context, cut, ways)
        around = Surroundings(cut, self._compiled, context, mentions, published_at, home_region)
        return Reading(language=language, findings=findings(around, triggers), places=places)

    def _may_speak(self, text: str, words: list[str], language: str) -> bool:
        """Whether any phrase or place stands in the words; most ordinary posts are done here, without offsets."""
        if language == "kk" or is_odd(text, words):
            return True
        fresh = set(words) - self._dull
        if not any([self._is_telling(word) for word in fresh]):  # noqa: C419 - a list is quicker here
            return False
        plain = self._compiled.triggers["plain"]
        mender = self._compiled.mender
        return (
            bool(plain.find(words))
            or self._gazetteer.names_any(words)
            or any(mender.mended(word) != word for word in fresh)
        )

    def _is_telling(self, word: str) -> bool:
        """Whether the word may begin anything; remembered where it may not."""
        if (
            self._compiled.triggers["plain"].begins(word)
            or self._gazetteer.may_name(word)
            or self._compiled.mender.mended(word) != word
        ):
            return True
        if len(self._dull) > _MEMORY:
            self._dull.clear()
        self._dull.add(word)
        return False

    def _mended(self, cut: Text) -> Text:
        """The same text with words put right in which one letter is wrong or struck out."""
        mender, plain = self._compiled.mender, self._compiled.triggers["plain"]
        for place, word in enumerate(cut.words):
            if word in self._dull or plain.begins(word) or self._gazetteer.may_name(word):
                continue
            cut.words[place] = mender.unstarred(word) if place in cut.starred else mender.mended(word)
        return cut


def _ways(language: str, text: str) -> tuple[str, ...]:
    """Ways of writing that are worth asking for: Kazakh in other letters only where the text is Kazakh."""
    if language != "kk":
        return ("plain",)
    if _ARABIC.search(text):
        return ("plain", "arabic")
    return ("plain", "folded") if _KAZAKH_CYRILLIC.search(text.lower()) else ("plain", "skeleton")


def example_faults(reader: Reader, entry: Entry) -> list[str]:
    """Which of an entry's own examples do not hold, in words."""
    faults = [f"is not found in its example «{text}»" for text in entry.matches if not _meets(reader, entry, text)]
    return faults + [
        f"is found in «{text}», where it must not be" for text in entry.misses if _meets(reader, entry, text)
    ]


def _meets(reader: Reader, entry: Entry, text: str) -> bool:
    return any(hit.rule == entry.id for finding in reader.read(text).findings for hit in finding.because)
