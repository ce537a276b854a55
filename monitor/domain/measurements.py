"""Measurements: what one vantage measured, step by step, and what we make of it. A failed probe is data, not an error.

Failures are named in the words of OONI (`df-007-errors`), so that our measurements and theirs are judged by one code.
A vantage is known by country, region and network only; its own address is never part of a measurement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from monitor.domain.ids import content_id
from monitor.domain.moments import rfc3339


class Failure(StrEnum):
    """How a step failed, in the words of OONI's data format df-007. No failure is `None`, never a word."""

    ADDRESS_NOT_AVAILABLE = "address_not_available"
    CONNECTION_ABORTED = "connection_aborted"
    CONNECTION_ALREADY_CLOSED = "connection_already_closed"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_RESET = "connection_reset"
    DNS_BOGON = "dns_bogon_error"
    DNS_LOOKUP = "dns_lookup_error"
    DNS_NO_ANSWER = "dns_no_answer"
    DNS_NON_RECOVERABLE = "dns_non_recoverable_failure"
    DNS_NXDOMAIN = "dns_nxdomain_error"
    DNS_REFUSED = "dns_refused_error"
    DNS_SERVER_MISBEHAVING = "dns_server_misbehaving"
    DNS_SERVFAIL = "dns_servfail_error"
    DNS_TEMPORARY = "dns_temporary_failure"
    DNS_WRONG_QUERY_ID = "dns_reply_with_wrong_query_id"
    ANDROID_DNS_NO_DATA = "android_dns_cache_no_data"
    EOF = "eof_error"
    TIMEOUT = "generic_timeout_error"
    HOST_UNREACHABLE = "host_unreachable"
    HTTP_REQUEST_FAILED = "http_request_failed"
    HTTP_INVALID_REDIRECT = "http_invalid_redirect_location_host"
    HTTP_UNEXPECTED_REDIRECT = "http_unexpected_redirect_url"
    HTTP_UNEXPECTED_STATUS = "http_unexpected_status_code"
    INTERRUPTED = "interrupted"
    NETWORK_DOWN = "network_down"
    NETWORK_RESET = "network_reset"
    NETWORK_UNREACHABLE = "network_unreachable"
    PERMISSION_DENIED = "permission_denied"
    QUIC_INCOMPATIBLE_VERSION = "quic_incompatible_version"
    SSL_FAILED_HANDSHAKE = "ssl_failed_handshake"
    SSL_INVALID_CERTIFICATE = "ssl_invalid_certificate"
    SSL_INVALID_HOSTNAME = "ssl_invalid_hostname"
    SSL_UNKNOWN_AUTHORITY = "ssl_unknown_authority"
    TIMED_OUT = "timed_out"
    UNKNOWN = "unknown_failure"


def failure_of(text: str | None) -> Failure | None:
    """The failure that a df-007 word names; a word that we do not know is `UNKNOWN`, no word is no failure."""
    if not text:
        return None
    try:
        return Failure(text)
    except ValueError:
        return Failure.UNKNOWN


Resolver = Literal["system", "second", "doh"]
"""Who was asked: what `getaddrinfo` uses, a second one over UDP, one over HTTPS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate of a chain, as far as verdicts need it.

    Attributes:
        subject, issuer: names as one line, `CN=..., O=..., C=..`.
        names: DNS names and addresses it is for.
        sha256: hexadecimal digest of the certificate.
        key_sha256: hexadecimal digest of its public key; the same key on many names is the mark of interception.
        valid_from, valid_until: `None` where they could not be read.
    """

    subject: str
    issuer: str
    sha256: str
    key_sha256: str = ""
    names: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """What every step says.

    Attributes:
        hop: 0 for the address asked for, 1 after the first redirect, and so on.
        host: the name it was about.
        address: `address:port` it went to; `None` where it went to a name.
        family: 4 or 6; `None` where it means nothing.
        started_seconds: since the measurement began.
        took_seconds: how long it took, to its end or its failure.
        failure: `None` if it worked.
        attempt: 1, or 2 and more for a retry inside the round.
    """

    hop: int = 0
    host: str = ""
    address: str | None = None
    family: Literal[4, 6] | None = None
    started_seconds: float = 0.0
    took_seconds: float = 0.0
    failure: Failure | None = None
    attempt: int = 1
    sent_bytes: int = 0
    received_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsStep(_Taken):
    """A name was looked up.

    Attributes:
        answers: addresses, in the order they came.
        answered_by: address of the server that answered; `None` where it is not known (`getaddrinfo`).
        late_answers: addresses of a second, different answer to the same question: one of the two was injected.
    """

    layer: Literal["dns"] = "dns"
    resolver: Resolver = "system"
    answers: tuple[str, ...] = ()
    answered_by: str | None = None
    late_answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpStep(_Taken):
    """A TCP connection was tried."""

    layer: Literal["tcp"] = "tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsStep(_Taken):
    """A TLS handshake was tried.

    Attributes:
        sni: server name sent.
        chain: certificates shown, the server's own first; empty where none came.
    """

    layer: Literal["tls"] = "tls"
    sni: str = ""
    version: str | None = None
    alpn: str | None = None
    chain: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuicStep(_Taken):
    """A QUIC handshake was tried."""

    layer: Literal["quic"] = "quic"
    sni: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpStep(_Taken):
    """A page was asked for.

    Attributes:
        status: `None` where no answer came.
        headers: names in lower case; values cut at 512 characters.
        title: of an HTML page, `None` where there is none.
        length_bytes: of the body as read; see `truncated`.
        truncated: the body is longer than we read, or ended before its announced end.
        location: where it redirects to.
        fingerprint: id of a known block page found in it; `None` if none is.
    """

    layer: Literal["http"] = "http"
    url: str = ""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    title: str | None = None
    length_bytes: int | None = None
    truncated: bool = False
    location: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputStep(_Taken):
    """A bounded body was read for its speed; `samples` are (seconds since its start, bytes so far)."""

    layer: Literal["throughput"] = "throughput"
    samples: tuple[tuple[float, int], ...] = ()

    @property
    def bytes_per_second(self) -> float | None:
        """Mean speed; `None` where nothing came."""
        return self.received_bytes / self.took_seconds if self.received_bytes and self.took_seconds > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PingStep(_Taken):
    """ICMP echoes were sent; `round_trips_seconds` holds one figure for each that came back."""

    layer: Literal["icmp"] = "icmp"
    echoes: int = 0
    round_trips_seconds: tuple[float, ...] = ()


