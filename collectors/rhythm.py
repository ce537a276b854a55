"""How often a source speaks, learned from when it spoke, and whether it has fallen silent against that. PURE."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

LEAST_POSTS: Final = 12
"""Fewer gaps say nothing about a rhythm."""
FACTOR: Final = 3.0
"""Silence is longer than this many of the source's longest usual gaps."""
LEAST: Final = timedelta(hours=6)


def usual_gap(posts: Sequence[datetime], expected_hours: float | None = None) -> timedelta | None:
    """The gap that this source seldom exceeds; `None` while too little is known.

    The 95th percentile of the gaps between posts: nights are in it, so a source that sleeps is not silent at night.
    """
    if expected_hours is not None:
        return timedelta(hours=expected_hours)
    times = sorted(posts)
    if len(times) < LEAST_POSTS:
        return None
    gaps = sorted(later - earlier for earlier, later in pairwise(times))
    return gaps[min(len(gaps) - 1, int(len(gaps) * 0.95))]


def silent_since(posts: Sequence[datetime], now: datetime, expected_hours: float | None = None) -> datetime | None:
    """Since when the source is silent against its own rhythm; `None` if it is not, or nothing is known."""
    gap = usual_gap(posts, expected_hours)
    if gap is None or not posts:
        return None
    allowed = max(LEAST, gap * FACTOR)
    last = max(posts)
    return last + allowed if now - last > allowed else None
