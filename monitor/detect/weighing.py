"""What speaks for and against an outage, as claims by families, and the judgement on it with its hysteresis. PURE.

Families: our own probes outside, agents inside (what they measure, and their silence), measuring projects of others, people
who write, announcements of officials and operators, routing tables. Copies of one text are one witness. A family that had
ears in these hours, is due and shows nothing counts against; one that heard nobody says nothing. A denial adds nothing and
takes nothing: shutdowns are denied as a matter of course.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.detect.causes import cause_named
from monitor.detect.entities import seen_of
from monitor.detect.fusion import Claim, Judgement, Quality, fused
from monitor.detect.presence import Member
from monitor.detect.said import BEFORE, Said, supports
from monitor.domain.connectivity import Certainty, EvidenceFamily, Outage, Round, Routing, Scope

ORDER: Final = tuple(Certainty)
HOLD: Final = timedelta(minutes=30)
"""A lower certainty is told once it has stood for this long."""
LEAST_TARGETS: Final = 3
LEAST_AGENTS: Final = 3
QUIET_SHARE: Final = 0.6
HEARD_SHARE: Final = 0.2
OWN: Final = Quality(found_ratio=0.95, false_ratio=0.001, lag=timedelta(minutes=10))
SILENCE: Final = Quality(found_ratio=0.9, false_ratio=0.01, lag=timedelta(minutes=30))
ROUTES: Final = Quality(found_ratio=0.3, false_ratio=0.002, lag=timedelta(minutes=15))
ANNOUNCED: Final = Quality(found_ratio=0.3, false_ratio=0.002)
PROJECTS: Final = Quality(found_ratio=0.7, false_ratio=0.002, lag=timedelta(hours=1))
PEOPLE: Final[Mapping[int, Quality]] = {
    1: Quality(found_ratio=0.5, false_ratio=0.002),
    2: Quality(found_ratio=0.5, false_ratio=0.005),
    3: Quality(found_ratio=0.5, false_ratio=0.02),
    4: Quality(found_ratio=0.5, false_ratio=0.1),
}
"""By tier: who checks before it publishes is seldom wrong; a rumour often is."""
UNHEARD: Final = Quality(found_ratio=0.6, false_ratio=0.02)
"""Of people as a whole: that not one of them writes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known beside the rounds.

    Attributes:
        said: what was written of the network, from whom.
        ears: families that heard somebody at all since the onset, whatever it was about.
        members: agents and reporters, and when each was last heard.
    """

    said: Sequence[Said] = ()
    ears: Collection[EvidenceFamily] = ()
    members: Sequence[Member] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """An outage and what was told of its certainty; a plain value.

    Attributes:
        outage: as last weighed, with the cause that somebody named.
        judgement: as told; what came in since and did not change the class is in it too.
        own: what each of our own views last showed, by source: a view that falls silent takes nothing back.
        ears: families that were heard since the onset.
        lower_since: since when the evidence has come to less than what was told; `None` while it does not.
    """

    outage: Outage
    judgement: Judgement
    own: Mapping[str, bool] = field(default_factory=dict)
    ears: tuple[EvidenceFamily, ...] = ()
    lower_since: datetime | None = None


def weighed(
    outage: Outage, rounds: Sequence[Round], evidence: Evidence, now: datetime, before: Weighed | None = None
) -> Weighed:
    """The judgement on an outage: upward at once, downward once the less has stood for half an hour.

    `rounds` are the latest in it; once it is over, what they last showed is kept.
    """
    own = dict(before.own) if before else {}
    if outage.ended is None or before is None:
        own |= _own(outage, rounds, evidence.members)
    if not any(own.values()):
        # Found by our own rounds, which are not at hand any more: from which side is not known.
        own |= {_source(EvidenceFamily.OWN_ACTIVE, entity): True for entity in outage.entities or (outage.entity,)}
    ears = tuple(sorted({*(before.ears if before else ()), *evidence.ears}))
    said = [one for one in evidence.said if supports(one, outage, now)]
    cause = cause_named(evidence.said, outage, now, before.outage.cause if before else outage.cause)
    claims = (*_own_claims(own), *_said_claims(said, ears), *_routing(outage))
    found = fused(claims, outage.onset, now, cause)
    after = Weighed(outage=replace(outage, cause=cause), judgement=found, own=own, ears=ears)
    return after if before is None else _settled(before, after, now)


def _settled(before: Weighed, found: Weighed, now: datetime) -> Weighed:
    told, new = before.judgement.certainty, found.judgement.certainty
    if ORDER.index(new) >= ORDER.index(told) or found.outage.cause is not before.outage.cause:
        return found
    since = before.lower_since or now
    if now - since >= HOLD and found.outage.ended is None:
        return found
    return replace(found, judgement=replace(found.judgement, certainty=told), lower_since=since)


def due_moments(outage: Outage, before: Weighed | None = None) -> tuple[datetime, ...]:
    """When the judgement on it may change by time alone."""
    lags = {OWN.lag, SILENCE.lag, ROUTES.lag, PROJECTS.lag, UNHEARD.lag}
    moments = {outage.onset + lag for lag in lags}
    if before is not None and before.lower_since is not None:
        moments.add(before.lower_since + HOLD)
    return tuple(sorted(moments))


def asked_since(outage: Outage) -> datetime:
    """From when on something that was said may be about this outage."""
    return min(outage.onset, outage.onset_earliest or outage.onset) - BEFORE


def _own(outage: Outage, rounds: Sequence[Round], members: Sequence[Member]) -> dict[str, bool]:
    """What our own views show now, by source; those without data are left out."""
    if outage.scope is Scope.LOCAL:
        # The silence of those inside is what it was found by.
        return {_source(EvidenceFamily.INSIDE, outage.entity): True}
    losses: dict[str, float] = {}
    for entity in outage.entities or (outage.entity,):
        seen = seen_of(rounds, entity)
        views = {EvidenceFamily.OWN_ACTIVE: seen.outside, EvidenceFamily.INSIDE: seen.inside}
        least = min(LEAST_TARGETS, max(1, seen.outside[1] + seen.inside[1]))
        for family, (up, total) in views.items():
            if total >= least:
                losses[_source(family, entity)] = 1.0 - up / total
    # The detector found it in the sum of all: the view that lost most has shown it.
    enough = min(max(0.1, outage.loss_ratio / 2.0), max(losses.values(), default=0.0))
    shown = {source: 0.0 < enough <= loss for source, loss in losses.items()}
    if (silent := _silence(outage, members)) is not None:
        shown[_source(EvidenceFamily.INSIDE, "silence")] = silent
    return shown


def _silence(outage: Outage, members: Sequence[Member]) -> bool | None:
    """Whether the agents that stand in it have fallen silent; `None` where too few are known, or some have."""
    inside = [member for member in members if member.stands_in(outage)]
    if len(inside) < LEAST_AGENTS:
        return None
    quiet = sum(member.quiet for member in inside) / len(inside)
    return True if quiet >= QUIET_SHARE else False if quiet <= HEARD_SHARE else None


def _source(family: EvidenceFamily, entity: str) -> str:
    return f"{family.value}/{entity}"


def _own_claims(own: Mapping[str, bool]) -> Iterable[Claim]:
    for source, active in sorted(own.items()):
        family = EvidenceFamily(source.partition("/")[0])
        quality = SILENCE if source.endswith("/silence") else OWN
        yield Claim(source=source, family=family, active=active, quality=quality)


def _said_claims(said: Sequence[Said], ears: Collection[EvidenceFamily]) -> Iterable[Claim]:
    """One claim a witness, at its best; a family that nobody of shows it, by whether it was heard at all."""
    best: dict[tuple[EvidenceFamily, str], Said] = {}
    for one in said:
        key = (one.family, one.witness)
        best[key] = min(best.get(key, one), one, key=lambda entry: entry.tier)
    for (family, witness), one in sorted(best.items()):
        yield Claim(source=f"{family.value}/{witness}", family=family, active=True, quality=_quality(one))
    showing = {family for family, _ in best}
    for family, quality in ((EvidenceFamily.REPORTS, UNHEARD), (EvidenceFamily.THIRD_PARTY, PROJECTS)):
        if family not in showing:
            yield Claim(source=family.value, family=family, active=False if family in ears else None, quality=quality)


def _quality(one: Said) -> Quality:
    if one.family is EvidenceFamily.THIRD_PARTY:
        return PROJECTS
    return ANNOUNCED if one.family is EvidenceFamily.ANNOUNCED else PEOPLE[one.tier]


def _routing(outage: Outage) -> Iterable[Claim]:
    """Prefixes that stay announced are weak evidence against, those withdrawn are evidence for."""
    if outage.routing is not Routing.UNKNOWN:
        active = outage.routing is Routing.WITHDRAWN
        yield Claim(source="routing", family=EvidenceFamily.ROUTING, active=active, quality=ROUTES)
