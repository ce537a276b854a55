"""What a series usually is at a given time: four simple forecasters, and trust in the one that has erred least.

`last` is the middle of the last hour, `level` that of the last day, `daily` what the same time of day was in the past
week, `weekly` what the same time of week was in the past eight weeks; the last two are scaled to the level of today.
Medians throughout, over samples that belong to no incident (IODA's "inpainting"), so that neither gaps nor outages
move them. Only a time of day that was never seen but in an incident, since the series began, is taken as it was: the
first nights of a traffic count are nights. Each forecaster is judged by the errors it made on this very series: the one with the
smallest speaks. A flat ratio is thus judged by its level and a traffic count by its week, without being told which.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from statistics import median
from typing import Final

DAY: Final = 86400.0
WEEK_DAYS: Final = 7
PAST_WEEKS: Final = 8
LEAST_SAMPLES: Final = 6
"""Samples and errors before a forecaster may speak."""
LEAST_SPREAD: Final = 0.03
"""No series is taken to be steadier than this share of its level."""
SMALL_SHARE: Final = 0.1
"""What is below this share of the ordinary level (the dead of night) is measured against the share, not itself."""
MOST_ERRORS: Final = 2016
LONG_GAP: Final = 6
ALSO_HEARD: Final = 1.4
"""A forecaster is heard beside the best where its cost is no more than this many times the best one's."""
NAMES: Final = ("last", "level", "daily", "weekly")
HANDICAP: Final = {"last": 1.25, "level": 1.0, "daily": 1.0, "weekly": 1.0}
"""The last hour follows a slow fall down; it speaks only where it is clearly the best."""

History = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """How a forecaster has done: its errors (shares of the forecast, positive = lower than forecast), and their width.

    Attributes:
        errors: latest last, of samples outside incidents.
        ratios: value to unscaled profile in the last day, for the level of today.
        cost: mean error of the last weeks, of incidents too: a forecaster that explains what another calls an incident
            is the better one, and in a true incident all err alike.
        spread: width of the errors, a standard deviation in kind; grows with heavy tails.
        outliers: share of errors far outside of the usual, never zero.
        measured: number of errors when `spread` was last taken.
        count: errors ever seen.
    """

    errors: tuple[float, ...] = ()
    ratios: tuple[float | None, ...] = ()
    cost: float = 1.0
    spread: float = 1.0
    outliers: float = 0.05
    measured: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of a series: samples on its own grid, and each forecaster's record.

    Attributes:
        samples: latest last; `None` where missing or part of an incident.
        seen: the same with incidents that were over within a day: nights and weekends, not cuts of days.
        records: by forecaster.
    """

    samples: History = ()
    seen: History = ()
    records: dict[str, Record] = field(default_factory=lambda: {name: Record() for name in NAMES})


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is usual now.

    Attributes:
        value: in the unit of the series.
        scale: what losses are measured against: the value, or a share of the ordinary level where that is larger.
        spread: of the forecaster's errors, as a share.
        outliers: share of its errors that were far out.
        by: name of the forecaster.
    """

    value: float
    scale: float
    spread: float
    outliers: float
    by: str

    @property
    def tells(self) -> bool:
        """Whether there is enough of the usual that its loss would be seen; in the dead of night there may not be."""
        return self.value >= 0.5 * self.scale

    def loss(self, value: float) -> float:
        """Share of the usual that is missing; negative where there is more than usual."""
        return (self.value - value) / self.scale if self.scale > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Grid:
    """How many samples make an hour, a day, a week."""

    step_seconds: float

    @property
    def day(self) -> int:
        """Samples in a day, 1 at least."""
        return max(1, round(DAY / self.step_seconds))

    @property
    def recent(self) -> int:
        """Samples of the last hour, 3 at least."""
        return max(3, round(3600.0 / self.step_seconds))

    @property
    def level(self) -> int:
        """Samples of the last day, a week's at daily steps."""
        return max(WEEK_DAYS, self.day)

    @property
    def around(self) -> int:
        """Neighbours to each side that count as the same time of day: a quarter of an hour."""
        return round(900.0 / self.step_seconds) if self.day > 1 else 0

    @property
    def kept(self) -> int:
        """Samples that are remembered."""
        return max(60, self.day * WEEK_DAYS * PAST_WEEKS + self.day)


