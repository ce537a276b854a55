"""Retro-hunt: stored texts through other lexicons, told before it is done."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from monitor.configuration_reading import Written, load_written
from monitor.domain.alerts import Incident, IncidentState, Level, Severity
from monitor.domain.changes import Change, Query
from monitor.domain.kinds import EventKind, Family
from monitor.domain.reports import Item, Report
from monitor.pipeline import Pipeline
from monitor.read.echoes import EchoIndex
from monitor.read.reader import Reader
from monitor.reread import Difference, Reread, change_of
from monitor.runtime.clock import SimulatedClock
from monitor.store.sql_state import SqlStateStore
from monitor.store.state import open_state
from tests.store.cast import NOON

DETAINED = "В Алматы задержали 20 активистов"
STRIKE = "Рабочие в Жанаозене объявили забастовку"


@cache
def lexicons() -> Written:
    return load_written(None)


@cache
def reader(*without: str) -> Reader:
    kept = lexicons()
    less = [
        lexicon.model_copy(
            update={"entries": tuple(entry for entry in lexicon.entries if entry.kind.value not in without)}
        )
        for lexicon in kept.lexicons
    ]
    return Written(tuple(less), kept.named, kept.phrases, kept.abroad).ready().reader


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStateStore]:
    opened = await open_state(tmp_path / "state.sqlite3", SimulatedClock(NOON))
    yield opened
    await opened.close()


def report(key: str, text: str, minutes: int = 0) -> Report:
    at = NOON + timedelta(minutes=minutes)
    return Report(source="vlast", origin="vlast", key=key, text=text, observed_at=at, published_at=at)


async def read_in(store: SqlStateStore, with_reader: Reader, *reports: Report) -> None:
    pipeline = Pipeline(state=store, reader=with_reader, echoes=EchoIndex(), sources={}, clock=SimulatedClock(NOON))
    await pipeline.process([Item(source="vlast", content=one) for one in reports])


async def differences(store: SqlStateStore, with_reader: Reader) -> list[Difference]:
    again = Reread(state=store, reader=with_reader, sources={})
    return [found async for found in again.differences(NOON - timedelta(hours=1))]


async def test_the_same_lexicons_change_nothing(store: SqlStateStore) -> None:
    await read_in(store, reader(), report("1", DETAINED), report("2", STRIKE, 1), report("3", "Погода", 2))
    assert await differences(store, reader()) == []


async def test_a_new_entry_finds_what_was_passed_over(store: SqlStateStore) -> None:
    await read_in(store, reader("labour.strike"), report("1", STRIKE), report("2", DETAINED, 1))
    (found,) = await differences(store, reader())
    assert (found.what, found.signal.kind) == ("new", EventKind.LABOUR_STRIKE)
    assert [one.kind for one in await store.signals(Query())] == [EventKind.POLICE_DETENTION]
    await store.apply(change_of([found], NOON, "test"))
    assert {one.kind for one in await store.signals(Query())} == {EventKind.POLICE_DETENTION, EventKind.LABOUR_STRIKE}
    assert await differences(store, reader()) == []
    assert (await store.audit(1))[0].details == "1 new, 0 changed, 0 withdrawn"


async def test_what_is_no_longer_read_is_withdrawn_but_an_incident_keeps_its_evidence(store: SqlStateStore) -> None:
    await read_in(store, reader(), report("1", STRIKE), report("2", STRIKE + " вчера днём", 1))
    first, second = sorted(await store.signals(Query()), key=lambda signal: signal.at)
    incident = Incident(
        id="i", family=Family.LABOUR, regions=("KZ-47",), state=IncidentState.OPEN, severity=Severity.LOW, level=Level.SEEN,
        opened_at=NOON, updated_at=NOON, signals=(first.id,), signal_count=1,
    )  # fmt: skip
    await store.apply(Change(incidents=(incident,)))
    found = await differences(store, reader("labour.strike"))
    assert [(one.what, one.signal.id, one.held) for one in found] == [
        ("gone", first.id, True),
        ("gone", second.id, False),
    ]
    await store.apply(change_of(found, NOON, "test"))
    assert [one.id for one in await store.signals(Query())] == [first.id]


async def test_a_change_is_told_in_few_words_and_keeps_the_witness(store: SqlStateStore) -> None:
    await read_in(store, reader(), report("1", DETAINED))
    (stored,) = await store.signals(Query())
    older = replace(stored, counts={"detained": (2, 2)}, witness="first")
    await store.apply(Change(reread=(older,)))
    (found,) = await differences(store, reader())
    assert (found.what, found.details) == ("changed", "detained 2 -> 20")
    await store.apply(change_of([found], NOON, "test"))
    (now,) = await store.signals(Query())
    assert (now.counts, now.witness, now.id) == ({"detained": (20, 20)}, "first", stored.id)


async def test_many_reports_of_one_moment_are_all_read(store: SqlStateStore) -> None:
    await read_in(
        store, reader("labour.strike"), *(report(str(number), f"{STRIKE} №{number}") for number in range(1200))
    )
    again = Reread(state=store, reader=reader(), sources={})
    found = [one async for one in again.differences(NOON - timedelta(hours=1))]
    assert (again.read, len(found)) == (1200, 1200)
