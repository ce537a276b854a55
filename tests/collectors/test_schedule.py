"""Rounds of a source: back-off that a restart does not forget, and silence told against its own rhythm."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from collectors.schedule import Rounds
from monitor.domain.errors import AccessDeniedError, UnavailableError
from monitor.domain.health import Feeling, Health
from monitor.domain.reports import Item, Report
from monitor.domain.sources import Source
from monitor.runtime.clock import SimulatedClock

SOURCE = Source(id="gazette", kind="feeds", name="Gazette", owner="gazette")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Answers:
    """A collector that does what it was told to, one round after the other, and notes when it was asked."""

    every_seconds = 300.0

    def __init__(self, clock: SimulatedClock, *rounds: object) -> None:
        self._clock, self._rounds, self.asked = clock, list(rounds), list[datetime]()

    async def items(self) -> AsyncIterator[Item]:
        self.asked.append(self._clock.now())
        given = self._rounds.pop(0) if self._rounds else ()
        if isinstance(given, Exception):
            raise given
        for item in given:  # type: ignore[attr-defined]
            yield item


def post(at: datetime) -> Item:
    return Item(
        source="gazette",
        content=Report(
            source="gazette", origin="gazette", key=at.isoformat(), text="text", observed_at=at, published_at=at
        ),
    )


async def healths(rounds: Rounds, clock: SimulatedClock, count: int) -> list[Health]:
    """How the source felt in this many rounds; the clock is moved whenever it is waited for."""
    items, found = rounds.items(), list[Health]()
    while len(found) < count:
        step = anext(items)
        coroutine = step.__await__()
        try:
            while True:
                next(coroutine)
                assert clock.next_wake is not None
                clock.move_to(clock.next_wake)
        except StopIteration as done:
            item: Item = done.value
        if isinstance(item.content, Health):
            found.append(item.content)
    await items.aclose()
    return found


def rounds_of(answers: Answers, clock: SimulatedClock, **known: object) -> Rounds:
    return Rounds(SOURCE, lambda _: answers, clock, cursor=None, **known)  # type: ignore[arg-type]


async def test_a_source_that_cannot_be_reached_is_asked_ever_more_seldom(clock: SimulatedClock) -> None:
    answers = Answers(clock, *[UnavailableError("no connection")] * 8)
    felt = await healths(rounds_of(answers, clock), clock, 8)
    waits = [(health.retry_at - health.checked_at) / MINUTE for health in felt if health.retry_at]
    assert waits == [5, 10, 20, 40, 60, 60, 60, 60]
    assert {health.feeling for health in felt} == {Feeling.UNREACHABLE}
    assert len({health.since for health in felt}) == 1


async def test_a_wait_that_was_asked_for_is_kept_across_a_restart(clock: SimulatedClock) -> None:
    first = Answers(clock, UnavailableError("come less often", 7200))
    (before,) = await healths(rounds_of(first, clock), clock, 1)
    clock.advance(600)
    again = Answers(clock)
    await healths(rounds_of(again, clock, before=before), clock, 1)
    assert again.asked[0] - first.asked[0] >= 2 * HOUR


async def test_back_off_goes_on_where_it_stood_before_a_restart(clock: SimulatedClock) -> None:
    first = Answers(clock, *[UnavailableError("no connection")] * 4)
    before = (await healths(rounds_of(first, clock), clock, 4))[-1]
    again = Answers(clock, UnavailableError("no connection"))
    (health,) = await healths(rounds_of(again, clock, before=before), clock, 1)
    assert health.retry_at is not None
    assert (health.retry_at - health.checked_at) / MINUTE == 60
    assert health.since == before.since


async def test_a_source_that_refuses_us_is_left_alone_for_a_day_restarts_included(clock: SimulatedClock) -> None:
    first = Answers(clock, AccessDeniedError("refuses us"))
    (before,) = await healths(rounds_of(first, clock), clock, 1)
    again = Answers(clock)
    await healths(rounds_of(again, clock, before=before), clock, 1)
    assert again.asked[0] - first.asked[0] >= 24 * HOUR


@pytest.mark.parametrize("known_before", [False, True])
async def test_silence_is_told_against_the_rhythm_known_from_before(
    clock: SimulatedClock, *, known_before: bool
) -> None:
    posts = [clock.now() - 20 * HOUR - number * HOUR for number in range(20)] if known_before else []
    (health,) = await healths(rounds_of(Answers(clock), clock, posts=reversed(posts)), clock, 1)
    assert health.feeling is (Feeling.SILENT if known_before else Feeling.OK)


async def test_a_source_that_speaks_again_is_well_again(clock: SimulatedClock) -> None:
    posts = [clock.now() - 20 * HOUR - number * HOUR for number in reversed(range(20))]
    answers = Answers(clock, (), [post(clock.now())])
    felt = await healths(rounds_of(answers, clock, posts=posts), clock, 2)
    assert [health.feeling for health in felt] == [Feeling.SILENT, Feeling.OK]
