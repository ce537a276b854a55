"""Signals of the journal become points of series, once each, however often they are read."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from monitor.domain.changes import Change
from monitor.domain.connectivity import Round, Tally
from monitor.domain.kinds import EventKind
from monitor.domain.measurements import Access, Failure, Link, Measurement, TcpStep, Vantage
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


async def test_what_was_measured_is_a_series_of_answers_milliseconds_and_failures(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    vantage = Vantage(id="agent-7", operator="Kcell", region="KZ-75", access=Access.MOBILE)
    found = [
        Measurement(
            id=f"m{place}", target="t", service="signal", url="tcp://a.test:443", vantage=vantage, link=link,
            started_at=NOON + timedelta(seconds=place),
            steps=(TcpStep(host="a.test", address="192.0.2.1:443", family=4, took_seconds=0.25, failure=failure),),
        )
        for place, (failure, link) in enumerate(
            [(None, Link.UP), (Failure.TIMEOUT, Link.UP), (Failure.TIMEOUT, Link.DOWN)]
        )
    ]  # fmt: skip
    tally = Tally(operator="Kcell", region="KZ-75", access=Access.MOBILE, total=12, up=9)
    state, series = MemoryState(), await open_series(tmp_path, clock)
    recording = Recording(state, series)
    await state.apply(Change(measured=(*found, Round(at=NOON, tallies=(tally, Tally(operator="none"))))))
    for _ in range(2):
        await recording.catch_up()
    query = SeriesQuery(measurement="probe", since=NOON - timedelta(days=1), until=NOON + timedelta(days=1))
    points = {(point.ratio, point.value, point.text) for point in await series.series(query)}
    assert points == {
        (1.0, 250.0, None), (0.0, 250.0, "generic_timeout_error"), (None, 250.0, "generic_timeout_error"), (0.75, None, None),
    }  # fmt: skip
    assert all("agent-7" not in point.series and "192.0.2" not in point.series for point in await series.series(query))
    await series.close()
