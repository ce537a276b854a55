"""Words weighed: how much each speaks for an event, and for which kind, learned from labelled texts. PURE.

Phrases of the lexicons say exactly what they mean and miss what is told in other words. The weights in `config/weights.csv`
know no phrase, but what usually stands beside an event and what beside sport, courts and markets; their sum finds what the
phrases miss, and casts doubt on what only looks like an event. Each word and its weight is shown as a reason, and each row can
be edited or struck out by hand. A linear model: logistic regression (Cox 1958) over stems, see docs/decisions/0038.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate
from typing import Final

from monitor.domain.kinds import EventKind, Family
from monitor.read.script import arabic_skeleton, folded, skeleton

SPAN_WORDS: Final = 90
"""Words that are weighed together: a post, or a few sentences of an article."""
_STEP_WORDS: Final = 30
_CYRILLIC_LETTERS: Final = 6
_LATIN_LETTERS: Final = 7
_FEWEST_LETTERS: Final = 4
"""Six letters come to no fewer where scripts meet."""
LENGTH: Final = 4.0
"""Scale of a sum: words add up with the square root of their number, as independent hints do."""
FLAGS: Final = ("denied", "past")
NUMBER: Final = "#"
_MOST: Final = 20.0
BIAS: Final = "*"
"""The row of what is true of any text."""


@lru_cache(maxsize=50_000)
def stem_of(word: str) -> str:
    """What of a word is weighed: its first letters, Kazakh ones as if typed without; every number is one stem."""
    if word.isdecimal():
        return NUMBER
    return word[:_LATIN_LETTERS] if word.isascii() else folded(word)[:_CYRILLIC_LETTERS]


@dataclass(frozen=True, slots=True)
class Weights:
    """What each stem weighs.

    Attributes:
        stems: for an event at all, above 0, or against one.
        bias: of a text of which nothing is known.
        kinds: for each stem, which kinds it speaks for and how much; `BIAS`: how frequent they are.
        flags: the same for what is said of an event, by flag: that it is denied, or of the past.
        respelled: finds the stem of a word of Kazakh in Latin letters or in Arabic script; `None` where words are written as
            they were weighed.
    """

    stems: dict[str, float]
    bias: float
    kinds: dict[str, tuple[tuple[EventKind, float], ...]]
    flags: dict[str, dict[str, float]] = field(default_factory=dict)
    respelled: Callable[[str], str] | None = None

    def spelled(self, *, arabic: bool) -> "Weights":
        """The same weights for words of Kazakh in Arabic script, or in Latin letters."""
        return replace(self, respelled=_Respelled(self.stems, arabic=arabic))

    def stem(self, word: str) -> str:
        """What of the word is weighed."""
        return stem_of(word) if self.respelled is None else self.respelled(word)

    def of(self, word: str) -> float:
        """How much a word speaks for an event; 0 where nothing is known of it."""
        return self.stems.get(self.stem(word), 0.0)

    def event(self, weights: Sequence[float]) -> float:
        """How probable it is that words of these weights tell of an event, 0..1."""
        return _logistic(self.bias + _scaled(sum(weights), len(weights)))

    def most(self, weights: Sequence[float]) -> float:
        """The same for the span of a text that speaks most for one; quick, its spans do not know sentences."""
        if len(weights) <= SPAN_WORDS:
            return self.event(weights)
        sums = [0.0, *accumulate(weights)]
        ends = (*range(SPAN_WORDS, len(weights), _STEP_WORDS), len(weights))
        return _logistic(self.bias + _scaled(max(sums[end] - sums[end - SPAN_WORDS] for end in ends), SPAN_WORDS))

    def flag(self, name: str, words: Sequence[str]) -> float:
        """How probable it is that an event told in these words is denied, or of the past; 0 where that is not weighed."""
        own = self.flags.get(name)
        if not own:
            return 0.0
        known = own.get
        return _logistic(own[BIAS] + _scaled(sum([known(stem, 0.0) for stem in map(self.stem, words)]), len(words)))

    def kind(self, words: Sequence[str]) -> tuple[EventKind, float]:
        """The kind that these words speak for most, and how probable its family is, given that there is an event."""
        totals = dict(self.kinds[BIAS])
        for stem in map(self.stem, words):
            for kind, weight in self.kinds.get(stem, ()):
                totals[kind] += _scaled(weight, len(words))
        most = max(totals.values())
        shares = {kind: math.exp(total - most) for kind, total in totals.items()}
        families: dict[Family, float] = {}
        for kind, share in shares.items():
            families[kind.family] = families.get(kind.family, 0.0) + share
        family = max(families, key=lambda name: families[name])
        best = max((kind for kind in shares if kind.family is family), key=lambda kind: shares[kind])
        return best, families[family] / sum(shares.values())


class _Respelled:
    """Stems by the form in which all scripts of Kazakh meet. Of stems that meet there the one that says least is taken."""

    def __init__(self, stems: Mapping[str, float], *, arabic: bool) -> None:
        self._arabic = arabic
        self._whole: dict[str, str] = {}
        self._begun: dict[str, str] = {}
        for stem in sorted(stems, key=lambda name: (-abs(stems[name]), name)):
            if stem.isascii():
                continue
            form = self._form(stem)
            (self._begun if len(stem) == _CYRILLIC_LETTERS else self._whole)[form] = stem
        self._longest = max(map(len, self._begun), default=0)

    def __call__(self, word: str) -> str:
        """The longest stem that the word begins with, or is; the word itself where there is none."""
        if word.isdecimal():
            return NUMBER
        form = self._form(word)
        if form in self._whole:
            return self._whole[form]
        for length in range(min(len(form), self._longest), _FEWEST_LETTERS - 1, -1):
            if form[:length] in self._begun:
                return self._begun[form[:length]]
        return word

    def _form(self, word: str) -> str:
        return arabic_skeleton(word) if self._arabic else skeleton(word)


def read_weights(text: str) -> tuple[Weights | None, list[tuple[int, str]]]:
    """The table `stem,weight,kinds`, the last as `kind:weight` or `flag:weight` with blanks between; and what is wrong, by line.

    A bad row is left out. `None` where the row `BIAS` with the frequency of every kind is missing.
    """
    stems: dict[str, float] = {}
    kinds: dict[str, tuple[tuple[EventKind, float], ...]] = {}
    flags: dict[str, dict[str, float]] = {flag: {} for flag in FLAGS}
    faults: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines()[1:], 2):
        try:
            stem, weight, told = line.split(",")
            stems[stem] = _finite(weight)
            own = [_weight(pair) for pair in told.split()]
            kinds[stem] = tuple((EventKind(name), value) for name, value in own if name not in flags)
            for name, value in own:
                if name in flags:
                    flags[name][stem] = value
        except ValueError as error:
            faults.append((number, str(error)))
    if not kinds.get(BIAS):
        return None, [*faults, (1, f"no row '{BIAS}' with the frequency of every kind")]
    weighed = {flag: own for flag, own in flags.items() if BIAS in own}
    return Weights(stems, stems.pop(BIAS), {stem: own for stem, own in kinds.items() if own}, weighed), faults


def _finite(number: str) -> float:
    value = float(number)
    if not -_MOST <= value <= _MOST:
        message = f"a weight is between -{_MOST:.0f} and {_MOST:.0f}, not {number}"
        raise ValueError(message)
    return value


def _weight(pair: str) -> tuple[str, float]:
    name, _, weight = pair.rpartition(":")
    return name, _finite(weight)


def _scaled(total: float, words: int) -> float:
    return LENGTH * total / math.sqrt(max(1, words))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))
