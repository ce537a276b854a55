"""One series of anything (a probe ratio, a connectivity index, traffic, users): when did it change its state?

Each sample is compared with what the series usually is (`forecast`); the evidence goes through the filter (`filter`).
No sample decides alone: at full strength two do, whatever the step from minutes to a day. Nothing looks ahead: a state
told at a time rests on samples up to that time, so a file cut short tells the same story as far as it goes.

Samples under suspicion are kept back until the suspicion is gone, and forgotten if it is borne out: what the series is
in an incident is never learnt as usual. The one exception is said aloud: a partial loss that holds at every hour, steady,
for `adopt_after_days`, is a new level of the source (a change of method, a lost market), and told as `ok` from there.
"""

import math
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Final

from monitor.detect.filter import DAY, Belief, FilterSettings, advance
from monitor.detect.forecast import Forecast, Grid, Memory, forecasts, missing_ratio, remember, seen_after
from monitor.domain.measurements import State

BAD: Final = frozenset({State.DEGRADED, State.DOWN})
LEAST_LOSS: Final = 0.2
"""What is less than this share below the usual is noise or a small matter, whatever the statistics."""
LEAST_LOSS_BEFORE_A_WEEK: Final = 0.35
LEAST_LOSS_BEFORE_A_DAY: Final = 0.5
"""Until its week (twice) and its day have been seen, what a weekend or a night may explain speaks against nobody."""
MOST_LOSS: Final = 1.1
DOWN_LOSS: Final = 0.5
NOT_DOWN_LOSS: Final = 0.4
BLACKOUT_LOSS: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSettings:
    """How series are judged.

    Attributes:
        onset_every_days: mean time between disturbances, the prior.
        missing_tail: a run of missing samples is a loss of signal where, by the share that has been missing of late,
            it had this probability or less; never before the second.
        missing_samples_open: the least such run while an episode is open, which silence does not end.
        adopt_after_days: a steady partial loss of this length becomes the new level; `None` = never.
        most_pending_days: samples under suspicion are kept back no longer than this.
    """

    onset_every_days: float = 60.0
    missing_tail: float = 1e-3
    missing_samples_open: int = 6
    adopt_after_days: float | None = 28.0
    most_pending_days: float = 2.0


@dataclass(frozen=True, slots=True)
class Change:
    """The series changed its state.

    Attributes:
        since: when the state began, dated back; Unix seconds.
        detected_at: time of the last sample used.
        strength: 0..1, how sure.
        earliest: last sample before it that looked usual, `None` if none did: the onset lies after it.
        latest: first sample that spoke clearly: the onset lies no later.
        loss_ratio: share of the usual that is missing at `detected_at`; `None` without data.
        usual, by: what was usual then, and which forecaster said so.
    """

    state: State
    since: float
    detected_at: float
    strength: float
    earliest: float | None = None
    latest: float | None = None
    loss_ratio: float | None = None
    usual: float | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class SeriesState:
    """All that is remembered of a series; a plain value. Times are Unix seconds.

    Attributes:
        state: `None` until there was enough to say anything; that is never told as `ok`.
        pending: samples under suspicion, not yet learnt.
        during: samples of the open episode.
        reference: what was usual when it began, for when all that is older is forgotten; `None` outside of episodes.
        losses: the last three shares lost.
        missing: samples missing in a row.
    """

    step_seconds: float
    at: float | None = None
    state: State | None = None
    memory: Memory = field(default_factory=Memory)
    belief: Belief = field(default_factory=Belief)
    pending: tuple[float | None, ...] = ()
    during: tuple[float | None, ...] = ()
    reference: Forecast | None = None
    losses: tuple[float, ...] = ()
    missing: int = 0

    @property
    def grid(self) -> Grid:
        """Its grid of samples."""
        return Grid(self.step_seconds)


