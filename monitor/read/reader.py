"""The reader: a text in, everything it says to us out, each with its words and reasons. PURE.

Order of thought: cut into words; look for phrases that point to events; for each, ask its surroundings (what it needs,
what forbids it, noise, negation); find where it is and how many; join what says the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Final

from monitor.domain.signals import PlaceHit, Reading
from monitor.read.classify import Surroundings, findings
from monitor.read.compiled import CHANGES, Compiled, mender_of, parsed
from monitor.read.composition import WORTH, composed
from monitor.read.language import identify_words
from monitor.read.lexicon import Entry, Lexicon
from monitor.read.phrases import Found
from monitor.read.places import Gazetteer, hits_of
from monitor.read.tokens import MAX_CHARACTERS, Text, is_mixed, is_odd, quick_words, tokenize
from monitor.read.weighed import Weights
from monitor.read.word_marks import WordMarks

_KAZAKH_CYRILLIC = re.compile("[а-яА-ЯәғқңөұүһіӘҒҚҢӨҰҮҺІ]")
_LATIN = re.compile("[a-zA-ZÀ-ɏ]")
_KAZAKH_LETTER = re.compile("[әғқңөұүіӘҒҚҢӨҰҮІ]")
_SPELLED_OUT = 10
"""With a Kazakh letter in so many, the text is spelled with them; without them «өрт» and «орта» would begin alike."""
_ARABIC = re.compile("[\u0600-\u06ff]")
_MEMORY = 50_000
"""Words remembered, about 140 bytes each: those of a few weeks of ordinary news."""
MAX_TRIGGERS = 60
MAX_MENTIONS = 120
"""More of either than any honest text has; a text that is nothing but triggers costs no more."""


class Reader:
    """Reads texts with these lexicons and this gazetteer. Keeps no text; its matchers remember words they have met."""

    def __init__(self, lexicons: Sequence[Lexicon], gazetteer: Gazetteer, weights: Weights | None = None) -> None:
        self._compiled = Compiled(lexicons)
        self._weights = weights
        self._respelled = {way: weights.spelled(arabic=way == "arabic") for way in _OTHER_SCRIPTS} if weights else {}
        self._weighed: dict[str, float] = {}
        self._mender = mender_of(lexicons)
        parsed.cache_clear()
        self._gazetteer = gazetteer
        self._told = {way: self._marks_of(way) for way in CHANGES}
        self._mixed: set[str] = set()
        self._words: dict[tuple[str, ...], dict[str, int]] = {}

    def _marks_of(self, way: str) -> WordMarks:
        """What words may belong to in one way of writing; names are looked for as they are written."""
        sources = [(_TRIGGER, self._compiled.triggers[way]), (_CONTEXT, self._compiled.context[way])]
        if way != "plain":
            return WordMarks(sources)
        names = ((_MAY_NAME, stem) for stem in self._gazetteer.stems())
        return WordMarks([*sources, (_IN_NAME, self._gazetteer.matcher)], names)

    def read(
        self,
        text: str,
        published_at: datetime | None = None,
        home_region: str | None = None,
        *,
        always_places: bool = True,
    ) -> Reading:
        """All that the text says.

        Args:
            text: plain text, any length; see `tokens.MAX_CHARACTERS`.
            published_at: when it was published; years named in the text are compared with it.
            home_region: the region that the source writes about, for texts that name no place.
            always_places: name the places also where nothing points to an event.
        """
        text = text[:MAX_CHARACTERS]
        quick = quick_words(text)
        language = identify_words(quick[:60], text[:400])
        ways = _ways(language, text)
        asked = _Asked(language, ways, published_at, home_region)
        marks = self._marks(quick, ways)
        if is_odd(text, quick) or (self._mixed and not self._mixed.isdisjoint(quick)):
            cut = tokenize(text)
            self._unstar(cut)
            told = _Told(self._mended_marks(cut.words, self._marks(cut.words, ways), ways))
            return self._look(cut, told, asked, None)
        told = _Told(self._mended_marks(quick, marks, ways))
        met = self._compiled.triggers["plain"].find(quick, told.triggers)
        if met and len(ways) == 1:
            met = self._compiled.possible(met, quick, told.context)
        tells = met or language == "kk" or (told.heavy >= _FEWEST_HEAVY and self._tells(quick))
        if not tells and not (always_places and self._gazetteer.names_any(quick, *told.names)):
            # Most ordinary posts are done here, without offsets.
            return Reading(language=language)
        return self._look(tokenize(text, quick), told, asked, met)

    def weighed(self, text: str) -> tuple[float, dict[str, float]] | None:
        """How probable an event is by words alone, 0..1, and what each of them weighs; `None` where nothing is weighed."""
        text = text[:MAX_CHARACTERS]
        words = tokenize(text).words
        weights = self._weights_of(_ways(identify_words(words[:60], text[:400]), text))
        if weights is None:
            return None
        own = {word: weights.of(word) for word in words}
        return weights.most([own[word] for word in words]), own

    def _tells(self, words: Sequence[str]) -> bool:
        """Whether words alone may tell an event; asked only where they are written as they were weighed."""
        return self._weights is not None and self._event(words, self._weights) >= WORTH

    def _weights_of(self, ways: tuple[str, ...]) -> Weights | None:
        """The weights for words written in one of these ways; `None` where nothing is weighed."""
        return self._respelled.get(ways[-1], self._weights)

    def _event(self, words: Sequence[str], weights: Weights) -> float:
        """How probable an event is by the weights of words, 0..1."""
        if weights is not self._weights:
            return weights.most(list(map(weights.of, words)))
        try:
            return weights.most(list(map(self._weighed.__getitem__, words)))
        except KeyError:
            if len(self._weighed) > _MEMORY:
                self._weighed.clear()
            self._weighed.update((word, weights.of(word)) for word in set(words).difference(self._weighed))
            return weights.most(list(map(self._weighed.__getitem__, words)))

    def _look(self, cut: Text, told: "_Told", asked: "_Asked", met: list[Found] | None) -> Reading:
        language, ways = asked.language, asked.ways
        mentions = self._gazetteer.mentions(cut, told.names, other_script=language == "kk")
        triggers = self._compiled.find(self._compiled.triggers, cut, ways, told.triggers, met)
        places: tuple[PlaceHit, ...] = hits_of(cut, mentions)
        if language != "kk":
            triggers = self._compiled.in_their_language(triggers, cut)
        triggers, mentions = triggers[:MAX_TRIGGERS], mentions[:MAX_MENTIONS]
        weights = self._weights_of(ways)
        event = 0.0 if weights is None else self._event(cut.words, weights)
        if not triggers and event < WORTH:
            return Reading(language=language, places=places)
        context = self._compiled.find(self._compiled.context, cut, ways, told.context, asked_by=triggers)
        around = Surroundings(cut, self._compiled, context, mentions, asked.published_at, asked.home_region)
        found = findings(around, triggers)
        if weights is not None:
            found = composed(around, found, weights, event, language)
        return Reading(language=language, findings=found, places=places)

    def _marks(self, words: list[str], ways: tuple[str, ...]) -> bytes:
        """What each word may belong to; each word is asked once and remembered."""
        known = self._words.setdefault(ways, {})
        try:
            return bytes(map(known.__getitem__, words))
        except KeyError:
            unknown = set(words).difference(known)
        if len(known) + len(unknown) > _MEMORY:
            known, unknown = self._forgotten(ways), set(words)
        for word in unknown:
            if is_mixed(word):
                self._mixed.add(word)
            known[word] = self._mark(word, ways)
        return bytes(map(known.__getitem__, words))

    def _forgotten(self, ways: tuple[str, ...]) -> dict[str, int]:
        """All memories of words go at once: what one of them knows, the others rely on."""
        self._words.clear()
        self._mixed.clear()
        self._mender.forget()
        return self._words.setdefault(ways, {})

    def _mark(self, word: str, ways: tuple[str, ...]) -> int:
        mark = 0
        for way in ways:
            mark |= self._told[way].of(CHANGES[way](word))
        other_script = "skeleton" in ways or "arabic" in ways
        if (mark & _MAY_NAME or other_script) and self._gazetteer.may_name(word, other_script=other_script):
            mark |= _NAME
        mark = mark & ~_MAY_NAME or _WRONG * (self._mender.mended(word) != word)
        heavy = self._weights is not None and self._weights.of(word) >= _HEAVY_WEIGHT
        return mark | _HEAVY if heavy and mark != _WRONG else mark

    def _unstar(self, cut: Text) -> None:
        """Puts words right in which a letter is struck out."""
        plain, gazetteer, words = self._compiled.triggers["plain"], self._gazetteer, cut.words
        for place in cut.starred:
            word = words[place]
            in_name = self._told["plain"].of(word) & _IN_NAME
            if not plain.begins(word) and not in_name and not gazetteer.may_name(word):
                words[place] = self._mender.unstarred(word)

    def _mended_marks(self, words: list[str], marks: bytes, ways: tuple[str, ...]) -> bytes:
        """Puts words right, in place, in which one letter is wrong; the marks of all words after that."""
        if _WRONG not in marks:
            return marks
        for place, mark in enumerate(marks):
            if mark == _WRONG:
                words[place] = self._mender.mended(words[place])
        return self._marks(words, ways)


_TRIGGER, _CONTEXT, _IN_NAME, _NAME, _WRONG, _MAY_NAME, _HEAVY = 1, 2, 4, 8, 16, 32, 64
"""What a word may belong to: a phrase that points to an event, one that surrounds it, a name of several words; it may be
a name by itself; it is written wrong; it begins like a name; it speaks much for an event."""
_OTHER_SCRIPTS: Final = ("skeleton", "arabic")
"""Ways of writing in which words were never weighed; they are respelled for it."""
_HEAVY_WEIGHT: Final = 0.4
_FEWEST_HEAVY: Final = 3
"""Fewer such words never make an event probable enough to be told by words alone."""


_CARRY: Final = {
    bit: bytes(mark & bit and 1 for mark in range(256)) for bit in (_TRIGGER, _CONTEXT, _IN_NAME, _NAME, _HEAVY)
}
"""For each mark the bytes that carry it."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is known of a text beside its words."""

    language: str
    ways: tuple[str, ...]
    published_at: datetime | None
    home_region: str | None


