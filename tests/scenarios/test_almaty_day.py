"""The street and the network in one place: one incident that is better supported as each half comes, and no page for half of it."""

from pathlib import Path
from typing import Any

import pytest

from collectors.scenario import Scenario
from monitor.app import make_replay
from monitor.configuration import Configuration, load_configuration, load_scenario
from monitor.runtime.clock import SimulatedClock

DAY = Path(__file__).with_name("almaty-day.yaml")


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    return load_configuration(None)


async def played(configuration: Configuration, scenario: Scenario, folder: Path) -> list[dict[str, Any]]:
    moments = list(scenario.items())
    sources = {source.id: source for source in scenario.sources}
    replay = await make_replay(configuration, folder, SimulatedClock(moments[0][0]), sources)
    records = [record async for record in replay.run(moments, lambda _: None)]
    await replay.state.close()
    return records


def only(scenario: Scenario, *, street: int, network: bool) -> Scenario:
    """The day with the first posts of the street alone, with or without what probes see."""
    lines, left = [], street
    for line in scenario.lines:
        if line.probes is not None and (network or line.probes.up == 1):
            lines.append(line)
        elif line.probes is None and left > 0:
            lines.append(line)
            left -= 1
    return scenario.model_copy(update={"lines": tuple(lines)})


def minute(record: dict[str, Any]) -> str:
    return str(record["time"])[11:16]


async def test_it_is_one_incident_whose_level_rises_at_fixed_times(
    configuration: Configuration, tmp_path: Path
) -> None:
    records = await played(configuration, load_scenario(DAY), tmp_path)
    incidents = [record for record in records if record["event"] == "incident"]
    assert len({record["id"] for record in incidents}) == 1
    levels = {record["confidence"]: minute(record) for record in reversed(incidents)}
    # 11:20 in Almaty a second channel, of which the copy at 11:06 was none; 12:31 the probes agree with the street.
    assert levels == {"corroborated": "06:20", "confirmed": "07:32"}
    told = [(minute(record), record["rule"]) for record in records if record["event"] == "notification"]
    assert told[0] == ("06:20", "street.protest")
    assert ("07:32", "street.and.net") in told
    (cut,) = [record for record in records if record["event"] == "signal" and "began" in str(record["because"])]
    (back,) = [record for record in records if record["event"] == "signal" and record["kind"] == "net.restored"]
    assert (cut["regions"], back["regions"]) == (["KZ-75"], ["KZ-75"])
    assert "suspected by 1 kind of evidence" in cut["because"][0]["words"]


@pytest.mark.parametrize(("street", "network"), [(1, False), (2, False), (0, True)])
async def test_half_of_it_and_weak_pages_nobody(
    street: int, network: bool, configuration: Configuration, tmp_path: Path
) -> None:
    scenario = only(load_scenario(DAY), street=street, network=network)
    records = await played(configuration, scenario, tmp_path)
    assert any(record["event"] == "signal" for record in records)
    assert [record for record in records if record["event"] in {"incident", "notification"}] == []


async def test_the_day_is_the_same_to_the_byte_each_time(configuration: Configuration, tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    scenario = load_scenario(DAY)
    assert await played(configuration, scenario, first) == await played(configuration, scenario, second)
