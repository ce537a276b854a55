"""A trial: the detector that runs in the service, over a played world, and how it did."""

from dataclasses import dataclass

from monitor.detect.network import NetworkSettings, NetworkState, advance, pace
from monitor.domain.connectivity import Outage, Scope
from monitor.simulation.play import START, Play
from monitor.simulation.world import MINUTES_A_DAY, Incident

GRACE_MINUTES = 30
"""An outage told this long after a cut ended still belongs to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A true national cut and what the detector made of it.

    Attributes:
        latency_minutes: from its first minute (of the ramp too); `None` if it was missed.
        onset_error_minutes: onset as told, less the true one.
    """

    cut: Incident
    latency_minutes: float | None
    onset_error_minutes: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How the detector did in one world.

    Attributes:
        found: true cuts, in order.
        false_national: national outages told that were none.
        raised: of these, those that one operator's incident was enough for.
        rounds: how many were asked for.
        outages: all that was told.
    """

    found: tuple[Found, ...]
    false_national: tuple[Outage, ...]
    raised: int
    rounds: int
    months: float
    outages: tuple[Outage, ...]


def trial(played: Play, settings: NetworkSettings | None = None) -> Trial:
    """Run the detector at its own pace through all minutes of the world."""
    settings = settings or NetworkSettings()
    state, minute, rounds = NetworkState(), 0, 0
    last = played.world.settings.days * MINUTES_A_DAY
    told: dict[tuple[str, float], Outage] = {}
    while minute < last:
        state = advance(state, played.round(minute), settings)
        rounds += 1
        for outage in (*state.open.values(), *state.over[-4:]):
            told[outage.entity, outage.onset.timestamp()] = outage
        minute += max(1, round(pace(state, settings) / 60.0))
    return _scored(played, tuple(told.values()), rounds)


def _scored(played: Play, outages: tuple[Outage, ...], rounds: int) -> Trial:
    national = [outage for outage in outages if outage.scope is Scope.NATIONAL]
    cuts = [incident for incident in played.world.incidents if incident.national]
    found = tuple(_found(cut, national) for cut in cuts)
    false = tuple(outage for outage in national if not any(_belongs(outage, cut) for cut in cuts))
    raised = sum(_one_operator(outage, played) for outage in false)
    months = played.world.settings.days / 30.0
    return Trial(found=found, false_national=false, raised=raised, rounds=rounds, months=months, outages=outages)


def _minute(outage: Outage, *, onset: bool = False) -> float:
    return ((outage.onset if onset else outage.detected_at) - START).total_seconds() / 60.0


def _belongs(outage: Outage, cut: Incident) -> bool:
    return cut.start <= _minute(outage) <= cut.end + GRACE_MINUTES


def _found(cut: Incident, national: list[Outage]) -> Found:
    first = min((outage for outage in national if _belongs(outage, cut)), key=_minute, default=None)
    if first is None or _minute(first) > cut.end:
        return Found(cut=cut, latency_minutes=None, onset_error_minutes=None)
    error = _minute(first, onset=True) - cut.start
    return Found(cut=cut, latency_minutes=_minute(first) - cut.start, onset_error_minutes=error)


def _one_operator(outage: Outage, played: Play) -> bool:
    """Only one operator's incident was going on when this national outage was told."""
    minute = _minute(outage)
    busy = {
        incident.who
        for incident in played.world.incidents
        if incident.what == "operator" and incident.start <= minute <= incident.end + GRACE_MINUTES
    }
    return len(busy) == 1
