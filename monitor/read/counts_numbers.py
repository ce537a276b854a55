"""Numbers as they stand in a text: digits, words, halves, scales, ranges and sums, with "more than" and "about". PURE.

What they count is told by `counts`. See docs/counts.md.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.read.counts_words import (
    ABOUT,
    AND,
    AND_A_HALF,
    AT_LEAST,
    AT_MOST,
    CASE_ENDINGS,
    COUPLES,
    FILLERS,
    HALVES,
    KAZAKH_PERSON,
    LESS,
    MONTHS,
    MORE,
    NO_PERSON,
    NOT,
    OR_MORE,
    PERSON,
    PLURALS,
    POLICE,
    REACHED,
    REPEATED,
    ROLES,
    ROUND,
    SCALES,
    SHORT_MONTHS,
    SPELLED,
    SUFFIX_ABOUT,
    UP_TO,
    VAGUE,
)
from monitor.read.tokens import Text


@dataclass(frozen=True, slots=True)
class Number:
    """An interval and the words that say it.

    Attributes:
        high: `None` for "or more".
        scale: what its last word multiplied by, which a range shares: «два-три десятка».
    """

    low: int
    high: int | None
    first: int
    last: int
    scale: int = 1


def numbers(text: Text) -> list[Number]:
    """Every number of the text, in its order."""
    found: list[Number] = []
    place = 0
    while place < len(text.words):
        number = _read(text, place)
        if number is None:
            place += 1
            continue
        found.append(_modified(text, number))
        place = number.last + 1
    return _sums(text, _ranges(text, found))


def is_person(word: str) -> bool:
    """Whether a word names people, by its stem or by its ending."""
    return (
        word.startswith(PARTICIPANTS)
        or word in _PEOPLE
        or (word not in NO_PERSON and len(word) > 3 and word.endswith(_PERSON))
    )


PARTICIPANTS: Final = dict(ROLES)["participants"]
_SCALES_AHEAD: Final = frozenset("десятка десятков сотни сотен тысячи".split())
"""Russian scales that stand before their number when it is a guess: «десятка два», «сотни три»."""
_PEOPLE: Final = frozenset("чел men women boys girls ана ананы анаға ананың әке".split())
"""Whole words for people that other words begin like."""
_PERSON: Final = PERSON + KAZAKH_PERSON
_BOTH: Final = frozenset("оба обоих обоим обе обеих обеим both".split())
_GENITIVES: Final = {"сотни": 100, "тысячи": 1000}
"""Plural to the eye, and one of them behind a word that asks for the genitive: «больше сотни», «около тысячи»."""
_ASK_GENITIVE: Final = MORE | LESS | {"около", "порядка", "до", "почти", "полу", "минимум"}
_KAZAKH: Final = re.compile("[әғқңөұүі]")
_THREE_DIGITS: Final = 3
_GAPS: Final = frozenset({" ", "\u00a0", "\u202f", ",", ".", "'"})


def _read(text: Text, place: int) -> Number | None:
    words = text.words
    word = words[place]
    following = words[place + 1] if place + 1 < len(words) else ""
    if word in VAGUE or word in PLURALS:
        return _plural(words, place)
    if word in HALVES or word in COUPLES:
        return _part(words, place)
    if word in ROUND or word in _SCALES_AHEAD:
        guessed = _guessed(word, following, place)
        if guessed is not None:
            return _about(guessed)
    if word in _BOTH and (is_person(following) or following in {"of", "men", "women"}):
        return Number(2, 2, place, place)
    if word in {"он", "on"} and not _is_ten(words, place):
        return None
    value, last = _digits(text, place) if word.isdecimal() else _spelled(text, place)
    return None if value is None else _scaled(text, value, place, last)


def _guessed(word: str, following: str, place: int) -> Number | None:
    """A round number, or a scale before its number: «сотня», «десятка два»."""
    if word in _SCALES_AHEAD and 2 <= SPELLED.get(following, 0) <= 9:
        value = SCALES[word] * SPELLED[following]
        return Number(value, value, place, place + 1, SCALES[word])
    if word in ROUND and not (word in SCALES and following in SPELLED):
        return Number(ROUND[word], ROUND[word], place, place)
    return None


def _scaled(text: Text, value: float, place: int, last: int) -> Number:
    words = text.words
    scale = 1
    halved = next((size for size in (2, 1) if tuple(words[last + 1 : last + 1 + size]) in AND_A_HALF), 0)
    if halved and last + halved + 1 < len(words) and words[last + halved + 1] in SCALES:
        value, last = value + 0.5, last + halved
    if last + 1 < len(words) and words[last + 1] in SCALES and not _is_apart(text, last):
        last += 1
        scale = SCALES[words[last]]
    number = Number(round(value * scale), round(value * scale), place, last, scale)
    if words[last].endswith(("дей", "дай", "тей", "тай")) and (words[last] in SPELLED or words[last] in SCALES):
        return _about(number)
    return number


def _is_apart(text: Text, place: int) -> bool:
    """Whether a comma or a stop stands behind a number: "26 August 2024, dozens"."""
    return text.original[text.ends[place] : text.starts[place + 1]].strip() in {",", ".", ";", ":"}


def _plural(words: Sequence[str], place: int) -> Number | None:
    """«Десятки», «несколько десятков», «десятки тысяч»: no number, but a least one."""
    low, last = PLURALS[words[place]], place
    if words[place] == "few" and not {*words[place + 1 : place + 2]} & {*SCALES, *PLURALS}:
        return None
    if words[place] in _GENITIVES and place and words[place - 1] in _ASK_GENITIVE:
        return _about(Number(_GENITIVES[words[place]], _GENITIVES[words[place]], place, place))
    scaled = last + 2 if last + 1 < len(words) and words[last + 1] == "of" else last + 1
    if scaled < len(words) and words[scaled] in PLURALS and words[scaled] not in VAGUE:
        return Number(PLURALS[words[scaled]] * (1 if words[place] in VAGUE else low), None, place, scaled)
    if scaled < len(words) and words[scaled] in SCALES:
        scale = SCALES[words[scaled]]
        least = {12: 20}.get(scale, 2 * scale) if words[place] in VAGUE else low * scale
        return Number(least, None, place, scaled)
    return Number(low, None, place, last)


def _part(words: Sequence[str], place: int) -> Number | None:
    """«Полтора десятка», "half a dozen", «пара сотен»: a half or about two of the scale that follows."""
    last = place + 1
    while last < len(words) and last <= place + 2 and words[last] in {"a", "of"}:
        last += 1
    if last >= len(words) or words[last] not in SCALES:
        return None
    scale = SCALES[words[last]]
    if words[place] in COUPLES:
        return _about(Number(2 * scale, 2 * scale, place, last, scale))
    value = HALVES[words[place]] * scale // 2
    number = Number(value, value, place, last)
    return _about(number) if words[place] == "half" else number


def _is_ten(words: Sequence[str], place: int) -> bool:
    """Whether «он» is the Kazakh ten and no Russian "he": it stands before people or among Kazakh letters."""
    following = words[place + 1] if place + 1 < len(words) else ""
    if following in _KAZAKH_UNITS or following.startswith(_KAZAKH_PEOPLE):
        return True
    return words[place] == "он" and any(_KAZAKH.search(word) for word in words[max(0, place - 3) : place + 4])


_KAZAKH_UNITS: Final = frozenset(
    "бір екі үш төрт бес алты жеті сегіз тоғыз bir eki ekі ush úsh üş tort tórt tört bes alty altı jeti zheti segiz togyz toǵyz "
    "toğız".split()
)
_KAZAKH_PEOPLE: Final = ("адам", "кісі", "adam", "kisi", "belsend", "turgyn", "turghyn", "jumys", "student", "белсенд")


def _about(number: Number) -> Number:
    # To the nearest whole, halves outwards: 12 is [11, 13], 15 is [13, 17].
    spread = max(1, (number.low + 5) // 10)
    return replace(number, low=number.low - spread, high=number.low + spread)


def _digits(text: Text, place: int) -> tuple[float | None, int]:
    """A number in digits with thousands apart («1 200», «1,200») or a fraction before a scale («1,5 тыс.»)."""
    words, last = text.words, place
    digits = words[place][:12]
    if not digits.isascii():
        return None, place
    while last + 1 < len(words) and len(words[last + 1]) == _THREE_DIGITS and words[last + 1].isdecimal():
        if len(digits) > 6 or text.original[text.ends[last] : text.starts[last + 1]] not in _GAPS:
            break
        digits, last = digits + words[last + 1], last + 1
    following = last + 1
    fraction = following + 1 < len(words) and words[following].isdecimal() and words[following + 1] in SCALES
    if fraction and text.original[text.ends[last] : text.starts[following]] in {",", "."}:
        return float(f"{digits}.{words[following][:3]}"), following
    return float(digits), last


_TENS: Final = frozenset("он жүз жуз".split())
"""Kazakh adds units to its ten: «он екі»."""


def _spelled(text: Text, place: int) -> tuple[float | None, int]:
    """A number in words of three languages; tens, units and hundreds add up, a scale multiplies."""
    words = text.words
    if words[place] not in SPELLED:
        return None, place
    total, last = 0, place
    previous = 10**9
    while last < len(words) and words[last] in SPELLED:
        value = SPELLED[words[last]]
        if value == 100 and 0 < total < 10:
            total *= 100
        elif value < previous and (not 10 <= total % 100 < 20 or (total % 100 == 10 and words[place] in _TENS)):
            total += value
        else:
            break
        previous, last = value, last + 1
        if last < len(words) and _is_apart(text, last - 1):
            break
        if (
            total >= 100
            and words[last : last + 1] == ["and"]
            and SPELLED.get("".join(words[last + 1 : last + 2]), 100) < 100
        ):
            # "Three hundred and twenty".
            last += 1
    return float(total), last - 1


def _modified(text: Text, number: Number) -> Number:
    """The number with what is said before and after it: more than, no more than, about, up to."""
    words = text.words
    before = list(words[max(0, number.first - 4) : number.first])
    after = [word for word in words[number.last + 1 : number.last + 5] if word not in CASE_ENDINGS]
    kept = _near(before)
    has_not = _negates(before, kept)
    value = number.low if number.high is None else (number.low + number.high) // 2
    if _opens(kept, after, has_not) or text.original.startswith("+", text.ends[number.last]):
        return replace(number, low=value, high=None)
    if number.high is None:
        return number
    exact = replace(number, low=value, high=value)
    at_most = any(word in MORE for word in kept) if has_not else any(word in LESS for word in kept)
    at_most = at_most or (before[-1:] and before[-1] in AT_MOST["before"]) or tuple(before[-2:]) in UP_TO
    if after[:2] and any(word in AT_MOST["after"] for word in after[:2]):
        at_most = True
    if at_most and not any(word.startswith(REACHED) for word in (*before, *after[:2])):
        return replace(exact, low=1)
    if number.low != number.high:
        return number
    guessed = any(word in ABOUT["before"] for word in kept) or _is_guess(after) or _is_inverted(text, number)
    return _about(number) if guessed or text.original.endswith("~", 0, text.starts[number.first]) else number


def _near(before: Sequence[str]) -> list[str]:
    """The words at once before a number, as far as fillers reach."""
    kept: list[str] = []
    for word in reversed(before):
        kept.append(word)
        if word not in FILLERS:
            break
    return kept


def _negates(before: Sequence[str], kept: Sequence[str]) -> bool:
    place = len(before) - len(kept) - 1
    return place >= 0 and before[place] in NOT


def _opens(kept: Sequence[str], after: Sequence[str], has_not: bool) -> bool:
    """Whether the number is the least: «более 20», «не менее 20», «20-дан астам», "20 or more", «сто с лишним»."""
    if any(word in AT_LEAST["before"] for word in kept) or any(word in AT_LEAST["after"] for word in after[:2]):
        return True
    if any(word in (LESS if has_not else MORE) for word in kept):
        return True
    for place, (left, right) in enumerate(itertools.pairwise(after)):
        # "20 or more", and not "17 killed and more than 1,300 injured".
        if (
            left in {"or", "and", "и", "или"}
            and right in OR_MORE
            and after[place + 2 : place + 3] not in (["than"], ["чем"])
        ):
            return True
    return False


def _is_guess(after: Sequence[str]) -> bool:
    return bool(after and (after[0] in ABOUT["after"] or after[0] in SUFFIX_ABOUT)) or tuple(after[:2]) == ("or", "so")


def _is_inverted(text: Text, number: Number) -> bool:
    """«Человек двести»: a Russian number after its noun is a guess."""
    if not number.first or text.words[number.first - 1] != "человек":
        return False
    return text.original[text.ends[number.first - 1] : text.starts[number.first]].isspace()


def _ranges(text: Text, found: list[Number]) -> list[Number]:
    """Two numbers with a dash or "from … to" between them are one interval."""
    joined: list[Number] = []
    for number in found:
        left = joined[-1] if joined else None
        if left is None or not _is_range(text, left, number):
            joined.append(number)
            continue
        high = number.high or number.low
        if _has_grown(text, left, number):
            joined[-1] = Number(high, high, left.first, number.last)
            continue
        # «Человек 60-70», "about 60 to 70": the range is the guess.
        least = left.low if left.high is None else (left.low + left.high) // 2
        low = least * number.scale if left.scale == 1 and least * number.scale < high else least
        joined[-1] = Number(min(low, high), high, left.first, number.last)
    return joined


def _is_range(text: Text, left: Number, right: Number) -> bool:
    between = text.original[text.ends[left.last] : text.starts[right.first]].strip().lower()
    if left.first and text.words[left.first - 1].startswith((*MONTHS, *SHORT_MONTHS)) and between in _DASHES:
        # "Feb 11 - Three hundred drillers": a dateline.
        return False
    if between in _DASHES:
        return left.low < right.low or left.low < (right.high or 0)
    before = text.words[left.first - 1] if left.first else ""
    opened = before in {"от", "from", "between", "с"} | _AGED and between in {"до", "to", "and", "по"}
    after = text.words[right.last + 1] if right.last + 1 < len(text.words) else ""
    among = between in {"мен", "пен", "бен"} and after.startswith(("аралығ", "арасы"))
    return (
        opened
        or among
        or between.removeprefix("-") in REPEATED
        or between in {"ден", "дан", "тен", "тан", "-ден", "-дан", "-тен", "-тан", "нен", "-нен", "-нан", "нан"}
    )


_AGED: Final = {"aged", "ages"}
_DASHES: Final = {"-", "–", "—"}


def _has_grown(text: Text, left: Number, right: Number) -> bool:
    """«Выросло с 20 до 35» says 35."""
    around = (*text.words[max(0, left.first - 5) : left.first], *text.words[right.last + 1 : right.last + 4])
    return any(word.startswith(REACHED) for word in around)


def _sums(text: Text, found: list[Number]) -> list[Number]:
    """«Пять мужчин и трое женщин» are eight people."""
    joined: list[Number] = []
    for number in found:
        left = joined[-1] if joined else None
        if left is not None and left.high is not None and number.high is not None and _adds_up(text, left, number):
            joined[-1] = Number(left.low + number.low, left.high + number.high, left.first, number.last)
        else:
            joined.append(number)
    return joined


def _adds_up(text: Text, left: Number, right: Number) -> bool:
    words = text.words
    between = words[left.last + 1 : right.first]
    if not 2 <= len(between) <= 4 or between[-1] not in AND or text.sentences[left.last] != text.sentences[right.first]:
        return False
    following = words[right.last + 1 : right.last + 3]
    people = _is_somebody(between[-2])
    return people and any(_is_somebody(word) for word in following)


def _is_somebody(word: str) -> bool:
    return is_person(word) or word in _KINDS or word.startswith(POLICE)


_KINDS: Final = frozenset(
    "гражданских civilians men women man woman ер әйел қыз жігіт парня парней девушка девушки boys girls".split()
)
