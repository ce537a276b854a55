"""Throttling: handshakes and bodies that come, but far slower than they did, or than a neighbour's on the same servers. PURE.

Sources: OONI's report on throttling in Kazakhstan 2022-2023 (target against a sibling on the same addresses: ratio of
medians at least 4, and at least 2 s); OONI dd-007 (10 times slower than usual is extreme). A time-out counts as slow as
the limit that ended it: a missing value would hide the worst.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from monitor.domain.measurements import Failure, HttpStep, Measurement, State, ThroughputStep, TlsStep, Verdict

LEAST_SAMPLES: Final = 10
SIBLING_RATIO: Final = 4.0
LEAST_SLOW_SECONDS: Final = 2.0
HISTORY_RATIO: Final = 10.0
SPEED_RATIO: Final = 0.1
_SLOW: Final = {None, Failure.TIMEOUT, Failure.TIMED_OUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Seconds that one target's handshakes took on one network, and bytes per second of its bodies."""

    handshakes_seconds: Sequence[float] = ()
    bytes_per_second: Sequence[float] = ()


def samples_of(measurements: Iterable[Measurement]) -> Samples:
    """The samples in these measurements, time-outs included."""
    seconds: list[float] = []
    speeds: list[float] = []
    for measurement in measurements:
        for step in measurement.steps:
            if isinstance(step, TlsStep) and step.failure in _SLOW:
                seconds.append(step.took_seconds)
            elif isinstance(step, ThroughputStep) and step.bytes_per_second is not None:
                speeds.append(step.bytes_per_second)
            elif isinstance(step, HttpStep) and step.failure in _SLOW - {None} and step.took_seconds > 0:
                speeds.append((step.length_bytes or 0) / step.took_seconds)
    return Samples(handshakes_seconds=seconds, bytes_per_second=speeds)


def throttling(
    now: Samples, history: Samples, sibling_now: Samples | None, sibling_history: Samples | None
) -> Verdict | None:
    """Whether a target is slowed down, alone or with everything; `None` where it is not, or too little is known.

    Args:
        now: the target in the window that is judged, one network.
        history: the target on that network before.
        sibling_now: a never-blocked target on the same servers, in the same window; `None` if there is none.
        sibling_history: that sibling before.
    """
    slow = _slower_than_before(now, history)
    beside = _slower_than(now, sibling_now) if sibling_now else None
    if beside:
        return _slowed("throttling.targeted", 0.9, f"{beside} slower than a sibling on the same servers")
    if slow is None:
        return None
    if sibling_now is None or sibling_history is None:
        return _slowed(
            "throttling", 0.6, f"{slow} slower than before; no sibling tells whether it is this target alone"
        )
    if _slower_than_before(sibling_now, sibling_history):
        return _slowed("throttling.general", 0.8, f"{slow} slower than before, and so is the sibling")
    return _slowed("throttling.targeted", 0.8, f"{slow} slower than before, the sibling is not")


def _slowed(mechanism: str, confidence: float, because: str) -> Verdict:
    return Verdict(
        state=State.DEGRADED, mechanism=mechanism, confidence=confidence, rule="speed.throttled", because=(because,)
    )


def _slower_than(now: Samples, other: Samples) -> str | None:
    times = _medians(now.handshakes_seconds, other.handshakes_seconds)
    if times and times[0] >= LEAST_SLOW_SECONDS and times[0] >= SIBLING_RATIO * times[1]:
        return f"handshakes {_times(times[0], times[1])}"
    return None


def _slower_than_before(now: Samples, history: Samples) -> str | None:
    times = _medians(now.handshakes_seconds, history.handshakes_seconds)
    if times and times[0] >= LEAST_SLOW_SECONDS and times[0] >= HISTORY_RATIO * times[1]:
        return f"handshakes {_times(times[0], times[1])}"
    speeds = _medians(now.bytes_per_second, history.bytes_per_second)
    if speeds and speeds[0] <= SPEED_RATIO * speeds[1]:
        return f"bodies {_times(speeds[1], speeds[0])}"
    return None


def _times(large: float, small: float) -> str:
    return f"{large / max(small, 1e-3):.0f} times"


def _medians(one: Sequence[float], other: Sequence[float]) -> tuple[float, float] | None:
    if len(one) < LEAST_SAMPLES or len(other) < LEAST_SAMPLES:
        return None
    return median(one), median(other)
