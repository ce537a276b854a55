"""Whoever should speak and does not: agents, sources, measurements from a network. Silence is evidence, never "fine".

Counts of a subject come by windows (an hour, say). What it usually sends is learnt by hour of day over its usual windows;
a schedule that is known may be given instead. It is silent when what came in the last two windows or more would come by
chance less than once in a thousand (Poisson's lower tail), so one that sends seldom takes longer to be missed.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

DAY_HOURS: Final = 24
CHANCE: Final = 1e-3
LEAST_WINDOWS: Final = 2
MOST_WINDOWS: Final = 48
BACK_SHARE: Final = 0.3
"""It speaks again when this share of the usual comes."""
FORGETS: Final = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceState:
    """A plain value. Times are Unix seconds.

    Attributes:
        usual: count per window by hour of day; `None` where that hour was never seen.
        overall: mean count per window over all usual windows; `None` before any.
        run: (time, expected, seen) of the latest windows while fewer come than expected.
        since: it has been silent since; `None` while it speaks.
    """

    usual: tuple[float | None, ...] = (None,) * DAY_HOURS
    overall: float | None = None
    run: tuple[tuple[float, float, int], ...] = ()
    since: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A subject fell silent, or speaks again.

    Attributes:
        began: `False` = it speaks again.
        since: first window of the silence, or of the speaking.
        expected, seen: sums over the windows of the silence.
        chance: that so little would come by chance.
    """

    began: bool
    since: float
    detected_at: float
    expected: float
    seen: int
    chance: float


def windowed(
    state: SilenceState, at: float, seen: int, scheduled: float | None = None
) -> tuple[SilenceState, Silence | None]:
    """The state after one window that ended at `at`, and whether the subject fell silent or came back.

    `scheduled` is the count that its schedule promises; `None` = learn it.
    """
    hour = int(at // 3600) % DAY_HOURS
    expected = scheduled if scheduled is not None else (state.usual[hour] or state.overall)
    if expected is None or expected <= 0.0:
        return _learnt(state, hour, seen), None
    if state.since is not None:
        return _while_silent(state, at, hour, seen, expected)
    if seen >= expected * BACK_SHARE:
        return replace(_learnt(state, hour, seen), run=()), None
    run = (*state.run, (at, expected, seen))[-MOST_WINDOWS:]
    promised, came = sum(entry[1] for entry in run), sum(entry[2] for entry in run)
    chance = poisson_at_most(came, promised)
    state = replace(state, run=run)
    if len(run) < LEAST_WINDOWS or chance >= CHANCE:
        return state, None
    since = run[0][0]
    found = Silence(began=True, since=since, detected_at=at, expected=promised, seen=came, chance=chance)
    return replace(state, since=since), found


def _while_silent(
    state: SilenceState, at: float, hour: int, seen: int, expected: float
) -> tuple[SilenceState, Silence | None]:
    """Windows of a silence are never learnt."""
    if seen < expected * BACK_SHARE or seen == 0:
        return state, None
    back = Silence(began=False, since=at, detected_at=at, expected=expected, seen=seen, chance=1.0)
    return replace(_learnt(state, hour, seen), run=(), since=None), back


def _learnt(state: SilenceState, hour: int, seen: int) -> SilenceState:
    usual = list(state.usual)
    known = usual[hour]
    usual[hour] = float(seen) if known is None else known + FORGETS * (seen - known)
    overall = float(seen) if state.overall is None else state.overall + FORGETS / 4.0 * (seen - state.overall)
    return replace(state, usual=tuple(usual), overall=overall)


def poisson_at_most(count: int, mean: float) -> float:
    """The chance that a Poisson variable of this mean is `count` or less."""
    term = total = math.exp(-mean)
    for number in range(1, count + 1):
        term *= mean / number
        total += term
    return min(1.0, total)
