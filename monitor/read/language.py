"""Which language a text is written in: by script, Kazakh letters and function words. A rule, not a model.

The lexicons of all languages are always run; the language only decides whether Kazakh typed without its letters is
looked for, and what we call the text.
"""

import re
from functools import lru_cache
from typing import Final

from monitor.read.tokens import Text

_KAZAKH: Final = re.compile("[әғқңөұүһ]|[іi](?=[а-яәғқңөұүһі])|(?<=[а-яәғқңөұүһ])і")

_TYPED: Final = re.compile("[кгхшжй]ы|[аеуы]ы")
"""Pairs of letters that Russian spelling forbids: Kazakh typed without its letters."""
_NAMES: Final = ("шымкент", "кызылорд", "кыргыз", "жылой")
_TYPED_ENDINGS: Final = (
    "лар", "лер", "дын", "нын", "тын", "дин", "нин", "тин", "ганда", "генде", "ады", "айды", "ейди", "тты", "тти", "лды", "лди",
    "нды", "нди", "рды", "рди", "шылар", "тиди", "ейди", "ылар", "дагы", "деги", "дан", "ын", "озенде", "обеде",
    "лган", "лген", "рген", "йган", "йген", "нген", "скен", "ткен", "ында", "инде", "етин", "атын", "ынан", "инен", "ымен",
    "лерди", "ларды", "терди", "тарды", "лерге", "ларга", "терге", "дерге", "лары", "лери", "лерин", "ларын", "етти", "епти",
    "ипти", "мыз", "миз", "айик", "индар", "ындар", "инши", "ынши", "мады", "меди", "птар", "ктар", "ктер", "ыктан", "уга",
)  # fmt: skip
_KAZAKH_WORDS: Final = frozenset(
    "және мен бен пен үшін бойынша туралы деп деді болды болған жоқ бар емес осы сол бұл бір екі қазір кейін бұрын "
    "жылы күні адам халық облысы қаласы ауданы алаңы үкімет ұсталды шықты жатыр тұр деген керек арасында "
    # The same typed without the Kazakh letters.
    "жане ушин бул казир кейин бурын жылы куни халык облысы каласы ауданы аланы укимет усталды шыкты кала халкы "
    "барлык тур адамдар аланда коше алан казак казакша емес дейди айтты туралы болып отыр кеше бугин ертен келди "
    "екен гой ушинши калай кайда ешким ештене келип алып кетип шыгып салды берди жур отырмыз танертен дейин бизди бизге "
    "солай осылай сондай жатканда тунде куни коп оте болып болган болады бирак баска туралы сиякты жаткан кайта аркылы керек "
    "олар олардын онын еди барлык уйде уйден жигит жигиттер алып шыкпай келмей мумкин билмейди кетти уйине озин "
    "жерде жок болды интернет истемейди омир журт шыгып жиналды наразылык полицейлер тургындар".split()
)
_KAZAKH_LATIN: Final = frozenset(
    "men ben pen jáne jäne zhane jane ushin úshin üşin boıynsha boiynsha turaly dep dedi boldy joq bar emes osy sol bul "
    "bir qazir keıin kein jyly kúni küni kuni adam halyq halıq khalyq oblysy oblısı qalasy qalası audany aūdany alańy "
    "alañı alany alangy qazaqstan qazaqstanda almatyda astanada ustaldy ustaldı shyqty şıqtı jatyr jatır tur narazylyq "
    "narazılıq mıtıng miting polısııa polisiya policiya adamdy adamdar turgyndar tūrğyndar ınternet joqqa buǵattaldy "
    "buğattaldı bughattaldy kóshe köşe koshe eki úsh jüz júz".split()
)
_RUSSIAN_WORDS: Final = frozenset(
    "и в на не что по из за для это как от его к с о у же но был была были после около более человек года город области "
    "об при или так также уже еще до под со все сообщает сообщили".split()
)
_ENGLISH_WORDS: Final = frozenset(
    "the of and to in a is was were for on that with by as at from has have been people after police are an its it "
    "over this their said says not".split()
)


def identify(text: Text) -> str:
    """`ru`, `kk`, `en`, or `und` where nothing tells; of a mixed text, the language of most words."""
    return identify_words(text.words[:400], text.original[:4000].lower())


