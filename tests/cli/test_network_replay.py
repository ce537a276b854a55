"""January 2022 as probe results: what the detectors made of it, as the command line tells it."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.cli.test_commands import SCENARIO, dabyl

WINDOWS = (
    ("05T17:30", "05T22:00"), ("06T10:30", "06T14:00"), ("07T02:30", "07T06:00"), ("08T02:30", "08T10:00"),
    ("09T02:30", "09T06:00"), ("10T03:00", "10T07:00"),
)  # fmt: skip


@cache
def records() -> tuple[dict[str, Any], ...]:
    """One run for all tests of this file; `--check` fails unless all that the scenario expects has come."""
    return tuple(json.loads(line) for line in dabyl("replay", "--check", "--json", str(SCENARIO)).splitlines())


def found(kind: str, words: str) -> Iterator[dict[str, Any]]:
    signals = (record for record in records() if record["event"] == "signal" and record["source"] == "detect")
    return (record for record in signals if record["kind"] == kind and words in record["because"][0]["words"])


def minutes(record: dict[str, Any]) -> str:
    return str(record["at"])[8:16]


def test_mobile_networks_fall_on_the_fourth_at_operator_scope() -> None:
    began = list(found("net.mobile_only", "began; scope operator"))
    assert {record["at"] for record in began} == {"2022-01-04T14:30:00Z"}
    assert {record["witness"] for record in began} == {"probes:operator:Kcell/mobile", "probes:operator:Tele2/mobile"}


def test_every_cut_and_every_window_is_an_interval_of_its_own_and_the_end_is_on_the_eleventh() -> None:
    cuts = [minutes(record) for record in found("net.blackout_national", "national: began")]
    returns = [minutes(record) for record in found("net.restored", "national: ended")]
    assert "05T10:30" <= cuts[0] <= "05T11:20"
    assert cuts[1:] == [end for _, end in WINDOWS]
    assert returns[:-1] == [start for start, _ in WINDOWS]
    assert returns[-1][:6] == "11T02:"


def test_the_cut_of_the_country_is_one_incident_until_the_end() -> None:
    incidents = [record for record in records() if record["event"] == "incident" and record["kind"] == "net"]
    national = {record["id"] for record in incidents if "KZ" in record["regions"]}
    assert len(national) == 1
    last = [record["time"] for record in incidents if record["change"] == "cleared"][-1]
    assert last.startswith("2022-01-11T02:")


def test_the_history_of_outages_says_how_sure_each_was(tmp_path: Path) -> None:
    day, kept = Path(__file__).parents[1] / "scenarios" / "almaty-day.yaml", tmp_path / "kept"
    dabyl("replay", "--no-signals", "--keep", str(kept), str(day))
    days = ("--since", "2026-03-14T00:00:00Z", "--until", "2026-03-15T00:00:00Z", "--below", "0.8")
    (spell,) = json.loads(dabyl("history", "outages", *days, "--format", "json", data=kept))
    assert (spell["label"], spell["since"]) == ("KZ-75", "2026-03-14T07:25:00Z")
    assert (spell["certainty"], spell["families"], spell["sources"]) == ("suspected", 1, "1 of 1")
    assert "suspected" in dabyl("history", "outages", *days, data=kept)
