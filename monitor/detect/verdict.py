"""What we make of one measurement: rows of rules, the first that speaks decides. PURE.

The same code judges our own measurements and OONI's. The order is: are we blind ourselves; what settles a case alone
(a state's root, a known block page); is there a control; then name, connection, handshake, page; then what works.
Weights follow OONI (`oonipipeline/analysis/rules.py`); they are hand-set, not calibrated.
"""

from dataclasses import replace
from typing import Final

from monitor.detect import verdict_connections, verdict_names, verdict_pages
from monitor.detect.verdict_evidence import Connecting, Evidence
from monitor.detect.verdict_finding import Finding, Rule, fine, unclear
from monitor.detect.verdict_pages import page_worked
from monitor.domain.measurements import (
    Coverage,
    HttpStep,
    Link,
    Measurement,
    PingStep,
    QuicStep,
    State,
    TcpStep,
    TlsStep,
    Verdict,
)


def _blind(evidence: Evidence) -> Finding | None:
    if evidence.measurement.link is Link.DOWN:
        return unclear("the vantage's own link was down")
    if evidence.measurement.link is Link.CAPTIVE_PORTAL:
        return unclear("the vantage was behind a captive portal")
    return None


def _nothing(evidence: Evidence) -> Finding | None:
    return None if evidence.steps else unclear("nothing was measured")


def _control_failed(evidence: Evidence) -> Finding | None:
    if evidence.control is not None and (evidence.control.failed or not evidence.control_steps):
        return unclear("the control failed, so nothing may be concluded")
    return None


def _page_works(evidence: Evidence) -> Finding | None:
    if not page_worked(evidence):
        return None
    if evidence.scheme == "https":
        return fine(0.98, "the page came with a valid certificate")
    return fine(0.9, "the page is the control's")


def _endpoint_works(evidence: Evidence) -> Finding | None:
    match evidence.scheme:
        case "quic":
            return _any_worked(evidence, QuicStep, "the QUIC handshake works")
        case "tls":
            return _any_worked(evidence, TlsStep, "the handshake works")
        case "tcp":
            return _any_worked(evidence, TcpStep, "the connection is made")
        case "icmp":
            came = [step for step in evidence.steps if isinstance(step, PingStep) and step.round_trips_seconds]
            return fine(0.8, "echoes come back") if came else None
    return None


def _any_worked(evidence: Evidence, kind: type[Connecting], words: str) -> Finding | None:
    return fine(0.9, words) if any(step.failure is None for step in evidence.used(kind)) else None


def _came_without_control(evidence: Evidence) -> Finding | None:
    """A page in clear text that came, with no control to compare it with and nothing suspicious in it."""
    page = evidence.page
    if evidence.control is None and page is not None and page.failure is None and not page.fingerprint:
        return fine(0.6, "a page came; there is no control to compare it with")
    return None


RULES: Final = (
    Rule(id="link.blind", find=_blind, needs_control=False, coverage=Coverage.DISCARDED),
    Rule(id="steps.none", find=_nothing, needs_control=False, coverage=Coverage.NONE),
    *verdict_connections.CERTAIN,
    *verdict_pages.CERTAIN,
    Rule(id="control.failed", find=_control_failed, needs_control=False),
    *verdict_names.RULES,
    *verdict_connections.RULES,
    *verdict_pages.RULES,
    Rule(id="page.works", find=_page_works, needs_control=False),
    Rule(id="endpoint.works", find=_endpoint_works, needs_control=False),
    Rule(id="page.came_without_control", find=_came_without_control, needs_control=False),
)
"""In the order in which they speak. An id is never used for another rule; a change of meaning raises its version."""


def judge(measurement: Measurement) -> Verdict:
    """What is the matter with the target, seen from this vantage at that time."""
    evidence = Evidence(measurement)
    found = [(rule, finding) for rule in RULES if (finding := rule.find(evidence)) is not None]
    if not found:
        return Verdict(
            state=State.INSUFFICIENT,
            mechanism=None,
            confidence=0.0,
            rule="steps.inconclusive",
            because=("the steps show nothing that a rule knows",),
            also=_failures(evidence),
        )
    rule, finding = found[0]
    others = tuple(
        other.mechanism for _, other in found[1:] if other.mechanism and other.mechanism != finding.mechanism
    )
    verdict = Verdict(
        state=finding.state,
        mechanism=finding.mechanism if finding.state in {State.BLOCKED, State.DEGRADED} else None,
        confidence=finding.confidence,
        rule=rule.id,
        version=rule.version,
        coverage=rule.coverage,
        because=tuple(other.because for _, other in found),
        also=tuple(dict.fromkeys((*_hint(finding), *others))),
    )
    return verdict if evidence.controlled or not rule.needs_control else _without_control(verdict)


def _hint(finding: Finding) -> tuple[str, ...]:
    return (finding.mechanism,) if finding.mechanism and finding.state is State.INSUFFICIENT else ()


def _without_control(verdict: Verdict) -> Verdict:
    """A failure without a control may be theirs or ours: say so, and keep what it looks like."""
    guess = (verdict.mechanism,) if verdict.mechanism else ()
    return replace(
        verdict,
        state=State.INSUFFICIENT,
        mechanism=None,
        confidence=0.0,
        rule="control.absent",
        version=1,
        because=("there is no control to compare with", *verdict.because),
        also=(*guess, *verdict.also),
    )


def _failures(evidence: Evidence) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            f"{step.layer}:{step.failure}"
            for step in evidence.steps
            if step.failure and isinstance(step, TcpStep | TlsStep | HttpStep | QuicStep)
        )
    )
