"""The process of the soak: the real service through hours of ordinary work, on a clock that runs faster than life.

    python -m tests.faults.soaked HOURS SPEED

Feeds are fetched from loopback and parsed in workers, vantages measure, posts come, now and then an event, a copy of it, a
cut of the network for half an hour, a post of three days ago (whose day is sealed again), and every six hours retention.
"""

import asyncio
import os
import random
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb

from bench.figures import say
from bench.text import posts
from monitor.cli.run import serve
from monitor.configuration import Configuration, load_configuration
from monitor.domain.measurements import Access, DnsStep, Failure, Measurement, TcpStep, Vantage, measurement_id
from monitor.domain.reports import Item, Report
from monitor.runtime.clock import FasterClock
from monitor.service import Service
from monitor.settings import read_settings

START = datetime(2026, 1, 5, tzinfo=UTC)
REGIONS, OPERATORS = ("KZ-75", "KZ-71", "KZ-47"), ("alma", "kcell")
INSIDE = [Vantage(id=f"a{number}", region=REGIONS[number % 3], operator=OPERATORS[number % 2]) for number in range(6)]
VANTAGES = (*INSIDE, Vantage(id="outside", access=Access.OUTSIDE))
TARGETS_A_MINUTE = 8
POSTS_A_MINUTE = 4
LONG_AGO = timedelta(days=3)
CUT_EVERY_MINUTES, CUT_MINUTES = 360, 30


class Day:
    """What happens in each minute."""

    def __init__(self, configuration: Configuration, clock: FasterClock) -> None:
        self._clock = clock
        self._chance = random.Random(3)
        self._sample = posts(1000)
        self._targets = sorted(configuration.probing.targets.items())
        self._posts = 0
        self._copied = ""

    def minute(self, number: int) -> list[Item]:
        cut = number % CUT_EVERY_MINUTES >= CUT_EVERY_MINUTES - CUT_MINUTES
        items = [self._probe(number, place, vantage, cut) for vantage in VANTAGES for place in range(TARGETS_A_MINUTE)]
        items += [self._post(self._clock.now()) for _ in range(POSTS_A_MINUTE)]
        if number % 60 == 30:
            items.append(self._post(self._clock.now() - LONG_AGO))
        return items

    def _post(self, at: datetime) -> Item:
        self._posts += 1
        text = f"{self._chance.choice(self._sample)} {self._chance.getrandbits(60):x}"
        if self._posts % 10 == 0:
            text = self._copied or text
        if self._posts % 20 == 1:
            self._copied = text = f"Митинг у акимата в Алматы. {text}"
        source = f"s{self._posts % 30}"
        report = Report(
            source=source,
            origin=source,
            key=str(self._posts),
            text=text,
            published_at=at,
            observed_at=self._clock.now(),
        )
        return Item(source=source, content=report, cursor=str(self._posts))

    def _probe(self, minute: int, place: int, vantage: Vantage, cut: bool) -> Item:
        name, (service, target) = self._targets[(minute * TARGETS_A_MINUTE + place) % len(self._targets)]
        at = self._clock.now()
        down = vantage.access is not Access.OUTSIDE and (cut or self._chance.random() < 0.02)
        connected = TcpStep(took_seconds=0.05, failure=Failure.TIMEOUT if down else None)
        steps = (DnsStep(host="example.org", answers=("192.0.2.1",), took_seconds=0.02), connected)
        row = Measurement(
            id=measurement_id(vantage.id, name, at), target=name, service=service.id, url=target.url, vantage=vantage,
            started_at=at, steps=steps,
        )  # fmt: skip
        return Item(source="probe", content=row)


async def feed(configuration: Configuration, clock: FasterClock, hours: int, service: Service) -> None:
    day = Day(configuration, clock)
    # Loaded when the first day is sealed, once: 46 MiB that are no growth.
    duckdb.connect().close()
    say("soak", **_weighed(0))
    for minute in range(hours * 60):
        due = START + timedelta(minutes=minute + 1)
        for item in day.minute(minute):
            await service.put(item)
        await clock.sleep((due - clock.now()).total_seconds())
        if minute % 360 == 359:
            await service.state.prune(clock.now(), service.retention)
        if minute % 60 == 59:
            say("hour", **_weighed(minute // 60 + 1), behind_minutes=round((clock.now() - due).total_seconds() / 60))
    say("soaked")


def _weighed(hour: int) -> dict[str, float]:
    """What this process holds now."""
    own = Path("/proc/self")
    pages = int((own / "statm").read_text().split()[1])
    return {
        "hour": hour, "resident_mib": round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 2),
        "files": len(list((own / "fd").iterdir())), "tasks": len(asyncio.all_tasks()),
    }  # fmt: skip


def main(hours: int, speed: float) -> None:
    settings = read_settings()
    configuration = load_configuration(settings.config)
    clock = FasterClock(START, speed)
    work = serve(
        settings, configuration, clock, "127.0.0.1", 0, collect=True, feed=partial(feed, configuration, clock, hours)
    )
    with suppress(KeyboardInterrupt):
        asyncio.run(work)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
