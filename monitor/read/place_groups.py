"""Places named side by side: a village in its region, a road between two towns. PURE."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from monitor.read.mentions import Mention
from monitor.read.place_words import LEADS_TO, VILLAGE
from monitor.read.tokens import Text

_DASHES: Final = {"-", "–", "—"}
_NAMED_AFTER: Final = ("трассас", "highway")
"""Beginnings of words for a road that follow the name of where it leads («Шалқар трассасы»)."""
_REGIONS: Final = ("област", "край", "крае", "края", "region", "oblast", "krai", "province", "облыс", "республик")
"""Beginnings of words that tell that what follows the name of a town is what it lies in."""
_LARGE: Final = 100_000
_SENTENCES: Final = 1
"""How many sentences before a village its region may be named."""


def in_order(text: Text, mentions: list[Mention]) -> list[Mention]:
    """The mentions, without namesakes abroad and whither a road leads; villages lie where the text says they do."""
    if len(mentions) < 2:
        return mentions
    ours = [mention for place, mention in enumerate(mentions) if not _is_namesake(text, mentions, place)]
    return _without_roads(text, [_in_its_region(text, ours, place) for place in range(len(ours))])


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
    """«Ақмола облысының Есіл ауданы», «акмолинский посёлок Аксу», «Қызылорда. Ақсу ауылы»: not their namesakes elsewhere."""
    mention = mentions[place]
    if mention.place.region is None or place == 0 or mention.place.level in {"region", "country", "fuzzy"}:
        return mention
    before = mentions[place - 1]
    if before.place.region in {None, "KZ", mention.place.region}:
        return mention
    gap = mention.first - before.last - 1
    beside = text.sentences[before.last] == text.sentences[mention.first] and gap <= 1
    within = beside and before.place.level == "region" and (mention.place.level == "district" or _is_small(mention))
    apart = text.sentences[mention.first] - text.sentences[before.last]
    village = _is_small(mention) and apart <= _SENTENCES and _is_called_village(text, mention)
    if not (within or village):
        return mention
    return replace(mention, place=replace(mention.place, region=before.place.region))


def _is_small(mention: Mention) -> bool:
    return mention.place.level == "city" and mention.place.population < _LARGE


def _is_called_village(text: Text, mention: Mention) -> bool:
    before = text.words[mention.first - 1] if mention.first else ""
    after = text.words[mention.last + 1] if mention.last + 1 < len(text.words) else ""
    return before.startswith(VILLAGE) or after.startswith(VILLAGE)


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
    if left.place.region in {None, "KZ"} or right.place.region in {None, "KZ"} or right.first != left.last + 1:
        return False
    return text.original[text.ends[left.last] : text.starts[right.first]].strip() in _DASHES


def _is_led_to(text: Text, mention: Mention) -> bool:
    before = text.words[max(0, mention.first - 2) : mention.first]
    after = text.words[mention.last + 1 : mention.last + 3]
    if after and after[0].startswith(_NAMED_AFTER) and not after[-1].startswith("бойы"):
        return True
    return len(before) == 2 and before[1] in {"to", "на", "до"} and before[0].startswith(LEADS_TO)
