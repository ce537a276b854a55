"""The network on the page and in `dabyl status`: never green without data, and all counts beside each state."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from monitor.configuration import load_configuration
from monitor.domain.changes import Change
from monitor.domain.connectivity import (
    BOARD,
    Board,
    Cause,
    Certainty,
    EvidenceFamily,
    Outage,
    OutageKind,
    Scope,
    Standing,
    board_json,
    board_of,
)
from monitor.domain.connectivity import (
    Shown as ShownOutage,
)
from monitor.domain.measurements import State
from monitor.runtime.clock import SimulatedClock
from monitor.store.state import open_state
from monitor.web.network import network
from monitor.web.server import Shown, make_web
from tests.cli.test_commands import dabyl
from tests.fakes.state import MemoryState

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def standing(entity: str, state: State = State.OK, heard_minutes_ago: float | None = 2) -> Standing:
    heard = None if heard_minutes_ago is None else NOON - timedelta(minutes=heard_minutes_ago)
    return Standing(
        entity=entity, state=state, since=NOON - timedelta(hours=3), probability=0.0, up=11, total=12, asked=13,
        usual_ratio=0.98, heard_at=heard, vantages=4,
    )  # fmt: skip


def board(*standings: Standing) -> Board:
    return Board(at=NOON, standings=standings, openings=((NOON - timedelta(hours=9), NOON - timedelta(hours=5)),))


def shown() -> Shown:
    configuration = load_configuration(None)
    return Shown(
        state=MemoryState(), clock=SimulatedClock(NOON), sources={}, regions=configuration.regions, metrics=lambda: b"",
    )  # fmt: skip


def test_without_any_measurement_nothing_is_well() -> None:
    found = network(shown(), None, None, NOON)
    assert (found["rows"], found["probes"]) == ([], "off")
    assert "not known" in found["headline"]


def test_a_state_whose_measurements_are_old_is_not_known_any_more() -> None:
    old = board(
        standing("operator:Kcell/mobile", heard_minutes_ago=30), standing("region:KZ-75", heard_minutes_ago=None)
    )
    found = network(shown(), old, None, NOON)
    assert {row["state"] for row in found["rows"]} == {"insufficient"}
    assert found["headline"].startswith("No fresh measurements")
    assert found["rows"][0]["since"] == NOON - timedelta(minutes=30)


def test_the_worst_stands_first_and_services_only_where_something_is_wrong() -> None:
    found = network(
        shown(),
        board(
            standing("region:KZ-75"), standing("operator:Beeline"), standing("operator:Kcell/mobile", State.DOWN),
            standing("service:signal@Beeline"), standing("service:telegram-messages@Beeline", State.BLOCKED),
        ),
        None, NOON,
    )  # fmt: skip
    assert [(row["name"], row["state"]) for row in found["rows"]] == [
        ("Kcell/mobile", "down"), ("Beeline", "ok"), ("Almaty", "ok"), ("telegram-messages@Beeline", "blocked"),
    ]  # fmt: skip
    assert found["headline"] == "2 of 3 networks and regions are well"


def test_the_board_is_read_as_it_was_stored() -> None:
    kept = board(standing("operator:Beeline"))
    assert board_of({BOARD: board_json(kept)}) == kept
    assert board_of({}) is None


async def test_the_page_shows_state_counts_and_age(tmp_path: Path) -> None:
    store = await open_state(tmp_path / "state.sqlite3", SimulatedClock(NOON))
    hostile = board(standing("operator:<b>Beeline</b>", State.DEGRADED), standing("region:KZ-71", heard_minutes_ago=50))
    await store.apply(Change(memories={BOARD: board_json(hostile)}))
    configuration = load_configuration(None)
    page = make_web(
        Shown(state=store, clock=SimulatedClock(NOON), sources={}, regions=configuration.regions, metrics=lambda: b"")
    )
    async with TestClient(TestServer(page)) as client:
        text = await (await client.get("/")).text()
        answer = await (await client.get("/api/v1/status")).json()
    await store.close()
    assert "<b>Beeline" not in text
    for words in (
        "Network: 0 of 1 networks and regions are well; 1 are not known",
        "11 of 12",
        "13 asked, 4 vantages",
        "2 min ago",
    ):
        assert words in text
    assert {row["entity"]: row["state"] for row in answer["network"]["rows"]}["region:KZ-71"] == "insufficient"
    told = json.loads(dabyl("status", "--json", data=tmp_path))
    assert {row["state"] for row in told["network"]["rows"]} == {"insufficient"}
    assert "Network: No fresh measurements" in dabyl("status", data=tmp_path)


def outage(**more: object) -> ShownOutage:
    found = Outage(
        entity="national", scope=Scope.NATIONAL, kind=OutageKind.FULL, onset=NOON - timedelta(minutes=20),
        onset_earliest=NOON - timedelta(minutes=22), onset_latest=NOON - timedelta(minutes=18), detected_at=NOON,
        loss_ratio=0.96, up=2, total=48, vantages=3, witness="0123456789abcdef", regions=("KZ",),
    )  # fmt: skip
    families = (EvidenceFamily.OWN_ACTIVE, EvidenceFamily.REPORTS)
    return ShownOutage(
        outage=replace(found, **more), certainty=Certainty.CONFIRMED, families=families, showing=5, asked=6, of=7,  # type: ignore[arg-type]
    )  # fmt: skip


async def test_outages_are_shown_with_how_sure_families_counts_witness_and_both_bounds(tmp_path: Path) -> None:
    square = outage(
        entity="local:square", scope=Scope.LOCAL, up=2, total=8, witness=None, cause=Cause.POWER,
        details={"place": "<i>Republic square</i>", "others": "10", "others_quiet": "1"},
    )  # fmt: skip
    kept = replace(board(), outages=(outage(), square))
    assert board_of({BOARD: board_json(kept)}) == kept
    store = await open_state(tmp_path / "state.sqlite3", SimulatedClock(NOON))
    await store.apply(Change(memories={BOARD: board_json(kept)}))
    configuration = load_configuration(None)
    page = make_web(
        Shown(state=store, clock=SimulatedClock(NOON), sources={}, regions=configuration.regions, metrics=lambda: b"")
    )
    async with TestClient(TestServer(page)) as client:
        text = await (await client.get("/")).text()
    await store.close()
    assert "<i>Republic" not in text
    for words in (
        "<b>confirmed</b>", "2 kinds of evidence (own active, reports); 5 of 6 sources with data, 7 in all",
        "2 of 48 targets up at worst", "3 vantages, witness 0123456789ab", "2 of 8 agents heard", "1 of 10 quiet elsewhere",
        "cause said to be power",
    ):  # fmt: skip
        assert words in text
    told = dabyl("status", data=tmp_path)
    for words in (
        "confirmed: national (national, full, blackout), after 2026-01-05T11:38:00Z, by 2026-01-05T11:42:00Z;",
        "2 of 48 targets up at worst, 3 vantages; 2 kinds of evidence (own active, reports), 5 of 6 sources with data, 7 in all;",
        "witness 0123456789abcdef",
        "2 of 8 agents heard, 1 of 10 quiet elsewhere",
    ):
        assert words in told
