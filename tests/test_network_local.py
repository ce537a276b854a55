"""A square that goes quiet: told once with its name and counts, over a restart, and never with an agent's name or place."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.evaluate import Evaluator
from monitor.configuration import load_configuration
from monitor.detect.detector import NetworkDetector
from monitor.detect.local_cut import contains
from monitor.domain.agents import Agent, Standing
from monitor.domain.areas import Area
from monitor.domain.changes import Change
from monitor.domain.connectivity import BOARD, EvidenceFamily, Scope, board_of
from monitor.domain.kinds import EventKind
from monitor.domain.measurements import Vantage
from monitor.domain.ports import StateStore
from monitor.domain.reports import Report
from monitor.domain.signals import Signal, signal_id
from monitor.domain.sources import Source
from monitor.network import Watch
from monitor.network_evidence import Surroundings
from monitor.runtime.clock import SimulatedClock
from monitor.store.state import open_state
from tests.detect.cast import START, at
from tests.fakes.state import MemoryState
from tests.test_network import KNOWN

SQUARE = Area(
    id="square",
    name="Republic square",
    region="KZ-75",
    corners=((76.93, 43.23), (76.96, 43.23), (76.96, 43.25), (76.93, 43.25)),
)
DISTRICT = Area(
    id="district",
    name="Bostandyk",
    region="KZ-75",
    corners=((76.85, 43.16), (76.97, 43.16), (76.97, 43.26), (76.85, 43.26)),
)
INSIDE = tuple(f"secret-{place}" for place in range(8))
OUTSIDE = tuple(f"hidden-{place}" for place in range(10))
PLACES: Mapping[str, tuple[float, float] | None] = {
    **dict.fromkeys(INSIDE, (76.94, 43.24)),
    **{name: (76.80 + place / 200, 43.30) if place % 2 else None for place, name in enumerate(OUTSIDE)},
}
REPORTERS = {
    name: Source.model_validate(
        {"id": name, "kind": "feeds", "name": name, "owner": name, "region": "KZ-75", "place": (76.95, 43.24)}
    )
    for name in ("reporter-a", "reporter-b")
}


class Book:
    """Agents, and when each was last heard."""

    def __init__(self) -> None:
        self.heard: dict[str, float] = {}

    async def agents(self) -> Sequence[tuple[Agent, Standing]]:
        return [(self._agent(name), Standing(last_heard_at=at(minute))) for name, minute in sorted(self.heard.items())]

    async def agent(self, name: str) -> tuple[Agent, Standing] | None:
        return None

    async def admit(self, agent: Agent) -> bool:
        return False

    async def revoke(self, name: str, at: object) -> bool:
        return False

    async def parcels(self, agent: str, sequences: Collection[int]) -> Mapping[int, str]:
        return {}

    async def attempt_seen(self, agent: str, attempt: int) -> bool:
        return False

    @staticmethod
    def _agent(name: str) -> Agent:
        vantage = Vantage(id=name, operator="alma", region="KZ-75")
        return Agent(id=name, key="0" * 64, vantage=vantage, place=PLACES[name], enrolled_at=START)


def watch_over(state: StateStore, clock: SimulatedClock, book: Book, *areas: Area) -> Watch:
    return Watch(
        state=state, known=KNOWN, detector=NetworkDetector(), clock=clock,
        surroundings=Surroundings(sources=REPORTERS, areas=areas or (DISTRICT, SQUARE), book=book),
    )  # fmt: skip


async def lived(
    watch: Watch, state: StateStore, clock: SimulatedClock, book: Book, minutes: range,
    quiet: Mapping[str, tuple[int, int]],
) -> list[Signal]:  # fmt: skip
    """Everybody is heard every minute, but for those who are quiet from a minute until another."""
    told: list[Signal] = []
    for minute in minutes:
        for name in (*INSIDE, *OUTSIDE, *REPORTERS):
            since, until = quiet.get(name, (10_000, 10_000))
            if since <= minute < until:
                continue
            if name in REPORTERS:
                said = Report(source=name, origin=name, key=f"{minute}", text="стоим", observed_at=at(minute))
                await state.apply(Change(reports=(said,)))
            else:
                book.heard[name] = minute
        clock.move_to(at(minute) + timedelta(seconds=1))
        told += (await watch.catch_up()).signals
    return told


async def told_of(
    quiet: Mapping[str, tuple[int, int]], last: int = 120, *areas: Area
) -> tuple[list[Signal], MemoryState]:
    state, clock, book = MemoryState(), SimulatedClock(START), Book()
    return await lived(watch_over(state, clock, book, *areas), state, clock, book, range(last), quiet), state


CUT = {name: (60 + place % 5, 90) for place, name in enumerate((*INSIDE[:6], *REPORTERS))}


async def test_a_square_that_goes_quiet_is_told_once_with_its_counts_and_bounds_and_its_end() -> None:
    began, ended = (await told_of(CUT))[0]
    assert (began.kind, ended.kind) == (EventKind.NET_BLACKOUT_LOCAL, EventKind.NET_RESTORED)
    assert (began.regions, began.places, began.place_regions) == (("KZ-75",), ("Republic square",), ("KZ-75",))
    assert began.observed_at - at(64) <= timedelta(minutes=5)
    assert {name: found[0] for name, found in began.counts.items()} | {"showing": 1} == {
        "quiet": 6, "inside": 10, "others": 10, "others_quiet": 0, "families": 1, "showing": 1, "asked": 1,
    }  # fmt: skip
    words = began.because[0].words
    assert words.startswith(
        "local:square: began; scope local; severe; full; Republic square: 6 of 10 inside fell quiet"
    )
    assert "0 of 10 elsewhere; onset after 2026-03-02T00:59:00Z, by 2026-03-02T01:01:00Z; suspected by 1 kind" in words
    assert (ended.at, ended.counts["quiet"]) == (at(90), (8, 8))


async def test_the_same_loss_spread_over_the_city_is_no_local_cut() -> None:
    spread = dict.fromkeys((*INSIDE[:3], *OUTSIDE[:3]), (60, 90))
    assert (await told_of(spread))[0] == []


async def test_a_silence_everywhere_is_not_local() -> None:
    assert (await told_of(dict.fromkeys((*INSIDE, *OUTSIDE, *REPORTERS), (60, 90))))[0] == []


async def test_only_the_square_is_told_where_all_who_fell_quiet_stand_in_it() -> None:
    both = {one.evidence[0] for one in (await told_of(CUT))[0]}
    alone = {one.evidence[0] for one in (await told_of(CUT, 120, SQUARE))[0]}
    assert both == alone
    (district, _) = (await told_of(CUT, 120, DISTRICT))[0]
    assert district.places == ("Bostandyk",)


async def test_neither_name_nor_place_of_anybody_stands_in_what_is_told_or_remembered() -> None:
    told, state = await told_of(CUT, 80)
    everything = repr(told) + repr(await state.memories(""))
    assert told
    for private in (*INSIDE, *OUTSIDE, "76.94", "43.24", "secret", "hidden"):
        assert private not in everything


@pytest.mark.parametrize("stop", [30, 62, 66, 75, 91])
async def test_a_restart_says_nothing_twice_and_still_tells_the_end(stop: int, tmp_path: Path) -> None:
    whole, memory = await told_of(CUT)
    clock, book = SimulatedClock(START), Book()
    state = await open_state(tmp_path / "state.sqlite3", clock)
    before = await lived(watch_over(state, clock, book), state, clock, book, range(stop), CUT)
    await state.close()
    state = await open_state(tmp_path / "state.sqlite3", clock)
    after = await lived(watch_over(state, clock, book), state, clock, book, range(stop, 120), CUT)
    assert [*before, *after] == whole
    assert board_of(await state.memories(BOARD)) == board_of(await memory.memories(BOARD))
    await state.close()


async def test_after_a_pause_of_ours_everybody_has_half_an_hour_to_be_heard_again() -> None:
    state, clock, book = MemoryState(), SimulatedClock(START), Book()
    watch = watch_over(state, clock, book)
    assert await lived(watch, state, clock, book, range(60), {}) == []
    # We were away for an hour; those outside come back first.
    slow = dict.fromkeys((*INSIDE, *REPORTERS), (60, 140))
    assert await lived(watch, state, clock, book, range(120, 145), slow) == []


async def test_who_is_gone_for_a_day_is_no_silence_and_the_cut_is_withdrawn_without_a_page() -> None:
    state, clock, book = MemoryState(), SimulatedClock(START), Book()
    watch, gone = watch_over(state, clock, book), dict.fromkeys((*INSIDE, *REPORTERS), (60, 10000))
    (began,) = await lived(watch, state, clock, book, range(100), gone)
    later = await lived(watch, state, clock, book, range(100, 1510, 5), gone)
    assert [one.past for one in later] == [True]
    assert later[0].evidence[0] == began.evidence[0]
    board = board_of(await state.memories(BOARD))
    assert board is not None
    assert board.outages == ()


async def test_posts_from_there_make_a_local_cut_surer_and_the_board_shows_it() -> None:
    state, clock, book = MemoryState(), SimulatedClock(START), Book()
    watch = watch_over(state, clock, book)
    await lived(watch, state, clock, book, range(70), CUT)
    kind, where = EventKind.NET_BLACKOUT_LOCAL, ("KZ-75",)
    post = Signal(
        id=signal_id("1", kind, where), kind=kind, regions=where, at=at(70), observed_at=at(70), source="daily",
        witness="daily", strength=0.8, tier=1, report="1",
    )  # fmt: skip
    await state.apply(Change(signals=(post,)))
    (surer,) = await lived(watch, state, clock, book, range(71, 73), CUT)
    assert (surer.strength, surer.places) == (0.8, ("Republic square",))
    board = board_of(await state.memories(BOARD))
    assert board is not None
    (shown,) = board.outages
    assert (shown.outage.scope, shown.families) == (Scope.LOCAL, (EvidenceFamily.INSIDE, EvidenceFamily.REPORTS))
    assert (shown.outage.up, shown.outage.total) == (2, 10)


def test_an_area_is_a_polygon_of_one_city() -> None:
    assert contains(SQUARE.corners, 76.94, 43.24)
    for corners, fault in (
        (((76.9, 43.2), (77.0, 43.3), (77.0, 43.2), (76.9, 43.3)), "cross one another"),
        (((60.0, 43.2), (77.0, 43.2), (77.0, 43.3)), "reaches over more"),
        (((76.9, 43.2), (76.9, 43.2), (77.0, 43.2), (77.0, 43.3)), "stands twice"),
    ):
        with pytest.raises(ValueError, match=fault):
            Area(id="x", name="x", region="KZ-75", corners=corners)


async def test_a_cut_of_a_square_alone_is_told_by_the_name_of_the_square() -> None:
    evaluator = Evaluator(load_configuration(None).rules)
    began, ended = (await told_of(CUT))[0]
    (fired,) = evaluator.add(began, began.observed_at)
    assert (fired.event, fired.rule.id, fired.alert.region, fired.alert.place) == (
        "firing", "net.local.measured", "KZ-75", "Republic square",
    )  # fmt: skip
    assert [turn.event for turn in evaluator.add(ended, ended.observed_at)] == ["cleared"]
