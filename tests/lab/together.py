"""What Dabyl's detectors make of all vantages together, round after round on the story's own clock."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from collectors.probes.rounds import Round as ProbeRound
from monitor.detect.network import NetworkSettings, NetworkState, advance
from monitor.detect.openings import Schedule, schedule
from monitor.detect.quorum import Place, Vote, inside_places, tallied, valid_vantages, vote_of
from monitor.domain.connectivity import Outage, Round
from monitor.domain.measurements import Link, Measurement, TcpStep
from tests.lab.judging import Judged
from tests.lab.story import Story, Told
from tests.lab.world import World, host_addresses

ALMATY = ZoneInfo("Asia/Almaty")
ROUND = timedelta(minutes=2)
TOLERANCE_MINUTES = 4


class Together:
    """The detectors, fed with what was measured."""

    def __init__(self, world: World, begins: datetime) -> None:
        self._world = world
        self._begins = begins
        self._settings = NetworkSettings()
        self.state = NetworkState()
        self._places = outside_places(world.story)
        self._last: Round | None = None

    def hear(self, at: datetime, inside: Iterable[Judged], outside: Mapping[str, ProbeRound]) -> None:
        """One round: verdicts of agents inside, and what the vantages outside saw of the operators' customers."""
        own, own_places = self._inside(inside)
        links = {name: seen.link for name, seen in outside.items()}
        valid = valid_vantages({name: float(link is Link.UP) for name, link in links.items()}, links)
        votes = [
            outside_vote(one) for seen in outside.values() for one in seen.measurements if one.target in self._places
        ]
        from_inside = tallied(at, own, own_places, frozenset(vote.vantage for vote in own), least_vantages=1)
        from_outside = tallied(at, votes, self._places, valid)
        self._last = Round(at=at, tallies=(*from_inside.tallies, *from_outside.tallies))
        self.state = advance(self.state, self._last, self._settings)

    def until(self, minute: int) -> None:
        """The last round again and again, up to that minute: nothing changes between acts."""
        while self._last is not None and self._last.at + ROUND < self._begins + timedelta(minutes=minute):
            self._last = Round(at=self._last.at + ROUND, tallies=self._last.tallies)
            self.state = advance(self.state, self._last, self._settings)

    def _inside(self, found: Iterable[Judged]) -> tuple[list[Vote], dict[str, Place]]:
        votes, places = [], {}
        for one in found:
            domestic = any(site.domestic and f"//{site.name}/" in one.target for site in self._world.sites.values())
            mine = inside_places(one.measurement, domestic=domestic)
            places.update(mine)
            votes += [vote_of(one.measurement, one.verdict, key) for key in mine]
        return votes, places

    def outages(self) -> tuple[Outage, ...]:
        """All that was found, by onset."""
        return tuple(sorted((*self.state.over, *self.state.open.values()), key=lambda outage: outage.onset))

    def openings(self) -> Schedule:
        """Short re-openings so far, and the pattern in them."""
        return schedule(self.outages(), self.state.rounds[-1].at, ALMATY)

    def line(self, outage: Outage) -> str:
        """An outage in a line."""
        until = self.minute(outage.ended)
        lasted = f"until minute {until}" if until is not None else "on"
        return (
            f"{outage.scope.value} {outage.kind.value} of {outage.entity} from minute {self.minute(outage.onset)} {lasted}, "
            f"recognised in minute {self.minute(outage.detected_at)}, {outage.up} of {outage.total} up"
        )

    def minute(self, at: datetime | None) -> int | None:
        """A moment on the story's clock, in minutes."""
        return round((at - self._begins).total_seconds() / 60) if at is not None else None


def outside_places(story: Story) -> dict[str, Place]:
    """Where each of the operators' customers stands, by target."""
    return {
        outside_target(address): Place(operator=operator.operator, region=operator.region, access=operator.access)
        for operator in story.operators
        for address in host_addresses(story, operator.name)
    }


def outside_target(address: str) -> str:
    """Id of the target at this address."""
    return f"host-{address}"


def outside_vote(measurement: Measurement) -> Vote:
    """From outside, what answers is up and what does not is not: other vantages are its control, by quorum."""
    answered = any(isinstance(step, TcpStep) and step.failure is None for step in measurement.steps)
    return Vote(target=measurement.target, vantage=measurement.vantage.id, up=answered, evidence=measurement.id)


def untold(story: Story, together: Together) -> list[str]:
    """Every difference between what must be told and what is, as a sentence."""
    expected, found = list(story.told or ()), list(together.outages())
    said = []
    pattern = together.openings().pattern
    if (pattern.seen if pattern else 0) != story.alike_openings:
        said.append(f"expected {story.alike_openings} openings alike, got: {together.openings().words}")
    for one in expected:
        match = next((outage for outage in found if _fits(one, outage, together)), None)
        if match is None:
            said.append(
                f"not told: {one.scope} {one.kind} of {one.entity} from minute {one.from_minute} to {one.until_minute}"
            )
        else:
            found.remove(match)
    return said + [f"told though it is not so: {sentence}" for sentence in map(together.line, found)]


def _fits(told: Told, outage: Outage, together: Together) -> bool:
    alike = (outage.entity, outage.scope.value, outage.kind.value) == (told.entity, told.scope, told.kind)
    detected = together.minute(outage.detected_at) or 0
    return (
        alike
        and _near(told.from_minute, together.minute(outage.onset))
        and _near(told.until_minute, together.minute(outage.ended))
        and (told.detected_by is None or detected <= told.detected_by)
    )


def _near(expected: int | None, found: int | None) -> bool:
    if expected is None or found is None:
        return expected is found
    return abs(expected - found) <= TOLERANCE_MINUTES
