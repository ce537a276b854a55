"""What a whole round says: our own link, services of several endpoints, white-list mode, throttling."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import pytest

from monitor.detect.verdict_round import ControlHosts, Mode, link_state, mode_of, service_verdict, shared_keys
from monitor.detect.verdict_speed import Samples, samples_of, throttling
from monitor.domain.measurements import (
    Certificate,
    Failure,
    HttpStep,
    Link,
    Measurement,
    State,
    ThroughputStep,
    TlsStep,
    Vantage,
    Verdict,
)


def verdict(state: State, mechanism: str | None = None) -> Verdict:
    return Verdict(state=state, mechanism=mechanism, confidence=0.8, rule="test")


def verdicts(states: str) -> list[Verdict]:
    names = {"o": State.OK, "d": State.DOWN, "b": State.BLOCKED, "i": State.INSUFFICIENT, "s": State.DEGRADED}
    return [verdict(names[letter], "tcp.timeout" if letter == "b" else None) for letter in states]


@pytest.mark.parametrize(
    ("abroad", "at_home", "portal", "link"),
    [
        ((6, 6), (4, 4), False, Link.UP),
        ((3, 6), (0, 4), None, Link.UP),
        ((0, 6), (4, 4), None, Link.UP),  # the border is cut: that is what we look for
        ((0, 6), (0, 4), None, Link.DOWN),
        ((2, 6), (1, 4), None, Link.DOWN),
        ((6, 6), (4, 4), True, Link.CAPTIVE_PORTAL),
        ((0, 0), (0, 0), None, Link.UNKNOWN),
    ],
)
def test_our_own_link_is_down_only_when_hosts_at_home_are_silent_too(
    abroad: tuple[int, int], at_home: tuple[int, int], portal: bool | None, link: Link
) -> None:
    assert link_state(ControlHosts(*abroad), ControlHosts(*at_home), portal) is link


@pytest.mark.parametrize(
    ("needs", "states", "state"),
    [
        ("any", "bbbbbo", State.OK),
        ("any", "bbbbbb", State.BLOCKED),
        ("any", "bbbbbi", State.INSUFFICIENT),
        ("any", "bbbdbb", State.BLOCKED),
        ("any", "dddddd", State.DOWN),
        ("all", "ooob", State.BLOCKED),
        ("all", "ooos", State.DEGRADED),
        ("all", "oooi", State.INSUFFICIENT),
        ("all", "oooo", State.OK),
        ("all", "", State.INSUFFICIENT),
    ],
)
def test_a_pool_works_while_one_works_and_a_set_needs_every_one(
    needs: Literal["any", "all"], states: str, state: State
) -> None:
    found = service_verdict({f"e{place}": one for place, one in enumerate(verdicts(states))}, needs)
    assert found.state is state
    if state is State.BLOCKED:
        assert found.mechanism == "tcp.timeout"


@pytest.mark.parametrize(
    ("domestic", "foreign", "mode"),
    [
        ("ooooo", "bbbbbb", Mode.DOMESTIC_ONLY),
        ("ooood", "bbbbdb", Mode.DOMESTIC_ONLY),
        ("ddddd", "bbbbbb", Mode.DARK),
        ("ooooo", "oooobb", Mode.OPEN),
        ("ooooo", "iiiiii", Mode.UNKNOWN),
        ("oo", "bbbbbb", Mode.UNKNOWN),
    ],
)
def test_a_white_list_is_told_from_a_blackout_and_from_a_block(domestic: str, foreign: str, mode: Mode) -> None:
    assert mode_of(verdicts(domestic), verdicts(foreign)) is mode


def shown(host: str, certificate: str, key: str) -> Measurement:
    chain = (Certificate(subject=f"CN={host}", issuer="CN=x", sha256=certificate, key_sha256=key),)
    return Measurement(
        id=host, target=host, service=host, url=f"https://{host}/", vantage=Vantage(id="v"),
        started_at=datetime(2026, 1, 1, tzinfo=UTC), steps=(TlsStep(sni=host, chain=chain),),
    )  # fmt: skip


def test_one_key_in_many_certificates_is_a_box_and_one_certificate_for_many_names_is_a_cdn() -> None:
    box = [shown(host, f"forged for {host}", "box") for host in ("a.test", "b.test", "c.test")]
    cdn = [shown(host, "one certificate", "cdn") for host in ("d.test", "e.test", "f.test", "g.test")]
    assert shared_keys([*box, *cdn]) == {"box": frozenset({"a.test", "b.test", "c.test"})}
    assert shared_keys(box[:2]) == {}


def times(seconds: float, count: int = 12, speed: float = 0) -> Samples:
    return Samples(handshakes_seconds=[seconds] * count, bytes_per_second=[speed] * count if speed else ())


@pytest.mark.parametrize(
    ("now", "history", "sibling", "sibling_history", "mechanism"),
    [
        (
            times(3.0),
            times(2.9),
            times(0.2),
            times(0.2),
            "throttling.targeted",
        ),  # never fast in our memory, the sibling is
        (times(4.0), times(0.2), times(0.2), times(0.2), "throttling.targeted"),
        (times(4.0), times(0.2), times(3.0), times(0.2), "throttling.general"),
        (times(4.0), times(0.2), None, None, "throttling"),
        (times(1.5), times(0.1), times(0.1), times(0.1), None),  # slow, but not what people call slow
        (times(4.0, 5), times(0.2), times(0.2), times(0.2), None),  # too few
        (
            times(0.2, speed=5e3),
            times(0.2, speed=5e5),
            times(0.2, speed=5e5),
            times(0.2, speed=5e5),
            "throttling.targeted",
        ),
        (times(0.2, speed=4e5), times(0.2, speed=5e5), None, None, None),
    ],
)
def test_throttling_is_measured_against_the_past_and_a_sibling(
    now: Samples, history: Samples, sibling: Samples | None, sibling_history: Samples | None, mechanism: str | None
) -> None:
    found = throttling(now, history, sibling, sibling_history)
    assert (found.mechanism if found else None) == mechanism
    assert found is None or found.state is State.DEGRADED


def test_a_time_out_counts_as_slow_and_a_reset_does_not() -> None:
    steps: Sequence[TlsStep | HttpStep | ThroughputStep] = (
        TlsStep(took_seconds=0.1),
        TlsStep(took_seconds=10, failure=Failure.TIMEOUT),
        TlsStep(took_seconds=0.01, failure=Failure.CONNECTION_RESET),
        ThroughputStep(took_seconds=2, received_bytes=1000),
        HttpStep(took_seconds=10, failure=Failure.TIMEOUT, length_bytes=100),
    )
    found = samples_of(
        [
            Measurement(
                id="m", target="t", service="s", url="https://x/", vantage=Vantage(id="v"),
                started_at=datetime(2026, 1, 1, tzinfo=UTC), steps=tuple(steps),
            )
        ]
    )  # fmt: skip
    assert (found.handshakes_seconds, found.bytes_per_second) == ([0.1, 10], [500.0, 10.0])
