"""The service as a process: from start to ready, and its memory while nothing happens.

python -m bench.start
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bench.figures import say

ROOT = Path(__file__).resolve().parents[1]


def once(data: Path) -> tuple[float, float]:
    """Seconds to ready, and resident MiB after it was asked for its page."""
    environment = {**os.environ, "DABYL_DATA": str(data), "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "run", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, env=environment,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+/", process.stdout.readline())
        assert found
        with urllib.request.urlopen(f"{found.group()}ready", timeout=5) as answer:
            assert answer.status == 200
        seconds = time.perf_counter() - began
        time.sleep(5)
        with urllib.request.urlopen(found.group(), timeout=5) as answer:
            answer.read()
        resident = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096 / 2**20
    finally:
        process.terminate()
        process.wait(timeout=20)
    return seconds, resident


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        runs = [once(Path(place) / "data") for _ in range(4)]
    say("start", first_seconds=round(runs[0][0], 2), again_seconds=round(statistics.median(run[0] for run in runs[1:]), 2),
        idle_mib=round(max(run[1] for run in runs)))  # fmt: skip


if __name__ == "__main__":
    main()
