"""Rounds: nothing without consent, our own link first, spread and jitter, controls that fit in time."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from collectors.probes.judging import judge_round
from collectors.probes.link import check_link
from collectors.probes.prober import Prober
from collectors.probes.rounds import FASTEST_SECONDS, Round, Rounds, with_ipv6_judged
from monitor.detect.control import Controls
from monitor.detect.verdict_round import Mode
from monitor.domain.measurements import (
    Access,
    Failure,
    HttpStep,
    Link,
    Measurement,
    State,
    Step,
    TcpStep,
    Vantage,
    measurement_id,
)
from monitor.domain.targets import ControlHost, Risk, Service, Target
from monitor.runtime.clock import SimulatedClock
from tests.conftest import NEW_YEAR

AGENT = Vantage(id="almaty-1", asn=9198, region="KZ-75")
OUTSIDE = Vantage(id="outside", access=Access.OUTSIDE)


def service(name: str, risk: Risk = Risk.HARMLESS, every_seconds: float = 120) -> Service:
    return Service(
        id=name,
        name=name,
        risk=risk,
        every_seconds=every_seconds,
        targets=(Target(id=name, url=f"https://{name}.test/"),),
    )


SERVICES = (service("wiki"), service("news", Risk.SENSITIVE))


class Recorder(Prober):
    """Measures nothing: notes what was asked and when, and answers as it was told."""

    def __init__(self, clock: SimulatedClock, steps: dict[str, tuple[Step, ...]] | None = None) -> None:
        self.clock, self.answers = clock, steps or {}
        self.asked: list[tuple[str, float]] = []

    async def measure(
        self,
        target: Target,
        vantage: Vantage,
        *,
        service: str = "",
        addresses: Sequence[str] = (),
        link: Link = Link.UNKNOWN,
    ) -> Measurement:
        self.asked.append((target.id, self.clock.monotonic()))
        now = self.clock.now()
        return Measurement(
            id=measurement_id(vantage.id, target.id, now), target=target.id, service=service, url=target.url, vantage=vantage,
            started_at=now, steps=self.answers.get(target.id, ()), link=link,
        )  # fmt: skip


async def driven(clock: SimulatedClock, work: asyncio.Task[Round]) -> Round:
    while not work.done():
        for _ in range(5):
            await asyncio.sleep(0)
        if clock.next_wake is not None and not work.done():
            clock.move_to(clock.next_wake)
    return work.result()


def plan(count: int) -> list[tuple[Service, Target]]:
    return [(one, one.targets[0]) for one in (service(f"s{place}") for place in range(count))]


async def test_with_nothing_permitted_no_packet_leaves(clock: SimulatedClock) -> None:
    recorder = Recorder(clock)
    hosts = (ControlHost(id="h", url="tcp://8.8.8.8:443", where="abroad"),)
    found = await Rounds(recorder, AGENT, [], clock, hosts=hosts).round()
    assert (found, recorder.asked) == (Round(Link.UNKNOWN, ()), [])


async def test_a_round_asks_each_target_once_spread_over_its_time_in_an_order_that_changes(
    clock: SimulatedClock,
) -> None:
    recorder = Recorder(clock)
    rounds = Rounds(recorder, AGENT, plan(40), clock, every_seconds=120)
    orders = []
    for _ in range(2):
        recorder.asked.clear()
        began = clock.monotonic()
        async with asyncio.TaskGroup() as group:
            found = await driven(clock, group.create_task(rounds.round()))
        assert len(found.measurements) == 40
        moments = [at - began for _, at in recorder.asked]
        assert max(moments) <= 0.8 * 120
        assert sum(moment < 48 for moment in moments) in range(15, 26)
        orders.append([name for name, _ in recorder.asked])
        clock.advance(60)
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


async def test_a_target_that_is_due_more_seldom_sits_rounds_out(clock: SimulatedClock) -> None:
    recorder = Recorder(clock)
    seldom = service("seldom", every_seconds=600)
    rounds = Rounds(recorder, AGENT, [*plan(1), (seldom, seldom.targets[0])], clock, every_seconds=120)
    counts = {"s0": 0, "seldom": 0}
    for place in range(10):
        recorder.asked.clear()
        async with asyncio.TaskGroup() as group:
            await driven(clock, group.create_task(rounds.round()))
        for name, _ in recorder.asked:
            counts[name] += 1
        clock.move_to(NEW_YEAR + timedelta(seconds=120 * (place + 1)))
    assert counts["s0"] == 10
    assert counts["seldom"] <= 3


def test_rounds_can_be_hurried_but_not_without_end(clock: SimulatedClock) -> None:
    rounds = Rounds(Recorder(clock), AGENT, plan(1), clock)
    rounds.hurry(60)
    assert rounds.every_seconds == 60
    rounds.hurry(0.1)
    assert rounds.every_seconds == FASTEST_SECONDS


UP, SILENT = (TcpStep(),), (TcpStep(failure=Failure.TIMEOUT),)


@pytest.mark.parametrize(
    ("abroad", "at_home", "status", "link"),
    [
        (UP, UP, 204, Link.UP),
        (SILENT, UP, None, Link.UP),
        (SILENT, SILENT, None, Link.DOWN),
        (UP, UP, 302, Link.CAPTIVE_PORTAL),
    ],
)
async def test_the_own_link_is_checked_by_fixed_hosts(
    clock: SimulatedClock, abroad: tuple[Step, ...], at_home: tuple[Step, ...], status: int | None, link: Link
) -> None:
    hosts = [
        ControlHost(id="a", url="tcp://a.test:443", where="abroad"),
        ControlHost(id="b", url="tcp://b.test:443", where="at_home"),
        ControlHost(id="p", url="http://p.test/204", where="portal"),
    ]
    answers = {"a": abroad, "b": at_home, "p": (HttpStep(status=status, failure=None if status else Failure.TIMEOUT),)}
    assert await check_link(Recorder(clock, answers), AGENT, hosts) is link


NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def seen(at: datetime, vantage: Vantage = OUTSIDE, link: Link = Link.UP) -> Measurement:
    return Measurement(
        id=str(at), target="t", service="s", url="https://x/", vantage=vantage, started_at=at, steps=UP, link=link
    )


def test_the_control_is_what_was_seen_from_outside_near_that_time() -> None:
    controls = Controls()
    controls.learn(seen(NOON, AGENT))
    assert controls.control_for("t", NOON) is None
    for hours in (10, 1, 3):  # what comes late finds its place
        controls.learn(seen(NOON - timedelta(hours=hours)))
    old = controls.control_for("t", NOON)
    assert old is not None
    assert (old.source, old.measured_at) == ("recorded", NOON - timedelta(hours=1))
    controls.learn(seen(NOON + timedelta(minutes=5)))
    now = controls.controlled(seen(NOON, AGENT)).control
    assert now is not None
    assert now.source == "vantage"
    assert controls.control_for("t", NOON + timedelta(days=3)) is None


def test_a_control_whose_own_link_was_down_has_failed_unless_another_worked() -> None:
    controls = Controls()
    controls.learn(seen(NOON, link=Link.DOWN))
    failed = controls.control_for("t", NOON)
    assert failed is not None
    assert failed.failed
    controls.learn(seen(NOON + timedelta(minutes=1)))
    worked = controls.control_for("t", NOON)
    assert worked is not None
    assert not worked.failed


def test_ipv6_counts_as_broken_when_most_of_it_fails_here() -> None:
    six = [TcpStep(family=6, failure=Failure.NETWORK_UNREACHABLE)] * 3
    broken = with_ipv6_judged([replace(seen(NOON), steps=tuple(six))])
    assert broken[0].ipv6_broken
    well = with_ipv6_judged([replace(seen(NOON), steps=(*six, *[TcpStep(family=6)] * 4))])
    assert not well[0].ipv6_broken


def test_jitter_comes_from_the_seed_and_the_vantage(clock: SimulatedClock) -> None:
    same = [Rounds(Recorder(clock), AGENT, plan(1), clock, seed=4)._random.random() for _ in range(2)]
    assert same[0] == same[1] != random.Random("4:another").random()


def endpoint(name: str, service: str, failure: Failure | None, vantage: Vantage) -> Measurement:
    steps = (TcpStep(address="93.184.216.34:443", failure=failure),)
    return Measurement(
        id=f"{vantage.id}{name}", target=name, service=service, url="tcp://93.184.216.34:443", vantage=vantage,
        started_at=NOON, steps=steps, link=Link.UP,
    )  # fmt: skip


def test_a_round_is_judged_by_target_by_service_and_as_a_whole() -> None:
    def made(name: str, domestic: bool, needs: str = "all") -> Service:
        targets = [{"id": f"{name}-{place}", "url": "tcp://93.184.216.34:443"} for place in range(2)]
        return Service.model_validate(
            {"id": name, "name": name, "domestic": domestic, "needs": needs, "targets": targets}
        )

    services = [
        *(made(f"home{place}", True) for place in range(3)),
        *(made(f"away{place}", False, "any") for place in range(4)),
    ]
    controls = Controls()
    plan = [(one, target.id) for one in services for target in one.targets]
    outside = judge_round(
        Round(Link.UP, tuple(endpoint(name, one.id, None, OUTSIDE) for one, name in plan)), services, controls
    )
    assert outside.mode is Mode.OPEN
    inside = tuple(endpoint(name, one.id, None if one.domestic else Failure.TIMEOUT, AGENT) for one, name in plan)
    found = judge_round(Round(Link.UP, inside), services, controls)
    assert {verdict.mechanism for measurement, verdict in found.targets if verdict.state is State.BLOCKED} == {
        "tcp.timeout"
    }
    assert [found.services[one.id].state for one in services] == [State.OK] * 3 + [State.BLOCKED] * 4
    assert found.mode is Mode.DOMESTIC_ONLY
    one_left = (*inside[:-1], replace(inside[-1], steps=UP))
    assert judge_round(Round(Link.UP, one_left), services, controls).services["away3"].state is State.OK
