"""Beginnings of words, told apart by their first letters. PURE."""

from collections.abc import Iterable
from typing import Final

_HEAD: Final = 2
"""First letters by which beginnings are told apart: two, or the one that a beginning has."""


class Beginnings:
    """Beginnings of words, looked for only at the lengths that those with the same first letters have."""

    def __init__(self, stems: Iterable[str]) -> None:
        lengths: dict[str, set[int]] = {}
        self._stems = frozenset(stems)
        for stem in self._stems:
            lengths.setdefault(stem[:_HEAD], set()).add(len(stem))
        self._lengths = {head: tuple(sorted(some)) for head, some in lengths.items()}
        self._heads = tuple(sorted({len(head) for head in lengths}))

    def of(self, word: str) -> list[str]:
        """All beginnings that this word has, the shortest first."""
        stems, lengths = self._stems, self._lengths
        heads = (word[:size] for size in self._heads)
        return [stem for head in heads for length in lengths.get(head, ()) if (stem := word[:length]) in stems]
