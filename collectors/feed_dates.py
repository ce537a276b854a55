"""Dates as feeds write them: RFC 822 with its oddities, ISO 8601, Russian and Kazakh months, plain figures. PURE."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_MONTHS: Final = {
    stem: number
    for number, stems in enumerate(
        (
            "jan янв қаң кан", "feb фев ақп акп", "mar мар нау", "apr апр сәу сау", "may мая май мам", "jun июн мау",
            "jul июл шіл шил", "aug авг там", "sep сен қыр кыр", "oct окт қаз каз", "nov ноя қар кар", "dec дек жел",
        ),
        1,
    )
    for stem in stems.split()
}  # fmt: skip
_ZONES: Final = {
    "z": 0, "gmt": 0, "ut": 0, "utc": 0, "wet": 0, "bst": 1, "cet": 1, "met": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3,
    "msd": 4, "almt": 6, "qyzt": 5, "aqtt": 5, "orat": 5, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7, "jst": 9, "ist": 5.5, "aest": 10, "aedt": 11, "мск": 3,
}  # fmt: skip
_CLOCK = r"(?:\D{0,6}?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:\.\d+)?)?)?"
_ZONE = r"\s*(?P<zone>[+-]\d{2}:?\d{2}|[+-]\d{4}|[A-Za-zмск]{1,5})?"
_WORDED = re.compile(
    r"(?P<day>\d{1,2})[\s\-.]+(?P<month>[^\W\d_]{3,10})\.?,?[\s\-.]+(?P<year>\d{4}|\d{2})(?:\s*(?:г(?:ода|\.)?|ж(?:ыл\w*|\.)?),?)?"
    + _CLOCK
    + _ZONE
)
_MONTH_FIRST = re.compile(r"(?P<month>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})" + _CLOCK + _ZONE)
_KAZAKH = re.compile(r"(?P<year>\d{4})\s+жыл\w*\s+(?P<day>\d{1,2})\s+(?P<month>[^\W\d_]{3,10})" + _CLOCK + _ZONE)
_ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?(?:[T\s]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?)?"
    r"\s*(?P<zone>Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
)
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:T?(?P<hour>\d{2}):?(?P<minute>\d{2}):?(?P<second>\d{2})?)?(?P<zone>Z|[+-]\d{4})?$"
)
_FIGURES = re.compile(r"(?P<day>\d{1,2})[./](?P<month>\d{1,2})[./](?P<year>\d{4})" + _CLOCK + _ZONE)
_FORMS: Final = (_WORDED, _ISO, _COMPACT, _MONTH_FIRST, _KAZAKH, _FIGURES)
_MAX_LENGTH: Final = 80


@lru_cache(maxsize=2048)
def parse_date(text: str, zone: str | None = None) -> datetime | None:
    """The moment that a feed means, in UTC; `None` where it names none.

    Args:
        text: as the feed writes it.
        zone: IANA zone of feeds that name no zone of their own; UTC where not given.
    """
    text = text.strip()[:_MAX_LENGTH]
    for form in _FORMS:
        found = form.match(text) if form in {_ISO, _COMPACT} else form.search(text)
        if found is not None:
            moment = _moment(found.groupdict(), zone)
            if moment is not None:
                return moment
    return None


def _moment(parts: dict[str, str | None], zone: str | None) -> datetime | None:
    month = parts["month"] or ""
    number = int(month) if month.isdigit() else _MONTHS.get(month.lower()[:3], 0)
    year = int(parts["year"] or 0)
    if year < 100:
        year += 2000 if year < 70 else 1900
    hour, day_more = int(parts.get("hour") or 0), 0
    if hour == 24:
        hour, day_more = 0, 1
    try:
        local = datetime(year, number, int(parts.get("day") or 1), hour, int(parts.get("minute") or 0),
                         min(int(parts.get("second") or 0), 59), tzinfo=_zone(parts.get("zone"), zone))  # fmt: skip
        return local.astimezone(UTC) + timedelta(days=day_more)
    except (ValueError, OverflowError):
        return None


def _zone(written: str | None, fallback: str | None) -> tzinfo:
    if written and written[0] in "+-":
        digits = written[1:].replace(":", "").ljust(4, "0")
        sign = -1 if written[0] == "-" else 1
        return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:4])))
    hours = _ZONES.get((written or "").lower())
    if hours is not None:
        return timezone(timedelta(hours=hours))
    return ZoneInfo(fallback) if fallback else UTC
