"""Coarse sums of series by step of time and tag: how many points, how many had a ratio, and what they add up to.

Sums that are kept are whole numbers (millionths of a ratio, thousandths of a value), so that adding and taking away in
any order leaves no trace of rounding.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from monitor.domain.series import NANOSECONDS, ROLLUP_SECONDS
from monitor.store.series_columns import Columns, Numbers

RATIO_UNIT: Final = 1_000_000
VALUE_UNIT: Final = 1_000
STEPS_SECONDS: Final = (ROLLUP_SECONDS, 3600)
"""Steps of the sums kept ready: fine ones for the map and the live page, hours for years."""

Group = tuple[str, tuple[tuple[str, str], ...]]
"""Measurement and the tags by which sums are kept."""

ADD: Final = """
INSERT INTO sums VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET points = points + excluded.points, samples = samples + excluded.samples,
    ratio = ratio + excluded.ratio, valued = valued + excluded.valued, value = value + excluded.value
"""


def by_step(columns: Columns, groups: Numbers, seconds: int) -> list[tuple[int, int, int, int, float, int, float]]:
    """Group, bucket in seconds, points, samples, sum of ratios, points with a value, sum of values."""
    if not len(columns):
        return []
    buckets = columns.time // (seconds * NANOSECONDS)
    first, many = int(buckets.min()), int(groups.max()) + 1
    codes, places = np.unique((buckets - first) * many + groups, return_inverse=True)
    size = len(codes)
    rated, valued = ~np.isnan(columns.ratio), ~np.isnan(columns.value)
    sums = zip(
        (codes % many).tolist(),
        ((codes // many + first) * seconds).tolist(),
        np.bincount(places, minlength=size).tolist(),
        np.bincount(places, rated, size).astype(int).tolist(),
        np.bincount(places, np.where(rated, columns.ratio, 0), size).tolist(),
        np.bincount(places, valued, size).astype(int).tolist(),
        np.bincount(places, np.where(valued, columns.value, 0), size).tolist(),
        strict=True,
    )
    return list(sums)


def kept_sums(columns: Columns, groups: Numbers, names: Mapping[int, Group], sign: int) -> Iterator[tuple[object, ...]]:
    """Rows for `ADD`: what these points add to the sums (or take from them, with a sign of -1)."""
    whole = Columns(
        columns.time, columns.series, np.round(columns.ratio * RATIO_UNIT), np.round(columns.value * VALUE_UNIT), {}
    )
    totals: dict[tuple[int, str, str, int, str], list[int]] = {}
    for group, seconds, *numbers in by_step(whole, groups, ROLLUP_SECONDS):
        measurement, tags = names[group]
        counted = [int(number) for number in numbers]
        for step in STEPS_SECONDS:
            for tag, label in (("", ""), *tags):
                key = (step, measurement, tag, seconds // step * step, label)
                there = totals.get(key)
                totals[key] = counted if there is None else [a + b for a, b in zip(there, counted, strict=True)]
    for key, total in totals.items():
        yield (*key, *(sign * number for number in total))
