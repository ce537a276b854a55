"""What was measured becomes rounds, outages and signals; a restart goes on, late data amends, and blindness is no outage."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.configuration_reading import load_reading
from monitor.detect.detector import NetworkDetector
from monitor.detect.tallying import Known
from monitor.domain.agents import Parcel
from monitor.domain.changes import Change, Query
from monitor.domain.connectivity import BOARD, Board, Round, board_of
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.kinds import EventKind
from monitor.domain.measurements import (
    Access,
    Failure,
    Link,
    Measurement,
    State,
    TcpStep,
    Vantage,
    measurement_id,
)
from monitor.domain.ports import StateStore
from monitor.domain.reports import Item
from monitor.domain.signals import Signal
from monitor.domain.targets import Service, Target
from monitor.network import GRACE_SECONDS, WINDOW_SECONDS, Watch
from monitor.pipeline import Pipeline
from monitor.read.echoes import EchoIndex
from monitor.runtime.clock import SimulatedClock
from monitor.store.state import open_state
from tests.detect.cast import OPERATORS, START, at, down, rounds
from tests.fakes.state import MemoryState

HOME = tuple(
    Service(
        id=f"home-{place}", name="Home", domestic=True,
        targets=(Target(id=f"home-{place}", url=f"tcp://192.0.2.{place + 1}:443", region="KZ-75"),),
    )
    for place in range(8)
)  # fmt: skip
ABROAD = Service(
    id="world", name="World",
    targets=tuple(Target(id=f"world-{place}", url=f"tcp://198.51.100.{place + 1}:443") for place in range(6)),
)  # fmt: skip
KNOWN = Known({target.id: (service, target) for service in (*HOME, ABROAD) for target in service.targets})
OUTSIDE = Vantage(id="outside", access=Access.OUTSIDE)


def agent(name: str, operator: str = "alma") -> Vantage:
    return Vantage(id=name, operator=operator, region="KZ-75")


def watch_over(state: StateStore, clock: SimulatedClock) -> Watch:
    return Watch(state=state, known=KNOWN, detector=NetworkDetector(), clock=clock)


def measured(
    vantage: Vantage, targets: Sequence[str], minute: float, failure: Failure | None = None, link: Link = Link.UP
) -> list[Measurement]:
    found = []
    for place, name in enumerate(targets):
        service, target = KNOWN.targets[name]
        started = at(minute) + timedelta(seconds=place)
        step = TcpStep(host=target.host, address=f"{target.host}:443", family=4, took_seconds=0.04, failure=failure)
        found.append(
            Measurement(
                id=measurement_id(vantage.id, name, started), target=name, service=service.id, url=target.url,
                vantage=vantage, started_at=started, steps=(step,), link=link,
            )
        )  # fmt: skip
    return found


async def told(watch: Watch, state: StateStore, clock: SimulatedClock, found: Sequence[Round]) -> list[Signal]:
    signals: list[Signal] = []
    for one in found:
        clock.move_to(max(clock.now(), one.at))
        await state.apply(Change(measured=(one,)))
        signals += (await watch.catch_up()).signals
    return signals


async def seen(state: StateStore) -> Board:
    board = board_of(await state.memories(BOARD))
    assert board is not None
    return board


STORY = [*rounds(0, 120), *rounds(120, 160, down(*OPERATORS)), *rounds(160, 200)]


async def test_a_national_cut_is_told_once_with_its_counts_scope_and_bounds_and_its_end() -> None:
    state, clock = MemoryState(), SimulatedClock(START)
    first, *changes, last = await told(watch_over(state, clock), state, clock, STORY)
    assert (first.kind, first.regions, last.kind) == (
        EventKind.NET_BLACKOUT_NATIONAL, ("KZ",), EventKind.NET_RESTORED,
    )  # fmt: skip
    assert all("changed" in one.because[0].words for one in changes)
    assert first.observed_at - at(120) <= timedelta(minutes=7)
    words = first.because[0].words
    for part in (
        "scope national",
        "of 48 targets up",
        "3 vantages",
        "onset after 2026-03-02T01:58:00Z, by 2026-03-02T02:00",
    ):
        assert part in words
    assert first.counts["targets"] == (48, 48)


@pytest.mark.parametrize("stop", [30, 61, 63, 80, 90])
async def test_a_restart_goes_on_where_it_was_and_says_nothing_twice(stop: int, tmp_path: Path) -> None:
    clock = SimulatedClock(START)
    state = await open_state(tmp_path / "state.sqlite3", clock)
    whole_clock, whole_state = SimulatedClock(START), MemoryState()
    whole = await told(watch_over(whole_state, whole_clock), whole_state, whole_clock, STORY)
    before = await told(watch_over(state, clock), state, clock, STORY[:stop])
    await state.close()
    state = await open_state(tmp_path / "state.sqlite3", clock)
    after = await told(watch_over(state, clock), state, clock, STORY[stop:])
    assert [*before, *after] == whole
    assert await seen(state) == await seen(whole_state)
    await state.close()


async def test_what_cannot_be_stored_is_judged_again_and_told_once() -> None:
    state, clock = MemoryState(), SimulatedClock(at(200))
    watch = watch_over(state, clock)
    await state.apply(Change(measured=tuple(STORY[:75])))
    state.refuse = StoreUnavailableError("disk full")
    with pytest.raises(StoreUnavailableError):
        await watch.catch_up()
    state.refuse = None
    assert [one.kind for one in (await watch.catch_up()).signals] == [EventKind.NET_BLACKOUT_NATIONAL]
    assert (await watch.catch_up()).signals == ()


async def test_a_late_upload_amends_the_past_and_is_marked_as_past() -> None:
    state, clock = MemoryState(), SimulatedClock(START)
    watch = watch_over(state, clock)
    gap = [one for one in STORY if not at(120) <= one.at < at(160)]
    assert await told(watch, state, clock, [*gap, *rounds(200, 300)]) == []
    late = await told(watch, state, clock, rounds(120, 160, down(*OPERATORS))[::-1])
    assert late
    assert all(one.past for one in late)
    assert any("ended 2026-03-02T02:40:00Z" in one.because[0].words for one in late)


async def test_looking_ahead_tells_the_same_as_going_on() -> None:
    state, clock = MemoryState(), SimulatedClock(START)
    watch = watch_over(state, clock)
    await watch.start()
    signals: list[Signal] = []
    part: list[Round] = []
    for one in STORY:
        part.append(one)
        if watch.may_speak(Item(source="probe", content=one)):
            clock.move_to(one.at)
            await state.apply(Change(measured=tuple(part)))
            signals += (await watch.catch_up()).signals
            part = []
    other, other_clock = MemoryState(), SimulatedClock(START)
    assert signals == await told(watch_over(other, other_clock), other, other_clock, STORY)


async def play(
    minutes: int, cut_from: int, cut: Sequence[Vantage], well: Sequence[Vantage], link: Link = Link.UP
) -> tuple[list[Signal], MemoryState]:
    """Vantages ask the world every two minutes; from a minute on, some of them get no answer."""
    state, clock = MemoryState(), SimulatedClock(START)
    watch, signals = watch_over(state, clock), []
    names = [target.id for target in ABROAD.targets]
    for minute in range(0, minutes, 2):
        clock.move_to(at(minute) + timedelta(seconds=WINDOW_SECONDS + GRACE_SECONDS))
        found = measured(OUTSIDE, names, minute)
        for vantage in (*cut, *well):
            lost = vantage in cut and minute >= cut_from
            found += measured(vantage, names, minute, Failure.TIMEOUT if lost else None, link if lost else Link.UP)
        await state.apply(Change(measured=tuple(found)))
        signals += (await watch.catch_up()).signals
    return signals, state


async def test_agents_of_one_operator_that_lose_everything_are_an_outage_of_that_operator() -> None:
    cut = [agent("a-1"), agent("a-2")]
    signals, state = await play(200, 120, cut, [agent("b-1", "beta"), agent("b-2", "beta"), agent("b-3", "ceta")])
    assert {one.kind for one in signals} == {EventKind.NET_OUTAGE}
    assert "operator:alma" in signals[0].because[0].words
    assert signals[0].evidence[1] in set(state._measured)
    states = {one.entity: one.state for one in (await seen(state)).standings}
    assert (states["operator:alma"], states["operator:beta"]) == (State.DOWN, State.OK)


@pytest.mark.parametrize("link", [Link.DOWN, Link.CAPTIVE_PORTAL])
async def test_agents_that_are_blind_themselves_say_nothing_of_their_network(link: Link) -> None:
    signals, state = await play(200, 120, [agent("a-1"), agent("a-2")], [agent("b-1", "beta")], link)
    assert signals == []
    states = {one.entity: one.state for one in (await seen(state)).standings}
    assert states["operator:alma"] is State.INSUFFICIENT


async def test_without_a_control_nothing_is_concluded() -> None:
    state, clock = MemoryState(), SimulatedClock(START)
    watch = watch_over(state, clock)
    names = [target.id for target in ABROAD.targets]
    found = [one for minute in range(0, 60, 2) for one in measured(agent("a-1"), names, minute, Failure.TIMEOUT)]
    await state.apply(Change(measured=tuple(found)))
    clock.move_to(at(70))
    assert (await watch.catch_up()).signals == ()
    assert {one.state for one in (await seen(state)).standings} == {State.INSUFFICIENT}


async def test_from_outside_a_region_whose_servers_all_stop_answering_is_cut() -> None:
    state, clock = MemoryState(), SimulatedClock(START)
    watch, signals = watch_over(state, clock), []
    names = [service.id for service in HOME]
    for minute in range(0, 180, 2):
        clock.move_to(at(minute) + timedelta(seconds=WINDOW_SECONDS + GRACE_SECONDS))
        found = measured(OUTSIDE, names, minute, Failure.TIMEOUT if minute >= 120 else None)
        await state.apply(Change(measured=tuple(found)))
        signals += (await watch.catch_up()).signals
    states = {one.entity: one.state for one in (await seen(state)).standings}
    assert states["region:KZ-75"] is State.DOWN
    assert {one.kind for one in signals} <= {EventKind.NET_BLACKOUT_LOCAL}


async def test_from_outside_a_vantage_that_reaches_nothing_abroad_either_calls_nobody_cut() -> None:
    """Its link check was well, and then its line went: not one server of the country answers it, nor of any other."""
    state, clock = MemoryState(), SimulatedClock(START)
    watch, signals = watch_over(state, clock), []
    names = [*(service.id for service in HOME), *(target.id for target in ABROAD.targets)]
    for minute in range(0, 180, 2):
        clock.move_to(at(minute) + timedelta(seconds=WINDOW_SECONDS + GRACE_SECONDS))
        found = measured(OUTSIDE, names, minute, Failure.TIMEOUT if minute >= 120 else None)
        await state.apply(Change(measured=tuple(found)))
        signals += (await watch.catch_up()).signals
    assert signals == []
    states = {one.entity: one.state for one in (await seen(state)).standings}
    assert states["region:KZ-75"] is State.INSUFFICIENT


async def test_an_open_window_waits_and_a_clock_from_the_future_is_not_judged() -> None:
    state, clock = MemoryState(), SimulatedClock(at(1))
    watch = watch_over(state, clock)
    names = [target.id for target in ABROAD.targets]
    await state.apply(Change(measured=(*measured(OUTSIDE, names, 0), *measured(OUTSIDE, names, 600))))
    found = await watch.catch_up()
    assert (found.measurements, found.rounds) == (12, 0)
    clock.move_to(at(4))
    assert (await watch_over(state, clock).catch_up()).rounds == 1


async def test_signals_stand_in_the_journal_and_pages_about_the_past_are_for_nobody() -> None:
    state, clock = MemoryState(), SimulatedClock(at(600))
    await state.apply(Change(measured=(*STORY, *rounds(200, 590))))
    found = (await watch_over(state, clock).catch_up()).signals
    assert [one.past for one in found] == [True]
    assert list(await state.signals(Query())) == list(found)
    assert replace(found[0], past=False) != found[0]


async def test_what_collectors_bring_is_stored_with_their_bookmark_and_their_parcel() -> None:
    state, clock = MemoryState(), SimulatedClock(START)
    reader = load_reading(None).reader
    pipeline = Pipeline(state=state, reader=reader, echoes=EchoIndex(), sources={}, clock=clock)
    (one,) = measured(agent("a-1"), ["world-0"], 0)
    parcel = Parcel(agent="a-1", sequence=1, attempt=1, digest="d", received_at=START, rows=1)
    items = [Item(source="agent.a-1", content=one), Item(source="agents", content=parcel, cursor="9")]
    outcome = await pipeline.process(items)
    assert outcome.measured == 1
    (change,) = state.changes
    assert (change.measured, change.parcels, change.cursors) == ((one,), (parcel,), {"agents": "9"})


async def test_a_vantage_that_asks_twice_in_a_window_has_one_vote() -> None:
    state, clock = MemoryState(), SimulatedClock(at(5))
    names = [service.id for service in HOME]
    twice = (*measured(OUTSIDE, names, 0, Failure.TIMEOUT), *measured(OUTSIDE, names, 1))
    await state.apply(Change(measured=twice))
    await watch_over(state, clock).catch_up()
    (region,) = (await seen(state)).standings
    assert (region.up, region.total, region.vantages) == (8, 8, 1)
