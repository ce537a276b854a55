"""Whom or what a name beside other words belongs to: a person, an office, somebody's origin. PURE."""

from collections.abc import Sequence
from typing import Final

from monitor.read.endings import is_locative
from monitor.read.place_words import AFTER_GIVEN_NAME, ORIGINS, PREPOSITIONS, SEATS, SPEAKS, SURNAMES
from monitor.read.script import skeleton
from monitor.read.tokens import Text

_ENDINGS_OF_PLACES: Final = ("да", "де", "та", "те", "даги", "деги", "таги", "теги", "га", "ге", "дин", "нин")
"""Of names of places in Kazakh, in the form in which its scripts meet."""


def is_aside(words: Sequence[str], first: int, last: int) -> bool:
    """«Born in Aktobe», «the Foreign Ministry in Astana said», and not «outside the embassy in Astana»."""
    before = words[max(0, first - 2) : first]
    if any(word.startswith(ORIGINS) for word in before) or _is_its_office(words, first, last):
        return True
    if any(word.startswith(_CITIZENS) for word in words[last + 1 : last + 3]) or _is_far_from(before):
        return True
    named = len(before) == 2 and before[1] in {"in", "в"} and before[0].startswith(SEATS)
    return named and any(word.startswith(SPEAKS) for word in words[last + 1 : last + 2])


def _is_far_from(before: Sequence[str]) -> bool:
    """«В полутораста километрах от Костаная», "60 km from Uralsk"."""
    return (
        len(before) == 2
        and before[1] in {"от", "from"}
        and before[0].startswith(("километр", "км", "верст", "km", "kilomet", "mile"))
    )


_CITIZENS = ("citizen", "nationals", "азамат", "гражд")
"""Beginnings of words behind a country for those who are of it, wherever they are."""


def _is_its_office(words: Sequence[str], first: int, last: int) -> bool:
    """«МИД Казахстана», "the Foreign Ministry of Kazakhstan", "Kazakhstan s Foreign Ministry"."""
    before, after = words[max(0, first - 2) : first], words[last + 1 : last + 4]
    of_it = before[-1:] == ["мид"] or (
        before[-1:] in (["of"], ["дел"]) and before[0].startswith(("ministry", "иностранн"))
    )
    return of_it or "foreign ministry" in " ".join(after) or "сыртқы істер" in " ".join(after)


def follows_a_name(text: Text, place: int) -> bool:
    """«Гульмиру Сатпаеву»: a capital word before it, inside a sentence, is somebody's first name."""
    if (
        not place
        or text.sentences[place - 1] != text.sentences[place]
        or not text.original[text.starts[place]].isupper()
    ):
        return False
    before, gap = text.words[place - 1], text.original[text.ends[place - 1] : text.starts[place]]
    return (
        gap == " "
        and before not in PREPOSITIONS
        and text.original[text.starts[place - 1]].isupper()
        and len(before) > 3
    )


def family(word: str) -> str:
    """The part of a surname that stays in all its cases («Шадрин» of «Шадриной»)."""
    ending = max((ending for ending in SURNAMES if word.endswith(ending)), key=len)
    return word[: len(word) - len(ending)] + ending.removeprefix("y")[:2]


def is_given_name(text: Text, place: int) -> bool:
    """«Vladimir Kozlov»: the name of a town with a surname after it and no preposition before it is somebody's."""
    after = place + 1
    if after >= len(text.words) or text.sentences[after] != text.sentences[place]:
        return False
    return (
        text.words[after].endswith(AFTER_GIVEN_NAME)
        and text.original[text.starts[place]].isupper()
        and text.original[text.starts[after]].isupper()
        and text.original[text.ends[place] : text.starts[after]] == " "
        and not (place and text.words[place - 1] in PREPOSITIONS)
        and not is_locative(text.words[place])
    )


def is_first_of_a_name(text: Text, place: int) -> bool:
    """«Nūrsūltan Berdiğali»: two capitals in Kazakh of another script, the first without the ending of a place."""
    after = place + 1
    if after >= len(text.words) or skeleton(text.words[place]).endswith(_ENDINGS_OF_PLACES):
        return False
    between = text.original[text.ends[place] : text.starts[after]]
    return between == " " and all(
        text.original[text.starts[step] : text.ends[step]].istitle() for step in (place, after)
    )


def opens(text: Text, place: int) -> bool:
    """Whether the word opens a line and stands alone there («Кульсары. Жители…», «Бейнеу: …»)."""
    if place and text.sentences[place - 1] == text.sentences[place]:
        return False
    return text.original[text.ends[place] : text.ends[place] + 2].strip()[:1] in {".", ":", ",", "—", "–", "("}
