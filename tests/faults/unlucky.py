"""The process of the drill with a bad disk: the real service, fed with posts and measurements, over a disk that fails.

    python -m tests.faults.unlucky SECONDS SEED RATIO

First a share of calls fails for that long, then no new file can be opened at all for a fifth of it; then all is well.
"""

import asyncio
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from bench.figures import say
from monitor.cli.run import serve
from monitor.configuration import load_configuration
from monitor.domain.measurements import DnsStep, Measurement, TcpStep, Vantage
from monitor.domain.reports import Item, Report
from monitor.pipeline import Outcome
from monitor.runtime.clock import SystemClock
from monitor.service import Service
from monitor.settings import read_settings
from tests.faults.disk import BadDisk

GAP_SECONDS = 0.02
EVENTS = ("Митинг у акимата в Алматы", "Полиция задержала активистов в Актау", "В Семее отключили интернет")
SOURCES = ("azattyq", "vlast", "orda")


@dataclass
class Acknowledged:
    """What the pipeline said was stored."""

    reports: set[str] = field(default_factory=set)
    measured: set[str] = field(default_factory=set)

    def watch(self, service: Service) -> None:
        process = service.pipeline.process

        async def noted(items: Sequence[Item]) -> Outcome:
            outcome = await process(items)
            for item in items:
                if isinstance(item.content, Report):
                    self.reports.add(item.content.key)
                elif isinstance(item.content, Measurement):
                    self.measured.add(item.content.id)
            return outcome

        service.pipeline.process = noted  # type: ignore[method-assign]


def post(number: int, clock: SystemClock) -> Item:
    source = SOURCES[number % len(SOURCES)]
    text = f"{EVENTS[number // 40 % len(EVENTS)]}, пишет {source}. " if number % 20 == 0 else ""
    report = Report(
        source=source, origin=source, key=str(number), text=f"{text}Новость {number}", observed_at=clock.now()
    )
    return Item(source=source, content=report, cursor=str(number))


def probe(number: int, clock: SystemClock) -> Item:
    vantage = Vantage(id=f"a{number % 5}", region="KZ-75", asn=9198)
    steps = (DnsStep(host="example.org", answers=("192.0.2.1",), took_seconds=0.02), TcpStep(took_seconds=0.05))
    row = Measurement(
        id=f"m{number}", target=f"t{number % 50}", service="web", url="https://example.org/", vantage=vantage,
        started_at=clock.now(), steps=steps,
    )  # fmt: skip
    return Item(source="probe", content=row)


async def feed(disk: BadDisk, seconds: float, service: Service) -> None:
    clock, acknowledged = SystemClock(), Acknowledged()
    acknowledged.watch(service)
    put = 0

    async def bring(until: float) -> None:
        nonlocal put
        while clock.monotonic() < until:
            await service.put(post(put, clock))
            await service.put(probe(put, clock))
            put += 1
            await clock.sleep(GAP_SECONDS)

    await bring(clock.monotonic() + 1)
    disk.on = True
    say("faults", at=clock.monotonic())
    await bring(clock.monotonic() + seconds)
    disk.on = False
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    await bring(clock.monotonic() + seconds / 5)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    say("calm", at=clock.monotonic())
    await bring(clock.monotonic() + 1)
    while min(len(acknowledged.reports), len(acknowledged.measured)) < put:
        await clock.sleep(0.1)
    say(
        "stored", at=clock.monotonic(), put=put, reports=len(acknowledged.reports), measured=len(acknowledged.measured),
        shed=service._inbox.shed, struck=dict(disk.struck),
    )  # fmt: skip


def main(seconds: float, seed: int, ratio: float) -> None:
    disk = BadDisk(seed, ratio)
    disk.install()
    settings = read_settings()
    configuration = load_configuration(settings.config)
    clock = SystemClock()
    work = serve(settings, configuration, clock, "127.0.0.1", 0, collect=False, feed=partial(feed, disk, seconds))
    with suppress(KeyboardInterrupt):
        asyncio.run(work)


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
