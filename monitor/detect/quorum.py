"""Who may speak, and what the many say: votes of vantages to a verdict on each target, verdicts to tallies.

A vantage whose own control fails is left out of its round, and of that round only. A target is up or down by the majority
of the valid vantages, each weighed by how far it has agreed with the others; a tie, or fewer than two vantages where there
are two, is no verdict. So one lying agent of twenty makes nothing and hides nothing, and our own outage is silence, not
a shutdown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from monitor.domain.connectivity import Round, Tally
from monitor.domain.measurements import Access, Link, Measurement, State, Verdict

LEAST_CONTROL: Final = 0.5
"""A vantage counts where this share of its control measurements goes well."""
FORGETS: Final = 0.995
"""An agreement counts this much less with every vote that follows: some two hundred votes are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a target (or a service seen from a network) stands.

    Attributes:
        domestic: the target lies inside the country.
        inside: agents inside the country speak of it, not a vantage outside.
    """

    operator: str | None = None
    region: str | None = None
    service: str | None = None
    access: Access = Access.FIXED
    domestic: bool = False
    inside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one vantage says of one target in one round.

    Attributes:
        up: `None` where it could not tell (`insufficient`).
        certain: rests on what settles a case alone, and on no control.
        evidence: id of the measurement.
    """

    target: str
    vantage: str
    up: bool | None
    slow: bool = False
    intercepted: bool = False
    certain: bool = False
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """How far a vantage has agreed with the majority of the others, in votes of late."""

    agreed: float = 4.0
    differed: float = 0.0

    @property
    def weight(self) -> float:
        """1 for one that always agrees, 0 for one that differs as often as not."""
        return max(0.0, 1.0 - 2.0 * self.differed / (self.agreed + self.differed))


def valid_vantages(controls: Mapping[str, float | None], links: Mapping[str, Link] | None = None) -> frozenset[str]:
    """Vantages that may speak this round: their control answers, and their own link is not known to be bad.

    `controls` are shares 0..1 of control measurements that went well, by vantage; `None` where that is not known, which is
    no reason to be silent.
    """
    bad = {Link.DOWN, Link.CAPTIVE_PORTAL}
    return frozenset(
        vantage
        for vantage, share in controls.items()
        if (share is None or share >= LEAST_CONTROL) and (links or {}).get(vantage, Link.UP) not in bad
    )


def may_speak(vote: Vote, valid: frozenset[str]) -> bool:
    """Whether a vote counts: its vantage may speak, or it needs no control."""
    return vote.certain or vote.vantage in valid


def tallied(
    at: datetime,
    votes: Iterable[Vote],
    places: Mapping[str, Place],
    valid: frozenset[str],
    trust: Mapping[str, Trust] | None = None,
    least_vantages: int = 2,
) -> Round:
    """The round that these votes make. Targets without a place are left out; those without a verdict are asked, not counted."""
    ballots: dict[str, _Ballot] = {}
    for vote in votes:
        if vote.target in places:
            ballot = ballots.get(vote.target)
            if ballot is None:
                ballot = ballots[vote.target] = _Ballot()
            if vote.up is not None and may_speak(vote, valid):
                ballot.cast(vote, weight_of(vote.vantage, trust) if trust else 1.0)
    sums: dict[tuple[str | None, str | None, str | None, Access], _Sum] = {}
    for target, ballot in ballots.items():
        place = places[target]
        key = (place.operator, place.region, place.service, place.access)
        found = sums.get(key)
        if found is None:
            found = sums[key] = _Sum()
        found.add(ballot, domestic=place.domestic, inside=place.inside, least=least_vantages)
    return Round(at=at, tallies=tuple(_tally(key, found) for key, found in sums.items()))


@dataclass(slots=True)
class _Ballot:
    """The votes on one target while they are counted."""

    count: int = 0
    up: float = 0.0
    down: float = 0.0
    slow: float = 0.0
    intercepted: float = 0.0
    up_witness: str | None = None
    down_witness: str | None = None

    def cast(self, vote: Vote, weight: float) -> None:
        self.count += 1
        self.slow += weight * vote.slow
        self.intercepted += weight * vote.intercepted
        if vote.up:
            self.up += weight
            if vote.slow or vote.intercepted:
                self.up_witness = self.up_witness or vote.evidence
        else:
            self.down += weight
            self.down_witness = self.down_witness or vote.evidence


