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
from monitor.read.places import Gazetteer, hit_of
from monitor.read.tokens import quick_words, tokenize

_ODD = re.compile("[\u00ad\u0300-\u036f\u0483-\u0489\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff*#@$•·]")
_KAZAKH_CYRILLIC = re.compile("[а-яәғқңөұүһі]")
_ARABIC = re.compile("[\u0600-\u06ff]")


class Reader:
    """Reads texts with these lexicons and this gazetteer. Keeps no text; its matchers remember words they have met."""

    def __init__(self, lexicons: Sequence[Lexicon], gazetteer: Gazetteer) -> None:
        self._compiled = Compiled(lexicons)
        self._gazetteer = gazetteer

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
        cut = tokenize(text)
        mentions = self._gazetteer.mentions(cut)
        ways = _ways(language, text)
        triggers = self._compiled.find(self._compiled.triggers, cut, ways)
        places: tuple[PlaceHit, ...] = tuple(hit_of(cut, mention) for mention in mentions)
        if not triggers:
            return Reading(language=language, places=places)
        context = self._compiled.find(self._compiled.context, cut, ways)
        around = Surroundings(cut, self._compiled, context, mentions, published_at, home_region)
        return Reading(language=language, findings=findings(around, triggers), places=places)

    def _may_speak(self, text: str, words: list[str], language: str) -> bool:
        """Whether any phrase or place stands in the words; most ordinary posts are done here, without offsets."""
        if language == "kk" or _ODD.search(text) is not None or sum(1 for word in words if len(word) == 1) > 25:
            return True
        return bool(self._compiled.triggers["plain"].find(words)) or self._gazetteer.names_any(words)


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
