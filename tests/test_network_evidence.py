"""How sure an outage is: what people, officials and projects say joins what was measured, late, once each, and without flapping."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.detect.detector import NetworkDetector
from monitor.domain.changes import Change
from monitor.domain.connectivity import BOARD, Board, Certainty, EvidenceFamily, Round, Tally, board_of
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.kinds import EventKind
from monitor.domain.ports import StateStore
from monitor.domain.reports import Item, Report
from monitor.domain.signals import Hit, Signal, signal_id
from monitor.domain.sources import Source
from monitor.network import Watch
from monitor.network_evidence import Surroundings
from monitor.runtime.clock import SimulatedClock
from monitor.store.state import open_state
from tests.detect.cast import OPERATORS, START, at, down, rounds
from tests.fakes.state import MemoryState
from tests.test_network import KNOWN

NATIONAL = [*rounds(0, 120), *rounds(120, 240, down(*OPERATORS)), *rounds(240, 270)]
ALMA = [*rounds(0, 120), *rounds(120, 240, down("alma")), *rounds(240, 270)]


def source(name: str, **more: object) -> Source:
    return Source.model_validate({"id": name, "kind": "feeds", "name": name, "owner": name, **more})


SOURCES: Mapping[str, Source] = {
    one.id: one
    for one in (
        source("checks", tier=1), source("paper", tier=2), source("chat"), source("other"), source("rumour", tier=4),
        source("state", tier=2, stance="official"), source("project", tier=1, stance="measurement", abroad=True),
        source("aktau", region="KZ-47"),
    )
}  # fmt: skip


def said(
    name: str, minute: float, kind: EventKind = EventKind.NET_BLACKOUT_NATIONAL, regions: tuple[str, ...] = ("KZ",),
    witness: str | None = None, **more: object,
) -> Signal:  # fmt: skip
    key = f"{name}@{minute}"
    told = Signal(
        id=signal_id(key, kind, regions), kind=kind, regions=regions, at=at(minute), observed_at=at(minute), source=name,
        witness=witness or name, strength=0.75, report=key, tier=SOURCES[name].tier,
    )  # fmt: skip
    return replace(told, **more)  # type: ignore[arg-type]


def watch_over(state: StateStore, clock: SimulatedClock) -> Watch:
    return Watch(
        state=state, known=KNOWN, detector=NetworkDetector(), clock=clock, surroundings=Surroundings(sources=SOURCES)
    )


def post(name: str, minute: float) -> Report:
    return Report(
        source=name, origin=name, key=f"{minute}", text="Погода", published_at=at(minute), observed_at=at(minute)
    )


Event = Round | Signal | Report


def in_order(*parts: Sequence[Event]) -> list[Event]:
    def moment(one: Event) -> float:
        return (one.observed_at if isinstance(one, Report) else one.at).timestamp()

    return sorted((one for part in parts for one in part), key=moment)


async def lived(watch: Watch, state: StateStore, clock: SimulatedClock, events: Sequence[Event]) -> list[Signal]:
    """What the watch tells while these things happen one after the other."""
    told: list[Signal] = []
    for one in events:
        moment = one.observed_at if isinstance(one, Report | Signal) else one.at
        clock.move_to(max(clock.now(), moment))
        change = Change(measured=(one,)) if isinstance(one, Round) else Change(signals=(one,))
        await state.apply(Change(reports=(one,)) if isinstance(one, Report) else change)  # type: ignore[arg-type]
        told += (await watch.catch_up()).signals
    return told


async def told_of(*parts: Sequence[Event]) -> list[Signal]:
    state, clock = MemoryState(), SimulatedClock(START)
    return await lived(watch_over(state, clock), state, clock, in_order(*parts))


def news(signals: Sequence[Signal]) -> list[tuple[str, str]]:
    """What each piece of news is, and how sure: (`began`, `suspected`)."""
    return [(title(one).split(": ", 1)[1].split(";")[0], sure(one)) for one in signals]


def title(one: Signal) -> str:
    assert one.title is not None
    return one.title


def sure(one: Signal) -> str:
    return next(name.value for name in Certainty if f"; {name.value} by " in title(one))


async def board(state: StateStore) -> Board:
    found = board_of(await state.memories(BOARD))
    assert found is not None
    return found


async def test_reports_that_come_twenty_minutes_late_make_an_open_outage_surer_once() -> None:
    told = await told_of(NATIONAL, [said("chat", 141), said("checks", 142), said("paper", 150)])
    assert [one for one in news(told) if one[0] != "changed"] == [
        ("began", "suspected"), ("strengthened", "likely"), ("strengthened", "confirmed"), ("ended", "confirmed"),
    ]  # fmt: skip
    began, likely, confirmed = (one for one in told if "changed" not in title(one) and "ended" not in title(one))
    assert [one.strength for one in (began, likely, confirmed)] == [0.5, 0.8, 0.97]
    assert (confirmed.observed_at, confirmed.witness) == (at(142), began.witness)
    assert "2 kinds of evidence (own active, reports; 6 of 6 sources with data show it" in title(confirmed)
    assert len({one.id for one in told}) == len(told)


async def test_copies_of_one_post_count_once() -> None:
    # Near in time, from three sources, of one witness.
    copies = [said("chat", 130), said("other", 131, witness="chat"), said("rumour", 132, witness="chat")]
    kind = {"kind": EventKind.NET_OUTAGE}
    copied = await told_of(ALMA, [replace(one, **kind) for one in copies])  # type: ignore[arg-type]
    assert {how for _, how in news(copied)} == {"suspected"}
    own = [said("chat", 130), said("other", 131), said("rumour", 132)]
    apart = await told_of(ALMA, [replace(one, **kind) for one in own])  # type: ignore[arg-type]
    assert {how for _, how in news(apart)} == {"suspected", "confirmed"}


@pytest.mark.parametrize(
    "one",
    [
        said("checks", 135, denied=True),
        said("checks", 135, past=True),
        said("checks", 135, strength=0.4),
        said("checks", 135, EventKind.NET_RESTORED),
        said("checks", 135, EventKind.NET_SERVICE_BLOCK),
        said("checks", 60),
        said("checks", 135, EventKind.ASSEMBLY_PROTEST, ("KZ-75",)),
    ],
    ids=["denied", "another day", "weak", "restored", "another sort", "long before", "the street"],
)
async def test_what_is_not_about_it_adds_nothing(one: Signal) -> None:
    assert {how for _, how in news(await told_of(NATIONAL, [one]))} == {"suspected"}


async def test_a_denial_by_officials_adds_nothing_and_takes_nothing() -> None:
    without = await told_of(NATIONAL, [said("checks", 142)])
    denied = await told_of(
        NATIONAL, [said("checks", 142), said("state", 150, denied=True), said("state", 160, denied=True)]
    )
    assert news(denied) == news(without)


async def test_an_announcement_and_a_measuring_project_are_kinds_of_evidence_of_their_own() -> None:
    state, clock = MemoryState(), SimulatedClock(START)
    events = in_order(NATIONAL[:80], [said("state", 140), said("project", 141)])
    told = await lived(watch_over(state, clock), state, clock, events)
    assert news(told)[-1] == ("strengthened", "confirmed")
    (shown,) = (await board(state)).outages
    assert shown.certainty is Certainty.CONFIRMED
    assert set(shown.families) == {EvidenceFamily.OWN_ACTIVE, EvidenceFamily.ANNOUNCED, EvidenceFamily.THIRD_PARTY}
    assert (shown.showing, shown.asked, shown.of) == (6, 6, 7)
    assert (shown.outage.onset_earliest, shown.outage.onset_latest) == (at(118), at(120))


async def test_an_outage_of_one_region_is_not_surer_by_what_is_said_of_another() -> None:
    cut = [*rounds(0, 120), *rounds(120, 180, down("KZ-75"))]
    local = EventKind.NET_BLACKOUT_LOCAL
    elsewhere = await told_of(cut, [said("checks", 140, local, ("KZ-47",))])
    here = await told_of(cut, [said("checks", 140, local, ("KZ-75",))])
    assert {how for _, how in news(elsewhere)} == {"suspected"}
    assert news(here)[-1] == ("strengthened", "likely")


def because(one: Signal, cause: str) -> Signal:
    return replace(one, because=(Hit(rule=f"ru.cause.{cause}", words="", start=0, end=0),))


async def test_a_power_cut_that_somebody_names_makes_it_an_outage_and_never_confirms_a_shutdown() -> None:
    power = because(said("checks", 140, EventKind.NET_OUTAGE, ("KZ",)), "power")
    told = await told_of(NATIONAL, [power, said("paper", 150), said("project", 151), said("state", 152)])
    assert ("explained", "likely") in news(told)
    assert all(how != "confirmed" for _, how in news(told))
    explained = next(one for one in told if "explained" in title(one))
    assert explained.kind is EventKind.NET_OUTAGE
    assert "cause said to be power" in title(explained)


async def test_a_power_cut_of_one_region_does_not_explain_the_country() -> None:
    power = because(said("checks", 140, EventKind.NET_OUTAGE, ("KZ-75",)), "power")
    told = await told_of(NATIONAL, [power])
    assert all("cause" not in title(one) for one in told)
    assert {one.kind for one in told} == {EventKind.NET_BLACKOUT_NATIONAL, EventKind.NET_RESTORED}


async def test_an_order_outweighs_an_excuse() -> None:
    power = because(said("checks", 140, EventKind.NET_OUTAGE), "power")
    told = await told_of(NATIONAL, [power, because(said("state", 150), "order")])
    assert [one.kind for one in told if "explained" in title(one)] == [
        EventKind.NET_OUTAGE, EventKind.NET_BLACKOUT_NATIONAL,
    ]  # fmt: skip
    assert news(told)[-1] == ("ended", "confirmed")


async def test_people_who_are_heard_and_write_nothing_of_it_count_against_after_half_an_hour_and_once_more_that_long() -> (
    None
):
    announced = said("state", 121, EventKind.NET_OUTAGE)
    quiet = await told_of(ALMA, [announced])
    assert news(quiet) == [("began", "likely"), ("ended", "likely")]
    heard = await told_of(ALMA, [announced, *(post("chat", minute) for minute in range(125, 240, 10))])
    assert news(heard) == [("began", "likely"), ("weakened", "suspected"), ("ended", "suspected")]
    # Due 30 minutes after the onset, told when it has stood for 30 more.
    assert heard[1].observed_at == at(182)


async def test_whoever_writes_from_elsewhere_alone_is_no_ear_for_a_region() -> None:
    cut = [*rounds(0, 120), *rounds(120, 240, down("KZ-75"))]
    announced = said("state", 121, EventKind.NET_OUTAGE, ("KZ-75",))
    posts = [post("aktau", minute) for minute in range(125, 240, 10)]
    assert ("weakened", "suspected") not in news(await told_of(cut, [announced], posts))


async def test_certainty_does_not_flap_while_evidence_comes_and_goes() -> None:
    posts = [post("chat", minute) for minute in range(125, 240, 10)]
    # What weighs against it is answered before it has stood for half an hour.
    told = await told_of(
        ALMA, [said("state", 121, EventKind.NET_OUTAGE)], posts, [said("other", 170, EventKind.NET_OUTAGE)]
    )
    assert [what for what, _ in news(told)] == ["began", "strengthened", "ended"]


@pytest.mark.parametrize("stop", [62, 70, 76, 90])
async def test_a_restart_in_the_middle_says_nothing_twice_and_forgets_nothing(stop: int, tmp_path: Path) -> None:
    events = in_order(NATIONAL, [said("chat", 141), said("checks", 146), said("state", 150)])
    memory, clock = MemoryState(), SimulatedClock(START)
    whole = await lived(watch_over(memory, clock), memory, clock, events)
    clock = SimulatedClock(START)
    state = await open_state(tmp_path / "state.sqlite3", clock)
    before = await lived(watch_over(state, clock), state, clock, events[:stop])
    await state.close()
    state = await open_state(tmp_path / "state.sqlite3", clock)
    after = await lived(watch_over(state, clock), state, clock, events[stop:])
    assert [*before, *after] == whole
    assert await board(state) == await board(memory)
    await state.close()


async def test_what_could_not_be_stored_is_weighed_again_and_told_once() -> None:
    state, clock = MemoryState(), SimulatedClock(START)
    watch = watch_over(state, clock)
    await lived(watch, state, clock, NATIONAL[:70])
    clock.move_to(at(139))
    await state.apply(Change(signals=(said("checks", 139),)))
    state.refuse = StoreUnavailableError("disk full")
    with pytest.raises(StoreUnavailableError):
        await watch.catch_up()
    state.refuse = None
    assert news((await watch.catch_up()).signals) == [("strengthened", "confirmed")]
    assert (await watch.catch_up()).signals == ()


async def test_looking_ahead_and_storing_by_many_comes_to_the_same() -> None:
    events = in_order(NATIONAL, [said("chat", 141), said("checks", 146)], [post("other", 150), post("other", 160)])
    state, clock = MemoryState(), SimulatedClock(START)
    watch, told, part = watch_over(state, clock), [], []
    await watch.start()
    for one in events:
        part.append(one)
        if not isinstance(one, Round) or watch.may_speak(Item(source="probe", content=one)):
            told += await _stored_together(watch, state, clock, part)
            part = []
    other, other_clock = MemoryState(), SimulatedClock(START)
    assert told == await lived(watch_over(other, other_clock), other, other_clock, events)


async def _stored_together(
    watch: Watch, state: StateStore, clock: SimulatedClock, part: Sequence[Event]
) -> tuple[Signal, ...]:
    last = part[-1]
    clock.move_to(last.at if isinstance(last, Round) else last.observed_at)
    await state.apply(
        Change(
            measured=tuple(one for one in part if isinstance(one, Round)),
            signals=tuple(one for one in part if isinstance(one, Signal)),
            reports=tuple(one for one in part if isinstance(one, Report)),
        )
    )
    return (await watch.catch_up()).signals


async def test_agents_inside_and_vantages_outside_are_two_kinds_of_evidence() -> None:
    def both(found: Round, inside_up: int, outside_up: int) -> Round:
        tallies = tuple(
            Tally(
                operator=name, region="KZ-75", total=12, up=inside_up + outside_up, asked=12, vantages=5,
                inside_total=6, inside_up=inside_up,
            )
            for name in OPERATORS
        )  # fmt: skip
        return Round(at=found.at, tallies=tallies)

    well, cut = rounds(0, 120), rounds(120, 150)
    from_both = await told_of([both(one, 6, 6) for one in well], [both(one, 0, 0) for one in cut])
    assert news(from_both)[0] == ("began", "confirmed")
    assert "(inside, own active; " in title(from_both[0])
    # Agents lose everything, and the servers at home answer the world: the second view is due, and speaks against it.
    from_one = await told_of([both(one, 6, 6) for one in well], [both(one, 0, 6) for one in cut])
    assert {how for _, how in news(from_one)} == {"suspected"}
    assert "(inside; " in title(from_one[0])
