"""Copying history between the embedded store and InfluxDB: whole, resumable, harmless to repeat."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.app import migration
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.series import SeriesQuery
from monitor.runtime.clock import SimulatedClock
from monitor.series_migration import Migration
from monitor.store.series_embedded import open_series
from tests.contract.test_series_store import day_of_probes
from tests.fakes.influx import refused
from tests.store.influx_cast import NOON, access_to, fake_server

DAY = timedelta(days=1)
MIDNIGHT = NOON.replace(hour=0)
HISTORY = [*day_of_probes(1, MIDNIGHT), *day_of_probes(2, MIDNIGHT + DAY), *day_of_probes(3, MIDNIGHT + 3 * DAY)]
ALL = SeriesQuery(measurement="probe", since=MIDNIGHT, until=MIDNIGHT + 30 * DAY, limit=10**6)


async def with_history(directory: Path, clock: SimulatedClock) -> None:
    store = await open_series(directory, clock)
    await store.write(HISTORY)
    await store.write([point._replace(series=point.series.replace("probe", "signal", 1)) for point in HISTORY[:10]])
    await store.keep(MIDNIGHT + 10 * DAY, 400 * DAY)
    await store.close()


async def copy_all(copying: Migration) -> int:
    return sum([await copying.copy(measurement, at) for measurement, at in await copying.hours()])


async def test_history_goes_into_influxdb_and_back_whole(tmp_path: Path, clock: SimulatedClock) -> None:
    clock.move_to(MIDNIGHT + 12 * DAY)
    await with_history(tmp_path, clock)
    async with fake_server(clock) as fake:
        copying, close = await migration(tmp_path, clock, access_to(fake), "influx")
        assert await copy_all(copying) == len(HISTORY) + 10
        await copying.finish()
        assert [tuple(found) for found in await copying.compare()] == [("probe", 4320, 4320), ("signal", 10, 10)]
        assert await copying.hours() == [] or await copy_all(copying) == 0
        assert sorted(await copying.target.series(ALL)) == sorted(HISTORY)
        assert fake.buckets["dabyl_1h"].points
        await close()

        other = tmp_path / "other"
        back, close = await migration(other, clock, access_to(fake), "embedded")
        await copy_all(back)
        assert [tuple(found) for found in await back.compare()] == [("probe", 4320, 4320), ("signal", 10, 10)]
        assert sorted(await back.target.series(ALL)) == sorted(HISTORY)
        await close()


async def test_a_copy_that_was_interrupted_goes_on_where_it_was(tmp_path: Path, clock: SimulatedClock) -> None:
    clock.move_to(MIDNIGHT + 12 * DAY)
    await with_history(tmp_path, clock)
    async with fake_server(clock) as fake:
        copying, close = await migration(tmp_path, clock, access_to(fake), "influx")
        hours = await copying.hours()
        for measurement, at in hours[:30]:
            await copying.copy(measurement, at)
        fake.trouble = lambda request: busy()
        with pytest.raises(StoreUnavailableError, match="503"):
            await copying.copy(*hours[30])
        await close()
        fake.trouble = None
        writes = len(fake.writes)

        copying, close = await migration(tmp_path, clock, access_to(fake), "influx")
        assert (await copying.hours())[0] == hours[30]
        await copy_all(copying)
        assert len(fake.writes) > writes
        assert all(found.there == found.here for found in await copying.compare())
        await close()


async def busy() -> object:
    return refused(503, "unavailable", "busy")


async def test_an_hour_with_more_than_fits_in_memory_is_read_in_pieces(
    tmp_path: Path, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.move_to(MIDNIGHT + 12 * DAY)
    await with_history(tmp_path, clock)
    monkeypatch.setattr("monitor.series_migration.MOST_POINTS", 7)
    async with fake_server(clock) as fake:
        copying, close = await migration(tmp_path, clock, access_to(fake), "influx")
        assert await copying.copy("probe", MIDNIGHT) == 60
        assert fake.count("dabyl_measurements") == len([p for p in HISTORY if p.at < MIDNIGHT + timedelta(hours=1)])
        await close()
