"""Where something is said to be: names of places found in a text, homonyms told apart.

Rules, in this order: a longer phrase beats a shorter one («площадь Астана» is a square in Almaty); a name that is an
ordinary word counts only with a cue; a name abroad never resolves to Kazakhstan; a dateline is where the text was
written, not where the event is. Which of the places an event is at, `monitor.read.whereabouts` decides.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import InitVar, dataclass, field, replace
from typing import Final

from monitor.domain.signals import PlaceHit
from monitor.read.beginnings import Beginnings
from monitor.read.endings import is_adjective, is_inside, is_locative, legal
from monitor.read.gazetteer import AbroadPhrases, NamedPlace, PlacePhrases
from monitor.read.mentions import Mention, Named
from monitor.read.phrases import Element, Found, PhraseMatcher, parse_phrases
from monitor.read.place_company import family, follows_a_name, is_aside, is_first_of_a_name, is_given_name, opens
from monitor.read.place_groups import in_order
from monitor.read.place_words import (
    AFTER_CITY,
    BEFORE_CITY,
    BEFORE_TOPIC,
    CUES,
    EMBASSIES,
    FATES,
    FROM,
    INSIDE,
    PARTS_OF_COUNTRY,
    PREPOSITIONS,
    SURNAMES,
)
from monitor.read.script import folded, skeleton
from monitor.read.tokens import Text

LARGE: Final = 100_000
"""Inhabitants of a place that is named without more ado, even in lower case."""
COUNTRY: Final = 1_000_000
"""Inhabitants from which a name abroad is also looked for in the other scripts of Kazakh."""
SMALL: Final = 20_000
"""Below this many inhabitants, a name needs «в», «село» or a case ending beside it."""
_KAZAKH_LETTERS: Final = frozenset("әғқңөұүһі")
"""Names that hold one are not declined as in Russian: «қарағанда» is "according to", not Қарағанды."""
_OTHER_SCRIPT: Final = re.compile("[ß-ɏə]|[\u0600-\u06ff]")
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")
_LONGEST_SUFFIX: Final = 7
_ARABIC_FIRST: Final = "\u0600"
_LEAST_WORD: Final = 4
_LEAST_BEGINNING: Final = 5
"""Letters that a word, or the beginning of one, must have to be looked for where scripts meet: shorter ones meet others."""
_BREADTHS: Final = {"city": 1, "region": 2, "country": 3, "abroad": 3, "fuzzy": 4}
"""Of two places with one name the narrower is meant; squares, streets and districts are narrowest."""
_MEMORY: Final = 30_000
_UNKNOWN: Final = object()


@dataclass(slots=True)
class Gazetteer:
    """Finds names of places in texts; keeps an index and none of the rows it was made of."""

    named: InitVar[Iterable[NamedPlace]]
    phrases: InitVar[Sequence[PlacePhrases]] = ()
    abroad: InitVar[Sequence[AbroadPhrases]] = ()
    _stems: dict[str, tuple[tuple[Named, bool, bool], ...]] = field(default_factory=dict, init=False)
    _skeletons: dict[str, Named] = field(default_factory=dict, init=False)
    _multi: list[Named] = field(default_factory=list, init=False)
    _ordinary: set[str] = field(default_factory=set, init=False)
    _matcher: PhraseMatcher = field(init=False)
    _beginnings: Beginnings = field(init=False)
    _respelled: PhraseMatcher = field(init=False)
    _memory: dict[str, Named | None] = field(default_factory=dict, init=False)

    def __post_init__(
        self, named: Iterable[NamedPlace], phrases: Sequence[PlacePhrases], abroad: Sequence[AbroadPhrases]
    ) -> None:
        """Index every name once."""
        owned: list[tuple[int, tuple]] = []  # type: ignore[type-arg]
        spelled: list[tuple[int, str]] = []
        entries: list[PlacePhrases | AbroadPhrases] = [*phrases, *abroad]
        for entry in entries:
            self._multi.append(_named(entry))
            owned += [(len(self._multi) - 1, parsed) for phrase in entry.any for parsed in _parsed(phrase)]
            spelled += [(len(self._multi) - 1, phrase) for phrase in entry.any if _CYRILLIC.search(phrase)]
        for place in named:
            level = "city" if place.region else "abroad"
            self._index(Named(place.name, place.region, level, place.population), place, owned, spelled)
        self._matcher = PhraseMatcher(owned)
        self._respelled = PhraseMatcher(
            (owner, elements)
            for owner, phrase in spelled
            for elements in parse_phrases(phrase, skeleton)
            if _is_long(elements)
        )
        self._beginnings = Beginnings(self.stems())

    def _index(self, named: Named, place: NamedPlace, owned: list, spelled: list[tuple[int, str]]) -> None:  # type: ignore[type-arg]
        cued = {name.lower() for name in place.needs_cue}
        for name in dict.fromkeys(name.lower().replace("ё", "е") for name in place.names):
            parts = name.replace("-", " ").replace("'", " ").split()
            if len(parts) > 1:
                self._multi.append(named)
                owned += [(len(self._multi) - 1, parsed) for parsed in parse_phrases(" ".join(parts))]
                spelled += [(len(self._multi) - 1, " ".join(parts))] * bool(_CYRILLIC.search(name))
                continue
            self._add_stem(name, named, cut=False, cued=name in cued)
            if name[-1] in "аяйьы" and len(name) > 4 and not _KAZAKH_LETTERS & set(name):
                self._add_stem(name[:-1], named, cut=True, cued=name in cued)

    def _add_stem(self, stem: str, named: Named, *, cut: bool, cued: bool) -> None:
        large = named.population >= (SMALL if named.region is not None else COUNTRY)
        if large and not stem.isascii() and len(stem) > 4:
            self._skeletons.setdefault(skeleton(stem), named)
        self._stems[stem] = (*self._stems.get(stem, ()), (named, cut, cued))
        bare = folded(stem)
        if bare != stem:
            self._stems[bare] = (*self._stems.get(bare, ()), self._stems[stem][-1])

    def _single(self, word: str) -> Named | None:
        """The place that this word names by itself; the largest of several."""
        known = self._memory.get(word, _UNKNOWN)
        if known is not _UNKNOWN:
            return known  # type: ignore[return-value]
        if len(self._memory) > _MEMORY:
            self._memory.clear()
            self._ordinary.clear()
        self._memory[word] = self._resolved(word)
        return self._memory[word]

    def _resolved(self, word: str) -> Named | None:
        best: Named | None = None
        is_ordinary = False
        for stem in reversed(self._beginnings.of(word)):
            for named, cut, cued in self._stems[stem]:
                fits = legal(word[len(stem) :], vowel_cut=cut)
                if fits and (best is None or _weight(named) > _weight(best)):
                    best, is_ordinary = named, cued
            if best is not None:
                break
        if is_ordinary:
            self._ordinary.add(word)
        if best is None and _OTHER_SCRIPT.search(word):
            best = self._in_other_script(skeleton(word))
        return best

    def _in_other_script(self, bones: str) -> Named | None:
        """A larger place in one of the other scripts of Kazakh, with whatever suffixes it carries there."""
        for length in range(len(bones), max(4, len(bones) - 1 - _LONGEST_SUFFIX), -1):
            named = self._skeletons.get(bones[:length])
            if named is not None:
                return named
        return None

    def _in_latin_or_arabic(self, text: Text) -> list[Found]:
        """Names of several words and with chosen endings («Жамбыл облысы», «Оралда»), in the other scripts of Kazakh."""
        words = text.words
        places = [place for place, word in enumerate(words) if not (_CYRILLIC.search(word) or word.isdecimal())]
        if not places:
            return []
        hits = self._respelled.find([skeleton(word) for word in words], places)
        return [hit for hit in hits if hit.first < hit.last or not is_first_of_a_name(text, hit.first)]

    @property
    def matcher(self) -> PhraseMatcher:
        """Finds names of several words."""
        return self._matcher

    def stems(self) -> Iterable[str]:
        """Beginnings of all names of one word."""
        return (stem for stem in self._stems if len(stem) > 2)

    def may_name(self, word: str, *, other_script: bool = False) -> bool:
        """Whether the word by itself may be the name of a place; wrong only in saying yes."""
        if len(word) > 2 and self._resolved(word) is not None:
            return True
        return other_script and len(word) > 5 and self._in_other_script(skeleton(word)) is not None

    def names_any(self, words: Sequence[str], in_names: Sequence[int], alone: Sequence[int]) -> bool:
        """Whether any place may be named that would be told; quick, and wrong only in saying yes.

        Args:
            words: those of the text.
            in_names: where words stand that may belong to a name of several words.
            alone: where words stand that may be names by themselves.
        """
        return bool(alone) or any(is_told(self._multi[hit.owner]) for hit in self._matcher.find(words, in_names))

    def mentions(
        self,
        text: Text,
        told: tuple[Sequence[int], Sequence[int]] | None = None,
        *,
        other_script: bool = False,
    ) -> list[Mention]:
        """Every place named, in the order of the text.

        Args:
            text: the text.
            told: where the words stand that may belong to a name of several words, and those that may be names by
                themselves; all where not given.
            other_script: also look for our larger places in Latin letters of Kazakh.
        """
        words = text.words
        taken = [False] * len(words)
        found: list[Mention] = []
        in_names, alone = (range(len(words)), range(len(words))) if told is None else told
        hits = self._matcher.find(words, in_names) + (self._in_latin_or_arabic(text) if other_script else [])
        for hit in sorted(hits, key=self._longest_first):
            if text.sentences[hit.first] == text.sentences[hit.last] and not any(taken[hit.first : hit.last + 1]):
                taken[hit.first : hit.last + 1] = [True] * (hit.last - hit.first + 1)
                found.append(_mention(text, self._multi[hit.owner], hit.first, hit.last))
        people: tuple[str, ...] = ()
        for place in alone:
            word = words[place]
            if taken[place] or len(word) <= 2 or word.startswith(people):
                continue
            named = self._single(word)
            if named is None and other_script and len(word) > 5 and word.isascii():
                named = self._in_other_script(skeleton(word))
            surname = word.endswith(SURNAMES) and follows_a_name(text, place)
            if surname:
                people = (*people, family(word))
            given = named is not None and is_given_name(text, place)
            if named is not None and not surname and not given and self._has_cue(text, place, word, named):
                found.append(_mention(text, named, place, place))
        found.sort(key=lambda mention: mention.first)
        return _with_datelines(text, in_order(text, _without_vague_abroad(found)))

    def _longest_first(self, hit: Found) -> tuple[int, int, bool, int, int]:
        """Of names that cover the same words, one that stands for a place before one that only hints at a country."""
        named = self._multi[hit.owner]
        return hit.first - hit.last, hit.first, named.weak, _BREADTHS.get(named.level, 0), hit.owner

    def _has_cue(self, text: Text, place: int, word: str, named: Named) -> bool:
        """An ordinary word is a place only where the text shows that it is meant."""
        letter = text.original[text.starts[place]]
        # Arabic script has no capitals; there the case of "in" shows a place.
        capital = letter.isupper() or (letter >= _ARABIC_FIRST and is_inside(skeleton(word)))
        before = text.words[place - 1] if place else ""
        after = text.words[place + 1] if place + 1 < len(text.words) else ""
        short = place > 0 and before in {"с", "п", "а"} and text.original[text.ends[place - 1]] == "."
        called = (
            short or before in CUES or before.startswith(BEFORE_CITY) or after in CUES or after.startswith(AFTER_CITY)
        )
        ordinary = word in self._ordinary
        # «Семей. Жители…», «Сатпаев: …»: the name of a town by itself at the head of a line.
        called = called or (named.region is not None and opens(text, place) and not is_adjective(word))
        if named.region is not None and named.population < SMALL:
            if not capital or is_adjective(word):
                return capital and called and not ordinary
            here = before in PREPOSITIONS or is_locative(word)
            return called or (len(word) > 4 and (here or (not ordinary and opens(text, place))))
        if not ordinary:
            return capital or (named.population >= LARGE and named.region is not None)
        if called:
            return capital
        shouted = text.original[text.starts[place] : text.ends[place]].isupper() and len(word) > 1
        starts_sentence = place == 0 or text.sentences[place - 1] != text.sentences[place]
        if not capital or shouted or starts_sentence or before.endswith(("ых", "их")) or is_adjective(word):
            return False
        return named.population >= LARGE or before in PREPOSITIONS or is_locative(word)


def hit_of(text: Text, mention: Mention) -> PlaceHit:
    """A mention with its place in the text."""
    return PlaceHit(mention.place.name, mention.place.region, text.starts[mention.first], text.ends[mention.last])


def hits_of(text: Text, mentions: Sequence[Mention]) -> tuple[PlaceHit, ...]:
    """The places named, as they are reported: those abroad carry no region, and cues are no places."""
    return tuple(hit_of(text, mention) for mention in mentions if is_told(mention.place))


def is_told(place: Named) -> bool:
    """Whether it is a place and no mere hint at one («в стране», «в городе»)."""
    return not (place.weak and place.level in {"country", "city", "abroad"})


def _mention(text: Text, named: Named, first: int, last: int) -> Mention:
    before = text.words[first - 1] if first else ""
    after = text.words[last + 1] if last + 1 < len(text.words) else ""
    embassy = named.region is None and (
        before.startswith(EMBASSIES)
        or after.startswith(EMBASSIES)
        or (before in {"of", "the"} and first > 1 and text.words[first - 2].startswith(EMBASSIES))
    )
    at_border = first > 1 and before in {"с", "with"} and text.words[first - 2].startswith(("границ", "border"))
    fate = first > 1 and before in INSIDE and text.words[first - 2].startswith(FATES)
    topic = named.region is None and (
        before in BEFORE_TOPIC or at_border or fate or after.startswith(("қарсы", "карсы", "style"))
    )
    inside = before in INSIDE or is_inside(text.words[last])
    away = before in FROM or (is_locative(text.words[last]) and not is_inside(text.words[last]))
    return Mention(
        named,
        first,
        last,
        is_adjective=first == last and is_adjective(text.words[first]) and not after.startswith(PARTS_OF_COUNTRY),
        is_topic=topic,
        is_locative=before in PREPOSITIONS or is_locative(text.words[last]),
        is_inside=inside,
        is_embassy=embassy,
        is_aside=named.region is not None and (away or is_aside(text.words, first, last)),
    )


def _named(entry: PlacePhrases | AbroadPhrases) -> Named:
    if isinstance(entry, PlacePhrases):
        return Named(entry.name, entry.region, entry.level, 1_000_000, entry.weak)
    return Named(entry.name, None, "abroad", 1_000_000, entry.weak)


def _parsed(phrase: str) -> list[tuple]:  # type: ignore[type-arg]
    """A phrase, and the same as typed without Kazakh letters."""
    plain = parse_phrases(phrase)
    bare = [elements for elements in parse_phrases(phrase, folded) if elements not in plain and _is_telling(elements)]
    return plain + bare


def _is_telling(elements: tuple[Element, ...]) -> bool:
    """Short stems without their Kazakh letters begin ordinary Russian words («шқо», East Kazakhstan, and «школа»)."""
    return all(len(word) >= 5 for element in elements for word in (*element.words, *element.stems))


def _is_long(elements: tuple[Element, ...]) -> bool:
    """Whether one of its words is long enough to be told from others where scripts meet."""
    return any(
        all(len(word) >= _LEAST_WORD for word in element.words)
        and all(len(stem) >= _LEAST_BEGINNING for stem in element.stems)
        for element in elements
        if element.words or element.stems
    )


def _weight(named: Named) -> int:
    # A name shared with a place abroad is ours unless ours is a village: the texts we read are about Kazakhstan.
    return named.population + 100_000_000 * (named.region is not None and named.population >= SMALL)


def _without_vague_abroad(mentions: list[Mention]) -> list[Mention]:
    """«В стране» and a square that other cities have, too, are ours only where the text speaks of no other country."""
    ours = any(
        mention.place.region and not mention.place.weak and mention.place.level != "fuzzy" for mention in mentions
    )
    if ours or not any(mention.is_foreign and not mention.is_topic for mention in mentions):
        return mentions
    return [
        mention
        for mention in mentions
        if mention.is_foreign or not (mention.place.level == "fuzzy" or mention.place.weak)
    ]


def _with_datelines(text: Text, mentions: list[Mention]) -> list[Mention]:
    """Marks the place that opens a text before a dash or a full stop («АЛМАТЫ, 5 января —»)."""
    if not mentions or mentions[0].first > 1:
        return mentions
    first = mentions[0]
    opening = text.original[text.ends[first.last] : text.ends[first.last] + 40]
    head = opening.lstrip()[:1]
    dashed = any(mark in opening[:30] for mark in ("—", "–", " - ", "/")) and head in {
        ",",
        ".",
        "—",
        "–",
        "-",
        "(",
        "/",
    }
    stopped = head == "." and text.original[text.starts[0] : text.ends[first.last]].isupper()
    if not (dashed or stopped) or (len(mentions) == 1 and not first.is_foreign):
        return mentions
    return [replace(first, in_dateline=True), *_with_country(text, first, mentions[1:])]


def _with_country(text: Text, first: Mention, others: list[Mention]) -> list[Mention]:
    """The country behind a town («AKTAU, Kazakhstan (Reuters) -») is part of its dateline, too."""
    if not others or others[0].place.level != "country" or others[0].first != first.last + 1:
        return others
    return [replace(others[0], in_dateline=True), *others[1:]]
