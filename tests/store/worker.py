"""A process to be killed: stores numbered reports, signals and messages, and says each number once it is stored."""

import asyncio
import sys
from pathlib import Path

from monitor.domain.changes import AuditEntry, Change
from monitor.runtime.clock import SystemClock
from monitor.store.state import open_state
from tests.store.cast import NOON, message, report, signal


async def ingest(path: Path, first: int) -> None:
    store = await open_state(path, SystemClock())
    number = first
    while True:
        said = report(str(number), "На площади " + "слово " * (number % 900))
        change = Change(
            reports=(said,),
            signals=(signal(said),),
            notifications=(message(str(number)),),
            cursors={"azattyq": str(number)},
            audit=(AuditEntry(at=NOON, actor="pipeline", action="read", subject=str(number)),),
        )
        await store.apply(change)
        print(number, flush=True)
        number += 1


if __name__ == "__main__":
    asyncio.run(ingest(Path(sys.argv[1]), int(sys.argv[2])))