@dataclass(frozen=True, slots=True)
class _Told:
    """Where the words stand that may belong to something."""

    marks: bytes

    @property
    def triggers(self) -> list[int]:
        """Those that may belong to phrases that point to events."""
        return self._with(_TRIGGER)

    @property
    def context(self) -> list[int]:
        """Those that may belong to phrases that surround them."""
        return self._with(_CONTEXT)

    @property
    def names(self) -> tuple[list[int], list[int]]:
        """Those that may belong to names of several words, and those that may be names by themselves."""
        return self._with(_IN_NAME), self._with(_NAME)

    @property
    def heavy(self) -> int:
        """How many of them speak much for an event."""
        return self.marks.translate(_CARRY[_HEAVY]).count(1)

    def _with(self, bit: int) -> list[int]:
        return list(compress(range(len(self.marks)), self.marks.translate(_CARRY[bit])))


def _ways(language: str, text: str) -> tuple[str, ...]:
    """Ways of writing that are worth asking for: Kazakh in other letters only where the text is Kazakh."""
    if language != "kk":
        return ("plain",)
    if _ARABIC.search(text):
        return ("plain", "arabic")
    cyrillic = len(_KAZAKH_CYRILLIC.findall(text))
    if not cyrillic:
        return ("plain", "skeleton")
    if cyrillic * 2 < len(_LATIN.findall(text)):
        # A post in Latin letters with a name or a hashtag in Cyrillic.
        return ("plain", "skeleton")
    if len(_KAZAKH_LETTER.findall(text)) * _SPELLED_OUT >= cyrillic:
        return ("plain",)
    return ("plain", "folded")


def example_faults(reader: Reader, entry: Entry) -> list[str]:
    """Which of an entry's own examples do not hold, in words."""
    faults = [f"is not found in its example «{text}»" for text in entry.matches if not _meets(reader, entry, text)]
    return faults + [
        f"is found in «{text}», where it must not be" for text in entry.misses if _meets(reader, entry, text)
    ]


def _meets(reader: Reader, entry: Entry, text: str) -> bool:
    return any(hit.rule == entry.id for finding in reader.read(text).findings for hit in finding.because)
