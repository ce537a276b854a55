"""Police stations named in a text, with the numbers said of each: «Алмалинское РОВД — 9». PURE, linear in the text."""

import re
from dataclasses import dataclass
from typing import Final

from monitor.domain.signals import Interval
from monitor.read.script import skeleton

MOST: Final = 60
"""Stations that are read from one text; a list of every station of the country has fewer."""

_RUSSIAN: Final = re.compile(
    r"(?<!\w)(?P<name>[А-ЯЁ][а-яё]{2,30}(?:ск|цк)(?:ое|ий|ого|ом|ому|им|ая|ой))\s{1,2}"
    r"(?:РОВД|РУВД|РУП|ГОВД|УВД|УП|ОП|ОВД|(?:районн\w{2,3}\s|городск\w{2,3}\s)?(?:управлени|отдел|отделени)\w{0,3}\s(?:внутренних\sдел|полиции))(?!\w)"
    r"|(?<!\w)(?:РОВД|РУВД|РУП|УВД|УП|ОП|(?:управлени|отдел|отделени)\w{0,3}\sполиции)\s(?P<of>[А-ЯЁ][а-яё]{2,30}(?:ск|цк)(?:ого|ой))\sрайона"
)
_KAZAKH: Final = re.compile(
    r"(?<!\w)(?P<name>[А-ЯӘҒҚҢӨҰҮІҺ][а-яёәғқңөұүіһ]{2,30})\s(?:аудандық\s|ауданының\s|қалалық\s|аудандык\s)?"
    r"(?:полиция\s(?:бөлім|басқарма|болим|баскарма)\w{0,10}|ІІБ|ПБ|АПБ|РОВД)(?!\w)"
)
_ENGLISH: Final = re.compile(
    r"(?<!\w)(?P<name>[A-Z][a-z]{2,30})\s(?:[Dd]istrict\s|[Cc]ity\s)?[Pp]olice\s(?:[Ss]tation|[Dd]epartment|[Oo]ffice)(?!\w)"
)
_NUMBER: Final = re.compile(
    r"\s{0,2}(?:[-–—:(]|было|ещё|еще)?\s{0,2}(?P<low>\d{1,4})(?:\s?[-–—]\s?(?P<high>\d{1,4}))?(?P<more>\+)?(?![\d:.]\d|\d)"
)
_NOT_PEOPLE: Final = re.compile(
    r"\s{0,2}(?:января|феврал|марта|апрел|мая|июн|июл|август|сентябр|октябр|ноябр|декабр|час|минут|сут|год|тенге|[°%])"
)
_ENDINGS: Final = re.compile(r"(?:ое|ий|ого|ом|ому|им|ая|ой)$")


@dataclass(frozen=True, slots=True)
class Station:
    """A police station.

    Attributes:
        name: as it is shown; Russian names in the neuter nominative («Алмалинское»).
        key: the same for its spellings in one language.
        detained: the number said of it; `None` where none is.
    """

    name: str
    key: str
    detained: Interval | None = None


def stations(text: str) -> list[Station]:
    """The stations a text names, in their order; of one named twice, the mention with a number."""
    found: dict[str, Station] = {}
    for pattern in (_RUSSIAN, _KAZAKH, _ENGLISH):
        for match in pattern.finditer(text):
            name = match["name"] or match["of"] if "of" in pattern.groupindex else match["name"]
            station = _station(name, _said(text, match.end()))
            known = found.get(station.key)
            if known is None or (known.detained is None and station.detained is not None):
                found[station.key] = station
            if len(found) >= MOST:
                return list(found.values())
    return list(found.values())


def _station(name: str, detained: Interval | None) -> Station:
    stem = _ENDINGS.sub("", name)
    shown = f"{stem}ое" if stem != name else name
    return Station(shown, skeleton(stem.lower().replace("ё", "е")), detained)


def _said(text: str, place: int) -> Interval | None:
    """The number that follows at once; dates, hours and sums are none."""
    found = _NUMBER.match(text, place)
    if found is None or _NOT_PEOPLE.match(text, found.end()):
        return None
    low = int(found["low"])
    high = int(found["high"]) if found["high"] else low
    return (low, None) if found["more"] else (min(low, high), max(low, high))
