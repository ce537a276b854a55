"""Setting InfluxDB up, and the sums that its tasks keep ready: equal to a computation from scratch, late points too."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.errors import AccessDeniedError
from monitor.domain.series import Point, SeriesQuery, nanoseconds, series_key
from monitor.runtime.clock import SimulatedClock
from monitor.store.series_influx_access import Kept
from monitor.store.series_influx_server import InfluxServer
from monitor.store.series_influx_setup import differences, set_up, take_down
from tests.contract.test_series_store import from_scratch, same
from tests.fakes.influx import FakeInflux
from tests.store.influx_cast import NOON, access_to, fake_server, running, store_over, until

DAY = timedelta(days=1)


async def test_setting_up_makes_buckets_and_tasks_and_a_second_time_changes_nothing(clock: SimulatedClock) -> None:
    async with FakeInflux(clock) as fake:
        access = access_to(fake)
        server = InfluxServer(access, clock)
        found = await set_up(access, server, Kept())
        assert len(found) == 6
        assert set(fake.buckets) == {"dabyl_measurements", "dabyl_signals", "dabyl_5m", "dabyl_1h"}
        assert fake.buckets["dabyl_measurements"].every_seconds == 180 * 86_400
        assert fake.buckets["dabyl_1h"].every_seconds == 0
        assert {task.name for task in fake.tasks.values()} == {"dabyl_5m", "dabyl_1h"}
        assert await set_up(access, server, Kept()) == []
        assert await differences(access, server, Kept()) == []
        await take_down(access, server)
        assert (fake.buckets, fake.tasks) == ({}, {})
        await server.close()


async def test_checking_says_what_differs_and_changes_nothing(clock: SimulatedClock) -> None:
    async with FakeInflux(clock) as fake:
        access = access_to(fake)
        server = InfluxServer(access, clock)
        await set_up(access, server, Kept())
        fake.buckets["dabyl_5m"].every_seconds = 3600
        del fake.buckets["dabyl_signals"]
        by_name = {task.name: task for task in fake.tasks.values()}
        by_name["dabyl_5m"].status = "inactive"
        by_name["dabyl_1h"].last_run_status, by_name["dabyl_1h"].last_run_error = "failed", "out of memory"
        words = [found.words for found in await differences(access, server, Kept())]
        assert words == [
            "bucket dabyl_signals is missing",
            "bucket dabyl_5m keeps 3600 s, should keep 400 days",
            "task dabyl_5m is switched off",
            "task dabyl_1h failed when it last ran: out of memory",
        ]
        await set_up(access, server, Kept())
        assert [found.mend for found in await differences(access, server, Kept())] == [None]
        await server.close()


async def test_a_wrong_token_or_organisation_is_said_plainly(clock: SimulatedClock) -> None:
    async with FakeInflux(clock) as fake:
        for access in (
            type(access_to(fake))(url=fake.url, org=fake.org, token="wrong"),
            type(access_to(fake))(url=fake.url, org="nobody", token=fake.token),
        ):
            server = InfluxServer(access, clock)
            with pytest.raises(AccessDeniedError, match="token|organization"):
                await set_up(access, server, Kept())
            await server.close()


def measured(seed: int, day_count: int) -> list[Point]:
    """A point every ten minutes of some days, for two regions, two operators and two targets."""
    chance = random.Random(seed)
    return [
        Point(
            series_key("probe", region=region, asn=asn, target=target),
            nanoseconds(NOON + timedelta(minutes=10 * number, seconds=7)),
            None if chance.random() < 0.1 else float(chance.random() < 0.8),
            None if chance.random() < 0.2 else round(chance.random() * 100, 1),
        )
        for number in range(144 * day_count)
        for region, asn in (("KZ-75", "9198"), ("KZ-71", "21299"))
        for target in ("a", "b")
    ]


async def test_long_questions_are_answered_from_sums_that_equal_a_computation_from_scratch(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        server = InfluxServer(access_to(fake), clock)
        await set_up(access_to(fake), server, Kept(None, None, None, None))
        points = measured(1, 3)
        for point in points:
            if point.at >= clock.now() + timedelta(minutes=25):
                clock.move_to(point.at)
                await store.drain()
                fake.run_tasks()
            await store.write([point])
        clock.advance(600)
        await store.drain()
        fake.run_tasks()
        await server.close()
        day = NOON.replace(hour=0)
        query = SeriesQuery(measurement="probe", since=day, until=day + 4 * DAY)
        steps = [timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)]
        for step in steps:
            assert same(await store.steps(query, step), from_scratch(points, step))
        forget_points_before(fake, clock.now() - timedelta(hours=30))
        for step in steps:
            assert same(await store.steps(query, step), from_scratch(points, step))


def forget_points_before(fake: FakeInflux, at: datetime) -> None:
    for times in fake.buckets["dabyl_measurements"].points.values():
        for time_ns in [time_ns for time_ns in times if time_ns < nanoseconds(at)]:
            del times[time_ns]


async def test_points_that_come_a_day_late_in_random_order_are_summed_up_again(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    clock.move_to(NOON + 5 * DAY)
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        points = measured(2, 4)
        random.Random(3).shuffle(points)
        for start in range(0, len(points), 500):
            await store.write(points[start : start + 500])
        async with running(store):
            await until(lambda: store.backlog.lines == 0 and clock.next_wake is not None)
            clock.advance(61)
            await until(lambda: fake.count("dabyl_1h") > 0)
        await store.sum_up()
        day = NOON.replace(hour=0)
        query = SeriesQuery(measurement="probe", since=day, until=day + 5 * DAY, tags={"region": ("KZ-75",)})
        expected = from_scratch([point for point in points if "KZ-75" in point.series], timedelta(hours=1))
        fake.buckets["dabyl_measurements"].points.clear()
        assert same(await store.steps(query, timedelta(hours=1)), expected)


async def test_questions_that_the_sums_do_not_fit_are_answered_from_points(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    clock.move_to(NOON + 5 * DAY)
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        points = measured(2, 4)
        await store.write(points)
        await store.drain()
        day = NOON.replace(hour=0)
        query = SeriesQuery(measurement="probe", since=day, until=day + 5 * DAY)
        assert same(await store.steps(query, timedelta(minutes=7)), from_scratch(points, timedelta(minutes=7)))
        assert {bucket.label for bucket in await store.steps(query, DAY, by="target")} == {"a", "b"}
        assert not fake.buckets["dabyl_5m"].points
