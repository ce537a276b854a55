"""Who really saw it: forwards, copies and sources of one owner are one witness, however often they speak. PURE.

A copy is found by its word 3-shingles: a text whose shingles mostly stand in an earlier text (containment, because the
usual repost is "copy and tail") repeats it. Measured against MinHash and SimHash, containment keeps such copies.
"""

from collections import OrderedDict, deque
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


@dataclass(frozen=True, slots=True)
class Echo:
    """The witness of a text. `copy_of` is the witness's first text where this one repeats it; `None` otherwise."""

    witness: str
    copy_of: str | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    witness: str
    at: datetime
    shingles: frozenset[int]
    words: str


class EchoIndex:
    """Remembers the texts of the last two days by their shingles."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, _Known] = OrderedDict()
        self._shingles: dict[int, deque[int]] = {}
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
        shingles = _cut(words)
        original = self._original(shingles, " ".join(words), at)
        if original is not None:
            return Echo(original.witness, original.witness)
        witness = _named(first)
        self._remember(_Known(witness, at, shingles, " ".join(words)))
        return Echo(witness, None if forwarded_from is None else witness)

    def _original(self, shingles: frozenset[int], words: str, at: datetime) -> _Known | None:
        shared: dict[int, int] = {}
        for shingle in shingles:
            for number in self._shingles.get(shingle, ()):
                shared[number] = shared.get(number, 0) + 1
        likely = sorted(shared.items(), key=lambda entry: (-entry[1], entry[0]))[:5]
        for number, common in likely:
            known = self._known.get(number)
            if known is None or abs(at - known.at) > WINDOW:
                continue
            least = min(len(shingles), len(known.shingles))
            if common / least >= CONTAINMENT and fuzz.partial_ratio(words[:600], known.words[:600]) >= LIKENESS:
                return known
        return None

    def _remember(self, known: _Known) -> None:
        self._known[self._next] = known
        for shingle in known.shingles:
            self._shingles.setdefault(shingle, deque(maxlen=50)).append(self._next)
        self._next += 1
        while self._known and (
            len(self._known) > _MAX_TEXTS or known.at - next(iter(self._known.values())).at > WINDOW
        ):
            self._forget()

    def _forget(self) -> None:
        number, old = self._known.popitem(last=False)
        for shingle in old.shingles:
            holders = self._shingles.get(shingle)
            if holders and holders[0] == number:
                holders.popleft()
            if not holders:
                self._shingles.pop(shingle, None)


def _cut(words: list[str]) -> frozenset[int]:
    """Word 3-shingles as numbers that are the same in every run (Python's own hash of text is not)."""
    cut = {int(content_id(*words[place : place + 3])[:12], 16) for place in range(len(words) - 2)}
    return frozenset(sorted(cut)[:_MAX_SHINGLES])


def _named(first: str) -> str:
    return content_id("witness", first)[:16]
