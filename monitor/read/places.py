"""Where something is said to be: names of places found in a text, homonyms told apart, and events tied to places.

Rules, in this order: a longer phrase beats a shorter one («площадь Астана» is a square in Almaty); a name that is an
ordinary word counts only with a cue; a name abroad never resolves to Kazakhstan; a dateline is where the text was
written, not where the event is.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.signals import PlaceHit
from monitor.read.endings import legal
from monitor.read.gazetteer import AbroadPhrases, NamedPlace, PlacePhrases
from monitor.read.phrases import Element, PhraseMatcher, parse_phrases
from monitor.read.script import folded, skeleton
from monitor.read.tokens import Text

_LEVELS: Final = ("square", "district", "city", "region", "street", "country")
_CUES: Final = frozenset(
    "г город города городе городу городом гор село селе села с п пос поселок поселке аул ауле аула район районе района "
    "области область станция станции қаласы қаласында қаласының қала ауылы ауылында ауданы ауданында облысы облысында "
    "каласы каласында ауылында city town village in near из под".split()
)
_OTHER_SCRIPT: Final = re.compile("[äöüğşıñáóúńǵýž]|[\u0600-\u06ff]")
_PREPOSITIONS: Final = frozenset("в во из под у близ возле через".split())


@dataclass(frozen=True, slots=True)
class Named:
    """One place that a name may mean."""

    name: str
    region: str | None
    level: str
    population: int = 0


@dataclass(frozen=True, slots=True)
class Mention:
    """A place named in a text: which, the first and last word, and whether it stands in a dateline."""

    place: Named
    first: int
    last: int
    in_dateline: bool = False

    @property
    def is_foreign(self) -> bool:
        """Whether it lies abroad."""
        return self.place.region is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What an event is at.

    Attributes:
        regions: ISO 3166-2 codes, `("KZ",)`, or empty where nothing tells.
        places: names of cities, districts, squares and streets.
        is_foreign: the text names only places abroad (near the event).
        rule: which rule decided.
    """

    regions: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    is_foreign: bool = False
    rule: str = "nowhere"


