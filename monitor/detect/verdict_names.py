"""Rules about names: bogus, refused and injected answers, and names that are dead for everybody. PURE."""

from monitor.detect.verdict_evidence import WRONG_CERTIFICATE, Evidence, is_bogon
from monitor.detect.verdict_finding import Finding, Rule, blocked, down, fine, unclear
from monitor.detect.verdict_pages import page_worked
from monitor.domain.measurements import DnsStep, Failure, TlsStep

_MECHANISMS = {
    Failure.DNS_NXDOMAIN: "dns.nxdomain",
    Failure.DNS_REFUSED: "dns.refused",
    Failure.DNS_SERVFAIL: "dns.servfail",
    Failure.DNS_SERVER_MISBEHAVING: "dns.servfail",
    Failure.DNS_TEMPORARY: "dns.servfail",
    Failure.DNS_NO_ANSWER: "dns.no_answer",
    Failure.ANDROID_DNS_NO_DATA: "dns.nxdomain",
    Failure.TIMEOUT: "dns.timeout",
    Failure.TIMED_OUT: "dns.timeout",
    Failure.DNS_BOGON: "dns.injection.bogon",
}


def _bogon_for_all(evidence: Evidence) -> Finding | None:
    ours, theirs = evidence.answers(), evidence.control_answers
    if ours and all(map(is_bogon, ours)) and theirs and all(map(is_bogon, theirs)):
        return down(0.9, "the name leads to a private address for the control too: set up wrongly")
    return None


def _bogon(evidence: Evidence) -> Finding | None:
    bogons = [answer for answer in sorted(evidence.answers()) if is_bogon(answer)]
    if not bogons and evidence.system_failure is not Failure.DNS_BOGON:
        return None
    if bogons and evidence.control_lookups and set(bogons) <= evidence.control_answers:
        return None
    shown = bogons[0] if bogons else "a private address"
    return blocked("dns.injection.bogon", 0.95, f"the resolver answers {shown}, which no public site has")


def _dead_name(evidence: Evidence) -> Finding | None:
    if evidence.system_failure and evidence.control_lookup_failed:
        return down(0.9, f"the name has no address for the control either ({evidence.system_failure})")
    return None


def _refused(evidence: Evidence) -> Finding | None:
    failure = evidence.system_failure
    found = evidence.control is None or evidence.control_answers or (evidence.hop and evidence.control_page_came)
    if failure is None or not found:
        return None
    elsewhere = evidence.answers("second") or evidence.answers("doh")
    confidence = 0.95 if elsewhere else 0.9
    also = "; another resolver gives the control's answer from here" if elsewhere else ""
    mechanism = _MECHANISMS.get(failure, "dns")
    return blocked(mechanism, confidence, f"the resolver says {failure} where the control gets an address{also}")


def _answer_for_nothing(evidence: Evidence) -> Finding | None:
    ours = evidence.answers()
    if not ours or not evidence.control_found_nothing or any(map(evidence.is_vouched_for, ours)):
        return None
    return blocked("dns.injection", 0.8, "the resolver invents an address for a name that does not exist elsewhere")


def _injected(evidence: Evidence) -> Finding | None:
    ours = evidence.answers()
    if not ours or not evidence.control_answers or evidence.matches_control(ours) or page_worked(evidence):
        return None
    if _second_answer(evidence):
        return blocked(
            "dns.injection", 0.95, "two different answers came to one question, and the first is not the control's"
        )
    encrypted = evidence.answers("doh")
    if encrypted & ours:
        return None  # an encrypted channel gives the same from here: a CDN's answer for this place
    if encrypted and evidence.matches_control(encrypted):
        return blocked(
            "dns.injection", 0.9, "over an encrypted channel the name has the control's address, in clear another"
        )
    return _unmatched(evidence, ours)


def _unmatched(evidence: Evidence, ours: frozenset[str]) -> Finding | None:
    """An address that nobody else knows, with nothing encrypted to compare: often a CDN's, so more must be wrong with it."""
    handshakes = evidence.used(TlsStep)
    if handshakes and all(step.failure in WRONG_CERTIFICATE for step in handshakes):
        return blocked(
            "dns.injection", 0.9, "the resolver's address shows a wrong certificate and is unknown to the control"
        )
    if handshakes and evidence.scheme != "http":
        return None  # it connects: what happens to the handshake tells more
    if not any(map(evidence.is_vouched_for, ours)):
        return blocked(
            "dns.injection", 0.75, "the resolver's address is not the control's, nor in its network, and does not work"
        )
    return None


def _second_answer(evidence: Evidence) -> bool:
    """One question got two different answers: one was injected on the way."""
    return any(step.late_answers for step in evidence.of(DnsStep))


def _server(evidence: Evidence) -> Finding | None:
    """A name server that is itself the target: it answers, or it does not."""
    asked = evidence.of(DnsStep) if evidence.scheme == "dns" else []
    if not asked:
        return None
    failure = asked[-1].failure
    if failure in {None, Failure.DNS_NO_ANSWER}:
        return fine(0.8, "the name server answers")
    control = [step for step in evidence.control_steps if isinstance(step, DnsStep)]
    if control and control[-1].failure is None:
        return blocked(
            _MECHANISMS.get(failure or Failure.UNKNOWN, "dns"),
            0.75,
            f"the name server fails ({failure}), the control gets an answer",
        )
    return (
        down(0.8, f"the name server fails ({failure}) for the control too")
        if control
        else unclear(f"the name server fails ({failure})")
    )


RULES = (
    Rule(id="dns.server", find=_server, needs_control=False),
    Rule(id="dns.bogon_for_all", find=_bogon_for_all),
    Rule(id="dns.bogon", find=_bogon),
    Rule(id="dns.dead_name", find=_dead_name),
    Rule(id="dns.refused", find=_refused),
    Rule(id="dns.answer_for_nothing", find=_answer_for_nothing),
    Rule(id="dns.injected", find=_injected),
)
