"""One entity (an operator, a region, a service on a network): its baseline, its belief, its open disturbance.

Evidence of a round is the log-likelihood ratio of the best of three disturbed shares (a twentieth, a third, seven tenths of
the usual) against the better of two usual ones (the baseline, and the baseline less twice its spread). Targets of one
network do not fail independently, so they count for six tenths of their number. `measurement.md` 5.1.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Final

from monitor.detect.baseline import Baseline, counted, entered, painted_over
from monitor.detect.filter import MINUTE, Belief, FilterSettings, advance
from monitor.domain.measurements import Access

DISTURBED_SHARES: Final = (0.05, 0.35, 0.7)
RARE_SHARES: Final = (0.05, 0.35, 0.7, 0.9)
"""What should never be (interception) is evidence in small doses."""
EFFECTIVE: Final = 0.6
LEAST_TARGETS: Final = 3
"""Fewer valid targets say nothing of a network."""
SILENT_AFTER_SECONDS: Final = 5 * MINUTE
LATELY: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Sums of the tallies of an entity in one round."""

    up: int = 0
    total: int = 0
    asked: int = 0
    vantages: int = 0
    witness: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What is known of an entity; a plain value.

    Attributes:
        lately: counts of the last rounds.
        worst: the greatest share lost over `LATELY` rounds since the disturbance began, and its counts.
        valid_at: last round with enough valid targets; `None` before any.
        invalid_since: since when there have not been enough; `None` while there are.
        alarmed_at: when the open disturbance was recognised.
        ended_at: when the last one ended.
    """

    entity: str
    access: Access = Access.FIXED
    baseline: Baseline = field(default_factory=Baseline)
    belief: Belief = field(default_factory=Belief)
    lately: tuple[Count, ...] = ()
    worst_loss: float = 0.0
    worst_up: int = 0
    worst_total: int = 0
    vantages: int = 0
    witness: str | None = None
    valid_at: float | None = None
    invalid_since: float | None = None
    alarmed_at: float | None = None
    ended_at: float | None = None

    @property
    def alarmed(self) -> bool:
        """A disturbance is open."""
        return self.belief.alarmed

    def sufficient(self, at: float) -> bool:
        """Whether enough was valid of late to say anything."""
        return self.valid_at is not None and at - self.valid_at <= SILENT_AFTER_SECONDS


def heard(track: Track, at: float, count: Count, settings: FilterSettings, holidays: frozenset[int]) -> Track:
    """The track after one round."""
    if count.total < LEAST_TARGETS:
        return replace(track, invalid_since=track.invalid_since or at)
    baseline = entered(track.baseline, at, holidays)
    shares = RARE_SHARES if track.entity.startswith("mitm:") else DISTURBED_SHARES
    nats = evidence(count.up, count.total, baseline.usual, baseline.spread, shares)
    before, belief = track.belief, advance(track.belief, at, nats, settings)
    if belief.alarmed and not before.alarmed and belief.since is not None:
        baseline = painted_over(baseline, belief.since)
    disturbed = belief.alarmed or belief.rise > 2.0
    baseline = counted(baseline, count.up, count.total, disturbed=disturbed)
    lately = (*track.lately, count)[-LATELY:]
    track = Track(
        entity=track.entity,
        access=track.access,
        baseline=baseline,
        belief=belief,
        lately=lately,
        worst_loss=track.worst_loss,
        worst_up=track.worst_up,
        worst_total=track.worst_total,
        vantages=track.vantages,
        witness=track.witness,
        valid_at=at,
        alarmed_at=track.alarmed_at,
        ended_at=track.ended_at,
    )
    return _worst(track, at, before, count) if belief.alarmed or before.alarmed else track


def _worst(track: Track, at: float, before: Belief, count: Count) -> Track:
    if not track.alarmed:
        return replace(track, ended_at=track.belief.calm_since, alarmed_at=None)
    fresh = not before.alarmed
    loss, up, total = loss_lately(track)
    if not fresh and loss <= track.worst_loss:
        return track
    return replace(
        track,
        worst_loss=loss,
        worst_up=up,
        worst_total=total,
        vantages=count.vantages,
        witness=count.witness or (None if fresh else track.witness),
        alarmed_at=at if fresh else track.alarmed_at,
    )


def loss_lately(track: Track) -> tuple[float, int, int]:
    """Share of the usual lost in the last rounds (0..1), and the counts of the last one."""
    up = sum(count.up for count in track.lately)
    total = sum(count.total for count in track.lately)
    last = track.lately[-1] if track.lately else Count()
    if not total or track.baseline.usual <= 0:
        return 0.0, last.up, last.total
    return max(0.0, min(1.0, 1.0 - up / total / track.baseline.usual)), last.up, last.total


def evidence(up: int, total: int, usual: float, spread: float, shares: tuple[float, ...] = DISTURBED_SHARES) -> float:
    """Nats that speak for a disturbance, when `up` of `total` targets are up and `usual` is the usual share."""
    usual = min(0.995, max(0.05, usual))
    down = total - up
    lower = max(0.03, usual - 2.0 * spread)
    ordinary = max(up * math.log(usual) + down * math.log1p(-usual), up * math.log(lower) + down * math.log1p(-lower))
    disturbed = max(up * math.log(usual * share) + down * math.log1p(-usual * share) for share in shares)
    return EFFECTIVE * (disturbed - ordinary)
