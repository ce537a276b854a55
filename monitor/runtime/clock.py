"""Clocks: the real one, and one that only moves when told, so that a day replays in a second."""

import asyncio
import heapq
import time
from datetime import UTC, datetime, timedelta

from monitor.domain.moments import utc


class SystemClock:
    """The machine's clock. This file is the only place that reads it."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some fixed point; never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""
        await asyncio.sleep(max(0.0, seconds))


class SimulatedClock:
    """A clock that stands still until it is moved; sleepers wake in the order of their times."""

    def __init__(self, start: datetime) -> None:
        self._start = utc(start)
        self._now = self._start
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        """Where the clock stands."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that this clock has been moved since it was made."""
        return (self._now - self._start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Return once the clock has been moved that far."""
        future = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=max(0.0, seconds)), self._count, future))
        await future

    def move_to(self, moment: datetime) -> None:
        """Move forward, waking whoever sleeps until then; a moment in the past leaves it where it is."""
        moment = utc(moment)
        while self._sleepers and self._sleepers[0][0] <= moment:
            at, _, future = heapq.heappop(self._sleepers)
            self._now = max(self._now, at)
            if not future.done():
                future.set_result(None)
        self._now = max(self._now, moment)

    def advance(self, seconds: float) -> None:
        """Move forward by that many seconds."""
        self.move_to(self._now + timedelta(seconds=seconds))

    @property
    def next_wake(self) -> datetime | None:
        """When the next sleeper wants to wake; `None` if nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None
