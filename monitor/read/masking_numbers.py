"""Phones, cards, accounts, personal numbers and number plates in a text: where they stand. PURE, linear in the text.

Sources: numbering plan of Kazakhstan (+7 6xx and 7xx, ten digits after the country code); card numbers end in a Luhn
digit (ISO/IEC 7812-1) and have 13 to 19 digits; an individual identification number (ИИН, ЖСН) is the date of birth, a
digit for century and sex, and five more; plates follow ST RK 986 (`123 ABC 02`) and its forerunner (`A 123 BCD`).
"""

import re
from collections.abc import Iterator
from typing import Final

from monitor.read.masking_words import NUMBER_WORDS

Span = tuple[int, int, str]
"""First and one past the last code point, and what stands there."""

_APART: Final = r"(?:[ \t\u00a0\u2009\u202f.()\[\]/\\_*~\-‐‑‒–—−·•:|\ufe0f\u20e3]|,(?! ))"
_RUN: Final = re.compile(rf"(?<![^\W_])(?:\+|00)?[(\[]?[\dOОоoЗ](?:{_APART}{{0,4}}[\dOОоoЗзlI]){{8,40}}(?![^\W_])")
_PIECE: Final = re.compile(r"\S+")
_ZEROS: Final = str.maketrans("OОоoЗзlI", "00003311")
_LINKS: Final = re.compile(
    r"(?:https?://)?(?:wa\.me|api\.whatsapp\.com|chat\.whatsapp\.com|web\.whatsapp\.com)/[^\s<>\"']{1,200}"
    r"|(?:whatsapp|viber|tel|sms|callto|tg)://?[^\s<>\"']{1,200}|(?:tel|sms|callto):\+?[\d\s()-]{7,24}"
    r"|(?:t|telegram)\.me/\+\d{7,15}",
    re.IGNORECASE,
)
_ADDRESS_OF_PAGE: Final = re.compile(r"https?://[^\s<>\"']{1,2000}")
_MONEY: Final = re.compile(
    r"\s{0,3}(?:тенге|теңге|тг\b|тнг|₸|\$|€|долл|евро|руб|сум\b|сом\b|tenge|usd|kzt|eur|тыс|млн|млрд|тонн|кв\b|га\b|чел|people|"
    r"адам|километр|км\b|баррел|barrel|dollar|euro|голос|votes)",
    re.IGNORECASE,
)
_THOUSANDS: Final = re.compile(r"^\d{1,3}(?:[ \u00a0\u202f.,]\d{3})+$")
_DATES: Final = re.compile(
    r"^(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d)(?:\s*[-–—,]\s*(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d)|[\sT,]+\d\d?[:.]\d\d.*)?$"
)
_MOMENT: Final = re.compile(
    r"(?<![\d.:-])(?:\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}-\d\d-\d\d)(?![\d.-]?\d)"
    r"|(?<![\d.:-])(?:[0-3]?\d\.[01]\d,? (?=[012]\d:))?[012]?\d:[0-5]\d(?::[0-5]\d)?(?![\d:.-]?\d)"
)
_ACCOUNT: Final = re.compile(r"(?<![^\W_])KZ\s?\d\d(?:\s?[A-Z0-9]){16}(?![^\W_])", re.IGNORECASE)
_PERSONAL_CUE: Final = re.compile(
    r"(?:ИИН|ЖСН|IIN|жеке сәйкестендіру нөмірі)\W{0,12}(?:\w{1,12}\W{0,4}){0,2}$", re.IGNORECASE
)
_CARD: Final = re.compile(r"[3-69]\d{3}(?P<apart>[ -])\d{4}(?P=apart)\d{4}(?P=apart)\d{4}$")
_CARD_CUE: Final = re.compile(
    r"(?:карт\w{0,4}|card|kaspi gold|каспи голд)\W{0,12}(?:\w{1,10}\W{0,4}){0,3}$", re.IGNORECASE
)
_COMPANY_CUE: Final = re.compile(r"(?:БИН|БСН|BIN)\W{0,6}$")
_DOCUMENT: Final = re.compile(
    r"(?:удостоверени\w{0,3}(?:\s+личности)?|уд\.?\s*личности|паспорт\w{0,3}|жеке\s+куәлі\w{0,6}|төлқұжат\w{0,4}|"
    r"(?:ID|identity)\s*card|passport)(?:\s*(?:серии|номер|нөмірі|number|no\.?|#|№)){0,3}\W{0,4}([A-ZА-Я]{0,2}\s?\d{7,9})(?!\d)",
    re.IGNORECASE,
)
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZАВЕКМНОРСТУХ"
_PLATE: Final = re.compile(
    rf"(?<![^\W_])(?:KZ[ \-]?)?(?:\d{{3}}[ \-.|]{{0,2}}[{_LETTERS}]{{2,3}}[ \-.|]{{0,2}}\d{{2}}"
    rf"|[{_LETTERS}][ \-.|]{{0,2}}\d{{3}}[ \-.|]{{0,2}}[{_LETTERS}]{{2,3}}(?:[ \-.|]{{0,2}}\d{{2,3}})?"
    rf"|\d{{2}}[ \-.|]{{0,2}}[{_LETTERS}]{{3}}[ \-.|]{{0,2}}\d{{2}}|\d{{4}}[ \-.|]{{0,2}}[{_LETTERS}]{{2}}[ \-.|]{{0,2}}\d{{2}})(?![^\W_])"
)
_PLATE_CUED: Final = re.compile(
    rf"(?:гос\.?\s?номер\w{{0,3}}|г/н|г\.\s?н\.?|грнз|номерн\w{{1,4}} знак\w{{0,3}}|с номер\w{{1,3}}|нөмірлі|мемлекеттік нөмірі|plate number|plates?)"
    rf"\W{{0,4}}((?:\d{{2,3}}|[{_LETTERS}])[ \-.|]{{0,2}}(?:[{_LETTERS}]{{2,3}}|\d{{3}})[ \-.|]{{0,2}}(?:[{_LETTERS}]{{2,3}}|\d{{2}}))(?![^\W_])",
    re.IGNORECASE,
)
_NOT_PLATES: Final = frozenset(
    "USD EUR KZT RUB CNY KGS UZS GBP KM КМ MB GB TB HP AM PM МВ КВ КВТ МВТ ТОО СНТ BC AD МРТ МСК".split()
)
_WORD: Final = re.compile(r"[^\W\d_]+|\d{1,4}|\+")
_JOINING: Final = frozenset("плюс plus потом дальше тире далее затем скобка дефис dash then сосын кейин и".split())


