"""Leases, fences and claims of several processes: what every state store promises about them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.domain.alerts import NotificationState
from monitor.domain.changes import Change, Query
from monitor.domain.leases import Fence, LeaseLostError
from monitor.runtime.clock import SimulatedClock
from monitor.store.sql_state import SqlStateStore
from monitor.store.state import open_state
from tests.contract.postgresql import database, server  # noqa: F401 - fixtures
from tests.store.cast import MINUTE, NOON, message, report, signal, tried


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "state.sqlite")
    found: str = request.getfixturevalue("database")
    return found


@pytest.fixture
async def store(address: str, clock: SimulatedClock) -> AsyncIterator[SqlStateStore]:
    opened = await open_state(address, clock, name="first")
    yield opened
    await opened.close()


async def taken(store: SqlStateStore, holder: str) -> Fence:
    fence = await store.take_lease("alert", holder, await store.lease("alert"))
    assert fence is not None
    return fence


async def test_of_those_who_want_a_lease_one_gets_it(store: SqlStateStore) -> None:
    tries = await asyncio.gather(*(store.take_lease("alert", f"h{number}", None) for number in range(6)))
    assert sum(fence is not None for fence in tries) == 1


async def test_a_beat_in_between_keeps_others_from_taking_it(store: SqlStateStore) -> None:
    fence = await taken(store, "a")
    seen = await store.lease("alert")
    assert await store.renew_lease(fence)
    assert await store.take_lease("alert", "b", seen) is None
    assert (await taken(store, "b")).token == 2
    assert not await store.renew_lease(fence)


async def test_a_lease_that_was_let_go_is_free_and_its_token_grows(store: SqlStateStore) -> None:
    await store.release_lease(await taken(store, "a"))
    seen = await store.lease("alert")
    assert seen is not None
    assert (seen.holder, seen.token) == (None, 1)
    assert (await taken(store, "b")).token == 2


async def test_what_a_former_holder_decided_is_refused_whole(store: SqlStateStore) -> None:
    former = await taken(store, "a")
    await store.apply(Change(checkpoints={"alerts": 1}, fence=former))
    await taken(store, "b")
    with pytest.raises(LeaseLostError):
        await store.apply(Change(checkpoints={"alerts": 2}, notifications=(message("m"),), fence=former))
    assert await store.checkpoint("alerts") == 1
    assert await store.owed(NOON) == []


async def test_claims_made_at_one_time_are_disjoint_and_the_gravest_go_first(
    store: SqlStateStore, address: str, clock: SimulatedClock
) -> None:
    await store.apply(Change(notifications=tuple(message(f"m{number:02}") for number in range(40))))
    other = await open_state(address, clock, name="second")
    claimed = await asyncio.gather(
        *(one.claim_due(f"c{number}", NOON, NOON + MINUTE, 5) for number in range(4) for one in (store, other))
    )
    names = [note.id for batch in claimed for note in batch]
    assert len(names) == len(set(names)) == 40
    assert all(note.state is NotificationState.CLAIMED for batch in claimed for note in batch)
    assert await other.claim_due("late", NOON, NOON + MINUTE) == []
    await other.close()


async def test_messages_that_a_former_holder_had_claimed_are_free_unless_it_may_be_sending_them(
    store: SqlStateStore, clock: SimulatedClock
) -> None:
    former = await taken(store, "first")
    await store.apply(Change(notifications=(message("claimed"), message("begun"))))
    await store.claim_due(former.claimant, NOON, NOON + MINUTE)
    assert await store.begin("begun", former, NOON, NOON + MINUTE)
    fence = await taken(store, "other")
    # The process called "first" has its sessions open: it lives, and it alone knows what became of its message.
    assert await store.free_stale(fence, NOON) == 1
    assert [note.id for note in await store.owed(NOON)] == ["claimed"]
    with pytest.raises(LeaseLostError):
        await store.begin("claimed", former, NOON, NOON + MINUTE)
    await store.mark_sent("begun", tried("begun"))
    assert await store.free_stale(fence, NOON + 2 * MINUTE) == 0


async def test_a_message_that_was_under_way_when_its_claim_ends_is_owed_again_and_says_so(store: SqlStateStore) -> None:
    former = await taken(store, "first")
    await store.apply(Change(notifications=(message("begun"),)))
    await store.claim_due(former.claimant, NOON, NOON + MINUTE)
    await store.begin("begun", former, NOON, NOON + MINUTE)
    fence = await taken(store, "other")
    assert await store.free_stale(fence, NOON + MINUTE) == 1
    (again,) = await store.owed(NOON + MINUTE)
    assert again.begun_at == NOON


async def test_a_store_of_its_own_is_freed_of_all_claims_of_a_former_life(store: SqlStateStore) -> None:
    await store.apply(Change(notifications=(message("claimed"), message("sent"), message("free"))))
    assert await store.claim("claimed", "dabyl", NOON, NOON + MINUTE)
    assert await store.claim("sent", "dabyl", NOON, NOON + MINUTE)
    await store.mark_sent("sent", tried("sent"))
    assert await store.free_all_claims() == 1
    assert {note.id for note in await store.owed(NOON)} == {"claimed", "free"}


async def test_a_message_that_was_begun_and_not_sent_can_be_given_back(store: SqlStateStore) -> None:
    fence = await taken(store, "first")
    await store.apply(Change(notifications=(message("m"),)))
    await store.claim_due(fence.claimant, NOON, NOON + MINUTE)
    assert not await store.begin("no such", fence, NOON, NOON + MINUTE)
    await store.begin("m", fence, NOON, NOON + MINUTE)
    await store.give_back("m", "somebody else")
    assert await store.owed(NOON) == []
    await store.give_back("m", fence.claimant)
    (free,) = await store.owed(NOON)
    assert free.begun_at is None


async def test_a_reader_is_told_what_others_stored_and_nothing_twice(
    store: SqlStateStore, address: str, clock: SimulatedClock
) -> None:
    heard: list[list[str]] = []

    def build(*keys: str) -> object:
        def made(others: object) -> Change:
            heard.append([one.key for one in others])  # type: ignore[attr-defined]
            said = [report(key, f"слова {key}") for key in keys]
            return Change(reports=tuple(said), signals=tuple(signal(one) for one in said))

        return made

    other = await open_state(address, clock, name="second")
    since = NOON - timedelta(days=2)
    first = await store.apply_after(None, since, build("1", "2"))  # type: ignore[arg-type]
    second = await other.apply_after(None, since, build("3"))  # type: ignore[arg-type]
    third = await store.apply_after(first, since, build("4"))  # type: ignore[arg-type]
    await other.apply_after(second, since, build())  # type: ignore[arg-type]
    assert heard == [[], ["1", "2"], ["3"], ["4"]]
    assert first < second < third
    assert len(await store.signals(Query())) == 4
    await other.close()


@pytest.mark.server
async def test_a_message_of_a_dead_process_is_free_at_once(
    request: pytest.FixtureRequest, clock: SimulatedClock
) -> None:
    place = request.getfixturevalue("database")
    dead, alive = await open_state(place, clock, name="dead"), await open_state(place, clock, name="alive")
    former = await taken(dead, "dead")
    await dead.apply(Change(notifications=(message("begun"),)))
    await dead.claim_due(former.claimant, NOON, NOON + MINUTE)
    await dead.begin("begun", former, NOON, NOON + MINUTE)
    fence = await taken(alive, "alive")
    assert await alive.free_stale(fence, NOON) == 0
    await dead.close()
    # The server needs a moment to see that the sessions are gone.
    for _ in range(200):
        if await alive.free_stale(fence, NOON):
            break
    assert [note.id for note in await alive.owed(NOON)] == ["begun"]
    await alive.close()
