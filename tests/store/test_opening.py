"""Opening: what is refused and why, what readers may do, and that commits are synced and files private."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from monitor.domain.changes import AuditEntry, Change, Query, Retention
from monitor.domain.errors import StoreUnavailableError
from monitor.runtime.clock import SimulatedClock
from monitor.runtime.transactions import transaction
from monitor.store import migrations
from monitor.store.engines import connect_file, file_engines
from monitor.store.migrating import migrate, run_steps
from monitor.store.schema import metadata
from monitor.store.state import open_state
from tests.store.cast import NOON, report, signal


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


async def test_a_directory_never_used_is_said_and_stays_untouched(tmp_path: Path) -> None:
    path = tmp_path / "data" / "state.sqlite"
    with pytest.raises(StoreUnavailableError, match="no data here yet"):
        await open_state(path, read_only=True)
    assert names(tmp_path) == set()


async def test_a_reader_creates_no_file_and_cannot_write(tmp_path: Path, clock: SimulatedClock) -> None:
    path = tmp_path / "state.sqlite"
    store = await open_state(path, clock)
    await store.apply(Change(cursors={"azattyq": "1"}))
    running = names(tmp_path)
    looking = await open_state(path, read_only=True)
    with pytest.raises(StoreUnavailableError, match="read-only"):
        await looking.apply(Change(cursors={"azattyq": "2"}))
    await looking.close()
    assert names(tmp_path) == running
    await store.close()
    stopped = names(tmp_path)
    looking = await open_state(path, read_only=True)
    assert await looking.cursor("azattyq") == "1"
    await looking.close()
    assert names(tmp_path) == stopped == {"state.sqlite", "state.sqlite-commits"}


async def test_data_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path, clock: SimulatedClock) -> None:
    path = tmp_path / "state.sqlite"
    await (await open_state(path, clock)).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for read_only in (False, True):
        with pytest.raises(StoreUnavailableError, match=r"newer release \(schema 9999"):
            await (open_state(path, read_only=True) if read_only else open_state(path, clock))


async def test_data_of_an_older_release_is_brought_up_to_date_by_the_service_only(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    path = tmp_path / "state.sqlite"
    engines = file_engines(path)
    with engines.writing.begin() as connection:
        run_steps(connection, migrations.REVISIONS[0])
        connection.execute(text("INSERT INTO cursors VALUES ('azattyq', '1')"))
    engines.dispose()
    with pytest.raises(StoreUnavailableError, match="older release"):
        await open_state(path, read_only=True)
    store = await open_state(path, clock)
    assert await store.cursor("azattyq") == "1"
    await store.close()


def test_the_steps_lead_to_the_tables_that_we_use(tmp_path: Path) -> None:
    engines = file_engines(tmp_path / "state.sqlite")
    with engines.writing.begin() as connection:
        run_steps(connection, migrations.HEAD)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        for table in metadata.sorted_tables:
            columns = [row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table.name})")]
            assert columns == [column.name for column in table.columns]
    engines.dispose()


def schema_of(path: Path) -> set[tuple[object, ...]]:
    """Everything that makes a schema: columns, indexes with their conditions, triggers, and its number."""
    found: set[tuple[object, ...]] = set()
    with closing(sqlite3.connect(path)) as connection:
        for kind, name, table, sql in connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"):
            detail = " ".join((sql or "").split()).replace('"', "") if kind in {"index", "trigger"} else ""
            found.add((kind, name, table, detail))
            if kind == "table":
                found |= {(name, *column) for column in connection.execute(f"PRAGMA table_xinfo({name})")}
                found |= {(name, *index[1:]) for index in connection.execute(f"PRAGMA index_list({name})")}
                found |= {(name, "->", *key[2:]) for key in connection.execute(f"PRAGMA foreign_key_list({name})")}
        found |= set(connection.execute("SELECT version_num FROM alembic_version"))
        found |= {("commits", *row) for row in connection.execute("SELECT * FROM commits")}
    return found


def test_a_fresh_database_is_what_the_steps_lead_to(tmp_path: Path) -> None:
    paths = tmp_path / "fresh.sqlite", tmp_path / "steps.sqlite"
    engines = [file_engines(path) for path in paths]
    migrate(engines[0].writing)
    with engines[1].writing.begin() as connection:
        run_steps(connection, migrations.HEAD)
    for engine in engines:
        engine.dispose()
    assert schema_of(paths[0]) == schema_of(paths[1])


def test_every_step_is_listed(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(steps)) == migrations.REVISIONS


def test_every_connection_syncs_each_commit_and_overwrites_what_it_deletes(tmp_path: Path) -> None:
    engines = file_engines(tmp_path / "state.sqlite")
    expected = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "busy_timeout": 5000}
    for engine in (engines.writing, engines.reading):
        with engine.begin() as connection:
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in expected}
        assert found == expected
    engines.dispose()


async def test_every_file_is_its_owners_alone(tmp_path: Path, clock: SimulatedClock) -> None:
    store = await open_state(tmp_path / "data" / "state.sqlite", clock)
    await store.apply(Change(cursors={"azattyq": "1"}))
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "data").iterdir()} == {0o600}
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    await store.close()


async def test_addresses_that_make_no_sense_are_refused_without_repeating_them(clock: SimulatedClock) -> None:
    for address in ("mysql://me:secret@host/x", "://secret", "postgresql://me:secret@127.0.0.1:1/x"):
        with pytest.raises(StoreUnavailableError) as refusal:
            await open_state(address, clock)
        assert "secret" not in str(refusal.value)


async def test_a_store_in_memory_works_like_the_others(clock: SimulatedClock) -> None:
    store = await open_state(":memory:", clock)
    await asyncio.gather(*(store.apply(Change(signals=(signal(report(str(key))),))) for key in range(5)))
    assert len(await store.journal(0)) == 5
    await store.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        await store.journal(0)


async def test_an_audit_that_was_tampered_with_names_the_first_broken_row(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    path = tmp_path / "state.sqlite"
    store = await open_state(path, clock)
    entries = tuple(AuditEntry(at=NOON, actor="operator", action="read", subject=str(number)) for number in range(9))
    await store.apply(Change(audit=entries))
    with closing(sqlite3.connect(path)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute("UPDATE audit SET actor = 'nobody' WHERE number = 4")
        connection.execute("DROP TRIGGER audit_no_UPDATE")
        connection.execute("DROP TRIGGER audit_no_DELETE")
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE number = 7")
        connection.commit()
        assert (await store.verify_audit()).broken_at == 7
        connection.execute("DELETE FROM audit WHERE number = 4")
        connection.commit()
    assert (await store.verify_audit()).broken_at == 5
    await store.close()


async def test_a_canary_is_gone_from_every_byte_a_day_after_retention(tmp_path: Path, clock: SimulatedClock) -> None:
    store = await open_state(tmp_path / "state.sqlite", clock)
    for start in range(0, 600, 50):
        said = [
            report(str(number), f"CANARY-{number} " + "CANARY слово " * (number % 500), title=f"CANARY {number}")
            for number in range(start, start + 50)
        ]
        plain = [
            report(f"plain {number}", "слово " * (number % 300), clock.now()) for number in range(start, start + 50)
        ]
        await store.apply(Change(reports=tuple(said + plain), signals=tuple(signal(each) for each in said)))
    pruned = await store.prune(NOON.replace(month=2, day=5), Retention())
    assert pruned.texts >= 600
    assert len(await store.reports(Query(limit=10**6))) == 1200
    hits = {file.name: file.read_bytes().count(b"CANARY") for file in tmp_path.iterdir()}
    assert set(hits.values()) == {0}, hits
    await store.close()


def test_a_transaction_is_kept_whole_or_not_at_all_and_the_connection_goes_on(tmp_path: Path) -> None:
    with closing(connect_file(tmp_path / "any.sqlite")) as connection:
        with transaction(connection) as same:
            same.execute("CREATE TABLE words (word TEXT UNIQUE)")
        with pytest.raises(sqlite3.IntegrityError), transaction(connection):
            connection.executemany("INSERT INTO words VALUES (?)", [("one",), ("two",), ("one",)])
        with transaction(connection):
            connection.execute("INSERT INTO words VALUES ('three')")
        assert connection.execute("SELECT word FROM words").fetchall() == [("three",)]
