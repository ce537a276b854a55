"""What words that name people look like: surnames, patronymics, given names, in any case and script. PURE."""

import re
from typing import Final

from monitor.read.masking_words import GIVEN, GIVEN_LATIN, NOT_SURNAMES
from monitor.read.script import folded, skeleton

_PATRONYMIC: Final = re.compile(
    r"(?:(?:ович|евич|ьич|кич|мич)(?:а|у|ем|ом|е)?|(?:овн|евн|ичн|иничн)(?:а|ы|у|ой|е|ою)|[^\W_]{2,}(?:улы|кызы|кизи|углы|оглы)(?:н|ны|нын|на|нан|нда|мен|нин|ни|нен)?"
    r"|[^\W_]{2,}(?:ovich|evich|ovna|evna|uly|ūly|ulı|ūlı|uli|kyzy|qyzy|kizi|qyzı|qızı|qızy|kyzi|gyzy)(?:nyng|ga|dy)?)$"
)
APART: Final = frozenset("улы кызы кизи оглы углы uly kyzy qyzy ūly qyzı ulı".split())
_CASES: Final = r"(?:а|у|ым|е|ой|ых|ыми|ую|[нтд][ыи]н?|[гк][ае]|[дт][ае]н?|пен|мен)?$"
_SURNAME: Final = re.compile(r"[^\W_]{3,}(?:ов|ев|ин|ын)" + _CASES + r"|[^\W_]{3,}[ое]ва(?:га|ны|нын|дан|мен|да)$")
_SURNAME_LATIN: Final = re.compile(r"[a-z]{3,}(?:ov|ev|yev|iyev|ova|eva|yeva|iyeva|bayev)(?:’s|'s)?$")
_SURNAME_RARE: Final = re.compile(
    r"[^\W_]{2,}(?:енко|чук|ский|ская|ского|ской|скому|ским|скую|цкий|цкая|цкого|цкой|швили|дзе|янц?а?у?|enko|chuk|sky|skiy|skaya|bay|bek|khan)$"
)
_COMPOUND: Final = re.compile(
    r"^[^\W_]{3,}(?:бек|жан|бай|кан|гул|гали|султан|мурат|берген|болат)(?:а|у|ом|ем|е|и|[тд]и|[тдн]ин|[гк][ае]|[дт]ан|пен|мен)?$"
)
"""Given names are made of two words («Ақылжан», «Ұласбек»), more than any list holds; in the coarse form of `bone_of`."""
_STRONG: Final = re.compile(
    r"(?:(?:баев|беков|галиев|калиев|алиев|ханов|жанов|муратов|гожин|хметов|бетов)(?:а|у|ым|е|ой)?|(?:bayev|bekov)a?)$"
)
_ADJECTIVE: Final = re.compile(
    r"(?:ическ|альн|енн|ивн|арн|инск|ейск|анск|овск|льск)(?:ий|ая|ое|ие|ого|ому|ым|им|ой|ую|их|ых|ими|ыми|ом|ый)$"
)
PLACE_ENDINGS: Final = frozenset(
    "а у ом е ем ой и ы ю да де та те дан ден тан тен га ге ка ке нын нин дын дин тын тин мен пен дагы деги тагы теги".split()
)
NAME_ENDINGS: Final = frozenset("ым ой ою ей я ти ты ди ды ни ны ке 's".split())
_GIVEN_ENDINGS: Final = frozenset(
    "а у ом ем е и ои еи иу иа дин ди ни га ге да де дан ден мен пен бен тин ти тан тен ка ке та те нин даги теги s".split()
)
_GIVEN_A_ENDINGS: Final = frozenset({"и", "е", "у", "ои", "еи"})


def plain(word: str) -> str:
    """Lower case, ё as е, Kazakh letters as typed without them, without hyphens' variety."""
    low = word.lower().replace("ё", "е").replace("’", "'").replace("ʼ", "'")
    return folded(low)


def is_patronymic(word: str) -> bool:
    """«Иванович», «Серікқызы», in any case."""
    return bool(_PATRONYMIC.search(word))


def is_surname(word: str) -> bool:
    """Whether it ends as Russian and Kazakh surnames do, in any case."""
    if word in NOT_SURNAMES or len(word) < 4:
        return False
    return bool(_SURNAME.search(word) or _SURNAME_LATIN.search(word))


def is_surname_here(word: str) -> bool:
    """Whether it is a surname beside a given name or an office, where rarer endings count too."""
    return is_surname(word) or bool(_SURNAME_RARE.search(word))


def is_strong(word: str) -> bool:
    """Whether only surnames end like that, so that no plural («активистов») is meant."""
    return bool(_STRONG.search(word))


def is_adjective(word: str) -> bool:
    """Whether it ends as adjectives of bodies and places do («Сарыаркинский»)."""
    return bool(_ADJECTIVE.search(word))


def is_given(word: str) -> bool:
    """Whether it is a given name in some case, in Cyrillic or Latin letters."""
    if len(word) < 3:
        return False
    if word in GIVEN_LATIN:
        return True
    bone = bone_of(word)
    if bone in BONES or _COMPOUND.search(bone):
        return True
    for cut in range(1, 5):
        if len(bone) - cut < 3:
            break
        stem, ending = bone[:-cut], bone[-cut:]
        if (ending in _GIVEN_ENDINGS and stem in BONES) or (ending in _GIVEN_A_ENDINGS and f"{stem}а" in BONES):
            return True
    return False


def bone_of(word: str) -> str:
    """The coarse form in which Cyrillic and Latin spellings of a given name meet."""
    bone = skeleton(word).replace("х", "к")
    bone = _DOUBLED.sub(r"\1", bone)
    return bone[1:] if bone.startswith("ие") else bone


_DOUBLED: Final = re.compile(r"(.)\1+")
BONES: Final = frozenset(bone_of(plain(name)) for name in GIVEN)
