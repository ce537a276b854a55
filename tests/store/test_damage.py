"""A torn file is found, kept, and read for what it still holds; never a silent fresh start."""

import random
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.domain.changes import Change, Query, Retention
from monitor.runtime.clock import SimulatedClock
from monitor.store.salvage import fits
from monitor.store.schema import metadata
from monitor.store.state import open_state
from tests.store.cast import NOON, incident, line, message, report, signal

EVERYTHING = Query(limit=10**6)
REPORTS = 300


async def fill(path: Path, clock: SimulatedClock) -> None:
    store = await open_state(path, clock)
    for start in range(0, REPORTS, 50):
        said = [
            report(str(number), f"{number} " + "слово " * (number * 7 % 1200)) for number in range(start, start + 50)
        ]
        found = [signal(each) for each in said]
        await store.apply(Change(reports=tuple(said), signals=tuple(found), checkpoints={"alerts": start}))
    await store.apply(
        Change(
            incidents=(incident("unrest", found[0]),),
            timeline=(line("l", "unrest"),),
            notifications=tuple(message(f"m{number}") for number in range(50)),
            cursors={"azattyq": "299"},
        )
    )
    await store.close()


@pytest.fixture
async def filled(tmp_path: Path, clock: SimulatedClock) -> Path:
    path = tmp_path / "sound" / "state.sqlite"
    await fill(path, clock)
    return path


