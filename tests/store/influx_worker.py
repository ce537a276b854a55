"""A process to be killed: writes numbered points towards InfluxDB, and says each number once `write` has returned."""

import asyncio
import sys
from pathlib import Path

from monitor.runtime.clock import SystemClock
from monitor.store.series_influx import open_influx
from monitor.store.series_influx_access import InfluxAccess
from tests.store.influx_cast import probe, running


async def ingest(directory: Path, url: str, first: int) -> None:
    store = await open_influx(InfluxAccess(url=url, org="dabyl-test", token="let-me-in"), directory, SystemClock())
    async with running(store):
        number = first
        while True:
            await store.write([probe(number), probe(number, "KZ-71")])
            print(number, flush=True)
            number += 1


if __name__ == "__main__":
    asyncio.run(ingest(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