@dataclass(slots=True)
class Gazetteer:
    """Finds names of places in texts."""

    named: Iterable[NamedPlace]
    phrases: Sequence[PlacePhrases] = ()
    abroad: Sequence[AbroadPhrases] = ()
    _stems: dict[str, list[tuple[Named, bool]]] = field(default_factory=dict, init=False)
    _skeletons: dict[str, Named] = field(default_factory=dict, init=False)
    _multi: list[Named] = field(default_factory=list, init=False)
    _cues: set[str] = field(default_factory=set, init=False)
    _matcher: PhraseMatcher = field(init=False)
    _memory: dict[str, Named | None] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Index every name once."""
        owned: list[tuple[int, tuple]] = []  # type: ignore[type-arg]
        entries: list[PlacePhrases | AbroadPhrases] = [*self.phrases, *self.abroad]
        for entry in entries:
            self._multi.append(_named(entry))
            owned += [(len(self._multi) - 1, parsed) for phrase in entry.any for parsed in _parsed(phrase)]
        for place in self.named:
            level = "city" if place.region else "abroad"
            self._index(Named(place.name, place.region, level, place.population), place, owned)
        self._matcher = PhraseMatcher(owned)

    def _index(self, named: Named, place: NamedPlace, owned: list) -> None:  # type: ignore[type-arg]
        cued = {name.lower() for name in place.needs_cue}
        for name in dict.fromkeys(name.lower().replace("ё", "е") for name in place.names):
            parts = name.replace("-", " ").replace("'", " ").split()
            if len(parts) > 1:
                self._multi.append(named)
                owned += [(len(self._multi) - 1, parsed) for parsed in parse_phrases(" ".join(parts))]
                continue
            self._add_stem(name, named, cut=False)
            if name[-1] in "аяйьы" and len(name) > 4:
                self._add_stem(name[:-1], named, cut=True)
            if name in cued:
                self._cues.add(name)

    def _add_stem(self, stem: str, named: Named, *, cut: bool) -> None:
        if named.region is not None and named.population >= 20_000 and not stem.isascii() and len(stem) > 4:
            self._skeletons.setdefault(skeleton(stem), named)
        self._stems.setdefault(stem, []).append((named, cut))
        bare = folded(stem)
        if bare != stem:
            self._stems.setdefault(bare, []).append((named, cut))

    def _single(self, word: str) -> Named | None:
        """The place that this word names by itself; the largest of several."""
        if word in self._memory:
            return self._memory[word]
        if len(self._memory) > 200_000:
            self._memory.clear()
        best: Named | None = None
        for length in range(len(word), 2, -1):
            for named, cut in self._stems.get(word[:length], ()):
                fits = legal(word[length:], vowel_cut=cut)
                if fits and (best is None or _weight(named) > _weight(best)):
                    best = named
            if best is not None:
                break
        if best is None and _OTHER_SCRIPT.search(word):
            best = self._in_other_script(skeleton(word))
        self._memory[word] = best
        return best

    def _in_other_script(self, bones: str) -> Named | None:
        """A larger place of ours in one of the other scripts of Kazakh, with whatever suffixes it carries there."""
        for length in range(len(bones), 4, -1):
            named = self._skeletons.get(bones[:length])
            if named is not None and len(bones) - length <= 7:
                return named
        return None

    def names_any(self, words: Sequence[str]) -> bool:
        """Whether any place may be named in these words; quick, and wrong only in saying yes."""
        memory = self._memory
        for word in words:
            if len(word) > 2 and (memory[word] if word in memory else self._single(word)) is not None:
                return True
        return bool(self._matcher.find(words))

    def mentions(self, text: Text) -> list[Mention]:
        """Every place named, in the order of the text."""
        words = text.words
        taken = [False] * len(words)
        found: list[Mention] = []
        hits = self._matcher.find(words)
        for hit in sorted(hits, key=lambda hit: (hit.first - hit.last, hit.first)):
            if not any(taken[hit.first : hit.last + 1]):
                taken[hit.first : hit.last + 1] = [True] * (hit.last - hit.first + 1)
                found.append(Mention(self._multi[hit.owner], hit.first, hit.last))
        for place, word in enumerate(words):
            if not taken[place] and len(word) > 2:
                named = self._single(word)
                if named is not None and self._has_cue(text, place, word, named):
                    found.append(Mention(named, place, place))
        found.sort(key=lambda mention: mention.first)
        return _with_datelines(text, found)

    def _has_cue(self, text: Text, place: int, word: str, named: Named) -> bool:
        """An ordinary word is a place only where the text shows that it is meant."""
        capital = text.original[text.starts[place]].isupper()
        before = text.words[place - 1] if place else ""
        after = text.words[place + 1] if place + 1 < len(text.words) else ""
        named_as_place = before in _CUES - _PREPOSITIONS or after in _CUES - _PREPOSITIONS
        if named.region is not None and named.population < 20_000:
            return capital and named_as_place
        if word not in self._cues:
            return capital or named.population >= 100_000
        if named_as_place:
            return capital
        shouted = text.original[text.starts[place] : text.ends[place]].isupper() and len(word) > 1
        starts_sentence = place == 0 or text.sentences[place - 1] != text.sentences[place]
        if not capital or shouted or starts_sentence or before.endswith(("ых", "их")):
            return False
        return named.population >= 100_000 or before in _PREPOSITIONS

    def find(self, text: Text, home_region: str | None = None) -> tuple[PlaceHit, ...]:
        """The places named, as they are reported: those abroad carry no region."""
        return tuple(hit_of(text, mention) for mention in self.mentions(text))


def hit_of(text: Text, mention: Mention) -> PlaceHit:
    """A mention with its place in the text."""
    return PlaceHit(mention.place.name, mention.place.region, text.starts[mention.first], text.ends[mention.last])


def _named(entry: PlacePhrases | AbroadPhrases) -> Named:
    if isinstance(entry, PlacePhrases):
        return Named(entry.name, entry.region, entry.level, 1_000_000)
    return Named(entry.name, None, "abroad", 1_000_000)


def _parsed(phrase: str) -> list[tuple]:  # type: ignore[type-arg]
    """A phrase, and the same as typed without Kazakh letters."""
    plain = parse_phrases(phrase)
    bare = [elements for elements in parse_phrases(phrase, folded) if elements not in plain and _is_telling(elements)]
    return plain + bare


def _is_telling(elements: tuple[Element, ...]) -> bool:
    """Short stems without their Kazakh letters begin ordinary Russian words («шқо», East Kazakhstan, and «школа»)."""
    return all(len(word) >= 5 for element in elements for word in (*element.words, *element.stems))


def _weight(named: Named) -> int:
    # A name shared with a place abroad is ours unless ours is a village: the texts we read are about Kazakhstan.
    return named.population + 100_000_000 * (named.region is not None and named.population >= 20_000)


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
    return [Mention(first.place, first.first, first.last, in_dateline=True), *mentions[1:]]


def where(text: Text, mentions: Sequence[Mention], first: int, last: int) -> Where:
    """What an event told by the words `first` to `last` is at."""
    events = [mention for mention in mentions if not mention.in_dateline]
    sentence = text.sentences[first]
    for rule, reach in (("same sentence", 0), ("next sentence", 1), ("whole text", len(text.words))):
        near = [mention for mention in events if abs(text.sentences[mention.first] - sentence) <= reach]
        decided = _decide(near, first, last, rule)
        if decided is not None:
            return decided
    datelines = [mention for mention in mentions if mention.in_dateline]
    return _decide(datelines, first, last, "dateline") or Where()


def _decide(near: Sequence[Mention], first: int, last: int, rule: str) -> Where | None:
    ours = [mention for mention in near if mention.place.region]
    abroad = [mention for mention in near if mention.place.region is None]
    precise = [mention for mention in ours if mention.place.level != "country"]
    if abroad and not precise:
        return Where(is_foreign=True, rule=rule)
    if precise and abroad and _distance(abroad, first, last) + 3 < _distance(precise, first, last):
        return Where(is_foreign=True, rule=rule)
    if precise:
        return Where(regions=_regions(precise), places=_places(precise), rule=rule)
    if ours and rule != "whole text":
        return Where(regions=(WHOLE_COUNTRY,), rule=rule)
    return Where(regions=(WHOLE_COUNTRY,), rule=rule) if ours else None


def _distance(mentions: Sequence[Mention], first: int, last: int) -> int:
    return min(min(abs(mention.first - last), abs(mention.last - first)) for mention in mentions)


def _regions(mentions: Sequence[Mention]) -> tuple[str, ...]:
    """Regions of these places; a street gives its city only where no other place is named."""
    firm = [mention for mention in mentions if mention.place.level != "street"] or list(mentions)
    squares = {mention.place.region for mention in firm if mention.place.level in {"square", "district"}}
    cities = {mention.place.region for mention in firm if mention.place.level == "city"}
    if squares and squares & cities:
        return tuple(sorted(region for region in cities | squares if region))
    return tuple(sorted({mention.place.region for mention in firm if mention.place.region}))


def _places(mentions: Sequence[Mention]) -> tuple[str, ...]:
    kept = [mention.place.name for mention in mentions if mention.place.level not in {"region", "country"}]
    return tuple(dict.fromkeys(kept))
