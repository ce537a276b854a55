"""The embedded series under kill -9, damage, and a full disk; and that looking creates nothing."""

import random
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.errors import StoreUnavailableError
from monitor.domain.series import Point, SeriesQuery, nanoseconds, series_key
from monitor.runtime.clock import SimulatedClock
from monitor.store.series_embedded import open_series
from tests.store.killing import hear, kill, start
from tests.store.test_full_disk import small_disk

__all__ = ["small_disk"]

DAY = datetime(2026, 1, 5, tzinfo=UTC)
EVER = SeriesQuery(measurement="probe", since=DAY - timedelta(days=60_000), until=DAY + timedelta(days=99), limit=10**7)
MINUTE = timedelta(minutes=1)


def batch(minute: int, targets: int = 40) -> list[Point]:
    at = nanoseconds(DAY + minute * MINUTE)
    return [
        Point(series_key("probe", region=f"KZ-{10 + n % 20}", target=str(n)), at, float(n % 3 > 0), n)
        for n in range(targets)
    ]


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_kills_lose_nothing_that_was_acknowledged_and_sums_agree_with_rows(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    chance, acknowledged = random.Random(3), 0
    query = SeriesQuery(
        measurement="probe", since=datetime(1970, 1, 1, tzinfo=UTC), until=datetime(1971, 1, 1, tzinfo=UTC), limit=10**7
    )
    for _ in range(6):
        process = start("tests.store.series_worker", tmp_path, acknowledged)
        said = hear(process, chance.randint(1, 200)) + kill(process)
        acknowledged = int(said[-1]) + 1
        began = time.perf_counter()
        store = await open_series(tmp_path, clock)
        found = await store.series(query)
        assert time.perf_counter() - began < 5
        assert store.rescue is None
        assert {point.value for point in found} >= set(range(acknowledged))
        assert sum(bucket.points for bucket in await store.steps(query, 5 * MINUTE)) == len(found)
        await store.close()


@pytest.fixture
async def filled(tmp_path: Path, clock: SimulatedClock) -> Path:
    folder = tmp_path / "sound"
    store = await open_series(folder, clock)
    for minute in range(0, 1440 * 2, 4):
        await store.write(batch(minute))
    await store.keep(DAY + timedelta(days=3, hours=1), timedelta(days=4000))
    await store.close()
    return folder


async def sums(folder: Path) -> tuple[list[Point], dict[str, int]]:
    store = await open_series(folder, read_only=True)
    points = list(await store.series(EVER))
    steps = await store.steps(
        SeriesQuery(measurement="probe", since=DAY, until=DAY + timedelta(days=2), limit=10**6), timedelta(hours=1)
    )
    await store.close()
    totals: dict[str, int] = {}
    for bucket in steps:
        totals[bucket.label] = totals.get(bucket.label, 0) + bucket.points
    return points, totals


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_flipped_page_costs_at_most_its_own_chunks_and_is_told(
    filled: Path, tmp_path: Path, clock: SimulatedClock
) -> None:
    whole, _ = await sums(filled)
    for seed in range(12):
        folder = tmp_path / str(seed)
        shutil.copytree(filled, folder)
        path = folder / "series.sqlite3"
        data, chance = bytearray(path.read_bytes()), random.Random(seed)
        first = chance.randrange(len(data) // 4096) * 4096
        data[first : first + 4096] = bytes(byte ^ 0xFF for byte in data[first : first + 4096])
        path.write_bytes(data)
        began = time.perf_counter()
        store = await open_series(folder, clock)
        found = await store.series(EVER)
        assert time.perf_counter() - began < 30
        lost = len(whole) - len(found)
        assert set(found) <= set(whole)
        assert lost <= 1000, seed
        assert store.rescue is not None or lost == 0, seed
        await store.write(batch(5000))
        await store.close()
        points, totals = await sums(folder)
        assert sum(totals.values()) == len(points) - 40


async def test_a_single_wrong_bit_inside_a_chunk_is_noticed_and_the_next_start_saves_the_rest(
    filled: Path, clock: SimulatedClock
) -> None:
    whole, _ = await sums(filled)
    path = filled / "series.sqlite3"
    data = bytearray(path.read_bytes())
    data[data.index(b"DBS1") + 200] ^= 1
    path.write_bytes(data)
    store = await open_series(filled, clock)
    with pytest.raises(StoreUnavailableError, match="a restart saves what can be read"):
        await store.series(EVER)
    await store.close()
    store = await open_series(filled, clock)
    assert store.rescue is not None
    assert 0 < len(whole) - len(await store.series(EVER)) <= 500
    await store.close()
    again = await open_series(filled, clock)
    assert again.rescue is None
    await again.close()


async def test_a_file_that_vanished_is_no_fresh_start(filled: Path, clock: SimulatedClock) -> None:
    (filled / "series.sqlite3").unlink()
    store = await open_series(filled, clock)
    assert store.rescue is not None
    assert store.rescue.found == "the file is gone"
    # What was sealed is safe in its own file, and its sums are made anew.
    query = SeriesQuery(measurement="probe", since=DAY, until=DAY + timedelta(days=1), limit=10**6)
    found = await store.steps(query, timedelta(hours=1))
    assert sum(bucket.points for bucket in found) == 360 * 40 == len(await store.series(query))
    await store.close()


async def test_a_full_disk_refuses_and_writing_resumes_when_there_is_room(
    small_disk: Path, clock: SimulatedClock
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(4 * 2**20))
    store = await open_series(small_disk, clock)
    stored = 0
    with pytest.raises(StoreUnavailableError, match="disk full"):
        for minute in range(10_000):
            await store.write(batch(minute, 900))
            stored += 900
    assert stored
    assert len(await store.series(EVER)) == stored
    ballast.unlink()
    assert await store.write(batch(9_999_000, 900)) == 900
    await store.close()


async def test_looking_creates_nothing_and_says_what_to_do(tmp_path: Path) -> None:
    store = await open_series(tmp_path / "none", read_only=True)
    with pytest.raises(StoreUnavailableError, match="dabyl run"):
        await store.series(EVER)
    with pytest.raises(StoreUnavailableError, match="read-only"):
        await store.write(batch(0))
    await store.close()
    assert not (tmp_path / "none").exists()


async def test_looking_works_while_another_writes(tmp_path: Path, clock: SimulatedClock) -> None:
    store = await open_series(tmp_path, clock)
    await store.write(batch(0))
    other = await open_series(tmp_path, read_only=True)
    assert len(await other.series(EVER)) == 40
    await store.write(batch(1))
    assert len(await other.series(EVER)) == 80
    await other.close()
    await store.close()
