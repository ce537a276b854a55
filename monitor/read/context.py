"""When it was: years named in a text, compared with the day it was published."""

import itertools
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from monitor.read.counts_words import MONTHS
from monitor.read.phrases import Found
from monitor.read.tokens import Text

_YEAR_WORDS: Final = ("год", "г", "жыл", "year")
FIRST_YEAR: Final = 2022
"""Of a day before it an undated text tells as history: nothing we keep is older."""
_GOES_ON: Final = 2
_DATE_WORDS: Final = 5
_DAYS: Final = re.compile(
    "сегодня|вчера|накануне|понедельник(?:а|у)?|вторник(?:а|у)?|сред[ау]|четверг(?:а|у)?|пятниц[аыу]|суббот[аыу]|воскресенье|"
    "бүгін|кеше|дүйсенбі(?:де)?|сейсенбі(?:де)?|сәрсенбі(?:де)?|бейсенбі(?:де)?|жұма(?:да)?|сенбі(?:де)?|жексенбі(?:де)?|"
    "today|yesterday|tonight|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
)
"""Days as news name them; closed classes, no lexicon."""
_OTHERS: Final = re.compile(
    "осужд|приговор|арестов|задержан|погиб|убит|расстрел|застрел|событи|беспоряд|трагед|протест|митинг|столкновен|волнени|"
    "convict|jailed|sentenced|imprison|arrest|killed|shot|shooting|unrest|events|crackdown|protests|riots|violence|held|died|"
    "сотталған|қамалған|ұсталған|қаза|оққа|мерт|оқиға|наразылық|атылған|қырғын|көтеріліс"
)
"""Beginnings of words for what happened to somebody before, or then: a year at once behind them is theirs."""
_THINGS: Final = re.compile(
    "unrest|events|crackdown|protests|riots|violence|shootings|massacre|uprising|killings|событи|беспоряд|трагеди|расстрел|протест|"
    "оқиға|қырғын|көтеріліс|наразылық"
)
"""What a year stands before: "the January 2022 unrest"."""
LONG_AGO: Final = frozenset(
    "назад спустя годовщина годовщину годовщине тогда ago anniversary since бұрын жылдығы жылдығына".split()
)
"""Words that tell how long ago something was."""
_THAT_DAY: Final = frozenset({("тот", "день"), ("ту", "ночь"), ("сол", "күні"), ("сол", "түні"), ("that", "day"), ("that", "night"),
                              ("тот", "вечер")})  # fmt: skip
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
    """Whether an event is told as one of a year before the text was published.

    The year stands in its sentence, or opens the text («Алматы, 5 января 2022. …», "From our archive, June 2019"), or in one of
    the two sentences before it, which goes on with days of that year. A year that belongs to another thing in the sentence
    («осуждённый в 2020 году активист», "killed in January 2022") says nothing of the event. Where the day of publishing is not
    known, a year that stands alone («в 2011 году») is another year, and one in a full date may be that of the report itself.
    """
    sentence, opening = text.sentences[trigger.first], text.sentences[0] + 1
    for place in named:
        own = text.sentences[place]
        goes_on = 0 < sentence - own <= _GOES_ON and _has_day(text, trigger)
        if not (own == sentence or own <= opening < sentence or goes_on) or _is_of_another(text, place, trigger):
            continue
        if own != sentence and not _has_month(text, place):
            continue
        if published_at is not None:
            if int(text.words[place]) < published_at.year and not _just_before(text, place, published_at):
                return True
        elif int(text.words[place]) < FIRST_YEAR or not _is_full_date(text, place):
            return True
    return False


def tells_of_a_day(text: Text, trigger: Found, published_at: datetime | None) -> bool:
    """Whether the sentence of an event says «сегодня», «в пятницу», "on Tuesday", «бүгін»: then it is news, whatever else it recalls.

    A weekday in the date of another year («в пятницу, 16 декабря 2011 года») is none of these days.
    """
    sentence = text.sentence(trigger.first)
    for place in sentence:
        if not _DAYS.fullmatch(text.words[place]) or text.words[place - 1 : place] == ["ago"]:
            continue
        dated = [
            word
            for word in text.words[place : min(place + _DATE_WORDS, sentence.stop)]
            if len(word) == 4 and word.isdecimal()
        ]
        year = FIRST_YEAR if published_at is None else published_at.year
        if all(int(word) >= year for word in dated):
            return True
    return False


def _is_of_another(text: Text, place: int, trigger: Found) -> bool:
    """Whether a year belongs to something else than the event: a noun or a participle stands at once before it."""
    start = text.sentence(place).start
    for step in range(place - 1, max(start, place - _DATE_WORDS) - 1, -1):
        if trigger.first <= step <= trigger.last:
            return False
        if _OTHERS.match(text.words[step]):
            return True
    after = text.words[place + 1 : place + 3]
    return any(_THINGS.match(word) for word in after) and not place < trigger.first <= place + 2


def _has_day(text: Text, trigger: Found) -> bool:
    """Whether its sentence goes on with a day of a month, or says «в тот день»."""
    words = [text.words[place] for place in text.sentence(trigger.first)]
    dated = any(one.isdecimal() and two.startswith(MONTHS) for one, two in itertools.pairwise(words))
    return dated or any(pair in _THAT_DAY for pair in itertools.pairwise(words))


def _has_month(text: Text, place: int) -> bool:
    around = text.words[max(0, place - 3) : place + 4]
    return any(word.startswith(MONTHS) for word in around)


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
