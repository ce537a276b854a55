"""A seeded country: who is there, what befalls it, and what truly happened when.

The rates of noise are guesses (`measurement.md` 5.2): flapping targets, incidents of single operators and regions, vantages
that lose their line, one to three minutes of transit trouble, evening loss. They are to be recalibrated on real rounds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

MINUTES_A_DAY: Final = 1440
SHAPES: Final = ("full", "ramp15", "ramp45", "half", "third", "short20")
"""National cuts: at once; over 15 and 45 minutes; of half and a third of the targets; of 20 minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """What the country is like.

    Attributes:
        targets, operators, regions, vantages: how many; targets are dealt out evenly.
        days: length in days; incidents of the country begin after `quiet_days`.
        flaps_a_day: outages of a single target, per target and day.
        operator_incidents_a_day, region_incidents_a_day: of each of them.
        vantage_outages_a_day: of each vantage, its controls with it.
        wobbles_a_day: transit trouble between one vantage and the country, or all of them and one operator.
        lost_ratio: single probes lost; `evening_lost_ratio` more between 13:00 and 18:00 UTC.
    """

    targets: int = 48
    operators: int = 4
    regions: int = 8
    vantages: int = 3
    days: int = 30
    quiet_days: int = 2
    cuts: tuple[str, ...] = ()
    flaps_a_day: float = 0.5
    operator_incidents_a_day: float = 1 / 20
    region_incidents_a_day: float = 1 / 40
    vantage_outages_a_day: float = 1 / 10
    wobbles_a_day: float = 2.0
    lost_ratio: float = 0.01
    evening_lost_ratio: float = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that truly happened. Minutes are since the beginning.

    Attributes:
        what: a national cut (one of `SHAPES`), `operator`, `region`, `vantage` or `wobble`.
        who: number of the operator, region or vantage; -1 = the whole country.
        ramp_minutes: it grows over so many minutes.
        share: of the targets that it takes down at its full height.
    """

    what: str
    who: int
    start: int
    end: int
    ramp_minutes: int = 0
    share: float = 1.0

    @property
    def national(self) -> bool:
        """A cut of the country, as opposed to noise."""
        return self.what in SHAPES


@dataclass(frozen=True, slots=True)
class World:
    """The country and its truth.

    Attributes:
        operator_of, region_of: by target.
        incidents: in the order of their start.
        noise: for what happens by chance while it is played.
    """

    settings: WorldSettings
    operator_of: tuple[int, ...]
    region_of: tuple[int, ...]
    incidents: tuple[Incident, ...]
    seed: int


def world(seed: int, settings: WorldSettings) -> World:
    """The country of this seed: the same seed and settings give the same country on every machine."""
    dice = np.random.default_rng([seed, 1])
    targets = range(settings.targets)
    operator_of = tuple(target % settings.operators for target in targets)
    region_of = tuple((target // settings.operators) % settings.regions for target in targets)
    incidents = sorted((*_noise(dice, settings), *_cuts(dice, settings)), key=lambda incident: incident.start)
    return World(settings, operator_of, region_of, tuple(incidents), seed)


def _noise(dice: Generator, settings: WorldSettings) -> Iterator[Incident]:
    whole = settings.days * MINUTES_A_DAY
    for operator in range(settings.operators):
        for start in _starts(dice, settings.operator_incidents_a_day, settings.days):
            share, length = float(dice.choice([0.5, 0.8, 1.0])), int(dice.integers(20, 240))
            yield Incident(what="operator", who=operator, start=start, end=min(whole, start + length), share=share)
    for region in range(settings.regions):
        for start in _starts(dice, settings.region_incidents_a_day, settings.days):
            end = min(whole, start + int(dice.integers(30, 300)))
            yield Incident(what="region", who=region, start=start, end=end, share=float(dice.choice([0.7, 1.0])))
    for vantage in range(settings.vantages):
        for start in _starts(dice, settings.vantage_outages_a_day, settings.days):
            yield Incident(what="vantage", who=vantage, start=start, end=min(whole, start + int(dice.integers(5, 180))))
    for start in _starts(dice, settings.wobbles_a_day, settings.days):
        who = int(dice.integers(-settings.operators, settings.vantages))
        share, end = float(dice.uniform(0.3, 0.9)), start + int(dice.integers(1, 4))
        yield Incident(what="wobble", who=who, start=start, end=min(whole, end), share=share)


def _starts(dice: Generator, rate_a_day: float, days: int) -> list[int]:
    count = int(dice.poisson(rate_a_day * days))
    return sorted(int(minute) for minute in dice.integers(0, days * MINUTES_A_DAY, count))


def _cuts(dice: Generator, settings: WorldSettings) -> Iterator[Incident]:
    """The cuts asked for, spread over the days after the quiet ones, each at a random minute."""
    if not settings.cuts:
        return
    room = (settings.days - settings.quiet_days) * MINUTES_A_DAY // len(settings.cuts)
    for number, shape in enumerate(settings.cuts):
        start = settings.quiet_days * MINUTES_A_DAY + number * room + int(dice.integers(0, max(1, room - 600)))
        length = 20 if shape == "short20" else int(dice.integers(60, 360))
        ramp = int(shape[4:]) if shape.startswith("ramp") else 0
        share = {"half": 0.5, "third": 1 / 3}.get(shape, 1.0)
        yield Incident(what=shape, who=-1, start=start, end=start + ramp + length, ramp_minutes=ramp, share=share)
