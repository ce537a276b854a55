"""The only place that starts tasks: parts of the service, by name, kept alive and stopped in stages.

Three kinds of failure: the world's are data and never arrive here; access that failed waits (`UnavailableError`) or stops
the part until a person acts (`AccessDeniedError`); anything else is a bug, logged with its trace, and the part starts
again after a while that doubles, while its neighbours go on.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Final

from monitor.domain.errors import AccessDeniedError, StoreUnavailableError, UnavailableError
from monitor.domain.health import Feeling, Health
from monitor.domain.ports import Clock

FIRST_WAIT_SECONDS: Final = 1.0
LONGEST_WAIT_SECONDS: Final = 300.0
STAGE_SECONDS: Final = 2.0
"""How long the parts of one stage have to stop; five stages stay under ten seconds."""
log = logging.getLogger(__name__)


class Stage(IntEnum):
    """The order of stopping."""

    COLLECT = 1
    PIPELINE = 2
    TELL = 3
    STORE = 4
    WEB = 5


@dataclass(slots=True)
class _Part:
    name: str
    stage: Stage
    run: Callable[[], Awaitable[None]]
    failures: int = 0
    since: datetime | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Supervisor:
    """Keeps parts alive.

    Args:
        clock: for waits and for since-when.
        on_health: told how a part feels each time that changes.
        strict: a bug ends the run (tests).
    """

    def __init__(
        self, clock: Clock, on_health: Callable[[Health], None], *, strict: bool = False, seed: int = 0
    ) -> None:
        self._clock = clock
        self._on_health = on_health
        self._strict = strict
        self._random = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self._parts: list[_Part] = []
        self._stopping = asyncio.Event()
        self._bug: BaseException | None = None

    def add(self, name: str, stage: Stage, run: Callable[[], Awaitable[None]]) -> None:
        """A part that runs for ever; one that returns is done and is not started again."""
        self._parts.append(_Part(name, stage, run))

    async def run(self) -> None:
        """Start everything; return when told to stop, or when every part is done."""
        for part in self._parts:
            part.task = asyncio.create_task(self._keep(part), name=part.name)
        tasks = [part.task for part in self._parts if part.task is not None]
        stopper = asyncio.create_task(self._stopping.wait(), name="stopper")
        running = set(tasks)
        while running and not stopper.done():
            done, _ = await asyncio.wait({*running, stopper}, return_when=asyncio.FIRST_COMPLETED)
            running -= done
        await self._end_all()
        stopper.cancel()
        await asyncio.gather(stopper, *tasks, return_exceptions=True)
        if self._bug is not None:
            raise self._bug

    def stop(self) -> None:
        """Ask for an orderly stop; safe to call twice and from a signal handler."""
        self._stopping.set()

    async def _end_all(self) -> None:
        for stage in Stage:
            tasks = [part.task for part in self._parts if part.stage is stage and part.task and not part.task.done()]
            for task in tasks:
                task.cancel()
            if tasks:
                _, stuck = await asyncio.wait(tasks, timeout=STAGE_SECONDS)
                for task in stuck:
                    log.error("part %s does not stop", task.get_name())

    async def _keep(self, part: _Part) -> None:
        while True:
            self._feel(part, Feeling.OK, "runs")
            wait_seconds = await self._once(part)
            if wait_seconds is None:
                return
            await self._clock.sleep(wait_seconds)

    async def _once(self, part: _Part) -> float | None:
        """One life of a part; how long to wait for the next, or `None` if there is none."""
        began = self._clock.monotonic()
        try:
            await part.run()
        except (UnavailableError, StoreUnavailableError) as error:
            self._feel(part, Feeling.UNREACHABLE, error.reason)
            asked = getattr(error, "retry_after_seconds", None)
            return max(self._wait_seconds(part, began), asked or 0.0)
        except AccessDeniedError as error:
            self._feel(part, Feeling.DENIED, error.reason)
            return None
        except Exception as error:
            log.exception("a bug stopped part %s", part.name)
            self._feel(part, Feeling.BROKEN, f"stopped by a bug ({type(error).__name__}); it starts again")
            if self._strict:
                self._bug = error
                self.stop()
                return None
            return self._wait_seconds(part, began)
        self._feel(part, Feeling.PAUSED, "is done")
        return None

    def _wait_seconds(self, part: _Part, began: float) -> float:
        """Doubles with each failure in a row; a part that lived long starts afresh."""
        part.failures = 1 if self._clock.monotonic() - began > LONGEST_WAIT_SECONDS else part.failures + 1
        doubled = min(FIRST_WAIT_SECONDS * 2.0 ** min(part.failures - 1, 12), LONGEST_WAIT_SECONDS)
        return doubled * (0.8 + 0.4 * self._random.random())

    def _feel(self, part: _Part, feeling: Feeling, reason: str) -> None:
        now = self._clock.now()
        health = Health(subject=f"part:{part.name}", feeling=feeling, reason=reason, since=now, checked_at=now)
        self._on_health(health)
