"""A day of ordinary work on a clock that runs faster than life: does memory grow, do files or tasks pile up?

    python -m bench.soak [HOURS] [SPEED]

The whole service with its stores on disk, feeds on loopback, vantages, alerts and retention. The slope of memory is told
per hour of the faster clock. A short form runs with the tests.
"""

import asyncio
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench.figures import say
from tests.faults.soak import soaked


def main(hours: float = 24, speed: float = 360.0) -> None:
    with tempfile.TemporaryDirectory(prefix="dabyl-soak-") as place:
        found = asyncio.run(soaked(Path(place) / "drill", hours=int(hours), speed=speed))
    say("soak", speed=speed, **asdict(found))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
