"""The reader: a text in, everything it says to us out, each with its words and reasons. PURE.

Order of thought: cut into words; look for phrases that point to events; for each, ask its surroundings (what it needs,
what forbids it, noise, negation); find where it is and how many; join what says the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.domain.signals import PlaceHit, Reading
from monitor.read.classify import Surroundings, findings
from monitor.read.compiled import CHANGES, Compiled, parsed
from monitor.read.language import identify_words
from monitor.read.lexicon import Entry, Lexicon
from monitor.read.phrases import Found
from monitor.read.places import Gazetteer, hits_of
from monitor.read.tokens import MAX_CHARACTERS, Text, is_mixed, is_odd, quick_words, tokenize

_KAZAKH_CYRILLIC = re.compile("[а-яА-ЯәғқңөұүһіӘҒҚҢӨҰҮҺІ]")
_ARABIC = re.compile("[\u0600-\u06ff]")
_MEMORY = 60_000
MAX_TRIGGERS = 60
MAX_MENTIONS = 120
"""More of either than any honest text has; a text that is nothing but triggers costs no more."""


class Reader:
    """Reads texts with these lexicons and this gazetteer. Keeps no text; its matchers remember words they have met."""

    def __init__(self, lexicons: Sequence[Lexicon], gazetteer: Gazetteer) -> None:
        self._compiled = Compiled(lexicons)
        self._mender = self._compiled.mender
        parsed.cache_clear()
        self._gazetteer = gazetteer
        self._mixed: set[str] = set()
        self._words: dict[tuple[str, ...], _Known] = {}

    def read(self, text: str, published_at: datetime | None = None, home_region: str | None = None) -> Reading:
        """All that the text says.

        Args:
            text: plain text, any length; see `tokens.MAX_CHARACTERS`.
            published_at: when it was published; years named in the text are compared with it.
            home_region: the region that the source writes about, for texts that name no place.
        """
        text = text[:MAX_CHARACTERS]
        quick = quick_words(text)
        met: list[Found] | None = None
        named: list[Found] | None = None
        language = identify_words(quick[:60], text[:400])
        ways = _ways(language, text)
        telling = self._telling(quick, ways)
        if is_odd(text, quick) or (self._mixed and not self._mixed.isdisjoint(quick)):
            cut = tokenize(text)
            telling = self._telling(cut.words, ways)
            self._mend(cut.words, telling, cut.starred)
        else:
            self._mend(quick, telling)
            if not telling:
                return Reading(language=language)
            met = self._compiled.triggers["plain"].find(quick, telling)
            named = self._gazetteer.met(quick, telling)
            if not met and not named and language != "kk" and not self._gazetteer.names_any(quick, telling):
                # Most ordinary posts are done here, without offsets.
                return Reading(language=language)
            cut = tokenize(text, quick)
        return self._look(cut, telling, (language, ways), (met, named), (published_at, home_region))

    def _look(
        self,
        cut: Text,
        telling: list[int],
        tongue: tuple[str, tuple[str, ...]],
        met: tuple[list[Found] | None, list[Found] | None],
        outside: tuple[datetime | None, str | None],
    ) -> Reading:
        language, ways = tongue
        mentions = self._gazetteer.mentions(cut, telling, other_script=language == "kk", met=met[1])
        triggers = self._compiled.find(self._compiled.triggers, cut, ways, telling, met[0])
        places: tuple[PlaceHit, ...] = hits_of(cut, mentions)
        if language != "kk":
            triggers = self._compiled.in_their_language(triggers, cut)
        triggers, mentions = triggers[:MAX_TRIGGERS], mentions[:MAX_MENTIONS]
        if not triggers:
            return Reading(language=language, places=places)
        context = self._compiled.find(self._compiled.context, cut, ways, telling)
        around = Surroundings(cut, self._compiled, context, mentions, *outside)
        return Reading(language=language, findings=findings(around, triggers), places=places)

    def _telling(self, words: list[str], ways: tuple[str, ...]) -> list[int]:
        """Where the words stand that may belong to anything; each word is asked once and remembered."""
        known = self._words.setdefault(ways, _Known())
        unknown = set(words).difference(known.dull, known.telling)
        if len(known.dull) + len(known.telling) + len(unknown) > _MEMORY:
            known, unknown = self._forgotten(ways), set(words)
        for word in unknown:
            if is_mixed(word):
                self._mixed.add(word)
            (known.telling if self._is_telling(word, ways) else known.dull).add(word)
        told = known.telling
        return [place for place, word in enumerate(words) if word in told]

    def _forgotten(self, ways: tuple[str, ...]) -> "_Known":
        """All memories of words go at once: what one of them knows, the others rely on."""
        self._words.clear()
        self._mixed.clear()
        self._mender.forget()
        return self._words.setdefault(ways, _Known())

    def _is_telling(self, word: str, ways: tuple[str, ...]) -> bool:
        compiled = self._compiled
        for way in ways:
            changed = CHANGES[way](word)
            if compiled.triggers[way].may_hold(changed) or compiled.context[way].may_hold(changed):
                return True
        other = "skeleton" in ways or "arabic" in ways
        return self._gazetteer.may_name(word, other_script=other) or self._mender.mended(word) != word

    def _mend(self, words: list[str], telling: list[int], starred: frozenset[int] = frozenset()) -> None:
        """Puts words right in which one letter is wrong or struck out."""
        mender, plain = self._mender, self._compiled.triggers["plain"]
        for place in starred:
            if not plain.begins(words[place]) and not self._gazetteer.may_name(words[place]):
                words[place] = mender.unstarred(words[place])
        wrong = mender.wrong(words)
        for place in telling if wrong else ():
            if words[place] in wrong:
                words[place] = mender.mended(words[place])
        if starred:
            telling[:] = sorted({*telling, *starred})


@dataclass(slots=True)
class _Known:
    """Words met before: those that belong to nothing, and the others."""

    dull: set[str] = field(default_factory=set)
    telling: set[str] = field(default_factory=set)


def _ways(language: str, text: str) -> tuple[str, ...]:
    """Ways of writing that are worth asking for: Kazakh in other letters only where the text is Kazakh."""
    if language != "kk":
        return ("plain",)
    if _ARABIC.search(text):
        return ("plain", "arabic")
    return ("plain", "folded") if _KAZAKH_CYRILLIC.search(text) else ("plain", "skeleton")


def example_faults(reader: Reader, entry: Entry) -> list[str]:
    """Which of an entry's own examples do not hold, in words."""
    faults = [f"is not found in its example «{text}»" for text in entry.matches if not _meets(reader, entry, text)]
    return faults + [
        f"is found in «{text}», where it must not be" for text in entry.misses if _meets(reader, entry, text)
    ]


def _meets(reader: Reader, entry: Entry, text: str) -> bool:
    return any(hit.rule == entry.id for finding in reader.read(text).findings for hit in finding.because)