def numbers(text: str) -> Iterator[Span]:
    """Everything of this kind, in no order; spans may overlap."""
    pages = [found.span() for found in _ADDRESS_OF_PAGE.finditer(text)]
    for found in _LINKS.finditer(text):
        yield *found.span(), "phone"
    for found in _ACCOUNT.finditer(text):
        yield *found.span(), "card"
    for found in _DOCUMENT.finditer(text):
        yield *found.span(1), "id"
    yield from _runs(text, pages)
    yield from _plates(text, pages)
    yield from _dictated(text)


def _runs(text: str, pages: list[tuple[int, int]]) -> Iterator[Span]:
    # Dates and times would glue numbers together: they are blanked, at the same length.
    bare = _MOMENT.sub(lambda moment: "x" * len(moment.group()), text)
    for found in _RUN.finditer(bare):
        if any(start <= found.start() < end for start, end in pages):
            continue
        opened = found.group()[0] in "([" and not {")", "]"} & set(found.group())
        start, end = found.start() + opened, found.end()
        what = _kind(text, start, end)
        if what is not None:
            yield start, end, what
        else:
            yield from _parts(text, start, end)


def _parts(text: str, start: int, end: int) -> Iterator[Span]:
    """Several numbers that stand side by side, apart by spaces."""
    pieces = [found.span() for found in _PIECE.finditer(text, start, end)]
    first = 0
    while first < len(pieces):
        for last in range(first, min(first + 7, len(pieces))):
            what = _kind(text, pieces[first][0], pieces[last][1])
            if what is not None:
                yield pieces[first][0], pieces[last][1], what
                first = last
                break
        first += 1


