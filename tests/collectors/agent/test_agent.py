"""The agent's own parts: its clock against the core's, its attempts, its rows while the disk is full."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.agent.outbox import IN_FLIGHT
from collectors.agent.parcels import Answer, pack_answer, unpack
from collectors.agent.probing import agreed, unknown_services
from collectors.agent.runner import AgentRunner
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.measurements import Measurement
from monitor.domain.targets import Risk, Service, Target
from monitor.runtime.clock import SimulatedClock
from tests.collectors.agent.cast import AGENT, CORE, Core, config, measured, open_queue, outbox
from tests.conftest import NEW_YEAR

WRONG = timedelta(hours=5)


async def test_an_agent_with_a_wrong_clock_learns_the_time_and_its_rows_are_mended(core: Core, tmp_path: Path) -> None:
    """The agent's clock is five hours behind; what it measured before it knew is mended as well."""
    behind = SimulatedClock(NEW_YEAR - WRONG)
    agent = outbox(tmp_path, behind)
    agent.add([measured(1, NEW_YEAR - WRONG)])
    agent.queue.pack(all_of_it=True)
    desk = core.desk()
    (late,) = agent.due()
    taken = await core.take(desk, late)
    assert taken.answer is not None
    assert agent.take_answer(taken.answer)
    assert agent.core_clock.offset_seconds == pytest.approx(WRONG.total_seconds())
    agent.add([measured(2, NEW_YEAR - WRONG)])
    agent.queue.pack(all_of_it=True)
    for sent in agent.due():
        for answer in await core.answers(desk, await core.take(desk, sent)):
            agent.take_answer(answer)
    assert [found.started_at for found in core.measurements] == [NEW_YEAR + timedelta(seconds=n) for n in (1, 2)]
    assert agent.queue.count().rows == 0
    agent.queue.close()


async def test_setting_the_clock_in_between_does_not_confuse_it(core: Core, tmp_path: Path) -> None:
    class Set(SimulatedClock):
        ahead = timedelta()

        def now(self) -> Any:
            return super().now() + self.ahead

    clock = Set(NEW_YEAR)
    agent = outbox(tmp_path, clock)
    answer = Answer(agent="kz-1", refused={}, attempt=0, received_at=NEW_YEAR, sent_at=NEW_YEAR)
    agent.core_clock.learn(clock.monotonic(), answer)
    assert agent.core_clock.offset_seconds == 0
    clock.ahead = timedelta(days=3)
    assert agent.core_clock.offset_seconds == -3 * 86_400
    assert agent.core_clock.now() == NEW_YEAR
    agent.queue.close()


def test_a_parcel_without_an_answer_is_sent_again_under_a_new_number(tmp_path: Path, clock: SimulatedClock) -> None:
    agent = outbox(tmp_path, clock)
    for number in range(IN_FLIGHT + 3):
        agent.add([measured(number)])
        agent.queue.pack(all_of_it=True)
    first = [unpack(data).head for data in agent.due()]
    assert len(first) == IN_FLIGHT
    assert agent.due() == []
    clock.advance(3)
    second = [unpack(data).head for data in agent.due()]
    assert [head.sequence for head in second] == [head.sequence for head in first]
    assert len({head.attempt for head in first + second}) == 2 * IN_FLIGHT
    agent.forget_way()
    assert len(agent.due()) == IN_FLIGHT
    agent.queue.close()


def test_only_the_cores_own_word_to_this_agent_empties_the_queue(tmp_path: Path, clock: SimulatedClock) -> None:
    agent = outbox(tmp_path, clock)
    agent.add([measured(1)])
    agent.queue.pack(all_of_it=True)
    sequence = agent.queue.sequences()[0]

    def answer(name: str) -> Answer:
        return Answer(agent=name, committed=(sequence,), refused={}, received_at=NEW_YEAR, sent_at=NEW_YEAR)

    assert not agent.take_answer(pack_answer(answer("kz-1"), AGENT))
    assert not agent.take_answer(pack_answer(answer("kz-2"), CORE))
    assert not agent.take_answer(b"junk")
    assert agent.queue.count().parcels == 1
    assert agent.take_answer(pack_answer(answer("kz-1"), CORE))
    assert agent.queue.count().parcels == 0
    agent.queue.close()


class OneRound:
    """A prober with one round in it."""

    def __init__(self, rows: Sequence[Measurement]) -> None:
        self.rows = rows

    async def run_round(self) -> Sequence[Measurement]:
        return self.rows


async def test_while_the_disk_takes_nothing_rows_are_held_and_none_is_lost(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    class Full:
        full = True

        def add(self, rows: Any) -> int:
            if self.full:
                raise StoreUnavailableError("the queue cannot be written (disk full)")
            return kept.extend(rows) or 0

    kept: list[Measurement] = []
    full = Full()
    nothing: Any = None
    runner = AgentRunner(outbox=full, prober=OneRound([]), sender=nothing, clock=clock)  # type: ignore[arg-type]
    for number in range(3):
        runner._held.append(measured(number))
        runner.keep()
    assert kept == []
    full.full = False
    runner.keep()
    runner.keep()
    assert kept == [measured(number) for number in range(3)]


def service(name: str, risk: Risk) -> Service:
    return Service(id=name, name=name, risk=risk, targets=(Target(id=f"{name}-1", url="https://a.test/"),))


def test_sensitive_services_are_probed_only_by_name() -> None:
    services = [service("wikipedia", Risk.HARMLESS), service("tor", Risk.SENSITIVE), service("azattyq", Risk.SENSITIVE)]

    def plan(*names: str) -> list[str]:
        return [found.id for found, _ in agreed(services, config(sensitive=names))]

    assert plan() == ["wikipedia"]
    assert plan("tor") == ["wikipedia", "tor"]
    assert plan("*") == ["wikipedia", "tor", "azattyq"]
    assert unknown_services(services, config(sensitive=("tor", "nothing"))) == ["nothing"]


def test_days_without_a_network_leave_in_order_small_rows_first(tmp_path: Path, clock: SimulatedClock) -> None:
    agent = outbox(tmp_path, clock)
    for day in range(3):
        agent.add([measured(number, NEW_YEAR + timedelta(days=day), f"t{number}") for number in range(250)])
        agent.queue.pack(all_of_it=True)
    sequences = [parcel.sequence for parcel in agent.queue.waiting(99)]
    assert sequences == sorted(sequences)
    assert agent.queue.count().rows == 750
    agent.queue.close()
    reopened = open_queue(tmp_path)
    assert [parcel.sequence for parcel in reopened.waiting(99)] == sequences
    reopened.close()
