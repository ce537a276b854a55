"""A flood of posts over the service in one process: memory, losses, and how soon a cut of the network is told meanwhile.

    python -m bench.flood [SECONDS] [POSTS_PER_SECOND]

Sources publish 10,000 posts a second for a minute. The service takes what it can read and holds the rest back at the
sources, which keep it; what is accepted is stored. A short form runs with the tests.
"""

import asyncio
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench.figures import say
from tests.faults.flood import flooded


def main(seconds: float = 60.0, posts_per_second: float = 10_000.0) -> None:
    with tempfile.TemporaryDirectory(prefix="dabyl-flood-") as place:
        found = asyncio.run(flooded(Path(place) / "drill", seconds=seconds, posts_per_second=posts_per_second))
    say("flood", seconds=seconds, posts_per_second=posts_per_second, **asdict(found))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
