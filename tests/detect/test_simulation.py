"""Networks that never were: the same seed is the same country, and the detector holds its bars on some of them."""

import json

import pytest

from monitor.simulation.play import play
from monitor.simulation.trial import trial
from monitor.simulation.world import WorldSettings, world
from tests.cli.test_commands import dabyl


def test_the_same_seed_is_the_same_country() -> None:
    settings = WorldSettings(days=2, cuts=("full",), quiet_days=1)
    first, again, other = (play(world(seed, settings)) for seed in (7, 7, 8))
    assert first.world == again.world
    assert (first.up == again.up).all()
    assert first.round(1700) == again.round(1700)
    assert first.world.incidents != other.world.incidents


@pytest.mark.parametrize("seed", [2001, 2002])
def test_cuts_of_unseen_countries_are_found_in_time_and_nothing_is_raised(seed: int) -> None:
    tried = trial(play(world(seed, WorldSettings(days=4, quiet_days=1, cuts=("full", "ramp45", "short20")))))
    latencies = {found.cut.what: found.latency_minutes for found in tried.found}
    assert latencies["full"] is not None
    assert latencies["full"] <= 7
    assert latencies["short20"] is not None
    assert latencies["short20"] <= 7
    assert latencies["ramp45"] is not None
    assert latencies["ramp45"] <= 22
    assert tried.raised == 0


def test_the_command_tells_truth_and_story() -> None:
    lines = [json.loads(line) for line in dabyl("simulate", "--seed", "3", "--days", "2", "--cut", "full").splitlines()]
    assert {line["record"] for line in lines} >= {"truth", "told", "score"}
    score = lines[-1]
    assert score["missed"] == 0
    told = next(line for line in lines if line["record"] == "told" and line["entity"] == "national")
    assert told["onset_earliest"] < told["onset_latest"] <= told["detected_at"]


def test_a_series_file_comes_out_in_its_fixed_form(tmp_path: object) -> None:
    rows = ["timestamp_utc,value"]
    rows += [
        f"2026-01-0{1 + hour // 24}T{hour % 24:02}:00:00Z,{0 if hour >= 60 else 97 + hour % 3}" for hour in range(72)
    ]
    lines = dabyl("inspect", "series", "-", given="\n".join(rows)).splitlines()
    ok, down = (json.loads(line) for line in lines)
    assert list(down) == ["series", "state", "since", "detected_at", "strength"]
    assert (ok["state"], down["state"]) == ("ok", "down")
    assert (down["since"], down["detected_at"]) == ("2026-01-03T12:00:00Z", "2026-01-03T13:00:00Z")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("time,value\n2026-01-01,1", "line 1: no column timestamp_utc"),
        ("timestamp_utc,value\nyesterday,1", "line 2: not a row"),
        ("timestamp_utc,value\n2026-01-01T00:00:00Z,many", "line 2: not a row"),
        ("timestamp_utc,value\n", "fewer than two rows"),
    ],
)
def test_a_broken_series_file_is_named_with_its_line(given: str, message: str) -> None:
    (line,) = dabyl("inspect", "series", "-", given=given, code=1).splitlines()
    assert message in json.loads(line)["error"]
