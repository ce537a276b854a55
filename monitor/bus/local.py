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
            yield _Rings(queue)
        finally:
            self._queues[topic].discard(queue)


class _Rings:
    """The rings of one subscriber. No generator: one whose wait is cut off by a timeout would be closed for good."""

    def __init__(self, queue: asyncio.Queue[str]) -> None:
        self._queue = queue

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        return await self._queue.get()
