"""A verdict of a person on duty: where it is written, and what it never holds."""

import json
from pathlib import Path

import pytest

from monitor.domain.alerts import Incident, IncidentState, Level, Severity
from monitor.domain.changes import Change, Query
from monitor.domain.ids import content_id
from monitor.domain.kinds import EventKind, Family
from monitor.domain.reports import Report
from monitor.domain.signals import Signal
from monitor.runtime.clock import SimulatedClock
from monitor.store.state import open_state
from tests.cli.test_commands import dabyl
from tests.store.cast import NOON

TEXT = "В Алматы задержали 20 активистов, среди них Нурлан Сериков, тел. 8 701 123 45 67"
NAME = content_id("incident", "test")


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    store = await open_state(tmp_path / "state.sqlite3", SimulatedClock(NOON))
    said = Report(source="vlast", origin="vlast", key="1", text=TEXT, observed_at=NOON, published_at=NOON)
    signal = Signal(
        id="s", kind=EventKind.POLICE_DETENTION, regions=("KZ-75",), at=NOON, observed_at=NOON, source="vlast", witness="vlast",
        strength=0.9, report=said.id, evidence=(said.version,), language="ru",
    )  # fmt: skip
    incident = Incident(
        id=NAME, family=Family.POLICE, regions=("KZ-75",), state=IncidentState.OPEN, severity=Severity.HIGH, level=Level.SEEN,
        opened_at=NOON, updated_at=NOON, signals=("s",), signal_count=1,
    )  # fmt: skip
    await store.apply(Change(reports=(said,), signals=(signal,), incidents=(incident,)))
    await store.close()
    return tmp_path


async def test_a_verdict_is_a_masked_label_a_line_of_the_story_and_an_entry_of_the_audit(data: Path) -> None:
    assert "noted as false" in dabyl(
        "incident", NAME[:6], "--false", "--note", "ошибка, сказал Нурлан Сериков", data=data
    )
    file = data / "feedback.jsonl"
    assert file.stat().st_mode & 0o077 == 0
    written = file.read_text(encoding="utf-8")
    assert "Сериков" not in written
    assert "701" not in written
    label = json.loads(written)
    assert (label["verdict"], label["family"], label["expect"]["kinds"]) == ("false", "police", [])
    store = await open_state(data / "state.sqlite3", SimulatedClock(NOON))
    (line,) = await store.timeline(NAME)
    (entry, *_) = await store.audit(5)
    assert (line.event, "Сериков" in line.words) == ("note", False)
    assert (entry.actor, entry.action, entry.subject) == ("duty", "judged false", NAME)
    assert (await store.reports(Query()))[0].text == TEXT
    await store.close()


async def test_verdicts_are_scored_and_the_second_replaces_the_first(data: Path) -> None:
    dabyl("incident", NAME, "--false", data=data)
    assert json.loads(dabyl("evaluate", "--json", data=data))["any_event"]["wrong"] == 1
    dabyl("incident", NAME, "--real", data=data)
    figures = json.loads(dabyl("evaluate", "--json", data=data))
    assert (figures["texts"], figures["any_event"]["right"], figures["any_event"]["wrong"]) == (1, 1, 0)


async def test_an_incident_is_shown_with_its_evidence(data: Path) -> None:
    told = dabyl("incident", NAME[:8], data=data)
    assert NAME in told
    assert "police.detention" in told
