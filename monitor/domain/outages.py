"""Outage history: spells in which too little of what was measured went well, read off the steps of any series store."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.domain.series import Bucket


class Outage(NamedTuple):
    """One spell.

    Attributes:
        label: the tag's value (`KZ-75`).
        since: beginning of the first step that was bad.
        until: beginning of the first step that was well again; `None` where none was seen.
        lowest_ratio: of all its steps, 0..1.
        samples: how many measurements it rests on.
        unseen_steps: steps inside it without any measurement: they neither end it nor count as bad.
    """

    label: str
    since: datetime
    until: datetime | None
    lowest_ratio: float
    samples: int
    unseen_steps: int


def outages(buckets: Iterable[Bucket], step: timedelta, below_ratio: float) -> list[Outage]:
    """Spells of steps with a ratio below that, by their beginning; a step without measurements ends none."""
    by_label: dict[str, list[Bucket]] = {}
    for bucket in buckets:
        if bucket.ratio is not None:
            by_label.setdefault(bucket.label, []).append(bucket)
    found = [outage for of_one in by_label.values() for outage in _of_one(of_one, step, below_ratio)]
    return sorted(found, key=lambda outage: (outage.since, outage.label))


def _of_one(buckets: Sequence[Bucket], step: timedelta, below_ratio: float) -> Iterable[Outage]:
    bad: list[Bucket] = []
    for bucket in sorted(buckets, key=lambda one: one.at):
        if bucket.ratio is not None and bucket.ratio < below_ratio:
            bad.append(bucket)
        elif bad:
            yield _spell(bad, bucket.at, step)
            bad = []
    if bad:
        yield _spell(bad, None, step)


def _spell(bad: Sequence[Bucket], until: datetime | None, step: timedelta) -> Outage:
    last = bad[-1].at + step if until is None else until
    return Outage(
        bad[0].label,
        bad[0].at,
        until,
        min(bucket.ratio for bucket in bad if bucket.ratio is not None),
        sum(bucket.samples for bucket in bad),
        (last - bad[0].at) // step - len(bad),
    )
