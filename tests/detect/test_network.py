"""Operators, regions and the country: what is told, how far it reaches, when it began, and what is not told."""

from dataclasses import replace

import pytest

from monitor.detect.network import NetworkSettings, NetworkState, advance, pace, standings
from monitor.domain.connectivity import Degree, Outage, OutageKind, Scope, Tally
from monitor.domain.measurements import State
from tests.detect.cast import (
    OPERATORS,
    SETTINGS,
    all_outages,
    at,
    changed,
    down,
    mobile,
    quiet_round,
    rounds,
    tally,
    watched,
)


@pytest.fixture(scope="module")
def settled() -> NetworkState:
    """A quiet day."""
    return watched(rounds(0, 1440))


def only(state: NetworkState) -> Outage:
    (outage,) = state.open.values()
    return outage


def test_a_quiet_day_tells_nothing(settled: NetworkState) -> None:
    assert all_outages(settled) == []
    assert {standing.state for standing in standings(settled, at(1440))} == {State.OK}
    assert pace(settled, SETTINGS) == 120


def test_a_national_cut_is_seen_within_five_minutes_and_dated_to_its_first_round(settled: NetworkState) -> None:
    state, minute = settled, 1440.0
    while "national" not in state.open and minute < 1460:
        state = advance(state, changed(quiet_round(minute), down(*OPERATORS)), SETTINGS)
        minute += pace(state, SETTINGS) / 60
    outage = only(state)
    assert outage.detected_at <= at(1445)
    assert outage.onset == at(1440)
    assert outage.onset_earliest == at(1438)
    assert outage.onset_latest == at(1440)
    assert (outage.scope, outage.kind, outage.degree, outage.state) == (
        Scope.NATIONAL,
        OutageKind.FULL,
        Degree.BLACKOUT,
        State.DOWN,
    )
    assert (outage.up, outage.total, outage.regions) == (0, 48, ("KZ",))


def test_suspicion_makes_rounds_faster(settled: NetworkState) -> None:
    state = watched(rounds(1440, 1444, down(*OPERATORS)), settled)
    assert pace(state, SETTINGS) == 60


def test_the_largest_operator_alone_is_never_the_country() -> None:
    settings = NetworkSettings(weights={"alma": 0.7, "beta": 0.1, "ceta": 0.1, "delta": 0.1})
    state = NetworkState()
    for one in (*rounds(0, 600), *rounds(600, 1200, down("alma"))):
        state = advance(state, one, settings)
    outage = only(state)
    assert (outage.entity, outage.scope) == ("operator:alma", Scope.OPERATOR)


def test_two_operators_hours_apart_are_two_incidents_and_no_national_one(settled: NetworkState) -> None:
    state = watched(rounds(1440, 1560, down("alma")), settled)
    state = watched(rounds(1560, 1620, down("alma", "beta")), state)
    assert set(state.open) == {"operator:alma", "operator:beta"}


def test_a_cut_in_stages_becomes_national_when_most_of_the_country_is_gone(settled: NetworkState) -> None:
    state = watched(rounds(1440, 1500, down("alma")), settled)
    state = watched(rounds(1500, 1560, down("alma", "beta")), state)
    state = watched(rounds(1560, 1620, down("alma", "beta", "ceta")), state)
    outage = only(state)
    assert outage.entity == "national"
    assert outage.onset == at(1560)
    assert outage.entities == ("operator:alma", "operator:beta", "operator:ceta")


def test_a_region_is_a_region() -> None:
    far = [tally(operator, f"KZ-{code}") for operator in OPERATORS for code in (10, 11, 15, 19, 23, 27)]

    def wide(entry_rounds: list[object]) -> list[object]:
        return [replace(one, tallies=(*one.tallies, *far)) for one in entry_rounds]  # type: ignore[attr-defined,type-var]

    state = watched(wide(rounds(0, 600)))  # type: ignore[arg-type]
    state = watched(wide(rounds(600, 640, down("KZ-75"))), state)  # type: ignore[arg-type]
    outage = only(state)
    assert (outage.entity, outage.scope, outage.regions) == ("region:KZ-75", Scope.REGION, ("KZ-75",))
    state = watched(wide(rounds(640, 700, down("KZ-75", "KZ-71"))), state)  # type: ignore[arg-type]
    assert only(state).scope is Scope.SEVERAL_REGIONS
    assert only(state).regions == ("KZ-71", "KZ-75")


def test_mobile_networks_alone_stay_at_operator_scope(settled: NetworkState) -> None:
    phones = mobile("alma", "beta")
    state = watched(rounds(0, 720, phones))
    state = watched(rounds(720, 760, phones, down("alma", "beta", up=1)), state)
    assert {outage.kind for outage in state.open.values()} == {OutageKind.MOBILE_ONLY}
    assert {outage.scope for outage in state.open.values()} == {Scope.OPERATOR}
    state = watched(rounds(760, 800, phones, down(*OPERATORS)), state)
    assert only(state).scope is Scope.NATIONAL
    assert only(state).onset == at(760)