def copied(filled: Path, to: Path) -> Path:
    shutil.copytree(filled.parent, to)
    return to / filled.name


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", range(5))
async def test_one_page_flipped_costs_at_most_its_own_rows(
    filled: Path, tmp_path: Path, clock: SimulatedClock, part: int
) -> None:
    for seed in range(part * 10, part * 10 + 10):
        path = copied(filled, tmp_path / str(seed))
        data, chance = bytearray(path.read_bytes()), random.Random(seed)
        page = 0 if seed == 0 else chance.randrange(len(data) // 4096)
        start = page * 4096
        was_leaf = data[start] == 13
        data[start : start + 4096] = bytes(byte ^ 0xFF for byte in data[start : start + 4096])
        path.write_bytes(data)
        began = time.perf_counter()
        store = await open_state(path, clock)
        assert time.perf_counter() - began < 30
        assert store.salvage is not None, f"page {page} of seed {seed}"
        assert store.salvage.set_aside.read_bytes() == data
        reports, signals = await store.reports(EVERYTHING), await store.signals(EVERYTHING)
        lost = 2 * REPORTS - len(reports) - len(signals)
        assert 0 <= lost <= (60 if was_leaf else 3), f"page {page} of seed {seed}"
        if not was_leaf:
            assert len(signals) == REPORTS
        assert (await store.audit())[0].action == "salvaged"
        await store.apply(Change(signals=(signal(report("after")),)))
        assert max(number for number, _ in await store.journal(0, 10**6)) > REPORTS
        await store.close()


async def crashed(path: Path, clock: SimulatedClock, copy: Path) -> Path:
    """What a kill -9 leaves: the file and its log, copied while the store is open."""
    store = await open_state(path, clock)
    for number in range(20):
        await store.apply(Change(signals=(signal(report(f"late {number}")),)))
    shutil.copytree(path.parent, copy)
    await store.close()
    return copy / path.name


async def test_a_sound_log_is_read_and_nothing_is_said(filled: Path, tmp_path: Path, clock: SimulatedClock) -> None:
    path = await crashed(filled, clock, tmp_path / "copy")
    store = await open_state(path, clock)
    assert store.salvage is None
    assert len(await store.signals(EVERYTHING)) == REPORTS + 20
    await store.close()


@pytest.mark.parametrize("kept_ratio", [0.0, 0.3, 0.9])
async def test_a_log_that_was_cut_is_noticed(
    filled: Path, tmp_path: Path, clock: SimulatedClock, kept_ratio: float
) -> None:
    path = await crashed(filled, clock, tmp_path / "copy")
    log = path.with_name(path.name + "-wal")
    log.write_bytes(log.read_bytes()[: int(log.stat().st_size * kept_ratio)])
    store = await open_state(path, clock)
    assert store.salvage is not None
    assert "commits are missing" in store.salvage.found
    assert REPORTS <= len(await store.signals(EVERYTHING)) < REPORTS + 20
    await store.close()
    again = await open_state(path, clock)
    assert again.salvage is None
    await again.close()


async def test_a_log_that_was_deleted_is_noticed(filled: Path, tmp_path: Path, clock: SimulatedClock) -> None:
    path = await crashed(filled, clock, tmp_path / "copy")
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink()
    store = await open_state(path, clock)
    assert store.salvage is not None
    assert len(await store.signals(EVERYTHING)) == REPORTS
    await store.close()


async def test_a_frame_flipped_in_the_log_costs_only_its_page(
    filled: Path, tmp_path: Path, clock: SimulatedClock
) -> None:
    path = await crashed(filled, clock, tmp_path / "copy")
    log = path.with_name(path.name + "-wal")
    data = bytearray(log.read_bytes())
    data[32 + 24 + 100] ^= 0xFF
    log.write_bytes(data)
    store = await open_state(path, clock)
    assert store.salvage is not None
    assert len(await store.signals(EVERYTHING)) == REPORTS + 20
    await store.close()


async def test_a_file_that_vanished_is_no_fresh_start(filled: Path, clock: SimulatedClock) -> None:
    filled.unlink()
    store = await open_state(filled, clock)
    assert store.salvage is not None
    assert (store.salvage.found, store.salvage.total) == ("the file is gone", 0)
    await store.close()


async def test_a_rescue_that_was_interrupted_is_finished(filled: Path, clock: SimulatedClock) -> None:
    aside = filled.with_name(f"{filled.name}.damaged-20260101T000000Z")
    filled.rename(aside)
    filled.with_name(f"{filled.name}.salvaging").write_bytes(b"half")
    store = await open_state(filled, clock)
    assert store.salvage is not None
    assert store.salvage.set_aside == aside
    assert len(await store.signals(EVERYTHING)) == REPORTS
    await store.close()


async def test_something_else_in_its_place_is_kept(tmp_path: Path, clock: SimulatedClock) -> None:
    path = tmp_path / "state.sqlite"
    path.write_text("my shopping list\n" * 500)
    store = await open_state(path, clock)
    assert store.salvage is not None
    assert store.salvage.set_aside.read_text().startswith("my shopping list")
    await store.close()


async def test_a_rescue_does_not_bring_back_old_numbers_or_wake_sound_messages(
    filled: Path, clock: SimulatedClock
) -> None:
    data = bytearray(filled.read_bytes())
    data[:4096] = bytes(4096)
    filled.write_bytes(data)
    store = await open_state(filled, clock)
    assert await store.cursor("azattyq") == "299"
    assert await store.checkpoint("alerts") == 250
    assert len(await store.owed(NOON)) == 50
    assert [entry.id for entry in await store.timeline("unrest")] == ["l"]
    await store.apply(Change(signals=(signal(report("new")),)))
    assert (await store.journal(REPORTS))[0][0] > 1_000_000
    await store.close()


async def test_the_file_set_aside_goes_when_raw_text_goes(filled: Path, clock: SimulatedClock) -> None:
    filled.write_bytes(b"x" + filled.read_bytes()[1:])
    store = await open_state(filled, clock)
    assert store.salvage is not None
    aside = store.salvage.set_aside
    await store.prune(clock.now() + timedelta(days=29), Retention())
    assert aside.exists()
    await store.prune(clock.now() + timedelta(days=31), Retention())
    assert not aside.exists()
    await store.close()


def test_no_two_tables_look_alike() -> None:
    """A row that is found without its table must fit one only; SQLite's own lists are told apart by their words."""
    samples = {}
    for table in metadata.sorted_tables:
        kinds = [column.type.python_type for column in table.columns]
        samples[table.name] = tuple(
            None if index == 0 and kinds[0] is int else kind() for index, kind in enumerate(kinds)
        )
    for name, sample in samples.items():
        fitting = [
            table.name for table in metadata.sorted_tables if len(table.columns) == len(sample) and fits(table, sample)
        ]
        assert fitting == [name]
