"""The two-state Bayesian filter that every detector of ours shares: evidence in nats goes in, episodes come out.

The hidden state is "usual" or "disturbed". Before each piece of evidence the odds drift by how often disturbances
begin and end; then the evidence (a log-likelihood ratio, clipped, so that no single round decides) is added. This is
Wald's sequential test with forgetting, as Trinocular (Quan et al., SIGCOMM 2013) uses it for single blocks.

Beside the odds runs Page's cumulative sum of the evidence. The last moment it left zero is the first round of the
rise, so a ramp is dated back to where it began and not to where we became sure.
"""

import math
from dataclasses import dataclass
from typing import Final

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterSettings:
    """How a filter weighs evidence.

    Attributes:
        onset_every_seconds: mean time between disturbances, the prior.
        lasts_seconds: mean length of a disturbance.
        alarm_above, clear_below: posterior at which an episode begins, and below which it may end.
        clip_nats: most that one round may say, to either side.
        most_odds: the log odds stop here, so that the end of a long episode is seen as fast as its beginning.
        hold_seconds: it must look usual for this long before an episode ends; doubled with each recent onset, up to
            `longest_hold_seconds`, so that a flapping line is one episode and a clean re-opening an interval of its own.
        flaps_within_seconds: how far back onsets count as recent.
    """

    onset_every_seconds: float = 60 * DAY
    lasts_seconds: float = 4 * HOUR
    alarm_above: float = 0.95
    clear_below: float = 0.2
    clip_nats: float = 4.0
    most_odds: float = 9.0
    hold_seconds: float = 4 * MINUTE
    longest_hold_seconds: float = HOUR
    flaps_within_seconds: float = 2 * HOUR


@dataclass(frozen=True, slots=True)
class Belief:
    """What the filter believes; a plain value. Times are Unix seconds.

    Attributes:
        at: last evidence; `None` before any.
        log_odds: of "disturbed" to "usual".
        alarmed: an episode is open.
        since: first round of the open episode, dated back; of the rise under suspicion while none is open.
        sure_at: first round of it that spoke clearly; the later bound of the onset.
        usual_at: last round before it that looked usual; the earlier bound of the onset.
        calm_since: first round since which it has looked usual again; `None` while it does not.
        rise: Page's sum.
        onsets: recent alarms, for the flap hold.
    """

    at: float | None = None
    log_odds: float = -12.0
    alarmed: bool = False
    since: float | None = None
    sure_at: float | None = None
    usual_at: float | None = None
    calm_since: float | None = None
    rise: float = 0.0
    onsets: tuple[float, ...] = ()

    @property
    def probability(self) -> float:
        """That it is disturbed."""
        return 1.0 / (1.0 + math.exp(-self.log_odds))


def advance(belief: Belief, at: float, nats: float, settings: FilterSettings) -> Belief:
    """The belief after one more round of evidence. Rounds come in the order of time."""
    nats = max(-settings.clip_nats, min(settings.clip_nats, nats))
    elapsed = max(at - belief.at, 1.0) if belief.at is not None else MINUTE
    odds = _drifted(belief.log_odds, elapsed, settings) + nats
    odds = max(-settings.most_odds * 1.5, min(settings.most_odds, odds))
    if belief.alarmed:
        return _while_open(belief, at, odds, nats, settings)
    return _while_closed(belief, at, odds, nats, settings)


def _drifted(log_odds: float, elapsed: float, settings: FilterSettings) -> float:
    """The log odds after that many seconds in which nothing was heard."""
    probability = 1.0 / (1.0 + math.exp(-log_odds))
    begins = min(0.5, elapsed / settings.onset_every_seconds)
    ends = min(0.5, elapsed / settings.lasts_seconds)
    probability = probability * (1.0 - ends) + (1.0 - probability) * begins
    return math.log(probability / (1.0 - probability))


def _while_closed(belief: Belief, at: float, odds: float, nats: float, settings: FilterSettings) -> Belief:
    rise = max(0.0, belief.rise + nats)
    begun = rise > 0.0
    since = (belief.since if belief.rise > 0.0 else at) if begun else None
    clear = nats >= settings.clip_nats / 2
    sure_at = (belief.sure_at or (at if clear else None)) if begun else None
    usual_at = belief.usual_at if begun else at
    alarmed = begun and odds > _logit(settings.alarm_above)
    onsets = belief.onsets
    if alarmed:
        sure_at = sure_at or at
        onsets = (*(onset for onset in onsets if onset > at - settings.flaps_within_seconds), at)
    return Belief(at, odds, alarmed, since, sure_at, usual_at, None, rise, onsets)


def _while_open(belief: Belief, at: float, odds: float, nats: float, settings: FilterSettings) -> Belief:
    calm_since = (belief.calm_since or at) if nats < 0.0 else None
    if calm_since is not None and odds < _logit(settings.clear_below) and at - calm_since >= hold(belief, settings):
        return Belief(at, odds, False, None, None, at, calm_since, 0.0, belief.onsets)
    return Belief(
        at, odds, True, belief.since, belief.sure_at, belief.usual_at, calm_since, max(0.0, belief.rise), belief.onsets
    )


def hold(belief: Belief, settings: FilterSettings) -> float:
    """Seconds that it must look usual before the open episode ends: doubled with every recent onset but the first."""
    return min(settings.longest_hold_seconds, settings.hold_seconds * 2.0 ** max(0, len(belief.onsets) - 1))


def suspicious(belief: Belief, above: float = 0.003) -> bool:
    """Whether the next round should come sooner: something may be beginning, or an open episode ending."""
    return belief.alarmed or belief.probability > above


def _logit(probability: float) -> float:
    return math.log(probability / (1.0 - probability))
