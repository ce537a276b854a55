"""The service over a disk that fails at random: no crash, nothing lost or doubled, said within seconds, mended by itself.

    python -m bench.faults [SECONDS] [SEEDS]

For each seed, EIO, EROFS and EMFILE come on one call in a hundred for that long (60 s), and then no new file can be opened
for a fifth of it. A short form runs with the tests.
"""

import asyncio
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench.figures import say
from tests.faults.bad_disk import survived


def main(seconds: float = 60.0, seeds: int = 3) -> None:
    for seed in range(seeds):
        with tempfile.TemporaryDirectory(prefix="dabyl-faults-") as place:
            found = asyncio.run(survived(Path(place) / "drill", seconds=seconds, seed=seed, ratio=0.01))
        say("faults", seed=seed, seconds=seconds, **asdict(found))


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((float, int), sys.argv[1:], strict=False)))
