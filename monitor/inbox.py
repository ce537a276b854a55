"""What waits between those who bring items and the one who reads them: bounded, in two lanes, nothing lost by a bug.

Whoever brings more than can be read is held back: a source keeps what was not asked for, and its bookmark stands before it.
What is measured, and how sources feel, does not wait behind posts; where both wait they take turns, so that neither
starves. Items of one source stay in their order, because their bookmarks do.
"""

import asyncio
import logging
from collections import Counter, deque
from typing import Final

from monitor.domain.reports import Deletion, Item, Report

CAPACITY: Final = 2000
"""Items that may wait in each lane; a full one holds those back who bring more."""
log = logging.getLogger(__name__)


class Inbox:
    """Two bounded queues with one reader.

    Attributes:
        shed: items that were let go: each ended the reader's life alone.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._posts: asyncio.Queue[Item] = asyncio.Queue(capacity)
        self._urgent: asyncio.Queue[Item] = asyncio.Queue(capacity)
        self._behind: Counter[str] = Counter()
        self._filled = asyncio.Event()
        self._posts_next = False
        self._in_hand: list[Item] = []
        self._one_by_one: deque[Item] = deque()
        self.shed = 0

    @property
    def waiting(self) -> int:
        """Items that are not stored yet, those in the reader's hands with them."""
        return self._posts.qsize() + self._urgent.qsize() + len(self._in_hand) + len(self._one_by_one)

    async def put(self, item: Item) -> None:
        """Bring an item; waits while its lane is full."""
        if self._is_urgent(item):
            await self._urgent.put(item)
        else:
            # Counted before the wait: what the same source brings meanwhile must not overtake it.
            self._behind[item.source] += 1
            try:
                await self._posts.put(item)
            except asyncio.CancelledError:
                self._passed(item.source)
                raise
        self._filled.set()

    def offer(self, item: Item) -> bool:
        """Bring an urgent item if there is room for it; whether there was."""
        if not self._is_urgent(item) or self._urgent.full():
            return False
        self._urgent.put_nowait(item)
        self._filled.set()
        return True

    async def take(self, most: int) -> list[Item]:
        """The next items, of one lane, at most that many. They are in the reader's hands until it says `done`.

        A reader that comes again without having said so died over them: it gets them once more, one by one, and one that
        ends its life alone is let go.
        """
        if self._in_hand:
            self._after_a_death()
        if self._one_by_one:
            self._in_hand = [self._one_by_one.popleft()]
            return list(self._in_hand)
        while self._posts.empty() and self._urgent.empty():
            self._filled.clear()
            await self._filled.wait()
        posts = self._urgent.empty() or (self._posts_next and not self._posts.empty())
        self._posts_next = not posts
        self._in_hand = _drawn(self._posts if posts else self._urgent, most)
        if posts:
            for item in self._in_hand:
                self._passed(item.source)
        return list(self._in_hand)

    def done(self) -> None:
        """What was taken is stored."""
        self._in_hand = []

    def _after_a_death(self) -> None:
        if len(self._in_hand) == 1:
            self.shed += 1
            log.error("an item of %s ended the reader's life and is let go", self._in_hand[0].source)
        else:
            self._one_by_one.extendleft(reversed(self._in_hand))
        self._in_hand = []

    def _is_urgent(self, item: Item) -> bool:
        return not isinstance(item.content, Report | Deletion) and not self._behind[item.source]

    def _passed(self, source: str) -> None:
        self._behind[source] -= 1
        if self._behind[source] <= 0:
            del self._behind[source]


def _drawn(queue: "asyncio.Queue[Item]", most: int) -> list[Item]:
    return [queue.get_nowait() for _ in range(min(most, queue.qsize()))]
