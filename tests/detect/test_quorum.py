"""Who may speak: one lying agent of twenty makes nothing and hides nothing; a blind vantage is left out, and it alone."""

from datetime import datetime

import pytest

from monitor.detect.network import NetworkState, advance
from monitor.detect.quorum import (
    Place,
    Trust,
    Vote,
    inside_places,
    judged,
    tallied,
    valid_vantages,
    verdicts_of,
    vote_of,
)
from monitor.domain.connectivity import Round
from monitor.domain.measurements import Access, Link, Measurement, State, Vantage, Verdict
from tests.detect.cast import OPERATORS, SETTINGS, all_outages, at

PLACES = {
    f"{operator}-{number}": Place(operator=operator, region="KZ-75") for operator in OPERATORS for number in range(6)
}
AGENTS = [f"agent-{number}" for number in range(20)]


def votes(lies: bool, truth: bool) -> list[Vote]:
    return [
        Vote(target=target, vantage=agent, up=(not truth) if lies and agent == "agent-7" else truth)
        for target in PLACES
        for agent in AGENTS
    ]


def spoken(minute: float, *, truth: bool) -> Round:
    return tallied(at(minute), votes(True, truth), PLACES, frozenset(AGENTS))


def test_one_liar_of_twenty_makes_no_outage_in_a_day() -> None:
    state = NetworkState()
    for minute in range(0, 1440, 10):
        state = advance(state, spoken(minute, truth=True), SETTINGS)
    assert all_outages(state) == []


def test_one_liar_of_twenty_hides_no_outage() -> None:
    state = NetworkState()
    for minute in range(0, 300, 4):
        state = advance(state, spoken(minute, truth=True), SETTINGS)
    for minute in range(300, 310):
        state = advance(state, spoken(minute, truth=False), SETTINGS)
    assert "national" in state.open


def test_an_agents_weight_falls_with_disagreement() -> None:
    trust: dict[str, Trust] = {}
    for _ in range(5):
        cast = votes(True, True)
        trust = judged(trust, cast, verdicts_of(cast, frozenset(AGENTS), trust))
    assert trust["agent-7"].weight == 0.0
    assert trust["agent-3"].weight == 1.0


@pytest.mark.parametrize(
    ("controls", "links", "valid"),
    [
        ({"a": 1.0, "b": 0.83, "c": 0.5}, {}, {"a", "b", "c"}),
        ({"a": 0.33, "b": 1.0}, {}, {"b"}),
        ({"a": 1.0, "b": 1.0}, {"a": Link.CAPTIVE_PORTAL}, {"b"}),
        ({"a": 1.0, "b": 1.0}, {"b": Link.DOWN}, {"a"}),
        ({"a": 0.0, "b": 0.0}, {}, set()),
    ],
)
def test_a_vantage_with_a_bad_control_or_link_does_not_speak(
    controls: dict[str, float], links: dict[str, Link], valid: set[str]
) -> None:
    assert valid_vantages(controls, links) == valid


def tally_of(cast: list[Vote], valid: set[str], least: int = 2) -> tuple[int, int, int]:
    (tally,) = tallied(at(0), cast, {"t": Place(operator="alma")}, frozenset(valid), least_vantages=least).tallies
    return tally.up, tally.total, tally.asked


def test_a_tie_and_a_lone_voice_are_no_verdict() -> None:
    both = [Vote(target="t", vantage="a", up=True), Vote(target="t", vantage="b", up=False)]
    assert tally_of(both, {"a", "b"}) == (0, 0, 1)
    assert tally_of(both, {"b"}) == (0, 0, 1)
    assert tally_of(both, {"b"}, least=1) == (0, 1, 1)
    assert tally_of([Vote(target="t", vantage="a", up=None)], {"a"}, least=1) == (0, 0, 1)


def measured(started_at: datetime, link: Link = Link.UP) -> Measurement:
    vantage = Vantage(id="agent-1", operator="alma", region="KZ-75", access=Access.MOBILE)
    return Measurement(
        id="m1",
        target="web",
        service="news",
        url="https://news.example",
        vantage=vantage,
        started_at=started_at,
        link=link,
    )


@pytest.mark.parametrize(
    ("state", "mechanism", "link", "expected"),
    [
        (State.OK, None, Link.UP, (True, False, False)),
        (State.DEGRADED, "throttled.general", Link.UP, (True, True, False)),
        (State.BLOCKED, "tls.timeout", Link.UP, (False, False, False)),
        (State.BLOCKED, "tls.mitm", Link.UP, (True, False, True)),
        (State.INSUFFICIENT, None, Link.UP, (None, False, False)),
        (State.DOWN, None, Link.CAPTIVE_PORTAL, (None, False, False)),
    ],
)
def test_a_verdict_becomes_a_vote(
    state: State, mechanism: str | None, link: Link, expected: tuple[bool | None, bool, bool]
) -> None:
    vote = vote_of(measured(at(0), link), Verdict(state=state, mechanism=mechanism, confidence=0.9, rule="r"))
    assert (vote.up, vote.slow, vote.intercepted) == expected


def test_an_agent_votes_on_the_service_its_network_and_its_region() -> None:
    places = inside_places(measured(at(0)))
    assert [(place.operator, place.region, place.service) for place in places.values()] == [
        ("alma", None, None),
        ("alma", None, "news"),
        (None, "KZ-75", None),
    ]
