"""A process to be killed: writes numbered points to the series, and says each number once it is stored."""

import asyncio
import sys
from pathlib import Path

from monitor.domain.series import Point, series_key
from monitor.runtime.clock import SystemClock
from monitor.store.series_embedded import open_series

STEP_NS = 60 * 10**9


async def write(directory: Path, first: int) -> None:
    store = await open_series(directory, SystemClock())
    number = first
    while True:
        batch = [
            Point(series_key("probe", region=f"KZ-{region}"), number * STEP_NS, 1.0, number) for region in (71, 75, 79)
        ]
        await store.write(batch)
        print(number, flush=True)
        number += 1


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