def filter_settings(step_seconds: float, settings: SeriesSettings) -> FilterSettings:
    """The filter for this step: two samples at full strength decide, to either side."""
    onset = settings.onset_every_days * DAY
    prior = math.log(min(0.5, step_seconds / onset))
    clip = (math.log(0.95 / 0.05) - prior) / 2.0 + 0.2
    return FilterSettings(
        onset_every_seconds=onset,
        lasts_seconds=max(DAY, 4 * step_seconds),
        clip_nats=clip,
        most_odds=math.log(0.95 / 0.05) + clip / 2.0,
        hold_seconds=step_seconds,
        longest_hold_seconds=max(DAY / 4, 2 * step_seconds),
        flaps_within_seconds=max(DAY / 2, 8 * step_seconds),
    )


def least_loss(memory: Memory, grid: Grid) -> float:
    """The least share lost that counts, by how much of its rhythm the series has shown."""
    if len(memory.seen) < grid.level:
        return LEAST_LOSS_BEFORE_A_DAY if grid.day > 1 else LEAST_LOSS_BEFORE_A_WEEK
    return LEAST_LOSS if len(memory.seen) >= 14 * grid.day else LEAST_LOSS_BEFORE_A_WEEK


def evidence(value: float, usual: Forecast, least: float = LEAST_LOSS) -> float:
    """Log-likelihood ratio, in nats, that this sample is of a disturbed series rather than a usual one.

    Usual: Student's t (4 degrees) as wide as the forecaster's errors, with a share of outliers as that forecaster has
    met them. Disturbed: any loss from `least` to everything, as likely as another. Where there is
    next to nothing to lose, nothing can be said: 0.
    """
    if not usual.tells:
        return 0.0
    loss, spread = usual.loss(value), usual.spread
    at_home = 0.375 * (1.0 + (loss / spread) ** 2 / 4.0) ** -2.5 / spread
    ordinary = (1.0 - usual.outliers) * at_home + usual.outliers * 0.5
    reach = MOST_LOSS - least
    disturbed = (_below((loss - least) / spread) - _below((loss - MOST_LOSS) / spread)) / reach
    return math.log(max(disturbed, 1e-9)) - math.log(ordinary)


def _below(score: float) -> float:
    return 0.5 * (1.0 + math.erf(score / math.sqrt(2.0)))


def step(
    series: SeriesState, at: float, value: float | None, settings: SeriesSettings | None = None
) -> tuple[SeriesState, tuple[Change, ...]]:
    """The state after one more sample (`None` = missing), and what changed by it. Samples come in order, on the grid."""
    settings = settings or SeriesSettings()
    if value is None:
        return _missed(series, at, settings)
    gap = (None,) * len(series.pending)
    hidden = replace(series.memory, samples=series.memory.samples + gap, seen=series.memory.seen + gap)
    heard = forecasts(hidden, series.grid) or ((series.reference,) if series.reference else ())
    if not heard:
        memory = remember(series.memory, value, series.grid)
        return replace(series, at=at, memory=memory, missing=0), ()
    return _judged(series, at, value, heard, settings)


def _missed(series: SeriesState, at: float, settings: SeriesSettings) -> tuple[SeriesState, tuple[Change, ...]]:
    missing = series.missing + 1
    series = _learnt(replace(series, at=at, missing=missing), None, settings)
    if missing < _silent_after(series, settings) or series.state is State.INSUFFICIENT:
        return series, ()
    since = at - (missing - 1) * series.step_seconds
    change = Change(State.INSUFFICIENT, since, at, 1.0)
    return replace(series, state=State.INSUFFICIENT), (change,)


def _silent_after(series: SeriesState, settings: SeriesSettings) -> int:
    """So many samples missing in a row are a loss of signal."""
    least = settings.missing_samples_open if series.belief.alarmed else 2
    ratio = missing_ratio(series.memory, series.grid)
    return max(least, math.ceil(math.log(settings.missing_tail) / math.log(min(ratio, 0.99))))


