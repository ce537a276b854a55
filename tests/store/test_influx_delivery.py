"""What InfluxDB answers, and what becomes of the lines: stored, parked, or waiting, and never lost or doubled."""

import random
import re
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from monitor.domain.errors import StoreUnavailableError
from monitor.domain.health import Feeling, Health
from monitor.domain.series import SeriesQuery
from monitor.runtime.clock import SimulatedClock
from monitor.store.series_influx import InfluxSeries
from monitor.store.series_influx_access import Kept
from tests.fakes.influx import cut_line, hang, refused
from tests.store.influx_cast import (
    MINUTE,
    NOON,
    PATIENT,
    QUICK,
    RAW,
    answers,
    fake_server,
    probe,
    probes,
    running,
    store_over,
    until,
)

NOT_A_NUMBER = float("nan")
EVERYTHING = SeriesQuery(measurement="probe", since=NOON - timedelta(days=400), until=NOON + timedelta(days=1))


def everything_is_there(store: InfluxSeries) -> bool:
    return store.backlog.lines == 0


async def test_what_was_written_reaches_influxdb_without_being_asked_for(tmp_path: Path, clock: SimulatedClock) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store, running(store):
        await store.write(probes(300))
        await until(lambda: everything_is_there(store))
        assert fake.count(RAW) == 300
        assert store.backlog.delivered == 300


async def test_many_small_writes_leave_in_few_requests(tmp_path: Path, clock: SimulatedClock) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        for point in probes(300):
            await store.write([point])
        await store.drain()
        assert (len(fake.writes), fake.count(RAW)) == (1, 300)