Step = Annotated[
    DnsStep | TcpStep | TlsStep | QuicStep | HttpStep | ThroughputStep | PingStep, Field(discriminator="layer")
]


class Access(StrEnum):
    """How a vantage is joined to the internet."""

    FIXED = "fixed"
    MOBILE = "mobile"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vantage:
    """Who measured: never more than region and network.

    Attributes:
        id: short name, or an agent's id.
        asn: number of its network; `None` where unknown.
        operator: the operator's short name; `None` where unknown.
        region: ISO 3166-2 code; `None` outside the country.
    """

    id: str
    asn: int | None = None
    operator: str | None = None
    region: str | None = None
    access: Access = Access.FIXED


class Link(StrEnum):
    """How the vantage's own way to the internet was in this round. Only `UP` lets a failure speak of others."""

    UP = "up"
    DOWN = "down"
    CAPTIVE_PORTAL = "captive_portal"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The same steps from where nobody interferes.

    Attributes:
        source: `vantage` (measured now, outside), `helper` (OONI's test helper), `recorded` (an earlier good run).
        measured_at: `None` where the record does not say.
        failed: the control itself could not be had: nothing may be concluded.
        steps: what it saw; empty where it failed.
        networks: number of the network that an address belongs to, by address.
    """

    source: Literal["vantage", "helper", "recorded"]
    measured_at: datetime | None = None
    failed: bool = False
    steps: tuple[Step, ...] = ()
    networks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one vantage measured of one target at one time.

    Attributes:
        id: made from vantage, target and time: the same measurement sent twice has one id.
        target: id of the entry in targets.yaml.
        service: role that the series is keyed by, never an address.
        url: what was asked for (`https://`, `http://`, `tls://`, `tcp://`, `icmp://`).
        started_at: UTC.
        ipv6_broken: most of this vantage's IPv6 failed in this round, so its IPv6 failures say nothing.
        control: `None` where there was none.
    """

    id: str
    target: str
    service: str
    url: str
    vantage: Vantage
    started_at: datetime
    steps: tuple[Step, ...] = ()
    link: Link = Link.UNKNOWN
    ipv6_broken: bool = False
    control: Control | None = None


def measurement_id(vantage: str, target: str, started_at: datetime) -> str:
    """The id of what this vantage measured of this target at that time."""
    return content_id("measurement", vantage, target, rfc3339(started_at) or "")


@cache
def _adapter() -> TypeAdapter[Measurement]:
    """Made when first needed: it is megabytes, and a prober on a small machine may never read JSON."""
    return TypeAdapter(Measurement)


def measurement_json(measurement: Measurement) -> bytes:
    """The measurement as JSON, as it travels and is kept; what is `None` is left out."""
    return _adapter().dump_json(measurement, exclude_none=True)


def measurement_from_json(data: bytes | str) -> Measurement:
    """The measurement that this JSON holds.

    Raises:
        pydantic.ValidationError: not a measurement.
    """
    return _adapter().validate_json(data)


class Coverage(StrEnum):
    """How much we know. No data is never "normal"."""

    NONE = "none"
    DISCARDED = "discarded"
    SEEN = "seen"


class State(StrEnum):
    """What is the matter with a target, seen from a vantage."""

    OK = "ok"
    DEGRADED = "degraded"
    BLOCKED = "blocked"
    DOWN = "down"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a rule makes of a measurement.

    Attributes:
        mechanism: `layer.action.qualifier`, as deep as the evidence reaches (`tls.mitm`, `dns.injection.bogon`);
            `None` where nothing interferes.
        confidence: 0..1 that `state` is right, with the control that there was; 1 is certain.
        rule: id of the rule that said so; ids are never used for another rule.
        version: of that rule.
        coverage: what it rests on.
        because: short sentences for a person, strongest first.
        also: mechanisms of weaker findings.
    """

    state: State
    mechanism: str | None
    confidence: float
    rule: str
    version: int = 1
    coverage: Coverage = Coverage.SEEN
    because: Sequence[str] = ()
    also: tuple[str, ...] = ()
