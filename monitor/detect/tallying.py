"""Measurements of one window to one round: verdicts, votes, tallies per operator, region and service. PURE.

Agents inside the country speak of what their network and their region see; agents of one place vote together. From outside
we speak of the places where servers of the country stand. Nobody interferes outside, so a server there that does not
answer over a line that is up is down, with no further control; a failure seen from inside counts only with its control.
A vantage whose control measurements fail in a window does not speak in it: from outside these are its targets abroad, which
nobody cuts; from inside, the controls of what it measured. What settles a case alone (a state's root) needs no control.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from monitor.detect.control import Controls
from monitor.detect.quorum import (
    Place,
    Trust,
    Vote,
    inside_places,
    judged,
    may_speak,
    tallied,
    valid_vantages,
    verdicts_of,
    vote_of,
)
from monitor.detect.verdict import judge
from monitor.domain.connectivity import Round, Tally
from monitor.domain.measurements import Access, Link, Measurement, State, Verdict
from monitor.domain.targets import Service, Target

ENOUGH_VANTAGES: Final = 2
"""Where two vantages or more speak of a place, one alone decides nothing."""
LEAST_CONTROLS: Final = 3
"""Fewer control measurements of a vantage in a window tell nothing of the vantage: one site that died must not silence it."""
_BLIND: Final = frozenset({Link.DOWN, Link.CAPTIVE_PORTAL})
_Judged = tuple[Measurement, Verdict]


@dataclass(frozen=True, slots=True)
class Known:
    """What the target list says, by id of the target."""

    targets: Mapping[str, tuple[Service, Target]]

    def is_domestic(self, target: str) -> bool:
        """Whether it is served from inside the country; what we do not know is not."""
        return target in self.targets and self.targets[target][0].domestic

    def is_abroad(self, target: str) -> bool:
        """Whether it is served from abroad; what we do not know is not."""
        return target in self.targets and not self.targets[target][0].domestic


@dataclass(frozen=True, slots=True)
class _Voting:
    """Votes on one place: one of each vantage on each target, the last that could tell."""

    places: dict[str, Place]
    of_one_network: bool
    cast: dict[tuple[str, str], Vote] = field(default_factory=dict)

    def take(self, vote: Vote) -> None:
        key = (vote.vantage, vote.target)
        if vote.up is not None or key not in self.cast:
            self.cast[key] = vote

    @property
    def votes(self) -> tuple[Vote, ...]:
        return tuple(self.cast.values())


def tallied_window(
    at: datetime, measurements: Sequence[Measurement], known: Known, controls: Controls, trust: Mapping[str, Trust]
) -> tuple[Round, dict[str, Trust]]:
    """The round that these measurements make, and how far each vantage is trusted after it."""
    links = _links(measurements)
    seen = [(one, _verdict(one)) for one in (_controlled(measurement, controls) for measurement in measurements)]
    valid = valid_vantages(_well_shares(seen, known), links)
    tallies: list[Tally] = []
    after = dict(trust)
    for voting in _votings(seen, known, links):
        speaking = {vote.vantage for vote in voting.votes if may_speak(vote, valid) and vote.up is not None}
        least = min(ENOUGH_VANTAGES, max(1, len(speaking)))
        tallies += tallied(at, voting.votes, voting.places, valid, trust, least).tallies
        if voting.of_one_network:
            # Only who sits on one network must agree: in a region one operator may be cut and another not.
            heard = [vote for vote in voting.votes if vote.vantage in valid]
            after = judged(after, heard, verdicts_of(heard, valid, trust))
    return Round(at=at, tallies=tuple(tallies)), after


def _controlled(measurement: Measurement, controls: Controls) -> Measurement:
    """From inside with its control; outside is its own control."""
    if measurement.vantage.access is Access.OUTSIDE:
        return replace(measurement, control=None)
    return controls.controlled(measurement)


def _verdict(measurement: Measurement) -> Verdict:
    verdict = judge(measurement)
    if measurement.vantage.access is not Access.OUTSIDE or verdict.state is not State.INSUFFICIENT:
        return verdict
    if measurement.link in _BLIND or not measurement.steps:
        return verdict
    return replace(verdict, state=State.DOWN, confidence=0.9, rule="outside.no_answer", version=1, mechanism=None)


def _well_shares(seen: Iterable[_Judged], known: Known) -> dict[str, float | None]:
    """Share of each vantage's control measurements of this window that went well; `None` where too few were made."""
    made: dict[str, list[bool]] = {}
    for measurement, verdict in seen:
        well = made.setdefault(measurement.vantage.id, [])
        if measurement.vantage.access is Access.OUTSIDE:
            if known.is_abroad(measurement.target):
                well.append(verdict.state in {State.OK, State.DEGRADED})
        elif measurement.control is not None:
            well.append(not measurement.control.failed and bool(measurement.control.steps))
    return {vantage: sum(well) / len(well) if len(well) >= LEAST_CONTROLS else None for vantage, well in made.items()}


def _links(measurements: Iterable[Measurement]) -> dict[str, Link]:
    """How each vantage's own link was at its worst in this window."""
    found: dict[str, Link] = {}
    for one in measurements:
        if found.get(one.vantage.id) not in _BLIND:
            found[one.vantage.id] = one.link
    return found


def _votings(seen: Iterable[_Judged], known: Known, links: Mapping[str, Link]) -> list[_Voting]:
    """Votes by place, so that each place has the quorum that it can have."""
    found: dict[Place, _Voting] = {}
    for measurement, verdict in seen:
        certain = verdict.confidence >= 1.0 and links[measurement.vantage.id] not in _BLIND
        for key, place in _places(measurement, known):
            group = replace(place, domestic=False, inside=False)
            voting = found.setdefault(group, _Voting({}, place.operator is not None and place.service is None))
            voting.take(replace(vote_of(measurement, verdict, key), certain=certain))
            voting.places[key] = place
    return list(found.values())


def _places(measurement: Measurement, known: Known) -> Iterator[tuple[str, Place]]:
    """What a measurement speaks of, by the name that is voted on."""
    if measurement.vantage.access is not Access.OUTSIDE:
        yield from inside_places(measurement, domestic=known.is_domestic(measurement.target)).items()
        return
    if measurement.target not in known.targets:
        return
    service, target = known.targets[measurement.target]
    if service.domestic and (target.region or target.operator):
        place = Place(operator=target.operator, region=target.region, domestic=True)
        yield f"{target.id}@outside", place
