"""Our own probes: off unless asked for, careful where they stand, and silent while our own line is down."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from collectors.agent.consent import Consent, write_consent
from collectors.agent.keys import make_key, read_key
from collectors.agent.settings import AgentFolder, own_probes_folder
from collectors.probes.own import OWN_LINE, OwnProbes, plan_of
from collectors.probes.prober import Prober
from collectors.probes.rounds import Rounds
from collectors.probes.settings import OwnVantage
from monitor.app import make_probes
from monitor.configuration import load_configuration
from monitor.configuration_probing import Probing
from monitor.domain.errors import AccessDeniedError
from monitor.domain.health import Feeling, Health
from monitor.domain.kinds import EventKind
from monitor.domain.measurements import Access, Failure, Link, Measurement, TcpStep
from monitor.domain.reports import Item
from monitor.domain.targets import ControlHost, Target
from monitor.pipeline import Pipeline
from monitor.read.echoes import EchoIndex
from monitor.read.reader import Reader
from monitor.runtime.clock import SimulatedClock
from monitor.settings import Settings
from tests.collectors.test_rounds import SERVICES, Recorder
from tests.conftest import NEW_YEAR
from tests.fakes.state import MemoryState

ABROAD = OwnVantage(id="outside-1")
AT_HOME = OwnVantage(id="almaty-1", access=Access.FIXED, region="KZ-75")
HOSTS = (
    ControlHost(id="one", url="tcp://192.0.2.1:443", where="abroad"),
    ControlHost(id="two", url="tcp://192.0.2.2:443", where="at_home"),
)
NOWHERE = AgentFolder(Path("/nonexistent"))
OLD_FORM = "agent: almaty-1\nrisks_version: 1\naccepted: true\nsensitive: true\nagreed_on: 2026-01-01\n"
"""What a consent looked like before there was one signed form of it."""


def names(own: OwnVantage, folder: AgentFolder = NOWHERE) -> list[str]:
    return [target.id for _, target in plan_of(SERVICES, own, folder)]


def consent(folder: AgentFolder, *sensitive: str, agent: str = "almaty-1") -> None:
    secret = read_key(folder.key) if folder.key.exists() else make_key(folder.key)
    given = Consent(agent=agent, language="en", given_at=NEW_YEAR, sensitive=sensitive)
    write_consent(folder.consent, given, secret)


async def nobody(_: Item) -> None:
    raise AssertionError


def test_the_service_probes_nothing_unless_a_vantage_is_described(clock: SimulatedClock, tmp_path: Path) -> None:
    configuration = load_configuration(None)
    assert make_probes(configuration, Settings(data=tmp_path), MemoryState(), clock, nobody) is None


def test_from_outside_only_harmless_targets_are_asked_unless_it_says_otherwise() -> None:
    assert names(ABROAD) == ["wiki"]
    assert names(ABROAD.model_copy(update={"sensitive": True})) == ["wiki", "news"]


def test_inside_the_country_nothing_is_asked_without_consent(tmp_path: Path) -> None:
    folder = own_probes_folder(tmp_path)
    agreed = AT_HOME.model_copy(update={"sensitive": True})
    with pytest.raises(AccessDeniedError, match="Nothing was sent. Say: dabyl targets consent"):
        plan_of(SERVICES, AT_HOME, folder)
    make_key(folder.key)
    with pytest.raises(AccessDeniedError, match="no consent file.*Say: dabyl targets consent"):
        plan_of(SERVICES, agreed, folder)
    consent(folder)
    assert names(agreed, folder) == ["wiki"]
    consent(folder, "news")
    assert names(agreed, folder) == ["wiki", "news"]
    assert names(AT_HOME, folder) == ["wiki"]
    consent(folder, "*")
    assert names(agreed, folder) == ["wiki", "news"]
    with pytest.raises(AccessDeniedError, match="not this agent's"):
        plan_of(SERVICES, agreed.model_copy(update={"id": "almaty-2"}), folder)


@pytest.mark.parametrize("text", [None, OLD_FORM, "", "{}", "sensitive: true\n"])
async def test_inside_no_packet_leaves_before_a_consent_that_counts_was_read(
    clock: SimulatedClock, tmp_path: Path, text: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Asked(Prober):
        async def measure(self, target: Target, *_: object, **__: object) -> Measurement:
            asked.append(target.id)
            raise AccessDeniedError("asked")

    monkeypatch.setattr("monitor.app.Prober", Asked)
    configuration = load_configuration(None)
    probing = replace(
        configuration.probing, probing=configuration.probing.probing.model_copy(update={"vantage": AT_HOME})
    )
    probes = make_probes(replace(configuration, probing=probing), Settings(data=tmp_path), MemoryState(), clock, nobody)
    assert probes is not None
    folder = own_probes_folder(tmp_path)
    make_key(folder.key)
    if text is not None:
        folder.consent.write_text(text)
    with pytest.raises(AccessDeniedError, match="Nothing was sent"):
        await probes.run()
    assert asked == []
    # With one that counts the very same probes ask, and first for our own line.
    consent(folder)
    with pytest.raises(ExceptionGroup):
        await probes.run()
    assert asked[0].startswith("link-")


@pytest.mark.parametrize("wrong", [{"id": "Big Name"}, {"id": "a", "every_seconds": 1}, {"id": "a", "secret": 1}])
def test_a_vantage_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Probing.model_validate({"vantage": wrong})


def answers(failure: Failure | None) -> dict[str, tuple[TcpStep, ...]]:
    return {host.id: (TcpStep(host="h", failure=failure),) for host in HOSTS}


async def run_for(
    clock: SimulatedClock, failure: Failure | None, rounds: int
) -> tuple[list[Item], Recorder, list[float]]:
    """So many rounds; the pace is a minute."""
    items: list[Item] = []
    paces: list[float] = []
    recorder = Recorder(clock, answers(failure))
    enough = asyncio.Event()

    async def put(item: Item) -> None:
        items.append(item)
        if sum(isinstance(one.content, Health) for one in items) == rounds:
            enough.set()

    async def pace() -> float:
        paces.append(clock.monotonic())
        return 60.0

    def make() -> Rounds:
        return Rounds(
            recorder, ABROAD.vantage(), plan_of(SERVICES, ABROAD, NOWHERE), clock, hosts=HOSTS, rest_when_down=True
        )

    probes = OwnProbes(vantage=ABROAD.vantage(), make=make, pace=pace, clock=clock, put=put)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(probes.run())
        while not enough.is_set():
            for _ in range(5):
                await asyncio.sleep(0)
            if clock.next_wake is not None:
                clock.move_to(clock.next_wake)
        running.cancel()
    return items, recorder, paces


async def test_rounds_go_into_the_pipeline_at_the_pace_that_the_detectors_want(clock: SimulatedClock) -> None:
    items, recorder, paces = await run_for(clock, None, 3)
    measured = [one.content for one in items if isinstance(one.content, Measurement)]
    assert [one.target for one in measured] == ["wiki"] * 3
    assert {one.link for one in measured} == {Link.UP}
    assert {one.source for one in items} == {"probe"}
    felt = [one.content for one in items if isinstance(one.content, Health)]
    assert {one.feeling for one in felt} == {Feeling.OK}
    assert paces[1] - paces[0] < 120
    assert len(recorder.asked) == 3 + 3 * len(HOSTS)


async def test_while_our_own_line_is_down_no_target_is_asked_and_that_is_a_state_of_ours(clock: SimulatedClock) -> None:
    items, recorder, _ = await run_for(clock, Failure.NETWORK_UNREACHABLE, 2)
    assert {name for name, _ in recorder.asked} == {host.id for host in HOSTS}
    felt = [one.content for one in items if isinstance(one.content, Health)]
    assert [(one.subject, one.feeling) for one in felt] == [("probe", Feeling.UNREACHABLE)] * 2
    assert felt[0].reason.endswith(OWN_LINE)
    assert felt[0].since == felt[1].since
    state = MemoryState()
    pipeline = Pipeline(
        state=state, reader=load_configuration(None).reading.reader, echoes=EchoIndex(), sources={}, clock=clock
    )
    outcome = await pipeline.process(items)
    assert {signal.kind for signal in outcome.signals} == {EventKind.SYSTEM_OWN_LINE_DOWN}
    assert isinstance(pipeline._reader, Reader)