def test_white_list_mode_is_told_from_a_blackout() -> None:
    def inside(entry: Tally) -> Tally:
        return replace(entry, domestic_total=3, domestic_up=3)

    def abroad_gone(entry: Tally) -> Tally:
        return replace(entry, up=3, domestic_total=3, domestic_up=3)

    state = watched([*rounds(0, 600, inside), *rounds(600, 640, abroad_gone)])
    outage = only(state)
    assert (outage.scope, outage.kind, outage.state) == (Scope.NATIONAL, OutageKind.WHITE_LIST, State.BLOCKED)


def test_interception_of_a_few_names_is_told() -> None:
    def mitm(entry: Tally) -> Tally:
        return replace(entry, intercepted=1) if entry.operator == "alma" else entry

    outage = only(watched([*rounds(0, 600), *rounds(600, 660, mitm)]))
    assert (outage.entity, outage.kind) == ("mitm:alma", OutageKind.MITM)


def test_a_blocked_service_is_the_services_affair() -> None:
    def with_service(up: int) -> list[object]:
        telegram = Tally(operator="alma", service="telegram", total=5, up=up, asked=5, vantages=3)
        found = rounds(0, 600) if up else rounds(600, 640)
        return [replace(one, tallies=(*one.tallies, telegram)) for one in found]

    outage = only(watched([*with_service(5), *with_service(0)]))  # type: ignore[list-item]
    assert (outage.entity, outage.scope, outage.kind) == (
        "service:telegram@alma",
        Scope.SERVICE,
        OutageKind.SERVICE_BLOCK,
    )


def test_our_own_outage_is_silence_and_no_shutdown(settled: NetworkState) -> None:
    def nothing_valid(entry: Tally) -> Tally:
        return replace(entry, total=0, up=0, vantages=0)

    state = watched(rounds(1440, 1600, nothing_valid), settled)
    assert all_outages(state) == []
    assert {standing.state for standing in standings(state, at(1600))} == {State.INSUFFICIENT}


def test_an_outage_is_not_ended_by_our_silence(settled: NetworkState) -> None:
    state = watched(rounds(1440, 1470, down(*OPERATORS)), settled)
    state = watched(rounds(1470, 1600, lambda entry: replace(entry, total=0, up=0)), state)
    assert "national" in state.open


def test_every_opening_is_an_interval_of_its_own(settled: NetworkState) -> None:
    state = watched(rounds(1440, 1500, down(*OPERATORS)), settled)
    state = watched(rounds(1500, 1525), state)
    state = watched(rounds(1525, 1600, down(*OPERATORS)), state)
    first, second = (outage for outage in all_outages(state) if outage.entity == "national")
    assert (first.onset, first.ended) == (at(1440), at(1500))
    assert (second.onset, second.ended) == (at(1525), None)


def test_a_line_that_flaps_each_minute_for_two_hours_is_told_three_times_at_most(settled: NetworkState) -> None:
    state = settled
    for minute in range(1440, 1560):
        one = quiet_round(minute)
        state = advance(state, changed(one, down("alma")) if minute % 2 else one, SETTINGS)
    assert len(all_outages(state)) <= 3


def test_a_slow_ramp_is_found_and_dated_back(settled: NetworkState) -> None:
    state, minute = settled, 1440.0
    while "national" not in state.open and minute < 1485:
        left = round(6 * (1 - (minute - 1440) / 45))
        state = advance(state, changed(quiet_round(minute), down(*OPERATORS, up=left)), SETTINGS)
        minute += pace(state, SETTINGS) / 60
    outage = only(state)
    assert outage.detected_at <= at(1440 + 22)
    assert at(1438) <= outage.onset <= at(1448)


@pytest.mark.parametrize("kind", ["up", "slow"])
def test_thirty_evenings_of_abuse_are_as_visible_on_the_thirtieth(kind: str) -> None:
    def abused(entry: Tally) -> Tally:
        return replace(entry, up=3) if kind == "up" else replace(entry, slow=3)

    state = watched(rounds(0, 14 * 1440, every=15))
    for day in range(14, 44):
        state = watched(rounds(day * 1440, day * 1440 + 780, every=15), state)
        state = watched(rounds(day * 1440 + 780, day * 1440 + 1080, abused, every=15), state)
        state = watched(rounds(day * 1440 + 1080, (day + 1) * 1440, every=15), state)
    told = [outage for outage in all_outages(state) if (outage.kind is OutageKind.THROTTLING) == (kind == "slow")]
    evenings = {outage.onset.date() for outage in told}
    assert len(evenings) == 30
    last = told[-1]
    assert last.onset == at(43 * 1440 + 780)
    assert last.degree is Degree.SEVERE
