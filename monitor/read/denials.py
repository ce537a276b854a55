"""A claim and its denial in one text: who says what. PURE.

«Задержали 30 человек, однако в полиции это отрицают» tells it and then lets an official deny it: it is told. «В полиции
опровергли задержания» tells nothing but the denial, and a rumour passed on only to be refuted is nobody's own word either.
Shutdowns and detentions are denied as a matter of course, so a denial beside a claim takes nothing from it.
"""

from collections.abc import Collection, Sequence
from typing import Final

from monitor.read.phrases import Found
from monitor.read.tokens import Text

_SPOKEN: Final = (":", "«", "“", "„", ' "')
_CONTRASTS: Final = frozenset(
    "но однако а хотя зато между меж тем впрочем тогда правда "
    "бірақ алайда дегенмен ал сонда "
    "but however although though while whereas yet".split()
)
"""Conjunctions after which a sentence turns to somebody else's word; closed classes, no lexicon."""


def is_claimed(text: Text, trigger: Found, denials: Sequence[Found], effects: Collection[str]) -> bool:
    """Whether a text tells what a denial in it denies: every denying word stands apart, and it is no rumour passed on."""
    return "rumour" not in effects and bool(denials) and all(_apart(text, trigger, denial) for denial in denials)


def _apart(text: Text, trigger: Found, denial: Found) -> bool:
    """Another sentence, or the same one after «but»."""
    if text.sentences[trigger.first] != text.sentences[denial.first]:
        return True
    return any(word in _CONTRASTS for word in text.words[trigger.last + 1 : denial.first])


def is_quoted(text: Text, found: Found) -> bool:
    """Whether a colon or an opening quotation mark stands before a phrase in its sentence."""
    start = text.starts[text.sentence(found.first).start]
    return any(mark in text.original[start : text.starts[found.first]] for mark in _SPOKEN)
