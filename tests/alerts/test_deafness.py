"""Our own line is down: said once however many sources notice, and not ended while it lasts."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.evaluate import Evaluator
from monitor.configuration import load_configuration
from monitor.domain.changes import Query
from monitor.domain.health import Feeling, Health
from monitor.domain.kinds import EventKind
from monitor.domain.ports import StateStore
from monitor.domain.reports import Item
from monitor.domain.signals import Signal
from monitor.pipeline import OWN_LINE, Pipeline
from monitor.read.echoes import EchoIndex
from monitor.runtime.clock import SimulatedClock
from monitor.store.state import open_state

BEGINNING = datetime(2026, 1, 5, 12, 10, tzinfo=UTC)


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[StateStore]:
    store = await open_state(tmp_path / "state.sqlite3", SimulatedClock(BEGINNING))
    yield store
    await store.close()


def deaf(subject: str, minutes: float, since_minutes: float = 0) -> Item:
    health = Health(
        subject=subject,
        feeling=Feeling.UNREACHABLE,
        reason=f"cannot reach: {OWN_LINE}",
        since=BEGINNING + timedelta(minutes=since_minutes),
        checked_at=BEGINNING + timedelta(minutes=minutes),
    )
    return Item(source=subject, content=health)


async def signals(state: StateStore, *batches: list[Item]) -> list[Signal]:
    configuration = load_configuration(None)
    pipeline = Pipeline(
        state=state,
        reader=configuration.reading.reader,
        echoes=EchoIndex(),
        sources=configuration.sources,
        clock=SimulatedClock(BEGINNING),
    )
    for batch in batches:
        await pipeline.process(batch)
    return sorted(await state.signals(Query()), key=lambda signal: signal.at)


async def test_one_line_is_one_fact_however_many_sources_notice(state: StateStore) -> None:
    names = list(load_configuration(None).sources)[:40]
    noticed = [deaf(f"source:{name}", 1 + number / 10, number / 10) for number, name in enumerate(names)]
    found = await signals(state, noticed[:20], noticed[20:], [deaf("line", 6)])
    assert [signal.kind for signal in found] == [EventKind.SYSTEM_OWN_LINE_DOWN]
    assert found[0].at == BEGINNING


async def test_what_lasts_is_said_again_each_half_hour(state: StateStore) -> None:
    found = await signals(state, *([deaf("line", minutes)] for minutes in range(0, 120, 5)))
    moments = [(signal.at - BEGINNING) / timedelta(minutes=1) for signal in found]
    assert moments == [0, 20, 50, 80, 110]


async def test_nobody_is_told_that_we_hear_again_while_we_are_deaf(state: StateStore) -> None:
    found = await signals(state, *([deaf("line", minutes)] for minutes in range(0, 360, 5)))
    evaluator = Evaluator([rule for rule in load_configuration(None).rules if rule.id == "system.blind"])
    turns: list[str] = []
    for minutes in range(0, 480, 5):
        now = BEGINNING + timedelta(minutes=minutes)
        for signal in found:
            if now <= signal.observed_at < now + timedelta(minutes=5):
                turns += [turn.event for turn in evaluator.add(signal, now)]
        turns += [turn.event for turn in evaluator.tick(now)]
        if minutes < 360:
            assert "resolved" not in turns
    assert turns[0] == "firing"
    assert turns[-1] == "resolved"
