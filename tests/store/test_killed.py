"""kill -9 while the store is written: nothing that was acknowledged is lost, and it opens again at once."""

import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from monitor.domain.changes import Query
from monitor.runtime.clock import SimulatedClock, SystemClock
from monitor.store.engines import file_engines
from monitor.store.lock import DataInUseError, DataLock
from monitor.store.migrating import migrate, revision, run_steps
from monitor.store.migrations import HEAD, REVISIONS
from monitor.store.state import open_state
from tests.store.cast import NOON
from tests.store.killing import hear, kill, start


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_ten_kills_under_ingest_lose_nothing_that_was_acknowledged(tmp_path: Path, clock: SimulatedClock) -> None:
    path, chance, acknowledged = tmp_path / "state.sqlite", random.Random(7), 0
    for _ in range(10):
        process = start("tests.store.worker", path, acknowledged)
        said = hear(process, chance.randint(1, 120)) + kill(process)
        acknowledged = int(said[-1]) + 1
        began = time.perf_counter()
        store = await open_state(path, clock)
        assert time.perf_counter() - began < 5
        assert store.salvage is None
        everything = Query(limit=10**6)
        stored = {found.key for found in await store.reports(everything)}
        assert stored >= {str(number) for number in range(acknowledged)}
        assert len(await store.journal(0, 10**6)) == len(stored)
        assert {owed.id for owed in await store.owed(NOON, 10**6)} == stored
        assert (await store.verify_audit()).broken_at is None
        await store.close()


def _at_first_schema(path: Path) -> None:
    engines = file_engines(path)
    with engines.writing.begin() as connection:
        run_steps(connection, REVISIONS[0])
        for number in range(2000):
            connection.execute(text(f"INSERT INTO cursors VALUES ('s{number}', '{number}')"))
    engines.dispose()


def _schema(path: Path) -> tuple[str | None, int, set[str]]:
    with closing(sqlite3.connect(path)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        (rows,) = connection.execute("SELECT count(*) FROM cursors").fetchone()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return version, rows, tables


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_migration_killed_at_twenty_moments_leaves_the_old_schema_or_the_new(tmp_path: Path) -> None:
    found = set()
    for moment in range(20):
        path = tmp_path / f"{moment}.sqlite"
        _at_first_schema(path)
        # The process says a line before each statement of the migration; the rest are moments after it.
        process = start("tests.store.migrator", path)
        hear(process, moment + 1)
        kill(process)
        version, rows, tables = _schema(path)
        assert rows == 2000
        assert ("audit" in tables) == ("health_changes" in tables) == (version == HEAD)
        found.add(version)
        engines = file_engines(path)
        migrate(engines.writing)
        with engines.writing.begin() as connection:
            assert revision(connection) == HEAD
        engines.dispose()
    assert REVISIONS[0] in found


def test_a_killed_process_leaves_no_lock_and_a_live_one_is_named(tmp_path: Path) -> None:
    process = start("tests.store.holder", tmp_path)
    hear(process, 1)
    with pytest.raises(DataInUseError, match=f"process {process.pid};"), DataLock(tmp_path, SystemClock()):
        pass
    kill(process)
    with DataLock(tmp_path, SystemClock()) as lock:
        assert lock.left_by == process.pid
    with DataLock(tmp_path, SystemClock()) as lock:
        assert lock.left_by is None
