"""Other ways to write Kazakh: without its letters, in Latin, in Arabic script. All are folded onto one skeleton.

Skeletons are coarse on purpose and are compared only with each other: a pattern's skeleton with a word's. Latin
spellings covered: the alphabets of 2017/2018 (`ǵ ń sh`), of 2021 (`ğ ñ ş`), and the free typing of phones (`gh ng zh j`).
"""

import re
from functools import lru_cache
from typing import Final

_LONGEST_WORD: Final = 40
_FOLD: Final = str.maketrans("қғңөүұәіһ", "кгноууаих")
_COARSE: Final = str.maketrans(
    dict(zip("ыйэщчцфв", "ииешшспу", strict=True)) | {"ъ": None, "ь": None, "я": "иа", "ю": "иу"}
)
_DOUBLED: Final = re.compile("([иу])\\1+")
"""How many letters stand for й, ия, уу differs with each Latin spelling: «полиция» is polisia, polısııa and politsiya."""

_LATIN_PAIRS: Final = (
    ("shch", "ш"),
    ("sh", "ш"),
    ("ch", "ш"),
    ("zh", "ж"),
    ("gh", "г"),
    ("kh", "х"),
    ("ng", "н"),
    ("ts", "с"),
    ("ya", "иа"),
    ("yu", "иу"),
    ("ia", "иа"),
    ("iya", "ииа"),
)
_LATIN: Final = str.maketrans(
    {
        "a": "а",
        "ä": "а",
        "á": "а",
        "ə": "а",
        "b": "б",
        "c": "с",
        "ç": "ш",
        "d": "д",
        "e": "е",
        "f": "п",
        "g": "г",
        "ğ": "г",
        "ǵ": "г",
        "ġ": "г",
        "h": "х",
        "i": "и",
        "ı": "и",
        "í": "и",
        "ï": "и",
        "y": "и",
        "ý": "у",
        "j": "ж",
        "k": "к",
        "q": "к",
        "l": "л",
        "m": "м",
        "n": "н",
        "ñ": "н",
        "ń": "н",
        "ŋ": "н",
        "o": "о",
        "ö": "о",
        "ó": "о",
        "p": "п",
        "r": "р",
        "s": "с",
        "ş": "ш",
        "t": "т",
        "u": "у",
        "ü": "у",
        "ú": "у",
        "ū": "у",
        "ŭ": "у",
        "v": "у",
        "w": "у",
        "x": "х",
        "z": "з",
        "'": None,
        "’": None,
    }
)
_ARABIC: Final = str.maketrans(
    {
        "ا": "а",
        "آ": "а",
        "أ": "а",
        "ە": "е",
        "ى": "и",
        "ي": "и",
        "ئ": "и",
        "و": "о",
        "ۇ": "у",
        "ۋ": "у",
        "ۆ": "у",
        "ق": "к",
        "ك": "к",
        "ک": "к",
        "گ": "г",
        "ع": "г",
        "غ": "г",
        "ڭ": "н",
        "ن": "н",
        "ش": "ш",
        "چ": "ш",
        "ج": "ж",
        "ز": "з",
        "س": "с",
        "ت": "т",
        "د": "д",
        "پ": "п",
        "ب": "б",
        "م": "м",
        "ل": "л",
        "ر": "р",
        "ھ": "х",
        "ه": "х",
        "ح": "х",
        "خ": "х",
        "ف": "п",
        "ء": None,
        "ـ": None,
        "ٴ": None,
    }
)
_ARABIC_LETTER: Final = re.compile("[\u0600-\u06ff]")


def folded(word: str) -> str:
    """The word as typed on a keyboard without Kazakh letters."""
    return word.translate(_FOLD)


def skeleton(word: str) -> str:
    """The coarse form in which all scripts of Kazakh meet; the empty string where the word has no letters for it."""
    # What is longer is no word, and would fill the memory.
    return _remembered_skeleton(word) if len(word) <= _LONGEST_WORD else _skeleton(word)


def _skeleton(word: str) -> str:
    if word.isascii() or not _ARABIC_LETTER.search(word):
        word = _from_latin(word) if _is_latin(word) else folded(word)
    else:
        word = word.translate(_ARABIC)
    return _DOUBLED.sub(r"\1", word.translate(_COARSE).replace("нг", "н"))


_remembered_skeleton = lru_cache(maxsize=50_000)(_skeleton)


def arabic_skeleton(word: str) -> str:
    """A Cyrillic pattern's skeleton where о and у cannot be told apart, as in Arabic script without marks."""
    return skeleton(word).replace("у", "о")


def _is_latin(word: str) -> bool:
    return not re.search("[а-яәғқңөұүһі]", word)


def _from_latin(word: str) -> str:
    for pair, letter in _LATIN_PAIRS:
        if pair in word:
            word = word.replace(pair, letter)
    return word.translate(_LATIN)