def _judged(
    series: SeriesState, at: float, value: float, heard: tuple[Forecast, ...], settings: SeriesSettings
) -> tuple[SeriesState, tuple[Change, ...]]:
    least = LEAST_LOSS if series.belief.alarmed else least_loss(series.memory, series.grid)
    nats, _, usual = min((evidence(value, forecast, least), rank, forecast) for rank, forecast in enumerate(heard))
    before = series.belief
    belief = advance(before, at, nats, filter_settings(series.step_seconds, settings))
    losses = (*series.losses, usual.loss(value))[-3:]
    reference = (series.reference or usual) if belief.alarmed else None
    series = replace(series, at=at, belief=belief, losses=losses, missing=0, reference=reference)
    series = _learnt(series, value, settings)
    if belief.alarmed and (adopted := _adopted(series, settings)):
        return adopted, (Change(State.OK, at, at, 0.5, usual=usual.value, by=usual.by),)
    state = _state(series, nats)
    if state is None or state is series.state:
        return series, ()
    change = _change(series, state, usual, before)
    return replace(series, state=state), (change,)


def _state(series: SeriesState, nats: float) -> State | None:
    """What to call it now; `None` leaves things as they are."""
    if not series.belief.alarmed:
        settled = nats <= 0.0 or series.state in BAD
        return State.OK if settled else None
    newest = series.losses[-1]
    if series.state is State.DOWN:
        better = max(series.losses) < NOT_DOWN_LOSS and series.belief.probability > 0.5
        return State.DEGRADED if better else State.DOWN
    if series.state is State.DEGRADED:
        return State.DOWN if min(series.losses[-2:]) >= DOWN_LOSS else State.DEGRADED
    return State.DOWN if newest >= DOWN_LOSS else State.DEGRADED


def _change(series: SeriesState, state: State, usual: Forecast, before: Belief) -> Change:
    at, belief = series.at or 0.0, series.belief
    if state is State.OK:
        since = belief.calm_since if before.alarmed and belief.calm_since is not None else at
        strength, earliest, latest = 1.0 - belief.probability, None, None
    else:
        moved = series.state in BAD
        since = at - series.step_seconds * (len(series.losses[-2:]) - 1) if moved else belief.since or at
        strength, earliest, latest = belief.probability, belief.usual_at, belief.sure_at
    loss = round(series.losses[-1], 4)
    return Change(state, since, at, round(strength, 3), earliest, latest, loss, usual.value, usual.by)


def _learnt(series: SeriesState, value: float | None, settings: SeriesSettings) -> SeriesState:
    """The sample goes to the episode, waits, or is learnt with all that waited."""
    belief, grid = series.belief, series.grid
    if belief.alarmed:
        memory = series.memory
        for sample in (*series.pending, value):
            memory = remember(memory, sample, grid, usual=False)
        during = (*series.during, *series.pending, value)[-grid.kept :]
        return replace(series, memory=memory, pending=(), during=during)
    pending = (*series.pending, value)
    most = settings.most_pending_days * DAY / series.step_seconds if len(series.memory.seen) >= grid.level else 2
    if belief.rise > 0.0 and len(pending) <= most:
        return replace(series, memory=seen_after(series.memory, series.during, grid), pending=pending, during=())
    memory = seen_after(series.memory, series.during, grid)
    for sample in pending:
        memory = remember(memory, sample, grid)
    return replace(series, memory=memory, pending=(), during=())


def _adopted(series: SeriesState, settings: SeriesSettings) -> SeriesState | None:
    """The series on its new level, if a partial loss has held steadily for long enough."""
    if settings.adopt_after_days is None:
        return None
    count = math.ceil(settings.adopt_after_days * DAY / series.step_seconds)
    known = [value for value in series.during[-count:] if value is not None]
    if len(series.during) < count or len(known) < count / 2 or series.belief.calm_since is not None:
        return None
    level = median(known)
    spread = 1.4826 * median([abs(value - level) for value in known])
    before = series.reference.value if series.reference else 0.0
    if spread > 0.35 * level or level < (1.0 - BLACKOUT_LOSS) * before:
        return None
    memory = Memory()
    for value in series.during:
        memory = remember(memory, value, series.grid)
    return replace(
        series,
        memory=memory,
        belief=Belief(at=series.at),
        during=(),
        pending=(),
        reference=None,
        state=State.OK,
        losses=(),
    )
