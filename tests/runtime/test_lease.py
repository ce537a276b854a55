"""Holding a lease on a simulated clock: when it is trusted, when another takes over, and that the two never overlap."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from monitor.domain.errors import StoreUnavailableError
from monitor.domain.leases import LeaseLostError
from monitor.runtime.clock import SimulatedClock
from monitor.runtime.lease import BEAT_SECONDS, PATIENCE_SECONDS, TRUST_SECONDS, acquire, held
from monitor.store.sql_state import SqlStateStore
from monitor.store.state import open_state


@pytest.fixture
async def store(clock: SimulatedClock) -> AsyncIterator[SqlStateStore]:
    opened = await open_state(":memory:", clock)
    yield opened
    await opened.close()


async def pass_time(clock: SimulatedClock, seconds: float, store: SqlStateStore) -> None:
    """Let everybody act; each question to the store gives the others their turn."""
    for _ in range(int(seconds / 0.25)):
        for _ in range(4):
            await store.lease("none")
        clock.advance(0.25)


async def test_another_takes_over_when_the_beat_stands_still_and_not_before(
    clock: SimulatedClock, store: SqlStateStore
) -> None:
    first = await acquire(store, "alert", "first", clock)
    waiting = asyncio.ensure_future(acquire(store, "alert", "second", clock))
    await pass_time(clock, PATIENCE_SECONDS - 0.5, store)
    assert not waiting.done()
    assert not first.lasts()
    await pass_time(clock, 3 * BEAT_SECONDS, store)
    assert (await waiting).fence.token == 2
    with pytest.raises(LeaseLostError):
        first.check()


async def test_a_holder_that_beats_keeps_it_for_ever(clock: SimulatedClock, store: SqlStateStore) -> None:
    first = await acquire(store, "alert", "first", clock)
    keeping = asyncio.ensure_future(first.keep())
    waiting = asyncio.ensure_future(acquire(store, "alert", "second", clock))
    await pass_time(clock, 60, store)
    assert first.lasts()
    assert not waiting.done()
    for task in (keeping, waiting):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_holder_that_ends_in_order_is_followed_at_once(clock: SimulatedClock, store: SqlStateStore) -> None:
    async with held(store, "alert", "first", clock) as tenure:
        assert tenure.lasts()
    assert not tenure.lasts()
    assert (await acquire(store, "alert", "second", clock)).fence.token == 2


async def test_a_store_that_is_away_ends_the_trust_in_time(clock: SimulatedClock, store: SqlStateStore) -> None:
    class Away:
        def __getattr__(self, name: str) -> object:
            raise StoreUnavailableError("away")

    tenure = await acquire(store, "alert", "first", clock)
    tenure._store = Away()  # type: ignore[assignment]
    keeping = asyncio.ensure_future(tenure.keep())
    await pass_time(clock, TRUST_SECONDS + 2 * BEAT_SECONDS, store)
    assert keeping.done()
    assert not tenure.lasts()


def test_trust_ends_before_patience_does() -> None:
    assert TRUST_SECONDS + BEAT_SECONDS < PATIENCE_SECONDS
