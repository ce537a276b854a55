"""What happened on a connection or in a look-up, as steps of a measurement."""

from functools import lru_cache
from ipaddress import ip_address
from typing import Literal

from collectors.probes.certificates import certificate_of
from collectors.probes.http_answer import HttpAnswer
from collectors.probes.pages import text_of, title_of
from collectors.probes.resolve import IpVersion, Lookup
from collectors.probes.wire import HTTP, TCP, TLS, Wire
from monitor.detect.verdict_known import known_page
from monitor.domain.measurements import (
    Certificate,
    DnsStep,
    HttpStep,
    Resolver,
    Step,
    TcpStep,
    ThroughputStep,
    TlsStep,
)

MOST_HEADERS = 60
LONGEST_VALUE = 512
_known_certificate = lru_cache(maxsize=4096)(certificate_of)
"""Most certificates are the same round after round."""


def endpoint(address: str, port: int) -> str:
    """`address:port` as it is written, IPv6 in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def is_address(host: str) -> bool:
    """Whether a host is written as an IP address."""
    if not (host[-1:].isdigit() or ":" in host):
        return False
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def version_of(address: str) -> Literal[4, 6]:
    """4 or 6."""
    return 6 if ":" in address else 4


def dns_step(
    lookup: Lookup, *, hop: int, host: str, resolver: Resolver, version: IpVersion, started_seconds: float
) -> DnsStep:
    """A look-up as a step."""
    return DnsStep(
        hop=hop,
        host=host,
        family=version,
        resolver=resolver,
        answers=lookup.addresses,
        answered_by=lookup.answered_by,
        late_answers=lookup.late,
        failure=lookup.failure,
        started_seconds=started_seconds,
        took_seconds=lookup.took_seconds,
        sent_bytes=lookup.sent_bytes,
        received_bytes=lookup.received_bytes,
    )


def wire_steps(
    wire: Wire, *, hop: int, host: str, address: str, port: int, url: str, attempt: int, zero: float
) -> list[Step]:
    """A connection as steps: one for each phase that began. `zero` is the clock's reading when the measurement began."""
    where = endpoint(address, port)
    version = version_of(address)
    last = wire.phase

    def taken(phase: int) -> dict[str, object]:
        return {
            "hop": hop,
            "host": host,
            "address": where,
            "family": version,
            "attempt": attempt,
            "started_seconds": wire.began_at[phase] - zero,
            "took_seconds": wire.ended_at[phase] - wire.began_at[phase],
            "failure": wire.failure if phase == last else None,
            "sent_bytes": wire.sent_bytes[phase],
            "received_bytes": wire.received_bytes[phase],
        }

    steps: list[Step] = [TcpStep(**taken(TCP))]  # type: ignore[arg-type]
    if wire.tls is not None:
        version_name = wire.tls.version() if last == HTTP else None
        steps.append(
            TlsStep(**taken(TLS), sni=wire.plan.sni, version=version_name, alpn=_alpn(wire), chain=chain(wire))  # type: ignore[arg-type]
        )
    if wire.answer is not None:
        steps.append(HttpStep(**taken(HTTP), **page(wire.answer, url)))  # type: ignore[arg-type]
        if wire.plan.sampled and wire.samples:
            steps.append(ThroughputStep(**_speed(taken(HTTP), wire, zero)))  # type: ignore[arg-type]
    return steps


def _speed(taken: dict[str, object], wire: Wire, zero: float) -> dict[str, object]:
    """Speed is counted from the first byte of the body to the last."""
    began = wire.samples[0][0]
    return {
        **taken,
        "started_seconds": wire.began_at[HTTP] - zero + began,
        "took_seconds": wire.samples[-1][0] - began,
        "received_bytes": wire.samples[-1][1],
        "sent_bytes": 0,
        "samples": tuple((round(at - began, 4), count) for at, count in wire.samples),
    }


def _alpn(wire: Wire) -> str | None:
    return wire.tls.selected_alpn_protocol() if wire.tls is not None and wire.phase == HTTP else None


def chain(wire: Wire) -> tuple[Certificate, ...]:
    """Certificates that were shown."""
    return tuple(_known_certificate(der) for der in wire.chain()[:10])


def page(answer: HttpAnswer, url: str) -> dict[str, object]:
    """What an answer says, as fields of a step."""
    text = text_of(bytes(answer.body), answer.headers.get("content-type", ""))
    location = answer.headers.get("location")
    return {
        "url": url,
        "status": answer.status,
        "headers": {name: value[:LONGEST_VALUE] for name, value in list(answer.headers.items())[:MOST_HEADERS]},
        "title": title_of(text),
        "length_bytes": answer.length_bytes if answer.status else None,
        "truncated": answer.truncated,
        "location": location[:2048] if location else None,
        "fingerprint": known_page(text, location),
    }