async def test_the_one_bad_line_is_parked_with_its_reason_and_the_rest_is_stored(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        points = probes(500)
        points[123] = points[123]._replace(value=NOT_A_NUMBER)
        await store.write(points)
        await store.drain()
        (parked,) = await store.parked()
        assert fake.count(RAW) == 499
        assert parked.reason == "invalid number"
        assert "value_sum=nan" in parked.line
        assert (store.backlog.lines, store.backlog.parked) == (0, 1)
        assert len(fake.statuses) == 2


async def test_parked_lines_are_a_trouble_that_people_see(tmp_path: Path, clock: SimulatedClock) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store, running(store):
        felt: list[Health] = []
        store.on_health = felt.append
        await store.write([probe(1)._replace(value=NOT_A_NUMBER), probe(2)])
        await until(lambda: any("dabyl influx parked" in health.reason for health in felt))
        troubled = {health.subject for health in felt if health.feeling is not Feeling.OK}
        assert "part:deliver:dabyl_measurements" in troubled


@pytest.mark.parametrize(
    "message",
    [
        "unable to parse points",
        "partial write of line protocol occurred",
        "error parsing line 124 (1-based): invalid number",
        "error parsing line 9999: invalid number",
    ],
)
async def test_a_refusal_that_does_not_quote_the_line_still_costs_only_that_line(
    tmp_path: Path, clock: SimulatedClock, message: str
) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:

        async def trouble(request: web.Request) -> web.StreamResponse | None:
            import gzip  # noqa: PLC0415

            lines = gzip.decompress(await request.read()).decode().split("\n")
            bad = [place for place, line in enumerate(lines, 1) if "=nan" in line]
            return refused(400, "invalid", re.sub("line 124", f"line {bad[0]}", message)) if bad else None

        fake.trouble = trouble
        points = probes(500)
        points[123] = points[123]._replace(value=NOT_A_NUMBER)
        await store.write(points)
        await store.drain()
        assert fake.count(RAW) == 499
        assert [parked.reason for parked in await store.parked()] == [re.sub("line 124", "line 1", message)]


async def test_a_clash_of_types_is_told_from_its_neighbours(tmp_path: Path, clock: SimulatedClock) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        fake.buckets[RAW].types["odd", "value_sum"] = str
        odd = probe(1)._replace(series="odd,region=KZ-75")
        await store.write([*probes(50), odd])
        await store.drain()
        (parked,) = await store.parked()
        assert "field type conflict" in parked.reason
        assert fake.count(RAW) == 50


async def test_a_batch_that_is_wholly_beyond_retention_is_parked_in_one_request(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    clock.move_to(NOON)
    kept = Kept(timedelta(days=30), None, None, None)
    async with fake_server(clock, kept) as fake, store_over(fake, tmp_path, clock) as store:
        await store.write(probes(200, NOON - timedelta(days=60)))
        await store.drain()
        assert (store.backlog.parked, len(fake.statuses)) == (200, 1)
        await store.write([*probes(100), *probes(100, NOON - timedelta(days=50))])
        await store.drain()
        assert (store.backlog.parked, fake.count(RAW)) == (300, 100)


async def test_parked_lines_go_when_the_cause_is_mended(tmp_path: Path, clock: SimulatedClock) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        fake.buckets[RAW].types["probe", "value_sum"] = str
        await store.write(probes(3))
        await store.drain()
        assert store.backlog.parked == 3
        await store.retry_parked()
        await store.drain()
        assert store.backlog.parked == 3
        fake.buckets[RAW].types.clear()
        assert await store.retry_parked() == 3
        await store.drain()
        assert (store.backlog.parked, store.backlog.lines, fake.count(RAW)) == (0, 0, 3)


async def test_a_body_that_is_too_large_is_halved_until_it_fits(tmp_path: Path, clock: SimulatedClock) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        fake.most_bytes = 5000
        await store.write(probes(1000))
        await store.write(probes(1000, NOON + MINUTE))
        await store.drain()
        assert fake.count(RAW) == 2000
        assert 413 in fake.statuses
        assert fake.statuses.count(413) < 12


async def test_one_line_that_is_too_large_by_itself_is_parked(tmp_path: Path, clock: SimulatedClock) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        fake.most_bytes = 500
        await store.write([probe(1), probe(2)._replace(text="x" * 600), probe(3)])
        await store.drain()
        assert (fake.count(RAW), store.backlog.parked) == (2, 1)


@pytest.mark.parametrize(
    ("answer", "feeling", "least_seconds", "words"),
    [
        (lambda: refused(401, "unauthorized", "unauthorized access"), Feeling.DENIED, 60, "token"),
        (lambda: refused(403, "forbidden", "insufficient permissions"), Feeling.DENIED, 60, "token"),
        (lambda: refused(404, "not found", "bucket not found"), Feeling.DENIED, 60, "dabyl influx setup"),
        (lambda: web.Response(status=307, headers={"Location": "http://elsewhere/"}), Feeling.DENIED, 60, "redirects"),
        (lambda: refused(429, "too many requests", "slow", **{"Retry-After": "40"}), Feeling.THROTTLED, 40, "429"),
        (lambda: refused(503, "unavailable", "busy", **{"Retry-After": "Thu, 01 Jan 2026 00:01:10 GMT"}), Feeling.THROTTLED, 70, "503"),
        (lambda: refused(503, "unavailable", "busy"), Feeling.UNREACHABLE, 0, "503"),
        (lambda: refused(500, "internal error", "disk full"), Feeling.UNREACHABLE, 0, "disk full"),
        (lambda: web.Response(status=200, text="<html>"), Feeling.UNREACHABLE, 0, "not 204"),
        (hang, Feeling.UNREACHABLE, 0, "no whole answer"),
        (cut_line, Feeling.UNREACHABLE, 0, "cannot be reached"),
    ],
)  # fmt: skip
async def test_any_other_answer_waits_says_why_and_loses_nothing(
    tmp_path: Path, clock: SimulatedClock, answer: object, feeling: Feeling, least_seconds: float, words: str
) -> None:
    limits = QUICK if answer is hang else PATIENT
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock, limits=limits) as store:
        felt: list[Health] = []
        store.on_health = felt.append
        fake.trouble = answers(answer)  # type: ignore[arg-type]
        began = clock.now()
        async with running(store):
            await store.write(probes(20))
            await until(lambda: any(health.feeling is feeling for health in felt))
            bad = next(health for health in felt if health.feeling is feeling)
            assert words in bad.reason
            assert fake.token not in bad.reason
            assert store.backlog.lines == 20
            assert bad.retry_at is not None
            assert bad.retry_at - began >= timedelta(seconds=least_seconds)
            await until(lambda: clock.next_wake is not None)
            clock.move_to(bad.retry_at)
            await until(lambda: everything_is_there(store))
            await until(lambda: felt[-1].feeling is Feeling.OK)
        assert fake.count(RAW) == 20


async def test_a_server_that_took_the_lines_and_died_before_saying_so_has_them_once(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        original = fake._store

        def store_and_die(*given: object) -> web.Response:
            fake._store = original  # type: ignore[method-assign]
            original(*given)  # type: ignore[arg-type]
            return web.Response(status=500)

        fake._store = store_and_die  # type: ignore[method-assign,assignment]
        await store.write(probes(20))
        with pytest.raises(StoreUnavailableError):
            await store.drain()
        assert (store.backlog.lines, fake.count(RAW)) == (20, 20)
        await store.drain()
        assert (store.backlog.lines, fake.count(RAW)) == (0, 20)


async def test_a_missing_bucket_does_not_hold_up_the_other(tmp_path: Path, clock: SimulatedClock) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store, running(store):
        del fake.buckets["dabyl_signals"]
        await store.write([probe(1), probe(1)._replace(series="signal,region=KZ-75")])
        await until(lambda: fake.count(RAW) == 1)
        await until(lambda: 404 in fake.statuses)
        await until(lambda: store.backlog.lines == 1)


async def test_questions_say_clearly_that_influxdb_is_away(tmp_path: Path, clock: SimulatedClock) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock, limits=QUICK) as store:
        fake.trouble = hang
        for question in (store.series(EVERYTHING), store.latest(EVERYTHING), store.steps(EVERYTHING, MINUTE)):
            with pytest.raises(StoreUnavailableError, match="series: InfluxDB gives no whole answer within 1 s"):
                await question


async def test_a_full_outbox_refuses_and_keeps_what_it_has(tmp_path: Path, clock: SimulatedClock) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock, limit_bytes=4000) as store:
        await store.write(probes(300))
        with pytest.raises(StoreUnavailableError, match="outbox: full"):
            await store.write(probes(300, NOON + MINUTE))
        assert store.backlog.lines == 300
        await store.drain()
        await store.write(probes(300, NOON + MINUTE))
        await store.drain()
        assert fake.count(RAW) == 600


async def test_a_point_that_no_line_can_carry_costs_itself_only(tmp_path: Path, clock: SimulatedClock) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        forged = "probe,region=KZ-75 samples=1i 1\nprobe,region=KZ-10"
        await store.write([probe(1), probe(2)._replace(series=forged), probe(3)])
        await store.drain()
        assert (fake.count(RAW), store.backlog.parked) == (2, 1)
        # It is no line: trying again would only lose it.
        assert await store.retry_parked() == 0
        assert store.backlog.parked == 1


async def test_after_a_long_backlog_the_disk_is_given_back(tmp_path: Path, clock: SimulatedClock) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:

        async def swallow(request: web.Request) -> web.StreamResponse | None:
            await request.read()
            return web.Response(status=204)

        fake.trouble = swallow
        chance = random.Random(1)
        for minute in range(50):
            texts = [chance.randbytes(400).hex() for _ in range(1800)]
            points = [
                point._replace(text=text)
                for point, text in zip(probes(1800, NOON + minute * MINUTE), texts, strict=True)
            ]
            await store.write(points)
        waited = sum(file.stat().st_size for file in tmp_path.iterdir())
        await store.drain()
        await store.close()
        assert waited > 40 * 2**20
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 2**20
