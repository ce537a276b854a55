"""When a source is asked: rounds with jitter, back-off that doubles, and a state that says how the source feels.

Promises: a source that cannot be reached is asked again ever more seldom (an hour at most), one that names a time is
asked at that time, one that refuses us is left alone for a day, and each change of state is told once.
"""

import math
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from collectors.base import Access, Collecting, kind
from collectors.rhythm import silent_since
from monitor.domain.changes import Query
from monitor.domain.errors import AccessDeniedError, UnavailableError
from monitor.domain.health import Feeling, Health
from monitor.domain.ports import Clock, StateStore
from monitor.domain.reports import Item, Report
from monitor.domain.sources import Source

LONGEST_WAIT_SECONDS: Final = 3600.0
DENIED_WAIT_SECONDS: Final = 86_400.0
RHYTHM: Final = 100
"""Posts from which a source's rhythm is known after a restart."""
JITTER: Final = 0.15
"""Each wait is longer or shorter by up to this share, so that a hundred sources never ask at once."""


@dataclass(slots=True)
class Backoff:
    """How long to wait after failures in a row."""

    base_seconds: float
    failures: int = 0

    def wait_seconds(self, asked_for_seconds: float | None) -> float:
        """The next wait; what the other side asked for wins if it is longer."""
        doubled = min(self.base_seconds * 2.0 ** min(self.failures, 10), LONGEST_WAIT_SECONDS)
        return max(doubled, asked_for_seconds or 0.0)

    def failures_before(self, health: Health) -> int:
        """How many failures in a row led to the wait that this health tells of."""
        if health.retry_at is None:
            return 0
        waited = (health.retry_at - health.checked_at).total_seconds()
        return 1 + max(0, min(10, round(math.log2(max(waited, 1.0) / self.base_seconds))))


_WAITING: Final = frozenset({Feeling.THROTTLED, Feeling.UNREACHABLE, Feeling.DENIED})
"""States in which a source is left alone until a time that a restart must not forget."""


class Rounds:
    """All rounds of one source, one after the other, for ever.

    Args:
        source: the entry of sources.yaml.
        make: makes its collector from a bookmark.
        clock: the source of time.
        cursor: the bookmark; `None` at first.
        before: how the source felt when we last stopped; a wait that was asked for is kept. `None` at first.
        posts: when it spoke of late, so that its rhythm is known at once.
        seed: for jitter that can be repeated.
    """

    def __init__(
        self,
        source: Source,
        make: Callable[[str | None], Collecting],
        clock: Clock,
        *,
        cursor: str | None,
        before: Health | None = None,
        posts: Iterable[datetime] = (),
        seed: int = 0,
    ) -> None:
        self._source = source
        self._collector = make(cursor)
        self._clock = clock
        self._random = random.Random(f"{seed}:{source.id}")  # noqa: S311 - jitter, not a secret
        self._backoff = Backoff(self._collector.every_seconds)
        self._health = before
        self._posts: deque[datetime] = deque(posts, maxlen=200)
        if before is not None and before.feeling in _WAITING:
            self._backoff.failures = self._backoff.failures_before(before)

    @classmethod
    async def resumed(cls, source: Source, access: Access, state: StateStore, clock: Clock) -> "Rounds":
        """The rounds of a source, going on where they stood when we last stopped.

        Raises:
            StoreUnavailableError: the store cannot be asked.
        """
        collector = kind(source.kind).collector
        before = {health.subject: health for health in await state.healths()}
        told = await state.reports(Query(sources=(source.id,), limit=RHYTHM))
        return cls(
            source, lambda mark: collector(source, access, mark), clock, cursor=await state.cursor(source.id),
            before=before.get(f"source:{source.id}"),
            posts=[report.published_at or report.observed_at for report in reversed(told)],
        )  # fmt: skip

    async def items(self) -> AsyncIterator[Item]:
        """Everything that the source brings, and how it feels each time that changes."""
        await self._clock.sleep(self._first_wait_seconds())
        while True:
            wait_seconds = self._collector.every_seconds
            try:
                async for item in self._collector.items():
                    self._note(item)
                    yield item
                self._backoff.failures = 0
                health = self._well()
            except UnavailableError as error:
                wait_seconds = self._backoff.wait_seconds(error.retry_after_seconds)
                self._backoff.failures += 1
                feeling = Feeling.THROTTLED if error.retry_after_seconds else Feeling.UNREACHABLE
                health = self._feels(feeling, error.reason, wait_seconds)
            except AccessDeniedError as error:
                wait_seconds = DENIED_WAIT_SECONDS
                health = self._feels(Feeling.DENIED, error.reason, wait_seconds)
            yield Item(source=self._source.id, content=health)
            spread = 1 + JITTER * (2 * self._random.random() - 1)
            await self._clock.sleep(wait_seconds * spread)

    def _first_wait_seconds(self) -> float:
        """A little spread; or, after a restart, what was left of the wait that the source asked for or that we owe it."""
        spread = self._random.random() * min(30.0, self._collector.every_seconds)
        if self._health is None or self._health.retry_at is None or self._health.feeling not in _WAITING:
            return spread
        left = (self._health.retry_at - self._clock.now()).total_seconds()
        return spread + min(max(left, 0.0), DENIED_WAIT_SECONDS)

    def _note(self, item: Item) -> None:
        if isinstance(item.content, Report):
            self._posts.append(item.content.at)

    def _well(self) -> Health:
        now = self._clock.now()
        silent = silent_since(self._posts, now, self._source.expected_hours_between_posts)
        if silent is None:
            health = self._feels(Feeling.OK, "answers", self._collector.every_seconds)
        else:
            hours = (now - max(self._posts)) / timedelta(hours=1)
            health = self._feels(Feeling.SILENT, f"answers, but has published nothing for {hours:.0f} hours", None)
        self._health = replace(health, last_good_at=now)
        return self._health

    def _feels(self, feeling: Feeling, reason: str, wait_seconds: float | None) -> Health:
        now = self._clock.now()
        before = self._health
        self._health = Health(
            subject=f"source:{self._source.id}",
            feeling=feeling,
            reason=reason,
            since=before.since if before and before.feeling is feeling else now,
            checked_at=now,
            last_good_at=before.last_good_at if before else None,
            retry_at=now + timedelta(seconds=wait_seconds) if wait_seconds is not None else None,
        )
        return self._health
