"""The whole durable pipeline: ordinary posts replayed with every batch synced to disk, posts per second of one core."""

import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.figures import say
from bench.text import posts
from monitor.app import make_replay
from monitor.configuration import load_configuration
from monitor.domain.reports import Item, Report
from monitor.runtime.clock import SimulatedClock

START = datetime(2026, 1, 1, tzinfo=UTC)
COUNT = 10_000


async def _run() -> float:
    configuration = load_configuration(None)
    moments = []
    for number, text in enumerate(posts(COUNT)):
        at = START + timedelta(seconds=number * 7)
        report = Report(
            source=f"s{number % 24}",
            origin=f"s{number % 24}",
            key=str(number),
            text=text,
            observed_at=at,
            published_at=at,
        )
        moments.append((at, Item(source=report.source, content=report)))
    with tempfile.TemporaryDirectory() as place:
        replay = await make_replay(configuration, Path(place), SimulatedClock(START), {})
        began = time.process_time()
        async for _ in replay.run(moments, lambda _: None):
            pass
        spent = time.process_time() - began
        await replay.state.close()
    return COUNT / spent


def main() -> None:
    say("replay", posts_per_second=round(asyncio.run(_run())))


if __name__ == "__main__":
    main()