def profiles(memory: Memory, grid: Grid) -> dict[str, float | None]:
    """Each forecaster's unscaled forecast for the sample that follows."""
    samples = memory.samples
    today = [value for value in samples[-grid.level :] if value is not None]
    return {
        "last": median(today[-grid.recent :]) if len(today) >= 2 else None,
        "level": median(today) if len(today) >= min(LEAST_SAMPLES, grid.level) else None,
        "daily": _daily(memory, grid) if grid.day > 1 else None,
        "weekly": _weekly(memory, grid),
    }


def _daily(memory: Memory, grid: Grid) -> float | None:
    """This time of day: the past week; else all that is kept; else, where it was never usual, as it was."""
    for samples, days, least in (
        (memory.samples, WEEK_DAYS, 1),
        (memory.samples, WEEK_DAYS * PAST_WEEKS, 1),
        (_since_the_beginning(memory, grid), WEEK_DAYS, 2),
    ):
        found = _middle(_same_time(samples, grid.day, days, grid.around), least)
        if found is not None:
            return found
    return None


def _weekly(memory: Memory, grid: Grid) -> float | None:
    """This time of this day of the week: where it was ever usual, once is enough; else, where it never was, as it was.

    Twice would be too much to ask: the one Saturday that was learnt would be forgotten with each next that was not.
    """
    week = grid.day * WEEK_DAYS
    usual = _same_time(memory.samples, week, PAST_WEEKS, grid.around)
    if any(value is not None for value in usual):
        return _middle(usual, 1)
    return _middle(_same_time(_since_the_beginning(memory, grid), week, PAST_WEEKS, grid.around), 2)


def _since_the_beginning(memory: Memory, grid: Grid) -> History:
    """What was seen, while nothing of it has been forgotten yet; later, what is not usual is not usual."""
    return memory.seen if len(memory.seen) < grid.kept else ()


def _same_time(samples: History, period: int, count: int, around: int) -> list[float | None]:
    """Samples one, two, three ... periods back, each with its neighbours of a quarter of an hour."""
    size = len(samples)
    places = (size - period * back + shift for back in range(1, count + 1) for shift in range(-around, around + 1))
    return [samples[place] for place in places if 0 <= place < size]


def _middle(values: Sequence[float | None], least: int) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if len(known) >= least else None


def forecasts(memory: Memory, grid: Grid) -> tuple[Forecast, ...]:
    """What is usual for the next sample, by each forecaster worth hearing, the best first; empty while too little is known."""
    level = _level(memory, grid)
    found = sorted(
        (math.hypot(record.cost, LEAST_SPREAD, 0.3 / record.count) * HANDICAP[name], name, value)
        for name, value in scaled(memory, grid).items()
        if (record := memory.records[name]).count >= LEAST_SAMPLES and value is not None
    )
    if level is None or not found:
        return ()
    worth = [(name, value) for cost, name, value in found if cost <= found[0][0] * ALSO_HEARD]
    return tuple(_spoken(name, value, SMALL_SHARE * level, memory.records[name]) for name, value in worth)


def _spoken(name: str, value: float, least_scale: float, record: Record) -> Forecast:
    return Forecast(value, max(value, least_scale, 1e-12), record.spread, record.outliers, name)


def _level(memory: Memory, grid: Grid) -> float | None:
    level = _middle(memory.samples[-grid.level :], 3)
    return level if level is not None else _middle(memory.samples, 1)


