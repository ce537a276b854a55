"""The process of the flood: the real service, offered more posts than it can read, and now and then a cut of the network.

    python -m tests.faults.flooded SECONDS POSTS_PER_SECOND

Sources publish at that pace for that long whether they are read or not, and keep what was not asked for; each of them
brings one post after the other, as a collector does. Cuts come every second, each in a region and of a kind of its own turn.
"""

import asyncio
import random
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from bench.figures import say
from bench.text import posts
from monitor.cli.run import serve
from monitor.configuration import Configuration, load_configuration
from monitor.domain.kinds import EventKind
from monitor.domain.reports import Item, Report
from monitor.domain.signals import Signal, signal_id
from monitor.pipeline import Outcome
from monitor.runtime.clock import SystemClock
from monitor.service import Service
from monitor.settings import read_settings

CUT_EVERY_SECONDS = 1.0
STRONG = 0.99
WORDS = 40


@dataclass
class Counted:
    """What came of the flood.

    Attributes:
        cuts: when each cut of the network was brought, by the region that it is told of.
    """

    put: int = 0
    stored: int = 0
    repeats: int = 0
    cuts: dict[str, float] = field(default_factory=dict)

    def watch(self, service: Service) -> None:
        process = service.pipeline.process

        async def noted(items: Sequence[Item]) -> Outcome:
            outcome = await process(items)
            self.stored += outcome.reports
            self.repeats += outcome.repeats
            return outcome

        service.pipeline.process = noted  # type: ignore[method-assign]


def texts(count: int = 2000) -> list[str]:
    """Posts as they come; every twentieth speaks of an event."""
    return [text[:300] for text in posts(count)]


async def publish(
    service: Service, counted: Counted, source: str, sample: Sequence[str], pace: float, seconds: float, due: float,
    clock: SystemClock,
) -> None:  # fmt: skip
    """One source: `pace` posts a second for that long, brought as fast as they are taken."""
    chance, began, number = random.Random(source), clock.monotonic(), 0
    total = round(seconds * pace)
    while number < total and clock.monotonic() < due:
        published = (clock.monotonic() - began) * pace
        if number >= published:
            await clock.sleep((number + 1 - published) / pace)
            continue
        text = f"{chance.choice(sample)} {chance.getrandbits(60):x}"
        report = Report(source=source, origin=source, key=str(number), text=text, observed_at=clock.now())
        await service.put(Item(source=source, content=report, cursor=str(number)))
        counted.put += 1
        number += 1


def cut(region: str, number: int, clock: SystemClock) -> Item:
    """A measured cut: the service judges one of these as soon as it hears of it."""
    signal = Signal(
        id=signal_id(f"cut-{number}", EventKind.NET_BLACKOUT_LOCAL, (region,)), kind=EventKind.NET_BLACKOUT_LOCAL,
        regions=(region,), at=clock.now(), observed_at=clock.now(), source="measurement", witness=f"w{number}",
        strength=STRONG, tier=1,
    )  # fmt: skip
    return Item(source="probe", content=signal)


async def cuts(service: Service, counted: Counted, until: float, clock: SystemClock) -> None:
    """A pair of cuts a second (two witnesses make an alert), each in a region that was never told of."""
    number = 0
    while clock.monotonic() < until:
        region = f"KZ-F{number}"
        counted.cuts[region] = clock.monotonic()
        await service.put(cut(region, 2 * number, clock))
        await service.put(cut(region, 2 * number + 1, clock))
        number += 1
        await clock.sleep(CUT_EVERY_SECONDS)


async def feed(
    configuration: Configuration, seconds: float, pace: float, drain_seconds: float, service: Service
) -> None:
    clock, counted = SystemClock(), Counted()
    counted.watch(service)
    sources = sorted(configuration.sources)[:WORDS]
    sample = texts()
    await clock.sleep(1)
    began = clock.monotonic()
    until = began + seconds
    say("flood", at=began)
    async with asyncio.TaskGroup() as group:
        for source in sources:
            work = publish(service, counted, source, sample, pace / len(sources), seconds, until + drain_seconds, clock)
            group.create_task(work)
        group.create_task(cuts(service, counted, until, clock))
        group.create_task(_tell_of(counted, until, clock))
    while counted.stored + counted.repeats + service._inbox.shed < counted.put:
        await clock.sleep(0.1)
    say(
        "drained", at=clock.monotonic(), offered=len(sources) * round(seconds * pace / len(sources)), put=counted.put, stored=counted.stored,
        repeats=counted.repeats, shed=service._inbox.shed, cuts=counted.cuts,
    )  # fmt: skip


async def _tell_of(counted: Counted, until: float, clock: SystemClock) -> None:
    await clock.sleep(until - clock.monotonic())
    say("over", at=clock.monotonic(), put=counted.put, stored=counted.stored)


def main(seconds: float, pace: float, drain_seconds: float) -> None:
    settings = read_settings()
    configuration = load_configuration(settings.config)
    work = serve(
        settings, configuration, SystemClock(), "127.0.0.1", 0, collect=False,
        feed=partial(feed, configuration, seconds, pace, drain_seconds),
    )  # fmt: skip
    with suppress(KeyboardInterrupt):
        asyncio.run(work)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:4]))
