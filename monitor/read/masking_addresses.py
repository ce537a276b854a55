"""Where people live and how they are called online: addresses with a house, e-mails, private handles. PURE, linear."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from monitor.read.masking_numbers import Span

_EMAIL: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?:@|\s@\s|(?:\s@|@\s)(?=(?:mail|gmail|yandex|ya|inbox|list|bk|rambler|icloud|outlook|hotmail|yahoo|proton\w*)\.)|\s?[\[({]\s?(?:at|собака|эт)\s?[\])}]\s?|\s(?:собака|at|эт)\s)"
    r"[\w-]{1,63}(?:(?:\.|\s\.\s|\s?[\[({]\s?(?:dot|точка|нүкте)\s?[\])}]\s?|\s(?:точка|dot|нүкте)\s)[\w-]{1,63}){1,4}",
    re.IGNORECASE,
)
_HANDLE: Final = re.compile(r"(?<![\w@/.])@([A-Za-z0-9_][\w.]{2,31})")
_PROFILE: Final = re.compile(
    r"(?:https?://)?(?:www\.|m\.)?(?:(?P<telegram>(?:t|telegram)\.(?:me|dog))/(?:s/)?|"
    r"(?:instagram\.com|facebook\.com|fb\.com|vk\.com|ok\.ru|twitter\.com|x\.com|tiktok\.com|threads\.net)/)"
    r"@?(?P<name>\w(?:[\w.]{0,38}\w))(?P<post>/\d{1,10})?(?:[/?#][^\s<>\"']{0,200})?",
    re.IGNORECASE,
)
_PAGES: Final = frozenset(
    "joinchat share addstickers proxy watch reel p explore home groups events hashtag search status".split()
)
_NAME: Final = (
    r"[A-ZА-ЯЁӘҒҚҢӨҰҮІ0-9][\w'’.\-]{0,30}(?:\s(?:батыра?|би|хана?|ата|ана|[A-ZА-ЯЁӘҒҚҢӨҰҮІ][\w'’.\-]{0,30})){0,2}"
)
_HOUSE: Final = r"\d{1,4}(?:\s?[а-яёa-zА-ЯA-Z](?![^\W_]))?(?:\s?[/\\-]\s?\d{1,4}[а-яёa-z]?)?"
_FLAT: Final = (
    r"(?:[\s,]{0,3}(?:кв(?:артира|артире|\.)?|офис|оф\.?|пәтер|комн(?:ата|\.)?|корпус|корп?\.?|подъезд|под\.|этаж|эт\.|apt\.?|apartment|flat|"
    r"ap\.)\s?(?:№\s?)?\d{1,4}(?:[\s-]{0,2}(?:пәтер|этаж|подъезд|кв|пт)\.?)?|[\s,]{1,3}\d{1,4}[\s-]{1,2}(?:пәтер|кв|пт|подъезд|этаж)\w{0,4}\.?)"
)
_END: Final = (
    r"(?=\s*(?:$|[.,;:!?)»\"\n]|(?:в|во|г|где|возле|около|у|живет|живёт|проживает|прописан|тұрады|in|near|lives)\b))"
)
_STREET: Final = r"(?:ул(?:\.|ица|ице|ицы|ицу|)|пр(?:\.|-т|-кт|осп\.?|оспект|оспекте|оспекта)|пер(?:\.|еулок|еулке)|б(?:-р|ульвар|ульваре)|ш(?:\.|оссе)|проезд|тупик)"
_QUARTER: Final = r"(?:мкр\.?|микрорайон\w{0,2}|м-н|мөлтек ауданы|ықшам ?ауданы|ы/а|ш/а)"
_STREET_AFTER: Final = (
    r"(?:көшесі|кошеси|көш\.|к-сі|даңғылы|дангылы|даң\.|шағын ?ауданы|ықшам ?ауданы|мөлтек ?ауданы)(?:нда|ның|ндағы)?"
)
_HOUSE_WORD: Final = r"(?:д(?:ом|оме|ома|\.)?|үй|house|h\.)"
_ADDRESSES: Final = tuple(
    re.compile(pattern, re.IGNORECASE if marked else 0)
    for pattern, marked in (
        ((rf"(?<!\w)(?:[Уу]л(?:\.|ица|ице|ицы|ицу)|[Пп]р(?:\.|-т|-кт|осп\.?|оспект|оспекте|оспекта)|[Пп]ер(?:\.|еулок|еулке)|[Бб](?:-р|ульвар|ульваре)|[Шш](?:\.|оссе)|[Пп]роезд|[Тт]упик)"
         rf"\s?{_NAME}[\s,]{{1,3}}(?:{_HOUSE_WORD}\s?(?:№\s?)?{_HOUSE}|№\s?{_HOUSE}|{_HOUSE}(?:(?={_FLAT})|{_END})){_FLAT}{{0,3}}"), False),
        (rf"(?<!\w)(?:{_QUARTER}\s?[«\"]?{_NAME}[»\"]?|\d{{1,2}}[\s-]{{0,2}}(?:й\s)?{_QUARTER})[\s,]{{1,3}}(?:{_HOUSE_WORD}\s?(?:№\s?)?{_HOUSE}|№\s?{_HOUSE}|{_HOUSE}(?:\s?{_HOUSE_WORD}|(?={_FLAT})|{_END})){_FLAT}{{0,3}}", True),
        (rf"(?<!\w){_NAME}\s{_STREET_AFTER}[\s,]{{1,3}}(?:{_HOUSE}(?:[\s-]{{0,2}}(?:үй|дом|д\.)\w{{0,4}}|(?={_FLAT})|{_END})|{_HOUSE_WORD}\s?{_HOUSE}){_FLAT}{{0,3}}", False),
        (rf"(?<!\w)(?:\d{{1,4}}[a-z]?,?\s(?:[A-Z][\w'’-]{{1,30}}\s){{1,2}}(?:[Ss]treet|[Ss]t\.|[Aa]venue|[Aa]ve\.?|[Bb]oulevard|[Bb]lvd\.?|[Rr]oad|[Mm]icrodistrict)|(?:[A-Z][\w'’-]{{1,30}}\s){{1,2}}(?:[Ss]treet|[Ss]t\.|[Aa]venue|[Aa]ve\.?|[Bb]oulevard|[Mm]icrodistrict),?\s\d{{1,4}}[a-z]?(?:[/-]\d{{1,4}})?(?=\s*(?:$|[.,;:!?)\n]|apt|flat|apartment))){_FLAT}{{0,3}}", False),
        (rf"(?<!\w){_NAME}[\s,]{{1,3}}(?:{_HOUSE_WORD}\s?(?:№\s?)?{_HOUSE}|{_HOUSE}){_FLAT}{{1,3}}", False),
        (r"(?<!\w)(?:дом|доме|д\.)\s?№?\s?\d{1,4}[а-я]?[\s,]{1,3}(?:кв\.?|квартира|квартире|пәтер)\s?№?\s?\d{1,4}", True),
        (r"(?<!\w)(?:живет|живёт|проживает|проживающ\w{2,3}|прописан\w?|lives)\s(?:по адресу:?|на|at|в)\s(?P<home>(?:[^\n.!?;]|(?<=\bул)\.|(?<=\bд)\.|(?<=\bкв)\.){3,80}?\d{1,4}[^\n.!?;,\s]{0,6})", True),
        (r"(?<!\w)(?:по адресу|мекенжайы|мекен-жайы|адрес|address)\s?:\s?(?P<home>[^\n!?;]{3,80}?\d{1,4}[^\n.!?;,\s]{0,6})", True),
    )
)  # fmt: skip


def addresses(text: str) -> Iterator[Span]:
    """Streets with a house; a street, square or crossing alone is a place and stays."""
    for pattern in _ADDRESSES:
        for found in pattern.finditer(text):
            yield *found.span("home" if "home" in pattern.groupindex else 0), "address"


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses, spelled-out ones too."""
    for found in _EMAIL.finditer(text):
        if "@" in found.group() or re.search(r"собака|[\[({]|точка|\bdot\b", found.group(), re.IGNORECASE):
            yield *found.span(), "e-mail"


def handles(text: str, is_public: Callable[[str], bool]) -> Iterator[Span]:
    """Names of accounts that are not public channels or organisations; a link to one numbered post is evidence."""
    for found in _HANDLE.finditer(text):
        name = found.group(1).rstrip(".")
        if not is_public(name):
            yield found.start(), found.start() + 1 + len(name), "handle"
    for found in _PROFILE.finditer(text):
        is_post = found["telegram"] and found["post"]
        if found["name"].lower() not in _PAGES and not is_post and not is_public(found["name"].rstrip(".")):
            yield *found.span(), "handle"