@dataclass(slots=True)
class _Sum:
    """The tally of one place while it is counted."""

    asked: int = 0
    total: int = 0
    up: int = 0
    slow: int = 0
    intercepted: int = 0
    domestic_total: int = 0
    domestic_up: int = 0
    inside_total: int = 0
    inside_up: int = 0
    vantages: int = 0
    witness: str | None = None

    def add(self, ballot: _Ballot, *, domestic: bool, inside: bool, least: int) -> None:
        self.asked += 1
        if ballot.count < least or ballot.up == ballot.down:
            return
        up, half = ballot.up > ballot.down, (ballot.up + ballot.down) / 2.0
        self.total += 1
        self.up += up
        self.slow += ballot.slow > half
        self.intercepted += ballot.intercepted > half
        self.domestic_total += domestic
        self.domestic_up += domestic and up
        self.inside_total += inside
        self.inside_up += inside and up
        self.vantages = max(self.vantages, ballot.count)
        self.witness = self.witness or (ballot.up_witness if up else ballot.down_witness)


def weight_of(vantage: str, trust: Mapping[str, Trust]) -> float:
    """The weight of a vantage; one that is new has a full voice."""
    known = trust.get(vantage)
    return known.weight if known else 1.0


def majority(votes: Sequence[tuple[bool, float]]) -> bool | None:
    """What more than half of the weight says; `None` where neither side has it."""
    yes = sum(weight for vote, weight in votes if vote)
    no = sum(weight for vote, weight in votes if not vote)
    return None if yes == no else yes > no


def judged(trust: Mapping[str, Trust], votes: Iterable[Vote], verdicts: Mapping[str, bool]) -> dict[str, Trust]:
    """Trust after a round: each vote is held against the verdict on its target."""
    found = dict(trust)
    for vote in votes:
        verdict = verdicts.get(vote.target)
        if vote.up is None or verdict is None:
            continue
        known = found.get(vote.vantage, Trust())
        agrees = vote.up is verdict
        found[vote.vantage] = Trust(known.agreed * FORGETS + agrees, known.differed * FORGETS + (not agrees))
    return found


def verdicts_of(votes: Iterable[Vote], valid: frozenset[str], trust: Mapping[str, Trust]) -> dict[str, bool]:
    """The majority's verdict on each target that has three valid votes at least; fewer judge nobody."""
    cast: dict[str, list[tuple[bool, float]]] = {}
    for vote in votes:
        if vote.vantage in valid and vote.up is not None:
            cast.setdefault(vote.target, []).append((vote.up, weight_of(vote.vantage, trust)))
    found = {target: majority(entries) for target, entries in cast.items() if len(entries) >= 3}
    return {target: verdict for target, verdict in found.items() if verdict is not None}


def _tally(key: tuple[str | None, str | None, str | None, Access], found: _Sum) -> Tally:
    operator, region, service, access = key
    return Tally(
        operator=operator,
        region=region,
        service=service,
        access=access,
        total=found.total,
        up=found.up,
        slow=found.slow,
        intercepted=found.intercepted,
        domestic_total=found.domestic_total,
        domestic_up=found.domestic_up,
        inside_total=found.inside_total,
        inside_up=found.inside_up,
        asked=found.asked,
        vantages=found.vantages,
        witness=found.witness,
    )


def vote_of(measurement: Measurement, verdict: Verdict, target: str | None = None) -> Vote:
    """The vote that a measurement casts by its verdict.

    Blocked and down are both "not up": which of them is the verdict's affair; slow and intercepted targets are up.
    `target` names what is voted on where that is not the measured target alone (a service seen from a network).
    """
    up = {State.OK: True, State.DEGRADED: True, State.BLOCKED: False, State.DOWN: False}.get(verdict.state)
    mechanism = verdict.mechanism or ""
    intercepted = mechanism.startswith("tls.mitm")
    if measurement.link in {Link.DOWN, Link.CAPTIVE_PORTAL}:
        up = None
    return Vote(
        target=target or measurement.target,
        vantage=measurement.vantage.id,
        up=True if intercepted and up is False else up,
        slow=verdict.state is State.DEGRADED,
        intercepted=intercepted,
        evidence=measurement.id,
    )


def inside_places(measurement: Measurement, *, domestic: bool = False) -> dict[str, Place]:
    """What an agent inside the country votes on: a service and all connectivity as its network sees them, and its region's.

    Keys name what is voted on; agents of one network, or of one region, vote together.
    """
    vantage = measurement.vantage
    network = vantage.operator or (f"AS{vantage.asn}" if vantage.asn is not None else None)
    found: dict[str, Place] = {}
    if network:
        key = f"{measurement.target}@{network}/{vantage.access.value}"
        found[key] = Place(operator=network, access=vantage.access, domestic=domestic, inside=True)
        if measurement.service:
            found[f"{key}#{measurement.service}"] = replace(found[key], service=measurement.service)
    if vantage.region:
        found[f"{measurement.target}@{vantage.region}"] = Place(region=vantage.region, domestic=domestic, inside=True)
    return found
