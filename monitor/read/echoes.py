"""Who really saw it: forwards, copies and sources of one owner are one witness, however often they speak. PURE.

A copy is found by its word 3-shingles: a text whose shingles mostly stand in an earlier text (containment, because the
usual repost is "copy and tail") repeats it. Measured against MinHash and SimHash, containment keeps such copies.
"""

from array import array
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rapidfuzz import fuzz

from monitor.domain.ids import content_id
from monitor.read.tokens import quick_words

WINDOW: Final = timedelta(hours=48)
LEAST_WORDS: Final = 6
"""Shorter texts («Митинг в Алматы») are alike by chance, not by copying."""
CONTAINMENT: Final = 0.45
LIKENESS: Final = 55.0
_MAX_TEXTS: Final = 20_000
_MAX_SHINGLES: Final = 60
_MAX_HOLDERS: Final = 50
"""Texts that are remembered for one shingle: what more texts than these share tells none of them apart."""
_COMPARED: Final = 600
"""Characters of two texts that are compared."""


@dataclass(frozen=True, slots=True)
class Echo:
    """The witness of a text. `copy_of` is the witness's first text where this one repeats it; `None` otherwise."""

    witness: str
    copy_of: str | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    witness: str
    at: datetime
    shingles: "array[int]"
    words: str


class EchoIndex:
    """Remembers the texts of the last two days by their shingles, packed: there may be a million of them."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, _Known] = OrderedDict()
        # The text of a shingle, or its texts; most shingles have one.
        self._shingles: dict[int, int | array[int]] = {}
        self._next = 0

    def witness(self, text: str, *, origin: str, owner: str, forwarded_from: str | None, at: datetime) -> Echo:
        """Whose sight this text is.

        Args:
            text: what was written.
            origin: where it stands.
            owner: who runs the source.
            forwarded_from: the channel it was forwarded from, if it was.
            at: when it was said.
        """
        first = forwarded_from or owner
        words = quick_words(text)[:150]
        if len(words) < LEAST_WORDS:
            return Echo(_named(first))
        shingles, compared = _cut(words), " ".join(words)[:_COMPARED]
        original = self._original(shingles, compared, at)
        if original is not None:
            return Echo(original.witness, original.witness)
        witness = _named(first)
        self._remember(_Known(witness, at, shingles, compared))
        return Echo(witness, None if forwarded_from is None else witness)

    def _original(self, shingles: "array[int]", words: str, at: datetime) -> _Known | None:
        shared: dict[int, int] = {}
        for shingle in shingles:
            for number in self._holders(shingle):
                shared[number] = shared.get(number, 0) + 1
        likely = sorted(shared.items(), key=lambda entry: (-entry[1], entry[0]))[:5]
        for number, common in likely:
            known = self._known.get(number)
            if known is None or abs(at - known.at) > WINDOW:
                continue
            least = min(len(shingles), len(known.shingles))
            if common / least >= CONTAINMENT and fuzz.partial_ratio(words, known.words) >= LIKENESS:
                return known
        return None

    def _holders(self, shingle: int) -> Iterable[int]:
        held = self._shingles.get(shingle, ())
        return (held,) if isinstance(held, int) else held

    def _remember(self, known: _Known) -> None:
        number = self._next
        self._known[number] = known
        for shingle in known.shingles:
            held = self._shingles.get(shingle)
            if held is None:
                self._shingles[shingle] = number
            elif isinstance(held, int):
                self._shingles[shingle] = array("Q", (held, number))
            else:
                if len(held) == _MAX_HOLDERS:
                    del held[0]
                held.append(number)
        self._next += 1
        while self._known and (
            len(self._known) > _MAX_TEXTS or known.at - next(iter(self._known.values())).at > WINDOW
        ):
            self._forget()

    def _forget(self) -> None:
        number, old = self._known.popitem(last=False)
        for shingle in old.shingles:
            held = self._shingles.get(shingle)
            if held == number:
                del self._shingles[shingle]
            elif isinstance(held, array) and held[0] == number:
                del held[0]
                if not held:
                    del self._shingles[shingle]


def _cut(words: list[str]) -> "array[int]":
    """Word 3-shingles as numbers that are the same in every run (Python's own hash of text is not)."""
    cut = {int(content_id(*words[place : place + 3])[:12], 16) for place in range(len(words) - 2)}
    return array("Q", sorted(cut)[:_MAX_SHINGLES])


def _named(first: str) -> str:
    return content_id("witness", first)[:16]
