"""Agents that fall silent: whoever sent measurements hour by hour and sends none. Silence is evidence, never "fine". PURE.

Counted by when we hear, not by when it was measured: who catches up speaks again. An hour in which we ourselves were not
there judges nobody.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from monitor.detect.signals import SOURCE
from monitor.detect.silence import Silence, SilenceState, windowed
from monitor.domain.ids import content_id
from monitor.domain.kinds import EventKind
from monitor.domain.measurements import Access, Measurement
from monitor.domain.moments import from_unix
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.signals import Hit, Signal, signal_id

HOUR_SECONDS: Final = 3600
MOST: Final = 5000
"""Agents that are followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hush:
    """A plain value.

    Attributes:
        hour: that is being counted, hours since 1970; `None` before any.
        counts: measurements heard in it, by vantage.
        states: of every vantage that was ever heard.
        regions: where each stands.
    """

    hour: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    states: Mapping[str, SilenceState] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)


def listened(hush: Hush, measurements: Iterable[Measurement], now: datetime) -> tuple[Hush, tuple[Signal, ...]]:
    """The state after these were heard at `now`, and who fell silent in the hour that is over."""
    hour = int(now.timestamp()) // HOUR_SECONDS
    told: tuple[Signal, ...] = ()
    if hush.hour is not None and hour != hush.hour:
        if hour == hush.hour + 1:
            hush, told = _judged(hush, now)
        hush = replace(hush, counts={})
    hush = replace(hush, hour=hour)
    inside = [one.vantage for one in measurements if one.vantage.access is not Access.OUTSIDE]
    if not inside:
        return hush, told
    counts = Counter(hush.counts)
    counts.update(vantage.id for vantage in inside)
    regions = {vantage.id: vantage.region or WHOLE_COUNTRY for vantage in inside}
    states = {
        name: SilenceState() for name in list(regions)[: max(0, MOST - len(hush.states))] if name not in hush.states
    }
    return replace(
        hush, counts=dict(counts), regions={**hush.regions, **regions}, states={**hush.states, **states}
    ), told  # fmt: skip


def _judged(hush: Hush, now: datetime) -> tuple[Hush, tuple[Signal, ...]]:
    assert hush.hour is not None
    end = float((hush.hour + 1) * HOUR_SECONDS)
    states, told = {}, []
    for name, state in hush.states.items():
        states[name], silence = windowed(state, end, hush.counts.get(name, 0))
        if silence is not None and silence.began:
            told.append(_signal(name, hush.regions.get(name, WHOLE_COUNTRY), silence, now))
    return replace(hush, states=states), tuple(told)


def _signal(name: str, region: str, silence: Silence, now: datetime) -> Signal:
    """It names no agent: its words may stand on somebody's phone."""
    who, kind = content_id("agent", name)[:12], EventKind.SYSTEM_SOURCE_SILENT
    since = from_unix(silence.since - HOUR_SECONDS)
    words = f"an agent fell silent: {silence.seen} measurements where {silence.expected:.0f} were to be expected"
    return Signal(
        id=signal_id(f"{who}@{since.isoformat()}", kind, (region,)), kind=kind, regions=(region,), at=since, observed_at=now,
        source=SOURCE, witness=f"agent:{who}", strength=round(1.0 - silence.chance, 3), tier=1, title=words,
        because=(Hit(rule="detect.silence", words=words, start=0, end=0),),
    )  # fmt: skip
