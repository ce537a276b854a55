"""The state store: nothing acknowledged is lost, repeats are harmless, a claim has one winner, removed text is gone."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.alerts import Attempt, Level, Notification, NotificationState, Reason, Severity
from monitor.domain.changes import AuditEntry, Change, Query, Retention
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.health import Feeling, Health
from monitor.domain.kinds import EventKind
from monitor.domain.reports import Report
from monitor.domain.signals import Hit, Signal, signal_id
from monitor.runtime.clock import SimulatedClock
from monitor.store.lock import DataInUseError, DataLock
from monitor.store.state import SqlStateStore, open_state

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


def report(key: str, text: str = "Митинг в Алматы", at: datetime = NOON) -> Report:
    return Report(source="vlast", origin="vlast", key=key, text=text, observed_at=at, published_at=at)


def seen(
    name: str, at: datetime = NOON, kind: EventKind = EventKind.ASSEMBLY_PROTEST, of: Report | None = None
) -> Signal:
    return Signal(
        id=signal_id(name, kind, ("KZ-75",)), kind=kind, regions=("KZ-75",), at=at, observed_at=at, source="vlast", witness="w",
        strength=0.8, places=("Almaty",), counts={"detained": (5, None)}, because=(Hit("ru.x", "митинг", 0, 6),),
        report=of.id if of else None, evidence=(name,),
    )  # fmt: skip


def note(name: str, severity: Severity = Severity.HIGH) -> Notification:
    return Notification(
        id=name, incident="i1", alert="a1", receiver="console", reason=Reason.FIRST, severity=severity, level=Level.SEEN,
        created_at=NOON, event_at=NOON, due_at=NOON, subject="s", short="s", body="b",
    )  # fmt: skip


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStateStore]:
    ledger = await open_state(tmp_path / "state.sqlite3", SimulatedClock(NOON), reserve_bytes=0)
    yield ledger
    await ledger.close()


async def test_a_change_stored_twice_is_stored_once(store: SqlStateStore) -> None:
    change = Change(reports=(report("1"),), signals=(seen("1"),), cursors={"vlast": "c"}, notifications=(note("n"),))
    await store.apply(change)
    await store.apply(change)
    assert len(await store.reports(Query())) == 1
    assert [number for number, _ in await store.journal(0)] == [1]
    assert await store.cursor("vlast") == "c"
    assert len(await store.owed(NOON)) == 1


async def test_what_is_stored_comes_back_as_it_was(store: SqlStateStore) -> None:
    await store.apply(Change(signals=(seen("1"),)))
    assert list(await store.signals(Query())) == [seen("1")]


async def test_an_edit_is_a_version_and_nothing_is_rewritten(store: SqlStateStore) -> None:
    await store.apply(Change(reports=(report("1"),)))
    await store.apply(Change(reports=(report("1", "Митинг в Алматы и Астане", NOON + timedelta(hours=1)),)))
    (found,) = await store.reports(Query())
    assert (found.versions, found.text) == (2, "Митинг в Алматы и Астане")
    both = [report("1").version, report("1", "Митинг в Алматы и Астане").version, "other"]
    assert await store.known_versions(both) == frozenset(both[:2])


async def test_questions_are_narrowed_by_region_kind_and_time(store: SqlStateStore) -> None:
    later = NOON + timedelta(hours=2)
    await store.apply(Change(signals=(seen("1"), seen("2", later, EventKind.POLICE_DETENTION))))
    assert len(await store.signals(Query(regions=("KZ-75",)))) == 2
    assert len(await store.signals(Query(regions=("KZ-71",)))) == 0
    assert [s.kind for s in await store.signals(Query(kinds=(EventKind.POLICE_DETENTION,)))] == [
        EventKind.POLICE_DETENTION
    ]
    assert len(await store.signals(Query(since=NOON, until=later))) == 1


async def test_of_two_that_claim_one_wins(store: SqlStateStore) -> None:
    await store.apply(Change(notifications=(note("n"),)))
    until = NOON + timedelta(minutes=1)
    won = await asyncio.gather(*(store.claim("n", f"h{number}", NOON, until) for number in range(8)))
    assert sorted(won) == [False] * 7 + [True]
    assert await store.claim("n", "late", until, until + timedelta(minutes=1))


async def test_a_message_is_tried_again_and_then_sent(store: SqlStateStore) -> None:
    await store.apply(Change(notifications=(note("n"),)))
    failed = Attempt(notification="n", receiver="console", at=NOON, succeeded=False, error="busy")
    await store.mark_failed("n", failed, NOON + timedelta(minutes=5))
    assert not await store.owed(NOON)
    assert len(await store.owed(NOON + timedelta(minutes=5))) == 1
    await store.mark_sent(
        "n", Attempt(notification="n", receiver="console", at=NOON + timedelta(minutes=6), succeeded=True)
    )
    (sent,) = await store.notifications(Query())
    assert (sent.state, sent.attempts) == (NotificationState.SENT, 2)
    assert [attempt.succeeded for attempt in await store.attempts("n")] == [False, True]


async def test_many_messages_are_marked_sent_in_one_transaction(store: SqlStateStore) -> None:
    await store.apply(Change(notifications=tuple(note(f"n{number}") for number in range(3))))
    tries = [Attempt(notification=f"n{number}", receiver="console", at=NOON, succeeded=True) for number in range(3)]
    await store.mark_all_sent(tries)
    await store.mark_all_sent(tries)
    assert not await store.owed(NOON)
    assert len(await store.attempts("n1")) == 1


async def test_severe_messages_come_first(store: SqlStateStore) -> None:
    await store.apply(Change(notifications=(note("a", Severity.LOW), note("b", Severity.CRITICAL))))
    assert [found.id for found in await store.owed(NOON)] == ["b", "a"]


async def test_health_and_audit_are_kept(store: SqlStateStore) -> None:
    health = Health(subject="source:x", feeling=Feeling.SILENT, reason="quiet", since=NOON, checked_at=NOON)
    entry = AuditEntry(at=NOON, actor="test", action="look", subject="x")
    await store.apply(Change(healths=(health,), audit=(entry,)))
    await store.apply(Change(healths=(health,), audit=(entry,)))
    assert list(await store.healths()) == [health]


async def test_removed_text_is_gone_from_the_disk(store: SqlStateStore, tmp_path: Path) -> None:
    canary = "канарейка-7f3a9"
    old = report("1", f"текст {canary}", NOON - timedelta(days=31))
    await store.apply(Change(reports=(old,), signals=(seen("1", NOON - timedelta(days=31), of=old),)))
    pruned = await store.prune(NOON, Retention())
    assert pruned.texts == 1
    found = [file.name for file in tmp_path.iterdir() if canary.encode() in file.read_bytes()]
    assert found == []
    assert len(await store.reports(Query())) == 1


async def test_looking_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="no data here yet"):
        await open_state(tmp_path / "none.sqlite3", read_only=True)
    assert list(tmp_path.iterdir()) == []


async def test_looking_works_while_another_writes(store: SqlStateStore, tmp_path: Path) -> None:
    await store.apply(Change(signals=(seen("1"),)))
    looking = await open_state(tmp_path / "state.sqlite3", read_only=True)
    assert len(await looking.signals(Query())) == 1
    with pytest.raises(StoreUnavailableError):
        await looking.apply(Change(cursors={"a": "b"}))
    await looking.close()


def test_a_second_start_on_the_same_data_is_refused(tmp_path: Path) -> None:
    clock = SimulatedClock(NOON)
    with DataLock(tmp_path, clock), pytest.raises(DataInUseError, match=str(os.getpid())), DataLock(tmp_path, clock):
        pass
    with DataLock(tmp_path, clock):
        pass


INGEST = """
import asyncio, sys
from pathlib import Path
from datetime import timedelta
from tests.store.test_state import NOON, note, report, seen
from monitor.domain.changes import Change
from monitor.store.state import open_state
from monitor.runtime.clock import SimulatedClock

async def main():
    ledger = await open_state(Path(sys.argv[1]), SimulatedClock(NOON))
    start = int(sys.argv[2])
    for number in range(start, start + 100_000):
        name = str(number)
        await ledger.apply(Change(reports=(report(name, name),), signals=(seen(name),), notifications=(note(name),)))
        print(number, flush=True)

asyncio.run(main())
"""


@pytest.mark.slow
async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    dice = random.Random(7)
    path = tmp_path / "state.sqlite3"
    acknowledged: set[int] = set()
    for life in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", INGEST, str(path), str(life * 100_000)], stdout=subprocess.PIPE, cwd=ROOT, text=True
        )
        assert process.stdout is not None
        wanted = dice.randrange(5, 60)
        acknowledged.update(int(process.stdout.readline()) for _ in range(wanted))
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines()
        acknowledged.update(int(line) for line in rest if line.isdigit())
        process.stdout.close()
        process.wait()
    ledger = await open_state(path, SimulatedClock(NOON))
    kept = {int(found.evidence[0]) for found in await ledger.signals(Query(limit=10**6))}
    owed = {int(found.id) for found in await ledger.owed(NOON, 10**6)}
    await ledger.close()
    assert acknowledged <= kept
    assert acknowledged <= owed
