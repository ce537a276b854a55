"""Timing that can be compared: taken in turn in one process, processor time, medians."""

import json
import statistics
import time
from collections.abc import Callable


def rates(cases: dict[str, Callable[[], int]], rounds: int = 5) -> dict[str, float]:
    """Things done per second of processor time, by case: one warm-up, then the cases in turn, the median of the rounds."""
    for case in cases.values():
        case()
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            began = time.process_time()
            count = case()
            taken[name].append(count / max(time.process_time() - began, 1e-9))
    return {name: statistics.median(values) for name, values in taken.items()}


def say(job: str, **figures: object) -> None:
    """Print one result."""
    print(json.dumps({"job": job, **figures}, ensure_ascii=False), flush=True)
