"""Signals of the journal become points of series, once each, however often they are read."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from monitor.domain.changes import Change
from monitor.domain.kinds import EventKind
from monitor.domain.series import Point, SeriesQuery, read_key
from monitor.recording import Recording, points_of
from monitor.runtime.clock import SimulatedClock
from monitor.store.series_embedded import open_series
from tests.fakes.state import MemoryState
from tests.store.cast import NOON, report, signal


async def test_a_signal_is_a_point_a_region_and_its_numbers_are_points_too() -> None:
    told = signal(report("1"))
    points = list(points_of(told))
    tags = [read_key(point.series) for point in points]
    assert {name for name, _ in tags} <= {"signal", "people"}
    assert all(each["kind"] == told.kind.value and each["region"] in told.regions for _, each in tags)
    assert all(point.text == told.id for point in points)


async def test_two_signals_of_one_second_are_two_points_and_one_read_twice_is_one(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    state, series = MemoryState(), await open_series(tmp_path, clock)
    recording = Recording(state, series)
    await state.apply(Change(signals=tuple(signal(report(str(number))) for number in range(3))))
    assert await recording.catch_up() == 3
    assert await recording.catch_up() == 0
    await state.apply(Change(checkpoints={"series": 0}))
    state._checkpoints.clear()
    assert await recording.catch_up() == 3
    query = SeriesQuery(measurement="signal", since=NOON - timedelta(days=1), until=NOON + timedelta(days=1))
    found = await series.series(query)
    assert len(found) == 3
    assert all(isinstance(point, Point) for point in found)
    await series.close()


async def test_denied_and_past_are_series_of_their_own() -> None:
    plain = signal(report("1"))
    (denied,) = points_of(replace(plain, denied=True, counts={}, regions=()))
    assert read_key(denied.series)[1] == {
        "denied": "yes", "kind": plain.kind.value, "region": "unknown", "source": plain.source,
    }  # fmt: skip
    assert EventKind(plain.kind)
