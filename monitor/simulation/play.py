"""Play a world: votes of its vantages, minute by minute, for whoever asks at whatever pace."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.detect.quorum import Place, Vote, tallied, valid_vantages
from monitor.domain.connectivity import Round
from monitor.domain.moments import EPOCH
from monitor.simulation.world import MINUTES_A_DAY, Incident, World

START: Final = EPOCH + timedelta(days=20089)  # 2025-01-01
CONTROL_HOSTS: Final = 6


@dataclass(frozen=True, slots=True)
class Play:
    """What every vantage would have seen at every minute.

    Attributes:
        up: targets by minute, vantage and target.
        control: share of control hosts that answered, by minute and vantage.
        places: by target.
        ballots: the two votes that each vantage can cast on each target (down, up).
    """

    world: World
    up: NDArray[np.bool_]
    control: NDArray[np.float64]
    places: dict[str, Place]
    ballots: tuple[tuple[Vote, Vote], ...]

    def at(self, minute: int) -> datetime:
        """The moment of a minute."""
        return START + timedelta(minutes=minute)

    def round(self, minute: int) -> Round:
        """The round of that minute, through the same quorum as real votes."""
        controls = {f"vantage-{number}": float(share) for number, share in enumerate(self.control[minute])}
        answers = self.up[minute].ravel().tolist()
        votes = [pair[answer] for pair, answer in zip(self.ballots, answers, strict=True)]
        return tallied(self.at(minute), votes, self.places, valid_vantages(controls))


def play(world: World) -> Play:
    """Throw the dice of this world once."""
    settings = world.settings
    dice = np.random.default_rng([world.seed, 2])
    minutes = settings.days * MINUTES_A_DAY
    alive = _without_flaps(world, dice, minutes)
    for incident in world.incidents:
        if incident.what in {"operator", "region"} or incident.national:
            _take_down(world, incident, alive, dice)
    lost = settings.lost_ratio + settings.evening_lost_ratio * _evening(minutes)
    up = alive[:, None, :] & (dice.random((minutes, settings.vantages, settings.targets)) > lost[:, None, None])
    control = dice.binomial(CONTROL_HOSTS, 1.0 - settings.lost_ratio, (minutes, settings.vantages)) / CONTROL_HOSTS
    for incident in world.incidents:
        _disturb(world, incident, up, control, dice)
    places = {
        f"target-{number}": Place(operator=f"operator-{operator}", region=f"R-{region}")
        for number, (operator, region) in enumerate(zip(world.operator_of, world.region_of, strict=True))
    }
    return Play(world, up, control, places, _ballots(settings.vantages, places))


def _ballots(vantages: int, places: dict[str, Place]) -> tuple[tuple[Vote, Vote], ...]:
    return tuple(
        (
            Vote(target=target, vantage=f"vantage-{number}", up=False),
            Vote(target=target, vantage=f"vantage-{number}", up=True),
        )
        for number in range(vantages)
        for target in places
    )


def _evening(minutes: int) -> NDArray[np.float64]:
    hour = (np.arange(minutes) // 60) % 24
    return ((hour >= 13) & (hour < 18)).astype(np.float64)


def _without_flaps(world: World, dice: np.random.Generator, minutes: int) -> NDArray[np.bool_]:
    alive = np.ones((minutes, world.settings.targets), dtype=np.bool_)
    flaps = dice.poisson(world.settings.flaps_a_day * world.settings.days, world.settings.targets)
    for target, count in enumerate(flaps):
        for start in dice.integers(0, minutes, count):
            alive[start : start + int(dice.integers(3, 45)), target] = False
    return alive


def _take_down(world: World, incident: Incident, alive: NDArray[np.bool_], dice: np.random.Generator) -> None:
    """Targets fall in a random order, as many as the height of the incident at each minute says."""
    who = {"operator": world.operator_of, "region": world.region_of}.get(incident.what)
    hit = [target for target in range(world.settings.targets) if who is None or who[target] == incident.who]
    order = dice.permutation(hit)
    for minute in range(incident.start, min(incident.end, len(alive))):
        height = min(1.0, (minute - incident.start + 1) / incident.ramp_minutes) if incident.ramp_minutes else 1.0
        alive[minute, order[: round(height * incident.share * len(order))]] = False


def _disturb(
    world: World,
    incident: Incident,
    up: NDArray[np.bool_],
    control: NDArray[np.float64],
    dice: np.random.Generator,
) -> None:
    """What happens between the vantages and the country: it is no fault of the country's."""
    during = slice(incident.start, incident.end)
    if incident.what == "vantage":
        up[during, incident.who] = False
        control[during, incident.who] = 0.0
    elif incident.what == "wobble" and incident.who >= 0:
        up[during, incident.who] &= dice.random(up[during, incident.who].shape) > incident.share
    elif incident.what == "wobble":
        mine = np.array(world.operator_of) == -incident.who - 1
        through = dice.random(up[during].shape) > incident.share
        up[during] &= through | ~mine[None, None, :]