def identify_words(words: list[str], sample: str) -> str:
    """The same from words already cut."""
    if (
        not sample.isascii()
        and _ONLY_KAZAKH.search(sample) is None
        and len(_RUSSIAN_WORDS.intersection(words)) >= _SURE
    ):
        return "ru"
    weighed = sum(map(_weight, words))
    cyrillic, latin, arabic, kazakh, russian = ((weighed >> _FIELD * field) & _FULL for field in range(5))
    if arabic > max(cyrillic, latin):
        return "kk" if re.search("[ۇۋەىڭۆگچ]|ء", sample) else "und"
    if cyrillic >= latin and cyrillic:
        return _of_cyrillic(words, kazakh, russian)
    return _of_latin(words, sample.lower()) if latin else "und"


_ONLY_KAZAKH: Final = re.compile("[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")
_SURE: Final = 3
"""Different small words of Russian that settle it where no Kazakh letter stands."""
_SHORT: Final = 10
_LEAST_SHARE: Final = 4
"""In a text of more than `_SHORT` words, at least one word in this many must look Kazakh."""
_LEAST_SHARE_ALONE: Final = 7
"""The same where hardly any word looks Russian: what looks like neither may be typed Kazakh, or no language at all."""
_FIELD: Final = 20
_FULL: Final = (1 << _FIELD) - 1


@lru_cache(maxsize=20_000)
def _weight(word: str) -> int:
    """What a word says for each script (in letters) and language, packed into one number so that a text is one sum."""
    first, letters = word[0], min(len(word), 100)
    if "\u0400" <= first <= "\u052f":
        return letters | looks_kazakh(word) << _FIELD * 3 | _looks_russian(word) << _FIELD * 4
    if "a" <= first <= "\u024f":
        return letters << _FIELD
    return letters << _FIELD * 2 if "\u0600" <= first <= "\u06ff" else 0


def _of_cyrillic(words: list[str], kazakh: int, russian: int) -> str:
    sure = kazakh >= _SURE and kazakh > russian * _SURE
    least = _LEAST_SHARE_ALONE if sure else _LEAST_SHARE
    if kazakh * least < len(words) and len(words) > _SHORT:
        return "ru"
    if kazakh == russian:
        return "kk" if kazakh and _KAZAKH.search(" ".join(words)) else "ru"
    return "kk" if kazakh > russian else "ru"


def _looks_russian(word: str) -> bool:
    return word in _RUSSIAN_WORDS or word.endswith(_RUSSIAN_ENDINGS)


def looks_kazakh(word: str) -> bool:
    """Whether a word by itself is Kazakh: its letters, its spelling, or a word that everybody uses."""
    return word in _KAZAKH_WORDS or _KAZAKH.search(word) is not None or _is_typed(word)


def _is_typed(word: str) -> bool:
    """Whether the word looks like Kazakh without its letters."""
    if _TYPED.search(word):
        return not word.startswith(_NAMES)
    return len(word) > 5 and word.endswith(_TYPED_ENDINGS)


_RUSSIAN_ENDINGS: Final = (
    "ого",
    "его",
    "ыми",
    "ими",
    "ться",
    "ется",
    "ении",
    "ения",
    "ость",
    "ами",
    "ями",
    "ает",
    "ыло",
    "или",
    "али",
    "ых",
    "ий",
    "ый",
    "ая",
    "ое",
    "ые",
    "ую",
    "ешь",
    "ить",
    "ать",
    "лся",
    "лись",
)


def _of_latin(words: list[str], sample: str) -> str:
    english = sum(1 for word in words if word in _ENGLISH_WORDS)
    kazakh = sum(1 for word in words if word in _KAZAKH_LATIN or word.endswith(_KAZAKH_LATIN_ENDINGS))
    kazakh += len(re.findall("[ğşıñńǵ]", sample))
    if kazakh > english:
        return "kk"
    return "en" if english or len(words) >= 2 else "und"


_KAZAKH_LATIN_ENDINGS: Final = tuple(
    "ylar lary ashylar tty ttı ynyn syn aida zende tauda daghy alda alga aldy ldi ndi rdy sty shty qty qtı ylyp alyp lyq lıq "
    "dyń nyń nıñ dyng nyng lardy ları daǵy dağı ldy ldı yldy ıldı uda ynda ında ynan ınan pty ptı "
    "maidy meidi aidy eidi maıdy meıdi aıdy eıdi lgan lgen ǵan ğan tqan sqan tken sken inde ıp yp yq ıq ipti epti apty yndy "
    "rdi kti ymyz imiz ımız dyn nyn tyn leri tary teri larga lerge targa terge lerdi tardy terdi mady medi dagy degi tagy "
    "tegi atyn".split()
)
