"""Rules about connections: TCP and TLS that fail where the control gets through. PURE."""

from monitor.detect.verdict_evidence import WRONG_CERTIFICATE, Evidence
from monitor.detect.verdict_finding import Finding, Rule, blocked, down
from monitor.detect.verdict_known import ALSO_HONEST, state_issuer
from monitor.detect.verdict_pages import page_worked
from monitor.domain.measurements import Failure, QuicStep, TcpStep, TlsStep

RESETS = {Failure.CONNECTION_RESET, Failure.CONNECTION_ABORTED, Failure.EOF, Failure.CONNECTION_ALREADY_CLOSED}
TIMEOUTS = {Failure.TIMEOUT, Failure.TIMED_OUT}
_UNREACHABLE = {Failure.HOST_UNREACHABLE, Failure.NETWORK_UNREACHABLE, Failure.NETWORK_DOWN, Failure.NETWORK_RESET}


def _state_root(evidence: Evidence) -> Finding | None:
    for step in evidence.steps:
        for certificate in step.chain if isinstance(step, TlsStep) else ():
            known = state_issuer(certificate.issuer) or state_issuer(certificate.subject)
            if known and not (known in ALSO_HONEST and isinstance(step, TlsStep) and _control_shows(evidence, step)):
                return blocked("tls.mitm", 1.0, f"the certificate is signed by the interception root {known}")
    return None


def _control_shows(evidence: Evidence, step: TlsStep) -> bool:
    """The control meets the same certificate, or none that it would trust either: it is the site's own."""
    same = [other for other in evidence.control_steps if isinstance(other, TlsStep) and other.address == step.address]
    shown = {certificate.sha256 for other in same for certificate in other.chain}
    if shown:
        return bool(shown & {certificate.sha256 for certificate in step.chain})
    return bool(same) and all(other.failure in WRONG_CERTIFICATE for other in same)


def _tcp(evidence: Evidence) -> Finding | None:
    steps = evidence.used(TcpStep)
    if not steps or any(step.failure is None for step in steps) or page_worked(evidence):
        return None
    worked = [evidence.control_worked(step) for step in steps]
    if any(worked):
        failed = steps[worked.index(True)]
        return blocked(
            tcp_mechanism(failed.failure),
            0.75,
            f"{failed.address} fails ({failed.failure}), for the control it connects",
        )
    if all(answer is False for answer in worked) or (evidence.control_page and not evidence.control_page_came):
        return down(0.9, f"{steps[0].address} fails ({steps[0].failure}) for the control too")
    return None


def tcp_mechanism(failure: Failure | None) -> str:
    """The name of what makes a connection fail so."""
    if failure in TIMEOUTS:
        return "tcp.timeout"
    if failure in _UNREACHABLE:
        return "ip.unreachable"
    return {Failure.CONNECTION_REFUSED: "tcp.refused", Failure.CONNECTION_RESET: "tcp.reset"}.get(
        failure or Failure.UNKNOWN, "tcp"
    )


def _tls(evidence: Evidence) -> Finding | None:
    steps = evidence.used(TlsStep)
    if evidence.scheme == "http" or not steps or any(step.failure is None for step in steps) or page_worked(evidence):
        return None
    worked = [evidence.control_worked(step) for step in steps]
    if any(worked):
        failed = steps[worked.index(True)]
        mechanism, confidence = tls_mechanism(failed)
        if mechanism == "tls.reset" and _another_name_passes(evidence, failed):
            mechanism, confidence = "tls.reset.sni", 0.95
        return blocked(
            mechanism, confidence, f"the handshake for {failed.sni} fails ({failed.failure}), for the control it works"
        )
    if all(answer is False for answer in worked) or (evidence.control_page and not evidence.control_page_came):
        return down(0.9, f"the handshake for {steps[0].sni} fails ({steps[0].failure}) for the control too")
    return None


def tls_mechanism(step: TlsStep) -> tuple[str, float]:
    """The name of what makes a handshake fail so, and OONI's weight for it."""
    if step.failure in RESETS:
        return "tls.reset", 0.8
    if step.failure in TIMEOUTS:
        return "tls.timeout", 0.7
    if step.failure in WRONG_CERTIFICATE:
        self_signed = len(step.chain) == 1 and step.chain[0].issuer == step.chain[0].subject
        return ("tls.mitm.self_signed" if self_signed else "tls.mitm"), 0.9
    return "tls", 0.6


def _another_name_passes(evidence: Evidence, failed: TlsStep) -> bool:
    """A handshake with another server name works at the same address: the name is what triggers."""
    return any(
        isinstance(step, TlsStep) and step.address == failed.address and step.sni != failed.sni and step.failure is None
        for step in evidence.steps
    )


def _quic(evidence: Evidence) -> Finding | None:
    steps = evidence.used(QuicStep)
    if evidence.scheme != "quic" or not steps or any(step.failure is None for step in steps):
        return None
    worked = [evidence.control_worked(step) for step in steps]
    if any(worked):
        timeout = steps[0].failure in TIMEOUTS
        return blocked("quic.timeout" if timeout else "quic", 0.7, "QUIC fails, for the control it works")
    if all(answer is False for answer in worked):
        return down(0.9, "QUIC fails for the control too")
    return None


CERTAIN = (Rule(id="tls.state_root", find=_state_root, needs_control=False),)
RULES = (Rule(id="tcp.fails", find=_tcp), Rule(id="tls.fails", find=_tls), Rule(id="quic.fails", find=_quic))
