"""How many people (or days, or tenge): numbers with what they count, as honest intervals. See docs/counts.md.

Exact stays exact; "more than 50" is [50, open]; "about 50" is a tenth to each side; "up to 50" is [1, 50];
"dozens" is [20, open], "hundreds" [200, open], "thousands" [2000, open]; "from 20 to 30" is [20, 30].
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.read.counts_words import (
    ABOUT,
    AT_LEAST,
    AT_MOST,
    CASE_ENDINGS,
    CLOCK,
    NOT_PEOPLE,
    PLURALS,
    REACHED,
    ROLES,
    ROUND,
    SCALES,
    SPELLED,
)
from monitor.read.tokens import Text

NEAR_WORDS: Final = 9
"""How far from its number the word may stand that says what was counted."""


@dataclass(frozen=True, slots=True)
class CountHit:
    """A number of something.

    Attributes:
        role: detained, injured, killed, participants, days, fine, released, charged.
        high: `None` for "or more".
    """

    role: str
    low: int
    high: int | None
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Number:
    low: int
    high: int | None
    first: int
    last: int


def counts(text: Text) -> list[CountHit]:
    """Every number in the text that counts people, days of arrest or a fine."""
    hits = []
    for number in _numbers(text):
        role = _role(text, number)
        if role is not None:
            hits.append(CountHit(role, number.low, number.high, number.first, number.last))
    return hits


def _numbers(text: Text) -> list[_Number]:
    found: list[_Number] = []
    place = 0
    while place < len(text.words):
        number = _read(text, place)
        if number is None:
            place += 1
            continue
        found.append(_modified(text, number))
        place = number.last + 1
    return _ranges(text, found)


def _read(text: Text, place: int) -> _Number | None:
    words = text.words
    if words[place] in PLURALS:
        return _Number(PLURALS[words[place]], None, place, place)
    if words[place] in ROUND:
        return _about(ROUND[words[place]], place, place)
    value, last = _digits(text, place) if words[place].isdecimal() else _spelled(words, place)
    if value is None:
        return None
    if last + 1 < len(words) and words[last + 1] in SCALES:
        value, last = value * SCALES[words[last + 1]], last + 1
    if words[last].endswith(("дей", "дай", "тей", "тай")) and words[last] in SPELLED:
        return _about(round(value), place, last)
    return _Number(round(value), round(value), place, last)


def _about(value: int, first: int, last: int) -> _Number:
    spread = max(1, value // 10)
    return _Number(value - spread, value + spread, first, last)


def _digits(text: Text, place: int) -> tuple[float | None, int]:
    """A number in digits with thousands apart («1 200», «1,200») or a fraction before a scale («1,5 тыс.»)."""
    words, last = text.words, place
    digits = words[place][:12]
    if not digits.isascii():
        return None, place
    while last + 1 < len(words) and len(words[last + 1]) == 3 and words[last + 1].isdecimal() and len(digits) <= 6:
        if text.original[text.ends[last] : text.starts[last + 1]] not in {" ", "\u00a0", "\u202f", ",", ".", "'"}:
            break
        digits, last = digits + words[last + 1], last + 1
    following = last + 1
    fraction = following + 1 < len(words) and words[following].isdecimal() and words[following + 1] in SCALES
    if fraction and text.original[text.ends[last] : text.starts[following]] in {",", "."}:
        return float(f"{digits}.{words[following][:3]}"), following
    return float(digits), last


_TENS: Final = frozenset("он жүз жуз".split())
"""Kazakh adds units to its ten: «он екі»."""


def _spelled(words: Sequence[str], place: int) -> tuple[float | None, int]:
    """A number in words of three languages; tens, units and hundreds add up, a scale multiplies."""
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
    return float(total), last - 1


def _modified(text: Text, number: _Number) -> _Number:
    """The number with what is said before and after it: more than, about, up to."""
    words = text.words
    before = words[max(0, number.first - 3) : number.first]
    after = [word for word in words[number.last + 1 : number.last + 5] if word not in CASE_ENDINGS]
    if _meets(before, AT_LEAST["before"]) or _meets(after[:2], AT_LEAST["after"]):
        return _Number(number.low, None, number.first, number.last)
    if number.low != number.high:
        return number
    if _meets(before[-2:], ABOUT["before"]) or _meets(after[:1], ABOUT["after"]) or _is_inverted(text, number):
        return _about(number.low, number.first, number.last)
    at_most = _meets(before[-1:], AT_MOST["before"]) or before[-2:] == ["up", "to"]
    if (at_most or _meets(after[:2], AT_MOST["after"])) and not any(word.startswith(REACHED) for word in before):
        return _Number(1, number.low, number.first, number.last)
    return number


def _is_inverted(text: Text, number: _Number) -> bool:
    """«Человек двести»: a Russian number after its noun is a guess."""
    before = text.words[number.first - 1] if number.first else ""
    return before == "человек" and text.words[number.first] in SPELLED


def _meets(words: Sequence[str], known: frozenset[str]) -> bool:
    return any(word in known for word in words)


def _ranges(text: Text, numbers: list[_Number]) -> list[_Number]:
    """Two numbers with a dash or "from … to" between them are one interval."""
    joined: list[_Number] = []
    for number in numbers:
        if joined and _is_range(text, joined[-1], number):
            low, high = joined[-1].low, number.high or number.low
            joined[-1] = _Number(min(low, high), high, joined[-1].first, number.last)
        else:
            joined.append(number)
    return joined


def _is_range(text: Text, left: _Number, right: _Number) -> bool:
    between = text.original[text.ends[left.last] : text.starts[right.first]].strip().lower()
    if between in {"-", "–", "—"}:
        return left.low < right.low
    before = text.words[left.first - 1] if left.first else ""
    opened = before in {"от", "from", "between", "с"} and between in {"до", "to", "and", "по"}
    return opened or between in {"ден", "дан", "тен", "тан", "-ден", "-дан", "-тен", "-тан", "нен", "-нен"}


def _role(text: Text, number: _Number) -> str | None:
    if _is_clock_or_name(text, number):
        return None
    nearest: dict[str, int] = {}
    for place in _clause(text, number):
        role = _role_of(text.words[place])
        if role is not None:
            # What follows a number says more about it than what stands before.
            distance = place - number.last if place > number.last else number.first - place + 1
            nearest[role] = min(nearest.get(role, 99), distance)
    for role in ("days", "fine"):
        if nearest.get(role, 99) <= 2:
            return role
        nearest.pop(role, None)
    # «Задержали 20 человек»: what was done to them says more than that they are people.
    done = {role: distance for role, distance in nearest.items() if role != "participants"}
    return min(done or nearest, key=lambda role: (done or nearest)[role], default=None)


def _clause(text: Text, number: _Number) -> list[int]:
    """The words around a number, up to a comma and no further than `NEAR_WORDS`."""
    places: list[int] = []
    for direction, edge in ((-1, number.first), (1, number.last)):
        place = edge
        for _ in range(NEAR_WORDS):
            step = place + direction
            if not 0 <= step < len(text.words) or text.sentences[step] != text.sentences[number.first]:
                break
            left, right = sorted((place, step))
            if any(mark in text.original[text.ends[left] : text.starts[right]] for mark in ",;("):
                break
            places.append(step)
            place = step
    return places


def _role_of(word: str) -> str | None:
    for role, stems in ROLES:
        if word.startswith(stems):
            return role
    return None


_DECIMAL_SIGN = re.compile(r"[№#§:/]|\d[.:]$")


def _is_clock_or_name(text: Text, number: _Number) -> bool:
    """Times, dates, ages, article and house numbers, money and shares are not people."""
    after = text.words[number.last + 1] if number.last + 1 < len(text.words) else ""
    before = text.words[number.first - 1] if number.first else ""
    start, end = text.starts[number.first], text.ends[number.last]
    if (
        after.startswith(CLOCK)
        or before in NOT_PEOPLE
        or _DECIMAL_SIGN.search(text.original[max(0, start - 2) : start])
    ):
        return True
    if text.original[end : end + 1] in {"%", ":", "/"} or text.original[end : end + 2] in {" %", "-й", "-м"}:
        return True
    exact_year = number.low == number.high and 1900 <= number.low <= 2100 and number.first == number.last
    return (exact_year and text.original[start:end].isdecimal()) or number.low > 2_000_000 or number.low == 0
