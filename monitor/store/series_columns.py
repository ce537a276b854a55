"""Rows of series as columns, packed into one value of a database and checked when they are read again.

A row costs 28 bytes and a fraction of a microsecond this way, against 35 bytes and several times the work as a row of its
own. The packing is: magic, number of rows, CRC-32 of the rest, then time, series, ratio and value as little-endian
arrays, then the texts as JSON. A ratio or value that is not there is NaN.
"""

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt

MAGIC: Final = b"DBS1"
HEAD: Final = struct.Struct("<4sII")
Numbers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Row = tuple[int, int, float | None, float | None, str | None]
"""time_ns, number of the series, ratio, value, text."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Rows, column by column; `texts` by the row's place."""

    time: Numbers
    series: Numbers
    ratio: Reals
    value: Reals
    texts: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.time)

    @classmethod
    def of(
        cls, times: Sequence[int], series: Sequence[int], ratios: Sequence[Any], values: Sequence[Any],
        texts: Sequence[str | None],
    ) -> "Columns":  # fmt: skip
        """Columns from sequences of the same length; `None` becomes NaN."""
        told = {place: text for place, text in enumerate(texts) if text is not None} if any(texts) else {}
        return cls(
            np.array(times, np.int64),
            np.array(series, np.int64),
            np.array(ratios, np.float64),
            np.array(values, np.float64),
            told,
        )

    @classmethod
    def joined(cls, parts: Sequence["Columns"]) -> "Columns":
        """One after the other."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.of([], [], [], [], [])
        starts = np.cumsum([0, *(len(part) for part in parts)])
        texts = chain.from_iterable(
            ((int(start) + place, text) for place, text in part.texts.items())
            for start, part in zip(starts, parts, strict=False)
        )
        return cls(
            np.concatenate([part.time for part in parts]),
            np.concatenate([part.series for part in parts]),
            np.concatenate([part.ratio for part in parts]),
            np.concatenate([part.value for part in parts]),
            dict(texts),
        )

    def chosen(self, places: Numbers) -> "Columns":
        """The rows at these places, in that order."""
        texts = (
            {new: self.texts[old] for new, old in enumerate(places.tolist()) if old in self.texts} if self.texts else {}
        )
        return Columns(self.time[places], self.series[places], self.ratio[places], self.value[places], texts)

    def where(self, mask: npt.NDArray[np.bool_]) -> "Columns":
        """The rows for which this holds."""
        return self if mask.all() else self.chosen(np.flatnonzero(mask))

    def newest_only(self) -> "Columns":
        """Of rows of the same series and moment the last one, ordered by moment and series."""
        order = np.lexsort((np.arange(len(self)), self.series, self.time))
        time, series = self.time[order], self.series[order]
        last = np.ones(len(order), bool)
        last[:-1] = (time[1:] != time[:-1]) | (series[1:] != series[:-1])
        return self.chosen(order[last])

    def rows(self) -> list[Row]:
        """The rows as tuples."""
        ratios = [
            None if missing else real for real, missing in zip(self.ratio.tolist(), np.isnan(self.ratio), strict=True)
        ]
        values = [
            None if missing else real for real, missing in zip(self.value.tolist(), np.isnan(self.value), strict=True)
        ]
        texts = [self.texts.get(place) for place in range(len(self))] if self.texts else [None] * len(self)
        return list(zip(self.time.tolist(), self.series.tolist(), ratios, values, texts, strict=True))

    def packed(self) -> bytes:
        """As one value of a database."""
        parts = (self.time.astype("<i8"), self.series.astype("<i4"), self.ratio.astype("<f8"), self.value.astype("<f8"))
        body = b"".join(part.tobytes() for part in parts)
        if self.texts:
            body += json.dumps(list(self.texts.items()), separators=(",", ":")).encode()
        return HEAD.pack(MAGIC, len(self), zlib.crc32(body)) + body


class DamagedError(ValueError):
    """These bytes are not what was packed."""


def unpacked(data: bytes) -> Columns:
    """Columns again.

    Raises:
        DamagedError: they are not what was packed.
    """
    if len(data) < HEAD.size:
        message = "too short for a packed column"
        raise DamagedError(message)
    magic, count, checksum = HEAD.unpack_from(data)
    body = memoryview(data)[HEAD.size :]
    if magic != MAGIC or len(body) < count * 28 or zlib.crc32(body) != checksum:
        message = "a packed column is damaged"
        raise DamagedError(message)
    texts = dict(json.loads(bytes(body[count * 28 :]))) if len(body) > count * 28 else {}
    return Columns(
        np.frombuffer(body, "<i8", count),
        np.frombuffer(body, "<i4", count, count * 8).astype(np.int64),
        np.frombuffer(body, "<f8", count, count * 12),
        np.frombuffer(body, "<f8", count, count * 20),
        texts,
    )
