"""Which of the places named in a text an event is at.

The nearest sentence decides: its own places first, then its neighbours', then the whole text's, then the dateline, last
what only hints at a place (people, money, adjectives). An event that stands nearer to a place abroad is abroad.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.domain.regions import WHOLE_COUNTRY
from monitor.read.mentions import Mention
from monitor.read.tokens import Text

_FAR: Final = 10**6
_CAPITAL: Final = "KZ-71"
_NEARNESS: Final = (
    ("same sentence", 0, 0),
    ("sentence before", 1, 0),
    ("next sentence", 1, 1),
    ("whole text", _FAR, _FAR),
)
"""Where places are looked for in turn: how many sentences before and after that of the event."""
_BESIDE: Final = 2
"""Words between an event and a place abroad that belongs to it: «протесты в Иране»."""
_WITHIN: Final = 5
"""The same for a place abroad with "in" before it: «забастовка пилотов в Германии»."""
_MARGIN: Final = 3
_HEADING_WORDS: Final = 4
"""Words of a sentence that only says where and when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What an event is at.

    Attributes:
        regions: ISO 3166-2 codes, `("KZ",)`, or empty where nothing tells.
        places: names of cities, districts, squares and streets.
        is_foreign: the text names only places abroad (near the event).
        is_countrywide: the sentence says that it is so in the whole country, whatever else it names.
        rule: which rule decided.
    """

    regions: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    is_foreign: bool = False
    is_countrywide: bool = False
    rule: str = "nowhere"


def where(text: Text, mentions: Sequence[Mention], first: int, last: int, *, seen_from: bool = False) -> Where:
    """What an event told by the words `first` to `last` is at; `seen_from`: "from Kazakhstan" may be where it is so."""
    events = [mention for mention in mentions if not mention.in_dateline and not mention.is_embassy]
    if any(mention.place.region for mention in events):
        # What a protest here is about is no place; with no place of ours, it is the only one.
        events = [mention for mention in events if not mention.is_topic]
    if seen_from:
        events = [replace(mention, is_aside=False) if mention.is_aside else mention for mention in events]
    elif any(_sets_the_scene(mention, text, first) for mention in events):
        events = [mention for mention in events if not mention.is_aside]
    sentence = text.sentences[first]
    if any(_qualifies(mention, first, last) for mention in events) or _is_of_others(events, text, first):
        return Where(is_foreign=True, rule="adjective of a country abroad")
    abroad = any(mention.is_foreign for mention in events)
    firm = [mention for mention in events if not mention.place.weak or (_is_our_capital(mention) and not abroad)]
    datelines = [mention for mention in mentions if mention.in_dateline]
    firm = _without_namesakes(firm, datelines)
    if _is_told_of_others(events, sentence, text, first, last):
        return Where(is_foreign=True, rule="people of a country abroad")
    if _is_written_abroad(datelines, events, text, sentence):
        return Where(is_foreign=True, rule="dateline abroad")
    for rule, before, after in _NEARNESS:
        near = [m for m in firm if -before <= text.sentences[m.first] - sentence <= after]
        decided = _decide(near, first, last, rule)
        if decided is not None:
            return _written_there(datelines, near) or decided
    return _decide(datelines, first, last, "dateline") or _hinted([mention for mention in events if mention.place.weak])


def _sets_the_scene(mention: Mention, text: Text, first: int) -> bool:
    """«В Бишкеке …», "14 February. Novosibirsk, Russia.": the text is about there; a country only spoken of sets no scene."""
    if not mention.is_foreign or mention.is_topic:
        return False
    own = text.sentences[mention.first]
    heads = len(text.sentence(mention.first)) <= _HEADING_WORDS
    return mention.is_inside or (heads and own < text.sentences[first])


def _is_written_abroad(datelines: Sequence[Mention], events: Sequence[Mention], text: Text, sentence: int) -> bool:
    """«BELGRADE (AP) — Police fired tear gas. A visit by Kazakhstan's minister was shortened»: nothing here says that it is ours."""
    if not any(mention.is_foreign and text.sentences[mention.first] == sentence for mention in datelines):
        return False
    ours = [mention for mention in events if mention.place.region and mention.place.level != "street"]
    here = [mention for mention in events if text.sentences[mention.first] == sentence]
    theirs = any(mention.is_foreign for mention in here)
    return not any(mention in here or (mention.is_locative and not theirs) for mention in ours)


def _written_there(datelines: Sequence[Mention], near: Sequence[Mention]) -> Where | None:
    """Where only the country is named, what is written from a town is there («ALMATY, Jan 27 - A Kazakh court …»).

    Of the capital that is not said: news of the whole country is written there.
    """
    if any(mention.place.level != "country" or mention.is_locative for mention in near):
        return None
    here = _decide([mention for mention in datelines if mention.place.region], 0, 0, "dateline")
    return here if here is not None and here.regions not in {(_CAPITAL,), (WHOLE_COUNTRY,)} else None


def _without_namesakes(firm: Sequence[Mention], datelines: Sequence[Mention]) -> list[Mention]:
    """«Абай көшесінде …, Таразда»: a street that many towns have is not in the one we know where another is named, here or abroad."""
    towns = {
        mention.place.region
        for mention in (*firm, *datelines)
        if mention.place.level not in {"street", "country", "fuzzy"} and not (mention.is_topic or mention.is_embassy)
    }
    return [
        mention for mention in firm if mention.place.level != "street" or not towns or mention.place.region in towns
    ]


