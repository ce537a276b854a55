"""Places named side by side: a village in its region, a road between two towns. PURE."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from monitor.read.mentions import Mention
from monitor.read.place_words import CITY_DISTRICTS, LEADS_TO, NAMED_AFTER, NAMED_BEFORE, VILLAGE
from monitor.read.tokens import Text

_DASHES: Final = {"-", "–", "—"}
_NAMED_AFTER: Final = ("трассас", "highway")
"""Beginnings of words for a road that follow the name of where it leads («Шалқар трассасы»)."""
_REGIONS: Final = ("област", "край", "крае", "края", "region", "oblast", "krai", "province", "облыс", "республик")
"""Beginnings of words that tell that what follows the name of a town is what it lies in."""
_LARGE: Final = 100_000
_DISTRICTS: Final = ("район", "аудан", "district")
_DISTRICT_IN: Final = 2
_DISTRICT_OF: Final = 4
"""How many words may stand between a district and the city before it («Шымкент қаласы Қаратау ауданы») and behind it."""
_SENTENCES: Final = 1
"""How many sentences before a village its region may be named."""


def in_order(text: Text, mentions: list[Mention]) -> list[Mention]:
    """The mentions, without namesakes abroad and whither a road leads; villages lie where the text says they do."""
    if len(mentions) < 2:
        return mentions
    ours = [
        _as_street(text, mention) for place, mention in enumerate(mentions) if not _is_namesake(text, mentions, place)
    ]
    return _without_roads(text, [_in_its_region(text, ours, place) for place in range(len(ours))])


def _as_street(text: Text, mention: Mention) -> Mention:
    """«Көкшетау көшесі», "Shevchenko monument", «на Алматинской улице»: what is only called after a town of ours may be anywhere."""
    if mention.place.region in {None, "KZ"} or mention.place.level not in {"city", "region"}:
        return mention
    before = text.words[max(0, mention.first - 1) : mention.first]
    after = text.words[mention.last + 1 : mention.last + 2]
    if any(word.startswith(NAMED_AFTER) for word in after) or any(word.startswith(NAMED_BEFORE) for word in before):
        return replace(mention, place=replace(mention.place, level="street"), is_locative=False, is_inside=False)
    return mention


def _is_namesake(text: Text, mentions: Sequence[Mention], place: int) -> bool:
    """«Аксай Ростовской области», "Aksai, Rostov region": a town of ours whose name is followed by a region abroad."""
    mention = mentions[place]
    if mention.place.region in {None, "KZ"} or mention.place.level == "region" or place + 1 >= len(mentions):
        return False
    after = mentions[place + 1]
    if not after.is_foreign or after.first != mention.last + 1:
        return False
    named = (*text.words[after.first : after.last + 1], *text.words[after.last + 1 : after.last + 2])
    gap = text.original[text.ends[mention.last] : text.starts[after.first]].strip()
    return gap in {"", ",", "("} and any(word.startswith(_REGIONS) for word in named)


def _in_its_region(text: Text, mentions: Sequence[Mention], place: int) -> Mention:
    """«Ақмола облысының Есіл ауданы», «акмолинский посёлок Аксу», «район Алматы города Астаны»: not their namesakes elsewhere."""
    mention = mentions[place]
    if mention.place.region is None or mention.place.level in {"country", "fuzzy"}:
        return mention
    beside = [*mentions[max(0, place - 1) : place], *mentions[place + 1 : place + 2]]
    where = _its_city(text, mentions, mention) or next(
        (other for other in beside if _holds(text, mention, other)), None
    )
    if where is None and _is_called(text, mention, _DISTRICTS):
        regions = {other.place.region for other in mentions if other.place.level == "region" and other != mention}
        where = (
            next((other for other in mentions if other.place.region in regions), None) if len(regions) == 1 else None
        )
    if where is None or where.is_foreign:
        return mention
    return replace(mention, place=replace(mention.place, region=where.place.region))


def _its_city(text: Text, mentions: Sequence[Mention], mention: Mention) -> Mention | None:
    """«A man from Shymkent … the Abay district police»: a district that a city named in the text has."""
    if not _is_called(text, mention, _DISTRICTS):
        return None
    name = text.words[mention.first]
    held = [
        other
        for other in mentions
        if other.place.level == "city" and name.startswith(CITY_DISTRICTS.get(other.place.region or "", ("\0",)))
    ]
    return next((other for other in held if other != mention), None)


def _holds(text: Text, mention: Mention, other: Mention) -> bool:
    """Whether a village or a district lies in the region or the city that is named beside it."""
    if other.place.region in {None, "KZ", mention.place.region}:
        return False
    behind = other.first > mention.last
    gap = other.first - mention.last - 1 if behind else mention.first - other.last - 1
    apart = abs(text.sentences[mention.first] - text.sentences[other.first])
    if _is_called(text, mention, _DISTRICTS) and other.place.level in {"city", "region"} and apart == 0:
        return gap <= (_DISTRICT_OF if behind else _DISTRICT_IN)
    bracketed = (
        text.original[text.ends[mention.last] : text.starts[other.first]].lstrip()[:1] == "(" if behind else False
    )
    if bracketed and _is_small(mention) and apart == 0:
        # «Karabulak (Sairam district, Turkistan)».
        return True
    if behind or mention.place.level == "region":
        return False
    within = apart == 0 and gap <= 1 and other.place.level == "region"
    if within and (mention.place.level == "district" or _is_small(mention)):
        return True
    return _is_small(mention) and apart <= _SENTENCES and _is_called(text, mention, VILLAGE)


def _is_small(mention: Mention) -> bool:
    return mention.place.level == "city" and mention.place.population < _LARGE


def _is_called(text: Text, mention: Mention, words: tuple[str, ...]) -> bool:
    """Whether a word beside or in it says that it is a village, or a district."""
    before = text.words[mention.first - 1] if mention.first else ""
    after = text.words[mention.last + 1] if mention.last + 1 < len(text.words) else ""
    return before.startswith(words) or after.startswith(words) or text.words[mention.last].startswith(words)


def _without_roads(text: Text, mentions: list[Mention]) -> list[Mention]:
    """«Перекрыли дорогу Алматы — Талдыкорган под Конаевом», "the highway to Shymkent": where it leads is not where it is."""
    roads = {
        place
        for left in range(len(mentions) - 1)
        if _is_joined(text, mentions[left], mentions[left + 1])
        for place in (left, left + 1)
    }
    roads |= {place for place, mention in enumerate(mentions) if _is_led_to(text, mention)}
    kept = [mention for place, mention in enumerate(mentions) if place not in roads]
    return (
        kept
        if any(mention.place.region not in {None, "KZ"} and not mention.place.weak for mention in kept)
        else mentions
    )


def _is_joined(text: Text, left: Mention, right: Mention) -> bool:
    """Two towns with a dash between them: of ours both, or one of them behind the word for a road («трасса Алматы — Бишкек»)."""
    if right.first != left.last + 1 or "KZ" in {left.place.region, right.place.region}:
        return False
    before = text.words[left.first - 1] if left.first else ""
    if None in {left.place.region, right.place.region} and not before.startswith(LEADS_TO):
        return False
    return text.original[text.ends[left.last] : text.starts[right.first]].strip() in _DASHES


def _is_led_to(text: Text, mention: Mention) -> bool:
    before = text.words[max(0, mention.first - 2) : mention.first]
    after = text.words[mention.last + 1 : mention.last + 3]
    if after and after[0].startswith(_NAMED_AFTER) and not after[-1].startswith("бойы"):
        return True
    return len(before) == 2 and before[1] in {"to", "на", "до"} and before[0].startswith(LEADS_TO)
