"""One suite over every series store: what any of them must answer, whatever it is made of."""

import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from monitor.domain.ports import SeriesStore
from monitor.domain.series import Bucket, Point, SeriesQuery, nanoseconds, read_key, series_key
from monitor.runtime.clock import SimulatedClock
from monitor.store.series_embedded import EmbeddedSeries, open_series
from tests.contract.influx import faked_influx, real_influx

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest_asyncio.fixture(params=["embedded", "influx", "influx-server"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: SimulatedClock) -> AsyncIterator[SeriesStore]:
    if request.param == "embedded":
        opened = await open_series(tmp_path, clock)
        yield opened
        await opened.close()
    elif request.param == "influx":
        async with faked_influx(tmp_path, clock) as faked:
            yield faked
    else:
        async with real_influx(tmp_path, clock) as real:
            yield real


def told(answer: int | None, expected: int) -> bool:
    """A store on another machine cannot know how many points were new; one that says it must be right."""
    return answer is None or answer == expected


def put_away(store: SeriesStore, days: int, expected: int) -> bool:
    """InfluxDB puts days away by itself."""
    return days == (expected if isinstance(store, EmbeddedSeries) else 0)


def probe(region: str, at: datetime, ratio: float | None, value: float | None = None, target: str = "a") -> Point:
    return Point(series_key("probe", region=region, target=target), nanoseconds(at), ratio, value)


def asked(
    since: datetime = NOON, until: datetime = NOON + timedelta(hours=1), limit: int = 10_000, **tags: str
) -> SeriesQuery:
    return SeriesQuery(
        measurement="probe", since=since, until=until, limit=limit, tags={tag: (value,) for tag, value in tags.items()}
    )


def from_scratch(points: Sequence[Point], step: timedelta) -> list[Bucket]:
    """The steps of these points, computed in the plainest way."""
    found: dict[tuple[datetime, str], list[Point]] = {}
    seconds = int(step.total_seconds())
    for point in points:
        begun = datetime.fromtimestamp(point.time_ns // 10**9 // seconds * seconds, UTC)
        found.setdefault((begun, read_key(point.series)[1]["region"]), []).append(point)
    made = []
    for (begun, region), group in sorted(found.items()):
        ratios = [point.ratio for point in group if point.ratio is not None]
        values = [point.value for point in group if point.value is not None]
        mean = sum(ratios) / len(ratios) if ratios else None
        made.append(Bucket(region, begun, len(ratios), mean, sum(values) if values else None, len(group)))
    return made


def same(left: Sequence[Bucket], right: Sequence[Bucket]) -> bool:
    return len(left) == len(right) and all(
        a[:3] == b[:3]
        and a.points == b.points
        and a.ratio == pytest.approx(b.ratio)
        and a.value == pytest.approx(b.value)
        for a, b in zip(left, right, strict=True)
    )


def day_of_probes(seed: int, day: datetime) -> list[Point]:
    """Ten minutes of every hour of a day, for three regions and two targets."""
    chance = random.Random(seed)
    return [
        probe(
            region,
            day + timedelta(hours=hour, minutes=minute),
            float(chance.random() < 0.9),
            round(chance.random() * 80, 1),
            target,
        )
        for hour in range(24)
        for minute in range(0, 60, 6)
        for region in ("KZ-75", "KZ-71", "KZ-47")
        for target in ("a", "b")
    ]


async def test_a_point_that_was_written_is_there(store: SeriesStore) -> None:
    assert told(await store.write([probe("KZ-75", NOON, 1.0, 20.5)]), 1)
    assert await store.series(asked()) == [probe("KZ-75", NOON, 1.0, 20.5)]


async def test_an_empty_batch_changes_nothing(store: SeriesStore) -> None:
    assert told(await store.write([]), 0)


async def test_a_repeat_changes_nothing(store: SeriesStore) -> None:
    batch = [probe("KZ-75", NOON + minute * MINUTE, 1.0, minute) for minute in range(30)]
    await store.write(batch)
    assert told(await store.write(batch), 0)
    assert told(await store.write(batch[:20]), 0)
    assert told(await store.write(batch[10:]), 0)
    assert len(await store.series(asked())) == 30
    assert [bucket.points for bucket in await store.steps(asked(), 5 * MINUTE)] == [5] * 6


async def test_overlapping_halves_are_stored_once(store: SeriesStore) -> None:
    batch = [probe("KZ-75", NOON + minute * MINUTE, 1.0) for minute in range(30)]
    assert told(await store.write(batch[:20]), 20)
    assert told(await store.write(batch[10:]), 10)
    assert len(await store.series(asked())) == 30


async def test_the_same_point_twice_in_one_batch_is_one_point(store: SeriesStore) -> None:
    assert told(await store.write([probe("KZ-75", NOON, 1.0)] * 3), 1)
    assert [bucket.points for bucket in await store.steps(asked(), 5 * MINUTE)] == [1]


async def test_another_value_at_the_same_moment_replaces_the_first(store: SeriesStore) -> None:
    await store.write([probe("KZ-75", NOON, 1.0, 10.0)])
    assert told(await store.write([probe("KZ-75", NOON, 0.0, 30.0)]), 1)
    assert await store.series(asked()) == [probe("KZ-75", NOON, 0.0, 30.0)]
    assert await store.steps(asked(), 5 * MINUTE) == [Bucket("KZ-75", NOON, 1, 0.0, 30.0, 1)]


async def test_points_come_oldest_first_and_no_more_than_asked_for(store: SeriesStore) -> None:
    batch = [probe("KZ-75", NOON + minute * MINUTE, 1.0) for minute in range(30)]
    random.Random(1).shuffle(batch)
    await store.write(batch)
    found = await store.series(asked(limit=7))
    assert [point.at for point in found] == [NOON + minute * MINUTE for minute in range(7)]


async def test_the_interval_is_half_open(store: SeriesStore) -> None:
    await store.write([probe("KZ-75", NOON + minute * MINUTE, 1.0) for minute in range(3)])
    found = await store.series(asked(NOON + MINUTE, NOON + 2 * MINUTE))
    assert [point.at for point in found] == [NOON + MINUTE]


async def test_tags_narrow_a_question(store: SeriesStore) -> None:
    await store.write([probe(region, NOON, 1.0, target=target) for region in ("KZ-75", "KZ-71") for target in "ab"])
    assert len(await store.series(asked(region="KZ-75"))) == 2
    assert len(await store.series(asked(region="KZ-75", target="b"))) == 1
    assert await store.series(asked(region="KZ-10")) == []


async def test_a_step_says_the_share_of_what_was_well_and_out_of_how_many(store: SeriesStore) -> None:
    await store.write([probe("KZ-75", NOON + minute * MINUTE, float(minute % 2), 10.0) for minute in range(4)])
    assert await store.steps(asked(), 5 * MINUTE) == [Bucket("KZ-75", NOON, 4, 0.5, 40.0, 4)]


async def test_no_data_is_no_step_and_never_a_good_one(store: SeriesStore) -> None:
    await store.write([probe("KZ-75", NOON, None, 3.0), probe("KZ-75", NOON + 20 * MINUTE, 1.0)])
    found = await store.steps(asked(), 5 * MINUTE)
    assert [(bucket.at, bucket.samples, bucket.ratio) for bucket in found] == [
        (NOON, 0, None),
        (NOON + 20 * MINUTE, 1, 1.0),
    ]


@pytest.mark.parametrize("step_minutes", [1, 5, 15, 60, 7])
async def test_steps_of_any_width_equal_a_computation_from_scratch(store: SeriesStore, step_minutes: int) -> None:
    points = day_of_probes(7, NOON.replace(hour=0))
    await store.write(points)
    query = asked(NOON.replace(hour=0), NOON.replace(hour=0) + timedelta(days=1))
    step = timedelta(minutes=step_minutes)
    assert same(await store.steps(query, step), from_scratch(points, step))


async def test_what_was_buffered_for_a_day_and_comes_in_random_order_gives_the_same_sums(store: SeriesStore) -> None:
    points = day_of_probes(3, NOON.replace(hour=0)) + day_of_probes(4, NOON.replace(hour=0) + timedelta(days=1))
    shuffled = list(points)
    random.Random(5).shuffle(shuffled)
    for start in range(0, len(shuffled), 97):
        await store.write(shuffled[start : start + 97])
        await store.write(shuffled[max(0, start - 40) : start + 20])
    query = asked(NOON.replace(hour=0), NOON.replace(hour=0) + timedelta(days=2))
    assert same(await store.steps(query, 5 * MINUTE), from_scratch(points, 5 * MINUTE))
    assert same(await store.steps(query, timedelta(hours=1)), from_scratch(points, timedelta(hours=1)))


async def test_steps_by_another_tag(store: SeriesStore) -> None:
    await store.write([probe("KZ-75", NOON, 1.0, target="a"), probe("KZ-71", NOON, 0.0, target="b")])
    found = await store.steps(asked(), 5 * MINUTE, by="target")
    assert [(bucket.label, bucket.ratio) for bucket in found] == [("a", 1.0), ("b", 0.0)]


async def test_the_newest_point_of_each_series(store: SeriesStore) -> None:
    await store.write(
        [probe("KZ-75", NOON + minute * MINUTE, 1.0, minute, target) for minute in range(9) for target in "ab"]
    )
    found = await store.latest(asked())
    assert [(read_key(point.series)[1]["target"], point.value) for point in found] == [("a", 8), ("b", 8)]


async def test_history_that_was_put_away_answers_as_before(store: SeriesStore) -> None:
    day = NOON.replace(hour=0)
    points = day_of_probes(11, day) + day_of_probes(12, day + timedelta(days=1))
    await store.write(points)
    query = asked(day, day + timedelta(days=2))
    before = [await store.steps(query, timedelta(minutes=minutes)) for minutes in (1, 5, 60)], await store.series(query)
    assert put_away(store, await store.keep(day + timedelta(days=9), timedelta(days=400)), 2)
    assert put_away(store, await store.keep(day + timedelta(days=9), timedelta(days=400)), 0)
    after = [await store.steps(query, timedelta(minutes=minutes)) for minutes in (1, 5, 60)], await store.series(query)
    assert before[1] == after[1]
    assert all(same(left, right) for left, right in zip(before[0], after[0], strict=True))


async def test_a_repeat_of_what_was_put_away_changes_nothing(store: SeriesStore) -> None:
    day = NOON.replace(hour=0)
    points = day_of_probes(11, day)
    await store.write(points)
    await store.keep(day + timedelta(days=9), timedelta(days=400))
    assert told(await store.write(points[:50]), 0)
    query = asked(day, day + timedelta(days=1))
    assert same(await store.steps(query, 5 * MINUTE), from_scratch(points, 5 * MINUTE))


async def test_late_uploads_and_corrections_of_a_day_that_was_put_away_are_taken_in(store: SeriesStore) -> None:
    day = NOON.replace(hour=0)
    points = day_of_probes(11, day)
    late = [probe("KZ-10", day + timedelta(hours=3, minutes=minute), 1.0, 5.0) for minute in range(5)]
    corrected = points[0]._replace(ratio=0.25)
    await store.write(points)
    await store.keep(day + timedelta(days=9), timedelta(days=400))
    assert told(await store.write([*late, corrected]), 6)
    expected = [corrected, *points[1:], *late]
    query = asked(day, day + timedelta(days=1))
    assert sorted(await store.series(query)) == sorted(expected)
    for step in (MINUTE, 5 * MINUTE, timedelta(hours=1)):
        assert same(await store.steps(query, step), from_scratch(expected, step))
    assert put_away(store, await store.keep(day + timedelta(days=9), timedelta(days=400)), 1)
    assert sorted(await store.series(query)) == sorted(expected)
    for step in (MINUTE, 5 * MINUTE, timedelta(hours=1)):
        assert same(await store.steps(query, step), from_scratch(expected, step))


async def test_what_is_older_than_retention_is_forgotten(store: SeriesStore) -> None:
    day = NOON.replace(hour=0)
    await store.write([probe("KZ-75", NOON, 1.0)])
    await store.keep(day + timedelta(days=9), timedelta(days=30))
    await store.keep(day + timedelta(days=90), timedelta(days=30))
    assert await store.series(asked(day, day + timedelta(days=1))) == []


async def test_text_and_odd_tags_come_back_as_they_were(store: SeriesStore) -> None:
    key = series_key("probe", region="KZ-75", target="a b,c=d", source="Қазақ 'x'")
    point = Point(key, nanoseconds(NOON), 1.0, None, "connection_reset")
    await store.write([point])
    assert await store.series(asked(target="a b,c=d")) == [point]
    await store.keep(NOON + timedelta(days=9), timedelta(days=400))
    assert await store.series(asked(target="a b,c=d")) == [point]