def scaled(memory: Memory, grid: Grid) -> dict[str, float | None]:
    """Each forecaster's forecast for the sample that follows."""
    raw = profiles(memory, grid)
    return {name: _scaled(name, value, memory.records[name]) for name, value in raw.items()}


def _scaled(name: str, value: float | None, record: Record) -> float | None:
    if value is None or name in {"last", "level"}:
        return value
    return value * (_middle(record.ratios, 3) or 1.0)


def remember(memory: Memory, value: float | None, grid: Grid, *, usual: bool = True) -> Memory:
    """The memory after one more sample; `None` is a gap. What is not usual (an incident) is judged by, not learnt."""
    raw = profiles(memory, grid)
    level = _middle(memory.samples[-grid.level :], 2) or 0.0
    records = {
        name: _judged(name, memory.records[name], raw[name], value, SMALL_SHARE * level, grid, usual=usual)
        for name in NAMES
    }
    learnt = value if usual else None
    return Memory((*memory.samples, learnt)[-grid.kept :], (*memory.seen, learnt)[-grid.kept :], records)


def seen_after(memory: Memory, incident: History, grid: Grid) -> Memory:
    """The memory after an incident that has just ended: if it was over within a day, it is remembered as seen."""
    count = len(incident)
    if not count or count >= grid.day or count > len(memory.seen):
        return memory
    return replace(memory, seen=(*memory.seen[:-count], *incident))


def missing_ratio(memory: Memory, grid: Grid) -> float:
    """Share of samples that are missing on ordinary days, never zero; long gaps and the present one are not ordinary."""
    present, runs = 0, 0
    for missing, run in groupby(memory.seen[-4 * grid.level :], key=lambda value: value is None):
        length = len(tuple(run))
        present += length if not missing else 0
        runs += length if missing and length < LONG_GAP else 0
    return (runs + 0.5) / (present + runs + 10.0)


def _judged(
    name: str,
    record: Record,
    raw: float | None,
    value: float | None,
    least_scale: float,
    grid: Grid,
    *,
    usual: bool,
) -> Record:
    predicted = _scaled(name, raw, record)
    learnt = value if usual else None
    ratios = (*record.ratios, learnt / raw if learnt is not None and raw else None)[-grid.level :]
    record = replace(record, ratios=ratios if name in {"daily", "weekly"} else ())
    if value is None or predicted is None:
        return record
    error = _error(predicted, value, least_scale)
    lately = 1.0 / min(record.count + 1, 4 * grid.level)
    record = replace(record, cost=record.cost + (abs(error) - record.cost) * lately)
    return _measured(record, error) if usual else record


def _error(predicted: float, value: float, least_scale: float) -> float:
    """Share lost, -1..1; a gain counts as the loss that would undo it, so that doubling and halving weigh the same."""
    return max(-1.0, min(1.0, (predicted - value) / max(predicted, value, least_scale, 1e-12)))


def _measured(record: Record, error: float) -> Record:
    """The record with one more error; its width is taken again when there is a fiftieth more to take it from."""
    errors, count = (*record.errors, error)[-MOST_ERRORS:], record.count + 1
    if count > 50 and count < record.measured * 1.02:
        return replace(record, errors=errors, count=count)
    spread, outliers = _width(errors)
    return replace(record, errors=errors, spread=spread, outliers=outliers, measured=count, count=count)


def _width(errors: Sequence[float]) -> tuple[float, float]:
    """Spread (by the middle and by the lower tail, whichever is wider) and share of outliers among errors."""
    centre = median(errors)
    middle = 1.4826 * median([abs(error - centre) for error in errors])
    losses = sorted(errors)
    tail = losses[min(len(losses) - 1, math.ceil(0.9 * len(losses)) - 1)] / 1.2816
    spread = math.hypot(max(middle, tail, LEAST_SPREAD), 0.3 / len(errors))
    far = sum(error > 4.0 * spread for error in errors)
    return spread, (far + 0.5) / (len(errors) + 50.0)
