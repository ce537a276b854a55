"""A reading laid open: which words count, by which rule, and how its strength came about. PURE.

The strength of a finding is made of its rules' own strengths. The strongest stands; each other lifts it by half of its
own of what is missing to certainty, never above 0.98. A finding whose place is unknown keeps 0.7 of it, an announcement
0.75; what cannot be told apart from outside stands as "surroundings".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.domain.signals import Finding, Hit, Reading

PLACE_UNKNOWN: Final = 0.7
ANNOUNCED: Final = 0.75
CEILING: Final = 0.98
_NEAR: Final = ":near"
_SLACK: Final = 0.02


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a strength: what it is, and the number (a strength, or a factor where it begins with ×)."""

    what: str
    value: float
    is_factor: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of the text that counts: offsets, `trigger`, `near` or `place`, and the finding's number from 1 (0: none)."""

    start: int
    end: int
    role: str
    finding: int


def marks(reading: Reading) -> list[Mark]:
    """What to mark in the text, places first, so that words of events are drawn over them."""
    found = [Mark(place.start, place.end, "place", 0) for place in reading.places]
    for number, finding in enumerate(reading.findings, 1):
        ordered = sorted(finding.because, key=lambda hit: not is_near(hit))
        found += [Mark(hit.start, hit.end, "near" if is_near(hit) else "trigger", number) for hit in ordered]
    return found


def is_near(hit: Hit) -> bool:
    """Whether the words only stand by, as a rule asks for them."""
    return hit.rule.endswith(_NEAR)


def parts(finding: Finding, own: Mapping[str, float]) -> list[Part]:
    """What the strength is made of; their product over the rules' joint strength is the finding's strength."""
    rules = [own[hit.rule] for hit in finding.because if hit.rule in own]
    found = [Part(hit.rule, own[hit.rule]) for hit in finding.because if hit.rule in own]
    if not rules:
        return [Part("the finding's own", finding.strength)]
    whole = PLACE_UNKNOWN if not finding.regions else 1.0
    if not finding.regions:
        found.append(Part("place unknown", PLACE_UNKNOWN, is_factor=True))
    if finding.strength < joint(rules, whole) - _SLACK:
        announced = abs(joint(rules, whole * ANNOUNCED) - finding.strength) <= _SLACK
        factor = ANNOUNCED if announced else finding.strength / max(joint(rules, whole), 0.01)
        found.append(Part("announced" if announced else "surroundings", round(factor, 3), is_factor=True))
    return found


def joint(rules: Sequence[float], factor: float = 1.0) -> float:
    """The strength that these rules have together, each with the same factor."""
    strength = rules[0] * factor
    for other in rules[1:]:
        strength = 1 - (1 - strength) * (1 - other * factor * 0.5)
    return min(strength, CEILING) if len(rules) > 1 else strength
