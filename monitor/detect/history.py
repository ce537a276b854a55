"""Rounds in any order: late uploads re-score the past, and what changes by it is amended for all to see.

Every six hours the state is put by. A late round goes to its place, everything from the last state before it is gone
through again, and the outages before and after are compared: a backfill in random order ends where the rounds in order
would have. What is found of the past is marked as amended, and an outage that is over is never told as if it were now.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from monitor.detect.network import NetworkSettings, NetworkState, advance
from monitor.domain.connectivity import Outage, Round

KEPT: Final = timedelta(hours=78)
PUT_BY_EVERY: Final = timedelta(hours=6)
CURRENT: Final = timedelta(minutes=30)
"""An outage found this long after its last round, or later, belongs to the past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryState:
    """A plain value.

    Attributes:
        rounds: of the last three days and a bit, in the order of time.
        put_by: (time, state after the rounds before that time), oldest first.
        now: the state after all rounds.
        refused: rounds that came too late to be placed; they are counted, never used.
    """

    rounds: tuple[Round, ...] = ()
    put_by: tuple[tuple[datetime, NetworkState], ...] = ()
    now: NetworkState = field(default_factory=NetworkState)
    refused: int = 0


class News(StrEnum):
    """What is new about an outage."""

    BEGAN = "began"
    CHANGED = "changed"
    ENDED = "ended"
    AMENDED = "amended"
    WITHDRAWN = "withdrawn"
    STRENGTHENED = "strengthened"
    WEAKENED = "weakened"
    EXPLAINED = "explained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing to tell. `past`: it is about what is over, and pages nobody.

    Attributes:
        before: the outage as told earlier; `None` if it was not.
    """

    news: News
    outage: Outage
    past: bool
    before: Outage | None = None


def joined(
    state: HistoryState, found: Sequence[Round], now: datetime, settings: NetworkSettings
) -> tuple[HistoryState, tuple[Told, ...]]:
    """The state after these rounds, in whatever order they came, and what there is to tell."""
    live, late = _sorted_out(state, found)
    before, moved = state.now, state
    if late:
        moved = _gone_through_again(_placed(moved, late), min(found.at for found in late), settings)
    for one in live:
        moved = _appended(moved, one, settings)
    return moved, told(before, moved.now, now, late=bool(late))


def _sorted_out(state: HistoryState, found: Sequence[Round]) -> tuple[list[Round], list[Round]]:
    last = state.rounds[-1].at if state.rounds else None
    ordered = sorted({one.at: one for one in found}.values(), key=lambda one: one.at)
    if last is None:
        return ordered, []
    return [one for one in ordered if one.at > last], [one for one in ordered if one.at <= last]


def _appended(state: HistoryState, found: Round, settings: NetworkSettings) -> HistoryState:
    put_by = state.put_by
    if not put_by or found.at - put_by[-1][0] >= PUT_BY_EVERY:
        put_by = (*put_by, (found.at, state.now))
    rounds = (*state.rounds, found)
    while len(put_by) > 1 and put_by[1][0] < found.at - KEPT:
        put_by = put_by[1:]
        rounds = rounds[bisect_left(rounds, put_by[0][0], key=lambda one: one.at) :]
    return replace(state, rounds=rounds, put_by=put_by, now=advance(state.now, found, settings))


def _placed(state: HistoryState, late: Sequence[Round]) -> HistoryState:
    """Late rounds in their places; one for a time that is there replaces it; those before all that is kept are refused."""
    oldest = state.put_by[0][0] if state.put_by[0][1].at is not None else None
    fitting = [one for one in late if oldest is None or one.at >= oldest]
    replaced = {one.at for one in fitting}
    rounds = [one for one in state.rounds if one.at not in replaced]
    for one in fitting:
        insort(rounds, one, key=lambda entry: entry.at)
    return replace(state, rounds=tuple(rounds), refused=state.refused + len(late) - len(fitting))


def _gone_through_again(state: HistoryState, since: datetime, settings: NetworkSettings) -> HistoryState:
    kept = [entry for entry in state.put_by if entry[0] <= since]
    start = kept[-1] if kept else (state.rounds[0].at, state.put_by[0][1])
    first = bisect_left(state.rounds, start[0], key=lambda one: one.at)
    again = replace(state, rounds=state.rounds[:first], put_by=tuple(kept[:-1]), now=start[1])
    for one in state.rounds[first:]:
        again = _appended(again, one, settings)
    return again


def told(before: NetworkState, after: NetworkState, now: datetime, *, late: bool = False) -> tuple[Told, ...]:
    """What changed between two states of knowledge."""
    old, new = _by_key(before), _by_key(after)
    found = []
    for key, outage in new.items():
        known = old.get(key) or (_overlapping(outage, before) if late else None)
        if known is None:
            past = outage.ended is not None and now - outage.ended > CURRENT
            found.append(Told(news=News.AMENDED if past else News.BEGAN, outage=outage, past=past))
        elif news := _news(known, outage):
            past = news is News.AMENDED or (outage.ended is not None and now - outage.ended > CURRENT)
            found.append(Told(news=news, outage=outage, past=past, before=known))
    kept = {id(entry.before) for entry in found if entry.before is not None}
    for key, outage in old.items():
        if key not in new and id(outage) not in kept and not _dropped(outage, after):
            found.append(Told(news=News.WITHDRAWN, outage=outage, past=True, before=outage))
    return tuple(found)


def _by_key(state: NetworkState) -> dict[tuple[str, datetime], Outage]:
    return {(outage.entity, outage.onset): outage for outage in (*state.over, *state.open.values())}


def _overlapping(outage: Outage, state: NetworkState) -> Outage | None:
    """The outage of the same entity that this one is in other bounds."""
    for known in (*state.over, *state.open.values()):
        apart = (known.ended is not None and known.ended <= outage.onset) or (
            outage.ended is not None and outage.ended <= known.onset
        )
        if known.entity == outage.entity and not apart:
            return known
    return None


def _news(before: Outage, after: Outage) -> News | None:
    if before.onset != after.onset or (before.ended and before.ended != after.ended):
        return News.AMENDED
    if after.ended and not before.ended:
        return News.ENDED
    changed = (before.kind, before.degree, before.scope, before.entities) != (
        after.kind,
        after.degree,
        after.scope,
        after.entities,
    )
    return News.CHANGED if changed else None


def _dropped(outage: Outage, after: NetworkState) -> bool:
    """It is not gone: it fell off the end of what is kept, or a wider outage has taken it in."""
    wider = any(outage.entity in entry.entities and entry.entity != outage.entity for entry in after.open.values())
    oldest = after.over[0].onset if after.over else None
    return wider or (oldest is not None and outage.ended is not None and outage.onset < oldest)
