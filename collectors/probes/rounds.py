"""Rounds of probing: first our own link, then every target once, spread over the round in an order that changes.

No two agents are in step and no two rounds alike: each target has its own moment in the round, drawn anew each time, so
that neither a server nor an observer sees a burst or a rhythm. On suspicion the rounds can be made faster.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from collectors.probes.link import check_link
from collectors.probes.prober import Prober
from monitor.domain.measurements import Failure, Link, Measurement, TcpStep, Vantage
from monitor.domain.ports import Clock
from monitor.domain.targets import ControlHost, Service, Target

SPREAD: Final = 0.8
"""Share of the round in which targets begin; the rest is for the last to end."""
JITTER: Final = 0.15
FASTEST_SECONDS: Final = 30.0
LEAST_SIX: Final = 3


@dataclass(frozen=True, slots=True)
class Round:
    """One round: how our own link was, and what was measured."""

    link: Link
    measurements: tuple[Measurement, ...]


class Rounds:
    """All rounds of one vantage.

    Args:
        plan: what may be probed (see `own.plan_of` and `agent.probing.agreed`): nothing else is.
        hosts: control hosts of the link check.
        addresses: fixed addresses by target id, for tests and for services without a name.
        concurrency: most measurements at the same time.
        rest_when_down: ask no target in a round in which our own link is down or behind a portal.
    """

    def __init__(
        self,
        prober: Prober,
        vantage: Vantage,
        plan: Sequence[tuple[Service, Target]],
        clock: Clock,
        *,
        hosts: Sequence[ControlHost] = (),
        addresses: Mapping[str, Sequence[str]] | None = None,
        every_seconds: float = 120.0,
        concurrency: int = 50,
        seed: int = 0,
        rest_when_down: bool = False,
    ) -> None:
        self.every_seconds = every_seconds
        self._prober = prober
        self._vantage = vantage
        self._plan = tuple(plan)
        self._clock = clock
        self._hosts = tuple(hosts)
        self._addresses = addresses or {}
        self._places = asyncio.Semaphore(concurrency)
        self._random = random.Random(f"{seed}:{vantage.id}")  # noqa: S311 - spread, not a secret
        self._usual_seconds = every_seconds
        self._asked: dict[str, float] = {}
        self._rest_when_down = rest_when_down

    def hurry(self, seconds: float) -> None:
        """Make rounds this often from the next on, every target in step; never more often than `FASTEST_SECONDS`."""
        self.every_seconds = max(FASTEST_SECONDS, seconds)

    async def rounds(self) -> AsyncIterator[Round]:
        """Round after round, for ever."""
        while True:
            began = self._clock.monotonic()
            yield await self.round()
            length = self.every_seconds * (1 + JITTER * (2 * self._random.random() - 1))
            await self._clock.sleep(began + length - self._clock.monotonic())

    async def round(self) -> Round:
        """One round. With nothing permitted it sends no packet, not even to control hosts."""
        due = self._take_due()
        if not due:
            return Round(Link.UNKNOWN, ())
        link = await check_link(self._prober, self._vantage, self._hosts) if self._hosts else Link.UNKNOWN
        if self._rest_when_down and link in {Link.DOWN, Link.CAPTIVE_PORTAL}:
            self._asked.clear()
            return Round(link, ())
        self._random.shuffle(due)
        spread = SPREAD * self.every_seconds / len(due)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._one(service, target, (place + self._random.random()) * spread, link))
                for place, (service, target) in enumerate(due)
            ]
        return Round(link, with_ipv6_judged([task.result() for task in tasks]))

    def _take_due(self) -> list[tuple[Service, Target]]:
        """Targets whose own interval has passed; one that is asked more seldom sits rounds out."""
        now, hurry = self._clock.monotonic(), min(1.0, self.every_seconds / self._usual_seconds)
        due = [(service, target) for service, target in self._plan if self._is_due(service, target, now, hurry)]
        self._asked.update({target.id: now for _, target in due})
        return due

    def _is_due(self, service: Service, target: Target, now: float, hurry: float) -> bool:
        asked = self._asked.get(target.id)
        # Half a round of tolerance: with jitter a target that is due each round must not miss every other one.
        return asked is None or now - asked >= service.every_seconds * hurry - self.every_seconds / 2

    async def _one(self, service: Service, target: Target, after_seconds: float, link: Link) -> Measurement:
        await self._clock.sleep(after_seconds)
        async with self._places:
            given = self._addresses.get(target.id, ())
            return await self._prober.measure(target, self._vantage, service=service.id, addresses=given, link=link)


def with_ipv6_judged(measurements: Sequence[Measurement]) -> tuple[Measurement, ...]:
    """The same measurements, marked if more than half of all IPv6 connections of the round failed: ours is broken."""
    steps = [step for one in measurements for step in one.steps if isinstance(step, TcpStep) and step.family == 6]
    failed = [step for step in steps if step.failure not in {None, Failure.CONNECTION_REFUSED}]
    broken = len(steps) >= LEAST_SIX and len(failed) > len(steps) / 2
    return tuple(replace(one, ipv6_broken=True) for one in measurements) if broken else tuple(measurements)
