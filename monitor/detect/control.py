"""Controls: what the same target looks like from where nobody interferes, now or a while ago.

A measurement from outside becomes the control of measurements from inside. One taken near the same time is a `vantage`
control; an older good one is a `recorded` control, good for a while; an outside vantage that could not measure, or whose
own link was down, is a control that failed, and then nothing is concluded. PURE.
"""

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

from monitor.domain.measurements import Access, Control, Link, Measurement

NEAR: Final = timedelta(minutes=15)
"""As near as this counts as the same time."""
OLDEST: Final = timedelta(hours=24)
"""A recorded control speaks no longer: sites move and die."""
KEPT: Final = 24


def control_of(measurement: Measurement, source: Literal["vantage", "recorded"] = "vantage") -> Control:
    """A measurement from outside as a control; failed where the outside itself was cut off."""
    blind = measurement.link in {Link.DOWN, Link.CAPTIVE_PORTAL}
    steps = () if blind else measurement.steps
    return Control(source=source, measured_at=measurement.started_at, failed=blind or not steps, steps=steps)


class Controls:
    """The latest measurements from outside, by target."""

    def __init__(self) -> None:
        self._kept: dict[str, deque[Measurement]] = {}

    def learn(self, measurement: Measurement) -> None:
        """Keep a measurement if it comes from outside; what comes late finds its place by its own time."""
        if measurement.vantage.access is not Access.OUTSIDE:
            return
        kept = self._kept.setdefault(measurement.target, deque(maxlen=KEPT))
        kept.append(measurement)
        if len(kept) > 1 and kept[-2].started_at > measurement.started_at:
            self._kept[measurement.target] = deque(sorted(kept, key=lambda one: one.started_at), maxlen=KEPT)

    def control_for(self, target: str, at: datetime) -> Control | None:
        """The control nearest in time; `None` where there is none young enough.

        Several outside vantages may have measured: one that worked is preferred to one that was cut off.
        """
        near = [one for one in self._kept.get(target, ()) if abs(one.started_at - at) <= OLDEST]
        if not near:
            return None
        controls = sorted(near, key=lambda one: abs(one.started_at - at))
        present = [one for one in controls if abs(one.started_at - at) <= NEAR]
        for one in present:
            if not (control := control_of(one)).failed:
                return control
        if present:
            return control_of(present[0])
        return next((found for one in controls if not (found := control_of(one, "recorded")).failed), None)

    def controlled(self, measurement: Measurement) -> Measurement:
        """The measurement with its control, if it has none yet and there is one."""
        if measurement.control is not None:
            return measurement
        return replace(measurement, control=self.control_for(measurement.target, measurement.started_at))
