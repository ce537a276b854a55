"""A series as rows of (time, value) in, its changes out: the grid is found from the first rows, gaps become missing samples.

Nothing here looks ahead: the step is taken from the first intervals alone, and rows are judged one by one.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice, pairwise
from statistics import median
from typing import Final

from monitor.detect.series import Change, SeriesSettings, SeriesState, step

NATURAL_STEPS: Final = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 28800, 43200, 86400, 604800)
FIRST_ROWS: Final = 8
MOST_GAP: Final = 5000

Row = tuple[float, float | None]
"""Unix seconds, and the value; `None` = missing."""


class RowError(ValueError):
    """A row that cannot be used; the message says which and why."""


def changes(rows: Iterable[Row], settings: SeriesSettings | None = None) -> Iterator[Change]:
    """The changes of state of these rows, as each becomes known.

    Raises:
        RowError: times go back, or there are too few rows to find the step.
    """
    rows = iter(rows)
    first = list(islice(rows, FIRST_ROWS))
    state = SeriesState(step_of([at for at, _ in first]))
    for at, value in _gridded(chain(first, rows), state.step_seconds):
        state, found = step(state, at, value, settings)
        yield from found


def step_of(times: list[float]) -> float:
    """Seconds between samples: the middle interval, moved to a natural step (5 minutes, an hour, a day) within a tenth.

    Raises:
        RowError: fewer than two different times.
    """
    intervals = [after - before for before, after in pairwise(times) if after > before]
    if not intervals:
        raise RowError("fewer than two rows with different times: the step cannot be found")
    middle = median(intervals)
    nearest = min(NATURAL_STEPS, key=lambda natural: abs(natural - middle))
    return float(nearest) if abs(nearest - middle) <= 0.1 * nearest else middle


def _gridded(rows: Iterable[Row], step_seconds: float) -> Iterator[Row]:
    """The rows on their grid: what is absent is missing, of two samples in one slot the first counts."""
    last: float | None = None
    for at, value in rows:
        if last is not None:
            slots = round((at - last) / step_seconds)
            if at < last:
                raise RowError("times go back: rows must be in the order of time")
            if slots == 0:
                continue
            for slot in range(1, min(slots, MOST_GAP)):
                yield last + slot * step_seconds, None
        yield at, value
        last = at
