"""Signals of the journal and what was measured as series: how strongly, where, of what kind, how many, how fast.

Reads each from a checkpoint of its own and writes points; a point is made from the signal's id, so that reading a part
of the journal twice changes nothing. A dead or full series store delays this and nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from monitor.domain.changes import Change
from monitor.domain.ports import SeriesStore, StateStore
from monitor.domain.series import Point, series_key, telling_apart
from monitor.domain.signals import Signal
from monitor.probe_points import probe_points

READER: Final = "series"
PROBE_READER: Final = "series.probe"
BATCH: Final = 1000
NOWHERE: Final = "unknown"
"""Label of what names no region."""


@dataclass(slots=True)
class Recording:
    """Keeps the series up with the journal."""

    state: StateStore
    series: SeriesStore

    async def catch_up(self) -> int:
        """Write what stands behind the checkpoints; how many signals that were.

        Raises:
            StoreUnavailableError: one of the stores does not take it; nothing is lost, ask again.
        """
        done = 0
        after = await self.state.checkpoint(READER)
        while entries := await self.state.journal(after, BATCH):
            await self.series.write([point for _, signal in entries for point in points_of(signal)])
            after = entries[-1][0]
            await self.state.apply(Change(checkpoints={READER: after}))
            done += len(entries)
        await self._measured()
        return done

    async def _measured(self) -> None:
        after = await self.state.checkpoint(PROBE_READER)
        while entries := await self.state.measured(after, BATCH):
            await self.series.write([point for _, found in entries for point in probe_points(found)])
            after = entries[-1][0]
            await self.state.apply(Change(checkpoints={PROBE_READER: after}))


def points_of(signal: Signal) -> Iterator[Point]:
    """One point a region for the signal itself, and two for each number it tells of: lowest and highest."""
    time_ns = telling_apart(signal.at, signal.id)
    marks = {flag: "yes" if getattr(signal, flag) else None for flag in ("denied", "claimed", "past")}
    for region in signal.regions or (NOWHERE,):
        tags = {"kind": signal.kind.value, "region": region, "source": signal.source, **marks}
        yield Point(series_key("signal", **tags), time_ns, signal.strength, None, signal.id)
        for role, (lowest, highest) in signal.counts.items():
            for bound, number in (("low", lowest), ("high", highest)):
                if number is not None:
                    key = series_key("people", role=role, bound=bound, **tags)
                    yield Point(key, time_ns, None, float(number), signal.id)
