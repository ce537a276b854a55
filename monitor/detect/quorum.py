"""Who may speak, and what the many say: votes of vantages to a verdict on each target, verdicts to tallies.

A vantage whose own control fails is left out of its round, and of that round only. A target is up or down by the majority
of the valid vantages, each weighed by how far it has agreed with the others; a tie, or fewer than two vantages where there
are two, is no verdict. So one lying agent of twenty makes nothing and hides nothing, and our own outage is silence, not
a shutdown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.domain.connectivity import Round, Tally
from monitor.domain.measurements import Access, Link, Measurement, State, Verdict

LEAST_CONTROL: Final = 0.5
"""A vantage counts where this share of its control hosts answers."""
FORGETS: Final = 0.995
"""An agreement counts this much less with every vote that follows: some two hundred votes are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a target (or a service seen from a network) stands.

    Attributes:
        domestic: the target lies inside the country.
    """

    operator: str | None = None
    region: str | None = None
    service: str | None = None
    access: Access = Access.FIXED
    domestic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one vantage says of one target in one round.

    Attributes:
        up: `None` where it could not tell (`insufficient`).
        evidence: id of the measurement.
    """

    target: str
    vantage: str
    up: bool | None
    slow: bool = False
    intercepted: bool = False
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


def valid_vantages(controls: Mapping[str, float], links: Mapping[str, Link] | None = None) -> frozenset[str]:
    """Vantages that may speak this round: their control answers, and their own link is not known to be bad.

    `controls` are shares 0..1 of control hosts that answered each vantage.
    """
    bad = {Link.DOWN, Link.CAPTIVE_PORTAL}
    return frozenset(
        vantage
        for vantage, share in controls.items()
        if share >= LEAST_CONTROL and (links or {}).get(vantage, Link.UP) not in bad
    )


def tallied(
    at: datetime,
    votes: Iterable[Vote],
    places: Mapping[str, Place],
    valid: frozenset[str],
    trust: Mapping[str, Trust] | None = None,
    least_vantages: int = 2,
) -> Round:
    """The round that these votes make. Targets without a place are left out; those without a verdict are asked, not counted."""
    by_target: dict[str, list[Vote]] = {}
    for vote in votes:
        if vote.target in places:
            by_target.setdefault(vote.target, []).append(vote)
    groups: dict[Place, list[_Finding]] = {}
    for target, cast in by_target.items():
        spoken = [vote for vote in cast if vote.vantage in valid and vote.up is not None]
        place = places[target]
        key = Place(operator=place.operator, region=place.region, service=place.service, access=place.access)
        groups.setdefault(key, []).append(_decided(spoken, place.domestic, trust or {}, least_vantages))
    return Round(at=at, tallies=tuple(_tally(key, findings) for key, findings in groups.items()))


@dataclass(frozen=True, slots=True)
class _Finding:
    up: bool | None
    slow: bool
    intercepted: bool
    domestic: bool
    vantages: int
    witness: str | None


def _decided(votes: Sequence[Vote], domestic: bool, trust: Mapping[str, Trust], least: int) -> _Finding:
    if len(votes) < least:
        return _Finding(None, False, False, domestic, len(votes), None)
    up = majority([(bool(vote.up), weight_of(vote.vantage, trust)) for vote in votes])
    slow = majority([(vote.slow, weight_of(vote.vantage, trust)) for vote in votes]) or False
    intercepted = majority([(vote.intercepted, weight_of(vote.vantage, trust)) for vote in votes]) or False
    shows = next((vote.evidence for vote in votes if vote.up is up and (not up or vote.slow or vote.intercepted)), None)
    return _Finding(up, slow, intercepted, domestic, len(votes), shows)


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


def _tally(place: Place, findings: Sequence[_Finding]) -> Tally:
    told = [finding for finding in findings if finding.up is not None]
    domestic = [finding for finding in told if finding.domestic]
    return Tally(
        operator=place.operator,
        region=place.region,
        service=place.service,
        access=place.access,
        total=len(told),
        up=sum(bool(finding.up) for finding in told),
        slow=sum(finding.slow for finding in told),
        intercepted=sum(finding.intercepted for finding in told),
        domestic_total=len(domestic),
        domestic_up=sum(bool(finding.up) for finding in domestic),
        asked=len(findings),
        vantages=max((finding.vantages for finding in told), default=0),
        witness=next((finding.witness for finding in told if finding.witness), None),
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
        found[key] = Place(operator=network, access=vantage.access, domestic=domestic)
        if measurement.service:
            service = Place(operator=network, access=vantage.access, service=measurement.service, domestic=domestic)
            found[f"{key}#{measurement.service}"] = service
    if vantage.region:
        found[f"{measurement.target}@{vantage.region}"] = Place(region=vantage.region, domestic=domestic)
    return found