def _kind(text: str, start: int, end: int) -> str | None:
    """What a run of digits is: `phone`, `card`, `id`, or `None`."""
    run = text[start:end]
    if sum(char.isdecimal() for char in run) < 7:
        return None
    digits = "".join(str(int(char)) for char in run.translate(_ZEROS) if char.isdecimal())
    shown = run.strip()
    if _DATES.match(shown) or (_THOUSANDS.match(shown) and _MONEY.match(text, end)):
        return None
    before = text[max(0, start - 60) : start]
    if len(digits) == 12 and not _COMPANY_CUE.search(before) and (_is_born(digits) or _PERSONAL_CUE.search(before)):
        return "id"
    if 13 <= len(digits) <= 19 and (passes_luhn(digits) or _CARD.match(shown) or _CARD_CUE.search(before)):
        return "card"
    return "phone" if _is_phone(shown, digits) else None


def _is_phone(run: str, digits: str) -> bool:
    if run.startswith(("+", "00")):
        return 10 <= len(digits.removeprefix("00")) <= 15
    if len(digits) == 11:
        return digits[0] in "78" and digits[1] in "3456789"
    if len(digits) == 12 and digits.startswith("87"):
        return False
    return len(digits) == 10 and digits[0] in "67" and not _THOUSANDS.match(run)


def _is_born(digits: str) -> bool:
    """Whether twelve digits begin with a date and a digit for century and sex."""
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) <= 31 and digits[6] in "0123456"


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _plates(text: str, pages: list[tuple[int, int]]) -> Iterator[Span]:
    for found in _PLATE.finditer(text):
        letters = set(re.findall(r"[^\W\d_]{2,3}", found.group())) - {"KZ"}
        if not letters & _NOT_PLATES and not any(start <= found.start() < end for start, end in pages):
            yield *found.span(), "plate"
    for found in _PLATE_CUED.finditer(text):
        yield *found.span(1), "plate"


def _dictated(text: str) -> Iterator[Span]:
    """Phones told in words, or in words and digits: «восемь семьсот один 123 сорок пять 67»."""
    run: list[re.Match[str]] = []
    for found in _WORD.finditer(text):
        if run and found.start() - run[-1].end() > 3:
            yield from _as_phone(run)
            run = []
        word = found.group().lower()
        if (
            word in NUMBER_WORDS
            or found.group()[0].isdecimal()
            or (run and word in _JOINING)
            or word in {"+", "плюс", "plus"}
        ):
            run.append(found)
        else:
            yield from _as_phone(run)
            run = []
    yield from _as_phone(run)


def _as_phone(run: list[re.Match[str]]) -> Iterator[Span]:
    words = [found.group().lower() for found in run]
    if len(run) < 4 or len(run) > 40 or not any(word in NUMBER_WORDS for word in words):
        return
    digits = told(words)
    led = digits[:1] in {"7", "8"}
    if (10 <= len(digits) <= 12 and led) or (len(digits) >= 10 and words[0] in {"+", "плюс", "plus"}):
        yield run[0].start(), run[-1].end(), "phone"


def told(words: list[str]) -> str:
    """The digits that these words dictate: a hundred takes tens and units into itself, tens take units."""
    digits, open_places = "", 0
    for word in words:
        value = NUMBER_WORDS.get(word, word if word.isdecimal() else "")
        size = len(value.rstrip("0")) if len(value) > 1 else len(value)
        if word.isdecimal() or not value:
            digits, open_places = digits + (value if word.isdecimal() else ""), 0
        elif len(value) <= open_places and value != "0":
            digits, open_places = digits[: -len(value)] + value, open_places_after(value)
        else:
            digits, open_places = digits + value, open_places_after(value) if size == 1 else 0
    return digits


def open_places_after(value: str) -> int:
    """How many zeros at the end of a spoken number the next word may fill."""
    return len(value) - len(value.rstrip("0")) if value != "0" else 0
