"""When it was: years named in a text, compared with the day it was published."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from monitor.read.counts_words import MONTHS
from monitor.read.phrases import Found
from monitor.read.tokens import Text

_YEAR_WORDS: Final = ("год", "г", "жыл", "year")
_OUR_FIRST_YEAR: Final = 2022
"""Of a day before it an undated text tells as history: nothing we keep is older."""
_IN: Final = frozenset("в in since с of".split())


def years(text: Text) -> list[int]:
    """Where the words stand that name a year."""
    return [
        place
        for place, word in enumerate(text.words)
        if len(word) == 4
        and word.isdecimal()
        and word.isascii()
        and 1980 <= int(word) <= 2100
        and _is_year(text, place)
    ]


def tells_of_another_year(text: Text, named: Sequence[int], trigger: Found, published_at: datetime | None) -> bool:
    """Whether the sentence of the trigger names a year before the one it was published in.

    Where the day of publishing is not known, a year that stands alone («в 2011 году») tells of another year, and a year
    in a full date does not: it may be the day of the report itself.
    """
    sentence = text.sentences[trigger.first]
    for place in named:
        if text.sentences[place] != sentence:
            continue
        if published_at is not None:
            if int(text.words[place]) < published_at.year and not _just_before(text, place, published_at):
                return True
        elif int(text.words[place]) < _OUR_FIRST_YEAR or not _is_full_date(text, place):
            return True
    return False


def _is_year(text: Text, place: int) -> bool:
    after = text.words[place + 1] if place + 1 < len(text.words) else ""
    before = text.words[place - 1] if place else ""
    return after.startswith(_YEAR_WORDS) or before in _IN or before.startswith(MONTHS)


def _is_full_date(text: Text, place: int) -> bool:
    """«5 января 2022», with its day; «в январе 2022» has none."""
    month, day = (text.words[place - back] if place >= back else "" for back in (1, 2))
    return month.startswith(MONTHS) and day.isdecimal()


def _just_before(text: Text, place: int, published_at: datetime) -> bool:
    """In January, last December is news."""
    month = text.words[place - 1] if place else ""
    near = published_at.month == 1 and int(text.words[place]) == published_at.year - 1
    return near and month.startswith(("декабр", "желтоқсан", "december"))
