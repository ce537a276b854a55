"""What one rule finds in the evidence, and the rule as a row with an id that is never reused. PURE."""

from collections.abc import Callable
from dataclasses import dataclass

from monitor.detect.verdict_evidence import Evidence
from monitor.domain.measurements import Coverage, State


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of the evidence.

    Attributes:
        confidence: 0..1; OONI's hand-set weights where there are such (analysis/rules.py), 1 for what settles a case.
        because: one sentence for a person.
    """

    state: State
    mechanism: str | None
    confidence: float
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row: when its question is answered with a finding, that is the verdict unless an earlier row spoke.

    Attributes:
        needs_control: without a control, what it finds is only a guess and becomes `insufficient`.
        coverage: what a verdict of this rule rests on.
    """

    id: str
    find: Callable[[Evidence], Finding | None]
    version: int = 1
    needs_control: bool = True
    coverage: Coverage = Coverage.SEEN


def blocked(mechanism: str, confidence: float, because: str) -> Finding:
    """Somebody interferes."""
    return Finding(State.BLOCKED, mechanism, confidence, because)


def down(confidence: float, because: str) -> Finding:
    """It does not work, for the control neither."""
    return Finding(State.DOWN, None, confidence, because)


def fine(confidence: float, because: str) -> Finding:
    """It works."""
    return Finding(State.OK, None, confidence, because)


def unclear(because: str, mechanism: str | None = None) -> Finding:
    """Nothing may be concluded."""
    return Finding(State.INSUFFICIENT, mechanism, 0.0, because)
