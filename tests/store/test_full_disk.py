"""A disk that is full or read-only: nothing is acknowledged that is not stored, telling goes on, writing resumes."""

import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.domain.changes import Change, Query
from monitor.domain.errors import StoreUnavailableError
from monitor.runtime.clock import SimulatedClock
from monitor.store.sql_state import SqlStateStore
from monitor.store.state import open_state
from tests.conftest import need
from tests.store.cast import MINUTE, NOON, message, report, signal, tried

MEBIBYTE = 2**20


def mount(*arguments: object) -> bool:
    return subprocess.run(["mount", *map(str, arguments)], check=False, capture_output=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    need(os.geteuid() == 0 and mount("-t", "tmpfs", "-o", "size=8m", "dabyl", place), "the right to mount a small disk")
    yield place
    subprocess.run(["umount", place], check=True)


async def fill(store: SqlStateStore, start: int) -> int:
    """Store until it is refused; how many were acknowledged."""
    for number in range(start, start + 5000):
        said = report(str(number), "слово " * 600)
        try:
            await store.apply(Change(reports=(said,), signals=(signal(said),)))
        except StoreUnavailableError as error:
            assert "disk full" in error.reason
            return number
    pytest.fail("the disk never filled up")


@pytest.mark.parametrize("reserve_bytes", [0, 2 * MEBIBYTE])
async def test_a_full_disk_refuses_loses_nothing_and_writing_resumes(
    small_disk: Path, clock: SimulatedClock, reserve_bytes: int
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(2 * MEBIBYTE))
    store = await open_state(small_disk / "state.sqlite", clock, reserve_bytes=reserve_bytes)
    await store.apply(Change(notifications=(message("m"),)))
    stored = await fill(store, 0)
    assert stored > 0
    assert len(await store.reports(Query(limit=10**6))) == stored
    ballast.unlink()
    more = await fill(store, stored)
    assert more > stored
    await store.close()
    again = await open_state(small_disk / "state.sqlite", clock, reserve_bytes=reserve_bytes)
    assert again.salvage is None
    assert len(await again.journal(0, 10**6)) == more
    await again.close()


async def test_alerts_and_messages_go_on_with_the_room_that_was_kept(small_disk: Path, clock: SimulatedClock) -> None:
    store = await open_state(small_disk / "state.sqlite", clock, reserve_bytes=2 * MEBIBYTE)
    await fill(store, 0)
    for number in range(50):
        name = f"m{number}"
        await store.apply(Change(notifications=(message(name),)))
        assert await store.claim(name, "me", NOON, NOON + MINUTE)
        await store.mark_sent(name, tried(name))
    await store.close()


async def test_a_limit_on_the_file_is_a_full_disk_too(tmp_path: Path, clock: SimulatedClock) -> None:
    store = await open_state(tmp_path / "state.sqlite", clock)
    await store.apply(Change(cursors={"azattyq": "1"}))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 * 1024, hard))
    try:
        with pytest.raises(StoreUnavailableError):
            for number in range(100):
                await store.apply(Change(reports=(report(str(number), "слово " * 2000),)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await store.apply(Change(cursors={"azattyq": "2"}))
    assert await store.cursor("azattyq") == "2"
    await store.close()


async def test_a_disk_that_turned_read_only_is_said_and_may_turn_back(small_disk: Path, clock: SimulatedClock) -> None:
    path = small_disk / "state.sqlite"
    store = await open_state(path, clock, reserve_bytes=0)
    await store.apply(Change(cursors={"azattyq": "1"}))
    await store.close()
    assert mount("-o", "remount,ro", small_disk)
    with pytest.raises(StoreUnavailableError, match="read-only|cannot be"):
        await open_state(path, clock)
    looking = await open_state(path, read_only=True)
    assert await looking.cursor("azattyq") == "1"
    await looking.close()
    assert mount("-o", "remount,rw", small_disk)
    store = await open_state(path, clock, reserve_bytes=0)
    await store.apply(Change(cursors={"azattyq": "2"}))
    await store.close()


async def test_a_store_locked_by_another_program_is_said_and_tried_again(tmp_path: Path, clock: SimulatedClock) -> None:
    store = await open_state(tmp_path / "state.sqlite", clock)
    other = sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="locked by another program"):
        await store.apply(Change(cursors={"azattyq": "1"}))
    assert await store.cursor("azattyq") is None
    other.execute("COMMIT")
    other.close()
    await store.apply(Change(cursors={"azattyq": "1"}))
    await store.close()
