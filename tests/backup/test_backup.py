"""Backups: what went in comes back, from either store into either, and what is damaged or not ours is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from monitor.backup.archive import BackupError, identities_of, make, new_identity, recipients_of, unpacked
from monitor.backup.restoring import fill, place_files, rehearse
from monitor.domain.changes import AuditEntry, Change, Query
from monitor.domain.errors import StoreUnavailableError
from monitor.runtime.clock import SimulatedClock
from monitor.store.engines import create_private, file_engines, server_engines, sqlite_path
from monitor.store.state import open_state
from monitor.store.versions import lost_by, status, take_to
from tests.contract.postgresql import database, fresh_database, server  # noqa: F401 - fixtures
from tests.store.cast import NOON, alert, health, incident, line, message, report, signal

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)]


@pytest.fixture(params=KINDS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    place: str = (
        str(tmp_path / "data" / "state.sqlite3") if request.param == "sqlite" else request.getfixturevalue("database")
    )
    return place


@pytest.fixture(params=KINDS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> object:
    if request.param == "sqlite":
        yield str(tmp_path / "new" / "state.sqlite3")
        return
    with fresh_database(request.getfixturevalue("server")) as place:
        yield place


def engines_of(address: str) -> object:
    path = sqlite_path(address)
    if path is None:
        return server_engines(address, read_only=False)
    create_private(path)
    return file_engines(path)


async def filled(address: str, clock: SimulatedClock) -> None:
    store = await open_state(address, clock)
    said = [report(str(number), f"Слова «{number}» \0 \ud800") for number in range(1500)]
    found = [signal(one) for one in said[:40]]
    note = AuditEntry(at=NOON, actor="operator", action="acknowledged", subject="unrest")
    await store.apply(
        Change(
            reports=tuple(said), signals=tuple(found), incidents=(incident("unrest", *found),), alerts=(alert("a"),),
            timeline=(line("l", "unrest"),), notifications=(message("m"),), healths=(health("source:a"),), audit=(note,),
            cursors={"a": "7"}, checkpoints={"alerts": 9},
        )
    )  # fmt: skip
    await store.close()


async def test_what_went_in_comes_back_from_either_store_into_either(
    source: str, target: str, tmp_path: Path, clock: SimulatedClock
) -> None:
    await filled(source, clock)
    data = tmp_path / "data"
    (data / "series").mkdir(parents=True)
    (data / "series" / "2026-01-05.parquet").write_bytes(b"PAR1")
    (data / "account.session").write_text("never")
    secret, public = new_identity()
    engines = engines_of(source)
    manifest = make(tmp_path / "b.age", engines.reading, data, recipients_of([public]), clock, lambda _: None)  # type: ignore[attr-defined]
    engines.dispose()  # type: ignore[attr-defined]
    assert set(manifest.files) == {"series/2026-01-05.parquet"}
    assert "Слова".encode() not in (tmp_path / "b.age").read_bytes()
    with unpacked(tmp_path / "b.age", identities_of(secret), tmp_path) as (again, root):
        rehearse(again, root, lambda _: None)
        engines = engines_of(target)
        fill(engines.writing, again, root, lambda _: None)  # type: ignore[attr-defined]
        place_files(again, root, tmp_path / "new-data", lambda _: None)
        with pytest.raises(StoreUnavailableError, match="not empty"):
            fill(engines.writing, again, root, lambda _: None)  # type: ignore[attr-defined]
        engines.dispose()  # type: ignore[attr-defined]
    before, after = await open_state(source, clock), await open_state(target, clock)
    everything = Query(limit=10_000)
    assert await after.reports(everything) == await before.reports(everything)
    assert await after.journal(0) == await before.journal(0)
    assert await after.incidents(everything) == await before.incidents(everything)
    assert await after.verify_audit() == await before.verify_audit()
    assert (await after.cursor("a"), await after.checkpoint("alerts")) == ("7", 9)
    (owed,) = await after.owed(NOON)
    assert owed.begun_at == NOON
    # The numbers of the journal go on behind the restored ones.
    await after.apply(Change(signals=(signal(report("later")),)))
    assert (await after.journal(0))[-1][0] > (await before.journal(0))[-1][0]
    await before.close()
    await after.close()


async def test_a_backup_that_is_damaged_cut_short_or_not_ours_is_refused(tmp_path: Path, clock: SimulatedClock) -> None:
    place = tmp_path / "data" / "state.sqlite3"
    await filled(str(place), clock)
    secret, public = new_identity()
    engines, archive = file_engines(place), tmp_path / "b.age"
    make(archive, engines.reading, place.parent, recipients_of([public]), clock, lambda _: None)
    engines.dispose()
    whole = archive.read_bytes()
    for bad in (whole[:-100], whole[: len(whole) // 2], whole[:3000] + b"x" + whole[3001:], b"", b"tar"):
        archive.write_bytes(bad)
        with pytest.raises(BackupError), unpacked(archive, identities_of(secret), tmp_path):
            pass
    archive.write_bytes(whole)
    other, _ = new_identity()
    with pytest.raises(BackupError, match="does not open it"), unpacked(archive, identities_of(other), tmp_path):
        pass
    assert not list(tmp_path.glob(".restore-*"))


@pytest.mark.parametrize("bad", ["", "age1xyz", "AGE-SECRET-KEY-1"])
def test_keys_that_are_none_are_refused(bad: str) -> None:
    with pytest.raises(BackupError):
        recipients_of([bad])
    with pytest.raises(BackupError):
        identities_of(bad)


async def test_the_schema_goes_down_and_up_again_and_says_what_is_lost(source: str, clock: SimulatedClock) -> None:
    await filled(source, clock)
    engines = engines_of(source)
    engine = engines.writing  # type: ignore[attr-defined]
    found, ours = status(engine)
    assert found == ours
    assert lost_by(engine, "0001")["audit"] == 1
    take_to(engine, "0001")
    assert status(engine) == ("0001", ours)
    take_to(engine, ours)
    engines.dispose()  # type: ignore[attr-defined]
    store = await open_state(source, clock)
    assert len(await store.reports(Query(limit=10_000))) == 1500
    await store.apply(Change(notifications=(message("n"),)))
    await store.close()


async def test_the_commands_make_rehearse_and_restore(tmp_path: Path, clock: SimulatedClock) -> None:
    await filled(str(tmp_path / "data" / "state.sqlite3"), clock)
    key, archive = tmp_path / "k", tmp_path / "b.age"

    def dabyl(*words: object, data: str = "data") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "monitor", "--data", str(tmp_path / data), *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    made = dabyl("backup", "--new-identity", key)
    public = made.stdout.split("--recipient ")[1].split()[0]
    assert dabyl("backup", archive).returncode == 2
    assert dabyl("backup", "--recipient", public, archive).returncode == 0
    assert "is there already" in dabyl("backup", "--recipient", public, archive).stderr
    verified = dabyl("restore", "--verify", "--identity", key, archive)
    assert "can be restored" in verified.stdout, verified.stderr
    restored = dabyl("restore", "--identity", key, archive, data="other")
    assert "is restored: " in restored.stdout, restored.stderr
    assert dabyl("restore", "--identity", key, archive, data="other").returncode == 1
    assert dabyl("migrate", "schema", "status", data="other").returncode == 0
    down = dabyl("migrate", "schema", "down", "0001", data="other")
    assert "lost: 1 rows of audit" in down.stdout
    assert down.returncode == 1
