"""January 2022 as rounds: mobile networks on the 4th, the country on the 5th, windows in between, the end on the 11th."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from monitor.detect.fusion import Claim, Quality, fused
from monitor.detect.history import HistoryState, joined
from monitor.detect.network import NetworkState, advance
from monitor.detect.openings import schedule
from monitor.domain.connectivity import Certainty, EvidenceFamily, OutageKind, Round, Scope, Tally
from monitor.domain.measurements import Access
from tests.detect.cast import SETTINGS, all_outages, at, down, rounds

MOBILE, FIXED = ("kcell", "tele2", "beeline"), ("telecom", "transtelecom")
OPENINGS = ((5, 17.5, 5, 22), (6, 10.5, 6, 14), (7, 2.5, 7, 6), (8, 2.5, 8, 10), (9, 2.5, 9, 6), (10, 0, 10, 7))


def january(day: int, hour: float) -> datetime:
    return datetime(2022, 1, day, tzinfo=UTC) + timedelta(hours=hour)


CUT_FROM, FULLY_CUT, BACK = january(5, 10.5), january(5, 11.25), january(11, 2.25)
MOBILE_CUT = january(4, 14.5)


def share_up(operator: str, now: datetime) -> float:
    if any(january(first, start) <= now < january(last, end) for first, start, last, end in OPENINGS) or now >= BACK:
        return 1.0
    if now >= CUT_FROM:
        return max(0.02, 1.0 - (now - CUT_FROM) / (FULLY_CUT - CUT_FROM))
    return 0.3 if operator in MOBILE and now >= MOBILE_CUT else 1.0


def story() -> Iterator[Round]:
    now = january(1, 0)
    while now < january(12, 0):
        tallies = tuple(
            Tally(
                operator=operator,
                region="KZ-75",
                access=Access.MOBILE if operator in MOBILE else Access.FIXED,
                total=12,
                up=round(12 * share_up(operator, now)),
                asked=12,
                vantages=3,
            )
            for operator in (*MOBILE, *FIXED)
        )
        yield Round(at=now, tallies=tallies)
        now += timedelta(minutes=5)


@pytest.fixture(scope="module")
def told() -> NetworkState:
    state = NetworkState()
    for one in story():
        state = advance(state, one, SETTINGS)
    return state


def test_mobile_networks_fall_first_and_at_operator_scope(told: NetworkState) -> None:
    first = [outage for outage in all_outages(told) if outage.onset < CUT_FROM]
    assert {outage.kind for outage in first} == {OutageKind.MOBILE_ONLY}
    assert {outage.scope for outage in first} == {Scope.OPERATOR}
    assert {outage.onset for outage in first} == {MOBILE_CUT}


def test_the_country_is_cut_between_half_past_ten_and_twenty_past_eleven(told: NetworkState) -> None:
    national = [outage for outage in all_outages(told) if outage.scope is Scope.NATIONAL]
    assert CUT_FROM <= national[0].onset <= january(5, 11 + 1 / 3)
    assert national[0].detected_at <= CUT_FROM + timedelta(minutes=30)


def test_every_opening_is_an_interval_of_its_own_and_the_end_is_on_the_eleventh(told: NetworkState) -> None:
    national = [outage for outage in all_outages(told) if outage.scope is Scope.NATIONAL]
    found = schedule(national, january(11, 12), ZoneInfo("Asia/Almaty"))
    windows = [(opening.start, opening.end) for opening in found.openings if opening.end]
    true = [(january(first, start), january(last, end)) for first, start, last, end in OPENINGS]
    assert windows == true
    assert national[-1].ended == BACK
    assert not told.open


def test_prefixes_that_stay_announced_do_not_keep_it_from_being_confirmed() -> None:
    quality = Quality(found_ratio=0.95, false_ratio=0.001)
    shown = [
        Claim(source=f"{family}-{place}", family=family, active=True, quality=quality)
        for family in (EvidenceFamily.OWN_ACTIVE, EvidenceFamily.REPORTS)
        for place in (1, 2)
    ]
    bgp = Claim(source="ripestat", family=EvidenceFamily.ROUTING, active=False, quality=quality)
    assert fused([*shown, bgp], CUT_FROM, january(5, 12)).certainty is Certainty.CONFIRMED


def test_the_state_is_a_plain_value_that_survives_storing() -> None:
    state, _ = joined(HistoryState(), [*rounds(0, 60), *rounds(60, 80, down("alma"))], at(80), SETTINGS)
    adapter = TypeAdapter(HistoryState)
    again = adapter.validate_json(adapter.dump_json(state))
    assert again == state
    more = rounds(80, 100)
    assert joined(again, more, at(100), SETTINGS) == joined(state, more, at(100), SETTINGS)
    assert replace(again, refused=1) != state
