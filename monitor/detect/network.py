"""All that is known of the country's networks, one round after another: tracks, open outages, and those that are over.

`advance` takes rounds in the order of time. Late rounds are `history`'s affair.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from monitor.detect.entities import Spread, counts, spread_of
from monitor.detect.filter import MINUTE, FilterSettings, suspicious
from monitor.detect.scope import Reach, loss_of, reaches
from monitor.detect.track import LATELY, Track, heard, loss_lately
from monitor.domain.connectivity import Outage, OutageKind, Round, Scope, Standing, degree_of
from monitor.domain.measurements import State
from monitor.domain.moments import from_unix

KEPT_OUTAGES: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """How the networks are watched.

    Attributes:
        filter: of every track.
        round_seconds: between rounds on quiet days.
        fast_round_seconds: while something may be beginning or ending.
        suspicion: probability above which rounds come faster.
        weights: share of the country's users by operator; empty = by number of targets.
        holidays: days since 1970 (UTC) that count as Sundays.
    """

    filter: FilterSettings = field(default_factory=FilterSettings)
    round_seconds: float = 2 * MINUTE
    fast_round_seconds: float = MINUTE
    suspicion: float = 0.003
    weights: Mapping[str, float] = field(default_factory=dict)
    holidays: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkState:
    """A plain value.

    Attributes:
        at: time of the last round; `None` before any.
        tracks: by entity.
        rounds: the last few, for what lies where.
        open: outages that last, by entity.
        over: outages that ended, latest last.
    """

    at: float | None = None
    tracks: dict[str, Track] = field(default_factory=dict)
    rounds: tuple[Round, ...] = ()
    open: dict[str, Outage] = field(default_factory=dict)
    over: tuple[Outage, ...] = ()


def advance(state: NetworkState, found: Round, settings: NetworkSettings) -> NetworkState:
    """The state after one more round, which is later than all before it."""
    at = found.at.timestamp()
    tracks = dict(state.tracks)
    for entity, (count, access) in counts(found).items():
        track = tracks.get(entity) or Track(entity=entity, access=access)
        tracks[entity] = heard(track, at, count, settings.filter, settings.holidays)
    rounds = (*state.rounds, found)[-LATELY:]
    state = replace(state, at=at, tracks=tracks, rounds=rounds)
    if not state.open and not any(track.alarmed for track in tracks.values()):
        return state
    return _told(state, at, settings)


def _told(state: NetworkState, at: float, settings: NetworkSettings) -> NetworkState:
    found = {reach.entity: reach for reach in reaches(state.tracks, state.rounds, settings.weights, at, state.open)}
    still, over = {}, list(state.over)
    for entity, outage in state.open.items():
        if entity not in found:
            over += _closed(outage, state, at, found)
    for entity, reach in found.items():
        before = state.open.get(entity)
        still[entity] = _updated(before, reach, state) if before else _begun(reach, state, at)
    return replace(state, open=still, over=tuple(over)[-KEPT_OUTAGES:])


def _closed(outage: Outage, state: NetworkState, at: float, found: Mapping[str, Reach]) -> list[Outage]:
    """The outage with its end; nothing where a wider one has taken it in, for that tells of it."""
    covered = {track.entity for reach in found.values() for track in reach.tracks}
    if outage.entities and all(entity in covered for entity in outage.entities):
        wider = next((reach for reach in found.values() if outage.entity in {t.entity for t in reach.tracks}), None)
        end = wider.onset if wider and wider.onset > outage.onset.timestamp() else None
        return [replace(outage, ended=from_unix(end))] if end else []
    ends = [
        track.ended_at
        for entity in outage.entities
        if (track := state.tracks.get(entity)) and not track.alarmed and track.ended_at is not None
    ]
    return [replace(outage, ended=from_unix(max(ends, default=at)))]


def _begun(reach: Reach, state: NetworkState, at: float) -> Outage:
    earliest = [track.belief.usual_at for track in reach.tracks if track.belief.usual_at is not None]
    latest = [track.belief.sure_at for track in reach.tracks if track.belief.sure_at is not None]
    before = [moment for moment in earliest if moment < reach.onset]
    outage = Outage(
        entity=reach.entity,
        scope=reach.scope,
        kind=reach.kind,
        onset=from_unix(reach.onset),
        onset_earliest=from_unix(max(before)) if before else None,
        onset_latest=from_unix(max(reach.onset, min(latest, default=at))),
        detected_at=from_unix(at),
    )
    return _updated(outage, reach, state)


def _updated(outage: Outage, reach: Reach, state: NetworkState) -> Outage:
    """The outage with what the latest round adds: its worst, its kind, what it covers."""
    up, total = _last_counts(reach)
    loss = loss_of(reach.tracks)
    kept = (outage.loss_ratio, outage.up, outage.total)
    loss, up, total = max(kept, (round(loss, 4), up, total), key=lambda entry: entry[0])
    return replace(
        outage,
        kind=reach.kind,
        loss_ratio=loss,
        up=up,
        total=total or outage.total,
        vantages=max(outage.vantages, *(track.vantages for track in reach.tracks)),
        probability=round(min(track.belief.probability for track in reach.tracks if track.alarmed), 4),
        witness=outage.witness or next((track.witness for track in reach.tracks if track.witness), None),
        entities=tuple(sorted({*outage.entities, *(track.entity for track in reach.tracks)})),
        regions=_regions(reach, state, outage),
    )


def _last_counts(reach: Reach) -> tuple[int, int]:
    last = [track.lately[-1] for track in reach.tracks if track.lately]
    return sum(count.up for count in last), sum(count.total for count in last)


def _regions(reach: Reach, state: NetworkState, before: Outage) -> tuple[str, ...]:
    if reach.scope is Scope.NATIONAL:
        return ("KZ",)
    if reach.scope is Scope.OPERATOR and reach.kind in {OutageKind.MOBILE_ONLY, OutageKind.OPERATOR}:
        return _widened(before.regions, spread_of(state.rounds, reach.entity))
    named = sorted({track.entity.partition(":")[2] for track in reach.tracks if track.entity.startswith("region:")})
    return tuple(named) or ("KZ",)


def _widened(before: tuple[str, ...], spread: Spread) -> tuple[str, ...]:
    """Where an operator's incident lies: in some regions while it is well in all others, else in the country.

    It may turn out to reach further; a part that comes back does not move it.
    """
    told_apart = spread.lost and (len(spread.known) == 1 or spread.lost | spread.well == spread.known)
    lost = {*before, *spread.lost} if before else spread.lost if told_apart else frozenset({"KZ"})
    everywhere = len(spread.known) > 1 and spread.known <= lost
    return ("KZ",) if "KZ" in lost or everywhere else tuple(sorted(lost))


def pace(state: NetworkState, settings: NetworkSettings) -> float:
    """Seconds until the next round."""
    hurried = any(
        suspicious(track.belief, settings.suspicion)
        for track in state.tracks.values()
        if not track.entity.startswith(("slow:", "mitm:"))
    )
    return settings.fast_round_seconds if hurried else settings.round_seconds


def standings(state: NetworkState, now: datetime) -> tuple[Standing, ...]:
    """How every entity is now, `insufficient` where nothing valid came of late."""
    return tuple(_standing(track, state, now) for track in state.tracks.values())


def _standing(track: Track, state: NetworkState, now: datetime) -> Standing:
    at = now.timestamp()
    loss, up, total = loss_lately(track)
    last = track.lately[-1] if track.lately else None
    if not track.sufficient(at):
        verdict, since = State.INSUFFICIENT, track.invalid_since or track.valid_at or at
    elif track.alarmed:
        outage = state.open.get(track.entity)
        verdict = outage.state if outage else _state_of(loss)
        since = track.belief.since or at
    else:
        verdict, since = State.OK, track.ended_at or track.valid_at or at
    return Standing(
        entity=track.entity,
        state=verdict,
        since=from_unix(since),
        probability=round(track.belief.probability, 4),
        up=up,
        total=total,
        asked=last.asked if last else 0,
        usual_ratio=round(track.baseline.usual, 4),
        heard_at=None if track.valid_at is None else from_unix(track.valid_at),
        vantages=last.vantages if last else 0,
    )


def _state_of(loss_ratio: float) -> State:
    return State.DOWN if degree_of(loss_ratio).value in {"severe", "blackout"} else State.DEGRADED
