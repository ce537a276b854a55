"""Copies the history of series from one store into another, an hour at a time, and compares the counts at the end.

Promises that an interrupted copy goes on where it was, that doing it twice changes nothing, and that the source is only
read. How far it came is noted beside the stores after every step that the other store holds for good.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from monitor.domain.moments import EPOCH, parse_rfc3339, rfc3339
from monitor.domain.ports import SeriesStore
from monitor.domain.series import SeriesQuery

HOUR: Final = timedelta(hours=1)
MOST_POINTS: Final = 50_000
"""At once in memory; an hour with more is read in smaller pieces."""

EVERYTHING: Final = 1_000_000_000
SHORTEST: Final = timedelta(milliseconds=1)


class Movable(SeriesStore, Protocol):
    """A series store whose whole history can be read."""

    async def count(self, query: SeriesQuery) -> int:
        """How many points there are; the limit does not matter."""
        ...

    async def extent(self) -> Mapping[str, tuple[datetime, datetime]]:
        """First and last moment (or day) of each measurement."""
        ...


class Compared(NamedTuple):
    """Counts of one measurement at the end."""

    measurement: str
    there: int
    here: int


@dataclass(slots=True)
class Migration:
    """One copy.

    Attributes:
        settle: waits until the target holds for good what was written.
        finish: what the target does when all is there.
        notes: file that says how far each measurement came.
    """

    source: Movable
    target: Movable
    settle: Callable[[], Awaitable[None]]
    finish: Callable[[], Awaitable[None]]
    notes: Path

    async def hours(self) -> list[tuple[str, datetime]]:
        """What there is to copy: measurement and beginning of each hour, without what was copied before."""
        done = self._read_notes()
        found = []
        for measurement, (first, last) in sorted((await self.source.extent()).items()):
            at = max(_hour(first), parse_rfc3339(done[measurement]) if measurement in done else _hour(first))
            end = _hour(last) + timedelta(days=1)
            while at < end:
                found.append((measurement, at))
                at += HOUR
        return found

    async def copy(self, measurement: str, at: datetime) -> int:
        """Copy one hour; how many points."""
        copied = await self._copy(measurement, at, at + HOUR)
        if copied:
            await self.settle()
        self._note(measurement, at + HOUR)
        return copied

    async def compare(self) -> list[Compared]:
        """Points of every measurement in the source and in the target, over the source's whole time."""
        found = []
        for measurement, (first, last) in sorted((await self.source.extent()).items()):
            counted = [0, 0]
            at, end = _hour(first).replace(hour=0), _hour(last) + timedelta(days=1)
            while at < end:
                query = SeriesQuery(measurement=measurement, since=at, until=min(at + timedelta(days=1), end))
                counted[0] += await self.source.count(query)
                counted[1] += await self.target.count(query)
                at += timedelta(days=1)
            found.append(Compared(measurement, *counted))
        return found

    async def _copy(self, measurement: str, since: datetime, until: datetime) -> int:
        query = SeriesQuery(measurement=measurement, since=since, until=until, limit=MOST_POINTS)
        points = await self.source.series(query)
        if len(points) == MOST_POINTS and until - since <= SHORTEST:
            points = await self.source.series(replace(query, limit=EVERYTHING))
        elif len(points) == MOST_POINTS:
            middle = since + (until - since) / 2
            return await self._copy(measurement, since, middle) + await self._copy(measurement, middle, until)
        await self.target.write(points)
        return len(points)

    def _read_notes(self) -> dict[str, str]:
        with suppress(OSError, ValueError):
            found = json.loads(self.notes.read_text(encoding="utf-8"))
            return {str(name): str(at) for name, at in found.items()}
        return {}

    def _note(self, measurement: str, at: datetime) -> None:
        text = json.dumps({**self._read_notes(), measurement: rfc3339(at)})
        beside = self.notes.with_suffix(".new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self.notes)


def _hour(at: datetime) -> datetime:
    return at - (at - EPOCH) % HOUR
