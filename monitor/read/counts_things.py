"""Numbers that count nobody: times, dates, ages, house and article numbers, shares, money and things. PURE."""

import re
from collections.abc import Sequence
from typing import Final

from monitor.read.counts_numbers import PARTICIPANTS, Number, is_person
from monitor.read.counts_words import (
    AGES,
    CLOCK,
    MONTHS,
    NO_MONTH,
    NO_ONE,
    NOT_PEOPLE,
    ORDINAL,
    SHORT_MONTHS,
    STREETS,
    UNITS_BEFORE,
)
from monitor.read.tokens import Text

_LAST_DAY: Final = 31
_LAST_HOUR: Final = 24
_HOURS: Final = frozenset("at сағат сагат таңғы кешкі түнгі күндізгі".split())
_SIGN: Final = re.compile(r"[№#§]\s?$|\d[:/.,]$")
"""What makes the number behind it a name, or a part of a time, a date or a fraction."""
_LISTED: Final = re.compile(r"[^\W\d_]-\d+|(?:^|[\s:;])\d+\)$")
_FRACTION: Final = re.compile(
    r"\s?[₸$€₽]|\s?%|[:/]|[.,]\d|-(?:й|м|я|е|го|му|летн|жаст|year|шағын|мөлтек|ықшам|мкр|үй|пәтер|мектеп|бап|ші|шы|hour)"
)
"""What makes the number before it a share, a time, a fraction or an ordinal."""


def counts_nobody(text: Text, number: Number) -> bool:
    """Times, dates, ages, article and house numbers, money, shares and things are not people."""
    following = text.words[number.last + 1 : number.last + 3]
    after = following[0] if following else ""
    before = text.words[max(0, number.first - 2) : number.first]
    start, end = text.starts[number.first], text.ends[number.last]
    beside = bool(before) and text.original[text.ends[number.first - 1] : start].isspace()
    dated = beside and number.high == number.low <= _LAST_DAY and _is_month(before[-1])
    if _is_month(after) or dated or _is_thing(following) or after in ORDINAL or _is_house(text, number):
        return True
    nobody = (number.high == 1 and after in NO_ONE) or any(word in AGES for word in before)
    if nobody or (before[-1:] and before[-1] in NOT_PEOPLE):
        return True
    if _SIGN.search(text.original[max(0, start - 2) : start]) or _FRACTION.match(text.original[end : end + 6]):
        return True
    # «Часа два», «Заречный-3», "2) выдать": hours, names and lists.
    if (before and before[-1] in UNITS_BEFORE) or _LISTED.search(text.original[max(0, start - 2) : end + 1]):
        return True
    year = 1900 <= number.low <= 2100 and number.first == number.last and text.original[start:end].isdecimal()
    return year or number.low > 2_000_000 or number.low == 0 or _is_hour(number, before, after)


def _is_hour(number: Number, before: Sequence[str], after: str) -> bool:
    """«Today at 11 a small group came out», «сағат 11-де»."""
    hour = number.high == number.low <= _LAST_HOUR and not is_person(after)
    return hour and any(word in _HOURS for word in before[-1:])


def _is_month(word: str) -> bool:
    return (word.startswith(MONTHS) and not word.startswith(NO_MONTH)) or word in SHORT_MONTHS


def _is_thing(following: Sequence[str]) -> bool:
    """«120 автобусов», "120 buses"; not the first half of an English name for people: "120 bus drivers"."""
    after = following[0] if following else ""
    if not after.startswith(CLOCK) or after.startswith(PARTICIPANTS):
        return False
    plural = not after.isascii() or (after.endswith("s") and not after.endswith("us"))
    return plural or len(following) < 2 or not is_person(following[1])


def _is_house(text: Text, number: Number) -> bool:
    """«Митинг на Абая, 25»: a number behind a comma and the name of a street."""
    first = number.first
    if first < 2 or text.original[text.ends[first - 1] : text.starts[first]] != ", ":
        return False
    named = text.words[first - 2] in STREETS and text.original[text.starts[first - 1]].isupper()
    return named and not any(is_person(word) for word in text.words[number.last + 1 : number.last + 2])