def _is_our_capital(mention: Mention) -> bool:
    """«В столице» is a place where no other country is spoken of."""
    return mention.place.weak and mention.place.level == "city" and mention.place.region is not None


def _qualifies(mention: Mention, first: int, last: int) -> bool:
    """Whether an adjective of a country abroad belongs to the event («российские протесты», «забастовка в немецких портах»)."""
    if not (mention.is_foreign and (mention.is_adjective or mention.place.weak)):
        return False
    after = mention.first - last
    return (mention.is_adjective and mention.last == first - 1) or (mention.is_inside and 0 < after <= _BESIDE)


def _is_of_others(events: Sequence[Mention], text: Text, first: int) -> bool:
    """«Французские авиадиспетчеры объявили забастовку, рейс Париж — Алматы отменён»: who acts is from abroad, ours only come after."""
    sentence = text.sentences[first]
    here = [m for m in events if m.place.region and text.sentences[m.first] == sentence]
    if not here or any(mention.is_locative or mention.first < first for mention in here):
        return False
    opening = text.sentence(first).start
    who = [m for m in events if m.is_foreign and m.is_adjective and not m.is_topic and m.first == opening]
    return any(0 < first - mention.last <= _WITHIN for mention in who)


def _is_told_of_others(events: Sequence[Mention], sentence: int, text: Text, first: int, last: int) -> bool:
    """«Россияне выходят на митинги, пишет казахстанский портал»: others do it, and we are only named."""
    here = [mention for mention in events if text.sentences[mention.first] == sentence and mention.place.region]
    others = [mention for mention in events if mention.is_foreign and text.sentences[mention.first] == sentence]
    named = all(mention.place.level == "country" and not mention.is_locative for mention in here)
    if not others or not here or not named:
        return False
    before = any(mention.last < first for mention in others) and all(mention.first > last for mention in here)
    return before or _distance(others, first, last) < _distance(here, first, last)


def _hinted(weak: Sequence[Mention]) -> Where:
    ours = [mention for mention in weak if mention.place.region and mention.place.level != "country"]
    if any(mention.is_foreign for mention in weak):
        return Where(is_foreign=True, rule="a hint of abroad")
    if ours:
        return Where(regions=_regions(ours), places=_places(ours), rule="a place that others have, too")
    return Where(regions=(WHOLE_COUNTRY,), rule="a hint of Kazakhstan") if weak else Where()


def _decide(near: Sequence[Mention], first: int, last: int, rule: str) -> Where | None:
    abroad = [mention for mention in near if mention.is_foreign]
    country = [mention for mention in near if mention.place.level in {"country", "fuzzy"}]
    precise = [mention for mention in near if not mention.is_foreign and mention not in country]
    if precise:
        if abroad and _is_nearer(abroad, precise, first, last):
            return Where(is_foreign=True, rule=rule)
        # «Маңғыстаудан Астанаға келген мұнайшыларды ұстады»: where they are from counts only where nothing else is named.
        settled = [mention for mention in precise if not mention.is_aside] or precise
        chosen = [mention for mention in settled if not mention.is_adjective] or settled
        fuzzy = any(mention.place.level == "fuzzy" for mention in country)
        return Where(regions=_regions(chosen), places=_places(chosen), is_countrywide=fuzzy, rule=rule)
    if abroad:
        here = [mention for mention in country if mention.is_locative]
        if not here or _distance(abroad, first, last) <= _distance(here, first, last):
            return Where(is_foreign=True, rule=rule)
    return Where(regions=(WHOLE_COUNTRY,), is_countrywide=True, rule=rule) if country else None


def _is_nearer(abroad: Sequence[Mention], ours: Sequence[Mention], first: int, last: int) -> bool:
    """Whether the event stands clearly nearer to a place abroad than to one of ours."""
    theirs, own = _distance(abroad, first, last), _distance(ours, first, last)
    inside = [mention for mention in abroad if mention.is_inside]
    acts = any(mention.last == first - 1 and not mention.is_inside for mention in abroad)
    # «Kyrgyzstan blocked TikTok; Almaty students laugh»: who does it is abroad, and ours are only named after it.
    if acts and all(mention.first > last and not mention.is_locative for mention in ours):
        return True
    told = bool(inside) and _distance(inside, first, last) <= _WITHIN and _distance(inside, first, last) < own
    return theirs + _MARGIN < own or (theirs <= _BESIDE and theirs < own) or told


def _distance(mentions: Sequence[Mention], first: int, last: int) -> int:
    return min(
        0 if first <= mention.first <= last else min(abs(mention.first - last), abs(mention.last - first))
        for mention in mentions
    )


def _regions(mentions: Sequence[Mention]) -> tuple[str, ...]:
    """Regions of these places; a street gives its city only where no other place is named."""
    firm = [mention for mention in mentions if mention.place.level != "street"] or list(mentions)
    return tuple(sorted({mention.place.region for mention in firm if mention.place.region}))


def _places(mentions: Sequence[Mention]) -> tuple[str, ...]:
    kept = [mention.place.name for mention in mentions if mention.place.level not in {"region", "country", "fuzzy"}]
    return tuple(dict.fromkeys(kept))
