"""Endings that a place name may take in Russian and Kazakh, as rules of the language.

A Kazakh word takes a chain of suffixes (plural, possessive, case, adjective); a Russian name is declined or becomes an
adjective or the name of its people. Whatever is left of a word after a name must be such an ending, or the word is
another word.
"""

import re
from functools import lru_cache
from typing import Final

_KAZAKH: Final = (
    "лар лер дар дер тар тер лық лік дық дік тық тік ның нің дың дің тың тің ны ні ды ді ты ті ға ге қа ке на не "
    "нда нде да де та те нан нен дан ден тан тен мен бен пен дағы дегі тағы тегі ндағы ндегі ша ше сы сі сын сін ша ше "
    "іде ідегі іден іге ғы гі қы кі ын ін ында інде ына іне ынан інен ының інің ындағы індегі сында сінде"
).split()
_KAZAKH_CHAIN: Final = re.compile(f"^(?:{'|'.join(sorted(_KAZAKH, key=len, reverse=True))}){{0,4}}$")
_KAZAKH_FOLDED: Final = re.compile(_KAZAKH_CHAIN.pattern.translate(str.maketrans("қғңөүұәі", "кгноууаи")))
_NOUN: Final = frozenset("а у ом е ы и ой ою ей ю я ем ь ью й ам ами ах о".split())
_ADJECTIVE: Final = re.compile(
    "^(?:ин|ов|ев|ен|ян|йн)?ск(?:ий|ого|ому|им|ом|ая|ой|ую|ое|ие|их|ими|ою)?$|^(?:ин|ен|чан|ов)?(?:ец|ц[ыеауо].{0,2}|чан.{0,3}|ка|ки)$"
)
_IS_ADJECTIVE: Final = re.compile("ск(?:ий|ого|ому|им|ом|ая|ой|ую|ое|ие|их|ими|ою)$|(?:нец|нцы|нцев|нцам|чан[еа]?)$|(?:лық|лік|дық|дік|тық|тік)(?:тар|тер)?(?:ды|ді|ты|ті|дың|дің|тың|тің)?$|(?:ese|ian|ish)$|(?:lyq|lik|dyq|dik|tyq|tik|lıq|dıq|tıq)(?:tar|ter)?$")  # fmt: skip
_IS_LOCATIVE: Final = re.compile("(?<!с)(?:да|де|та|те|дағы|дегі|тағы|тегі|дан|ден|тан|тен|нан|нен|даги|деги|таги|теги|daǵy|dağı)$")  # fmt: skip


@lru_cache(maxsize=20_000)
def is_adjective(word: str) -> bool:
    """Whether a name of a place stands as an adjective or as the name of its people."""
    return _IS_ADJECTIVE.search(word) is not None


@lru_cache(maxsize=20_000)
def is_locative(word: str) -> bool:
    """Whether a Kazakh name stands in the case of "in" or "from"."""
    return _IS_LOCATIVE.search(word) is not None


def is_inside(word: str) -> bool:
    """Whether a Kazakh name stands in the case of "in"."""
    return word.endswith(("да", "де", "та", "те", "дағы", "дегі", "тағы", "тегі"))


@lru_cache(maxsize=50_000)
def legal(rest: str, *, vowel_cut: bool) -> bool:
    """Whether `rest` may follow a place name (its stem, where `vowel_cut` says that the last vowel was taken off)."""
    if not rest:
        return not vowel_cut
    if rest in _NOUN or _ADJECTIVE.match(rest):
        return True
    return not vowel_cut and bool(_KAZAKH_CHAIN.match(rest) or _KAZAKH_FOLDED.match(rest))
