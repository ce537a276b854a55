"""Clocks: the real one, and one that only moves when told, so that a day replays in a second."""

import asyncio
import heapq
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.domain.moments import EPOCH, utc

AGREES_SECONDS: Final = 2.0
"""A wall clock that differs by less than this is being set gently, and is followed."""

BELIEVED_AFTER_SECONDS: Final = 900.0
"""A wall clock that jumped is believed when it has stayed where it jumped to for this long."""


class SystemClock:
    """The machine's clock. This file is the only place that reads it.

    Time goes on by the steady clock, which counts seconds and knows nothing of dates; the wall clock is followed while it
    agrees. One that jumps (a wrong setting, a broken time server, a forged answer) is suspect: we keep our own count, so
    that no alert ends or fires because of it, and believe it only when it has stayed for a quarter of an hour.

    Args:
        wall: seconds since 1970 by the machine's calendar.
        steady: seconds that never go back and count while the machine sleeps.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._offset_seconds = wall() - steady()
        self._jumped: tuple[float, float] | None = None
        self._latest = EPOCH

    def now(self) -> datetime:
        """The present moment in UTC; never earlier than what was said before, but for a jump that was believed."""
        steady = self._steady()
        offset = self._wall() - steady
        if abs(offset - self._offset_seconds) < AGREES_SECONDS:
            self._offset_seconds, self._jumped = offset, None
        elif self._jumped is None or abs(offset - self._jumped[1]) >= AGREES_SECONDS:
            self._jumped = steady, offset
        elif steady - self._jumped[0] >= BELIEVED_AFTER_SECONDS:
            self._offset_seconds, self._jumped, self._latest = offset, None, EPOCH
        self._latest = max(self._latest, datetime.fromtimestamp(steady + self._offset_seconds, UTC))
        return self._latest

    @property
    def suspect_seconds(self) -> float:
        """How far the wall clock stands from our own count, where it jumped; 0 while they agree."""
        return 0.0 if self._jumped is None else self._jumped[1] - self._offset_seconds

    def monotonic(self) -> float:
        """Seconds since some fixed point; never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""
        await asyncio.sleep(max(0.0, seconds))


class FasterClock:
    """A clock of another day that runs faster than life: for a demonstration.

    Args:
        start: where it stands when it is made.
        speed: its seconds per second of life.
        steady: seconds that never go back.
    """

    def __init__(self, start: datetime, speed: float, steady: Callable[[], float] = time.monotonic) -> None:
        self.speed = speed
        self._steady = steady
        self._since = utc(start), steady()

    def now(self) -> datetime:
        """Where the clock stands."""
        start, began = self._since
        return start + timedelta(seconds=(self._steady() - began) * self.speed)

    def monotonic(self) -> float:
        """Seconds of this clock since some fixed point."""
        return (self.now() - EPOCH).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds of this clock."""
        await asyncio.sleep(max(0.0, seconds / self.speed))

    def as_fast_as(self, speed: float) -> None:
        """Go on from where it stands at another speed."""
        self._since, self.speed = (self.now(), self._steady()), speed


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
