"""What waits for the pipeline: bounded, urgent things before posts, nothing lost when the reader dies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from monitor.domain.health import Feeling, Health
from monitor.domain.reports import Item, Report
from monitor.inbox import Inbox

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def post(number: int, source: str = "a") -> Item:
    report = Report(source=source, origin=source, key=str(number), text="слово", observed_at=NOON)
    return Item(source=source, content=report, cursor=str(number))


def felt(source: str) -> Item:
    health = Health(
        subject=f"source:{source}", feeling=Feeling.OK, reason="answers", since=NOON, checked_at=NOON
    )  # fmt: skip
    return Item(source=source, content=health)


@asynccontextmanager
async def held_back(inbox: Inbox, item: Item) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(inbox.put(item))
    await asyncio.sleep(0)
    assert not task.done()
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_is_urgent_does_not_wait_behind_posts_of_others() -> None:
    inbox = Inbox()
    for number in range(600):
        await inbox.put(post(number))
    await inbox.put(felt("probe"))
    assert await inbox.take(250) == [felt("probe")]


async def test_the_two_lanes_take_turns_so_that_neither_starves() -> None:
    inbox = Inbox()
    for number in range(4):
        await inbox.put(post(number))
        await inbox.put(felt("probe"))
    lanes = []
    for _ in range(4):
        (item,) = await inbox.take(1)
        lanes.append(item.source)
        inbox.done()
    assert lanes == ["probe", "a", "probe", "a"]


async def test_items_of_one_source_stay_in_their_order() -> None:
    inbox = Inbox()
    await inbox.put(post(1))
    await inbox.put(felt("a"))
    assert await inbox.take(250) == [post(1), felt("a")]


async def test_who_brings_more_than_is_read_is_held_back_and_others_are_not() -> None:
    inbox = Inbox(2)
    await inbox.put(post(1))
    await inbox.put(post(2))
    async with held_back(inbox, post(3)) as waiting:
        await inbox.put(felt("probe"))
        assert await inbox.take(250) == [felt("probe")]
        inbox.done()
        assert await inbox.take(250) == [post(1), post(2)]
        inbox.done()
        await waiting
        assert await inbox.take(250) == [post(3)]


async def test_a_post_that_is_held_back_is_not_overtaken_by_its_own_source() -> None:
    inbox = Inbox(2)
    await inbox.put(post(1, "b"))
    await inbox.put(post(2, "b"))
    async with held_back(inbox, post(3)), held_back(inbox, felt("a")):
        assert [item.source for item in await inbox.take(250)] == ["b", "b"]


async def test_one_who_gives_up_waiting_leaves_nothing_behind() -> None:
    inbox = Inbox(1)
    await inbox.put(post(1, "b"))
    async with held_back(inbox, post(2)):
        pass
    await inbox.put(felt("a"))
    assert await inbox.take(250) == [felt("a")]


async def test_what_a_reader_had_in_its_hands_comes_again_one_by_one_after_its_death() -> None:
    inbox = Inbox()
    for number in range(3):
        await inbox.put(post(number))
    assert len(await inbox.take(250)) == 3
    assert inbox.waiting == 3
    for number in range(3):
        assert await inbox.take(250) == [post(number)]
        inbox.done()
    assert inbox.waiting == 0
    assert inbox.shed == 0


async def test_an_item_that_ends_its_reader_alone_is_let_go_and_counted() -> None:
    inbox = Inbox()
    for number in range(3):
        await inbox.put(post(number))
    await inbox.take(250)
    assert await inbox.take(250) == [post(0)]
    assert await inbox.take(250) == [post(1)]
    inbox.done()
    assert await inbox.take(250) == [post(2)]
    inbox.done()
    assert (inbox.shed, inbox.waiting) == (1, 0)


async def test_an_offer_is_refused_where_there_is_no_room() -> None:
    inbox = Inbox(1)
    assert inbox.offer(felt("line"))
    assert not inbox.offer(felt("line"))
