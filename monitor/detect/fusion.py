"""Several sources to one judgement: log-odds, families that count once, and silence that counts only when it is due.

Each source weighs ln(found share / false share), four nats at most. Sources of one family err together: the strongest
speaks, the others add half of theirs, five and a half nats at most. A source that should have seen it by now and has not
weighs ln(missed share / quiet share), minus two at the lowest; routing tables minus a half, for in January 2022 most Kazakh
prefixes stayed announced while nothing passed. A source without data weighs nothing: it is not "all is well".
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.domain.connectivity import Cause, Certainty, EvidenceFamily

PRIOR_ODDS: Final = 4.0 / (60.0 * 24.0)
"""Four hours of shutdown in sixty days."""
MOST_FOR: Final = 4.0
MOST_FOR_FAMILY: Final = 5.5
MOST_AGAINST: Final = 2.0
MOST_AGAINST_ROUTING: Final = 0.5
LIKELY: Final = 0.8
CONFIRMED: Final = 0.95
TECHNICAL: Final = frozenset({Cause.POWER, Cause.CABLE, Cause.MAINTENANCE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What is known of a source, from its own past.

    Attributes:
        found_ratio: share of true outages that it shows, 0..1 (without the ends).
        false_ratio: share of quiet time in which it shows one all the same.
        lag: how long it takes to show one.
    """

    found_ratio: float = 0.9
    false_ratio: float = 0.005
    lag: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one source shows now.

    Attributes:
        active: it shows an outage; `None` = it has no data, which says nothing.
    """

    source: str
    family: EvidenceFamily
    active: bool | None
    quality: Quality = Quality()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What all sources together make of it.

    Attributes:
        parts: nats by source, as they were counted, so that everybody can see what it rests on.
        families: those that show it.
        showing: sources that show it, of `asked` with data, of `of` sources in all.
    """

    probability: float
    certainty: Certainty
    parts: Mapping[str, float]
    families: tuple[EvidenceFamily, ...]
    asked: int
    of: int
    showing: int = 0


def fused(claims: Sequence[Claim], onset: datetime, now: datetime, cause: Cause = Cause.UNKNOWN) -> Judgement:
    """The judgement on an outage that began at `onset`. A technical cause that somebody named is never `confirmed`."""
    parts: dict[str, float] = {}
    for family in EvidenceFamily:
        mine = [claim for claim in claims if claim.family is family]
        parts |= _for(mine) or _against(mine, family, now - onset)
    odds = math.log(PRIOR_ODDS / (1.0 - PRIOR_ODDS)) + sum(parts.values())
    probability = 1.0 / (1.0 + math.exp(-odds))
    families = tuple(sorted({claim.family for claim in claims if claim.active}))
    heard = sum(claim.active is not None for claim in claims)
    certainty = _certainty(probability, families, cause)
    return Judgement(
        probability=probability, certainty=certainty, parts=parts, families=families, asked=heard, of=len(claims),
        showing=sum(claim.active is True for claim in claims),
    )  # fmt: skip


def _for(claims: Sequence[Claim]) -> dict[str, float]:
    """What the active sources of a family add; empty where none is."""
    weights = sorted(((weight_for(claim.quality), claim.source) for claim in claims if claim.active), reverse=True)
    parts, left = {}, MOST_FOR_FAMILY
    for place, (weight, source) in enumerate(weights):
        part = min(left, weight if place == 0 else weight / 2.0)
        parts[source] = part
        left -= part
    return parts


def _against(claims: Sequence[Claim], family: EvidenceFamily, since: timedelta) -> dict[str, float]:
    """What a family says that should have seen it by now: the strongest no of its sources, once."""
    due = [claim for claim in claims if claim.active is False and since > claim.quality.lag]
    if not due:
        return {}
    most = MOST_AGAINST_ROUTING if family is EvidenceFamily.ROUTING else MOST_AGAINST
    weight, source = min((weight_against(claim.quality), claim.source) for claim in due)
    return {source: max(-most, weight)}


def weight_for(quality: Quality) -> float:
    """Nats that an active source adds."""
    return min(MOST_FOR, math.log(quality.found_ratio / max(quality.false_ratio, 1e-6)))


def weight_against(quality: Quality) -> float:
    """Nats, negative, that a quiet source adds when it is due."""
    return math.log(max(1.0 - quality.found_ratio, 1e-6) / (1.0 - quality.false_ratio))


def _certainty(probability: float, families: Sequence[EvidenceFamily], cause: Cause) -> Certainty:
    if not families:
        return Certainty.INSUFFICIENT
    if probability > CONFIRMED and len(families) >= 2 and cause not in TECHNICAL:
        return Certainty.CONFIRMED
    return Certainty.LIKELY if probability > LIKELY else Certainty.SUSPECTED
