"""The doorbell inside one process. Knows nothing about what it rings for; drops repeated rings, never the last one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class LocalBus:
    """Rings every subscriber of a topic. A busy subscriber keeps at most `capacity` rings; then the oldest goes."""

    def __init__(self, capacity: int = 64) -> None:
        self._capacity = capacity
        self._queues: dict[str, set[asyncio.Queue[str]]] = {}
        self.dropped = 0

    async def publish(self, topic: str, message: str = "") -> None:
        """Ring; never waits."""
        for queue in self._queues.get(topic, ()):
            if queue.full():
                queue.get_nowait()
                self.dropped += 1
            queue.put_nowait(message)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[AsyncIterator[str]]:
        """Listen while the block lasts."""
        queue: asyncio.Queue[str] = asyncio.Queue(self._capacity)
        self._queues.setdefault(topic, set()).add(queue)
        try:
            yield _rings(queue)
        finally:
            self._queues[topic].discard(queue)


async def _rings(queue: asyncio.Queue[str]) -> AsyncIterator[str]:
    while True:
        yield await queue.get()
