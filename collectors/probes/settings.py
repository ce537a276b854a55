"""How a prober works: whom it asks for names, how long each step may take, which addresses it may touch."""

import ssl
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from collectors.addresses import Network
from collectors.probes.resolve import LATE_SECONDS
from monitor.domain.measurements import Access, Vantage
from monitor.domain.regions import RegionCode

BROWSER: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
"""A browser that millions use: a probe must not stand out to whoever reads the traffic."""
NEUTRAL_NAME: Final = "example.com"
"""The server name that tells whether it is the name or the address that a box objects to."""
MOST_REDIRECTS: Final = 10


def trusting(certificates: str | None = None) -> ssl.SSLContext:
    """TLS that verifies against the system's roots, or against the PEM file given."""
    context = ssl.create_default_context(cafile=certificates)
    context.set_alpn_protocols(["http/1.1"])
    return context


def looking() -> ssl.SSLContext:
    """TLS that verifies nothing: only to look at a certificate that was refused, or past a name; never for content."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


@dataclass(frozen=True, slots=True, kw_only=True)
class ProberSettings:
    """Settings of one prober.

    Attributes:
        system: the machine's own resolver; `None` looks nothing up (addresses must be given).
        second: another resolver, asked in clear by UDP; `None` asks none.
        doh: address of a DoH server with a numeric host; `None` asks none.
        attempts: tries of a failed connection within one measurement.
        retry_seconds: between tries.
        ipv6: also try IPv6 where the name has such addresses.
        escalate: after a failure look closer (certificate, neutral name, other resolvers' addresses).
        roots: PEM file of the roots to trust over QUIC, which does not use `trusted`; `None` for the usual ones.
        allowed: networks beyond the public internet that may be touched (tests, own servers).
    """

    system: tuple[str, int] | None = None
    second: tuple[str, int] | None = None
    doh: str | None = None
    dns_seconds: float = 5.0
    late_seconds: float = LATE_SECONDS
    tcp_seconds: float = 10.0
    tls_seconds: float = 10.0
    http_seconds: float = 10.0
    body_bytes: int = 524_288
    attempts: int = 2
    retry_seconds: float = 3.0
    ipv6: bool = True
    escalate: bool = True
    allowed: tuple[Network, ...] = ()
    agent: str = BROWSER
    roots: str | None = None
    trusted: ssl.SSLContext = field(default_factory=trusting)
    unverified: ssl.SSLContext = field(default_factory=looking)


class OwnVantage(BaseModel):
    """Where our own probes stand. Nothing is probed by the service unless this is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$", description="short name of this vantage")
    access: Access = Field(
        default=Access.OUTSIDE,
        description="`outside` the country, or `fixed` or `mobile` inside it (needs `dabyl targets consent`)",
    )
    region: RegionCode | None = Field(default=None, description="region it stands in; nothing outside the country")
    operator: str | None = Field(default=None, max_length=40, description="short name of its operator")
    asn: int | None = Field(default=None, ge=1, description="number of its network")
    sensitive: bool = Field(
        default=False, description="also ask sensitive targets (inside, those that the consent names)"
    )
    every_seconds: float = Field(default=120.0, ge=30, le=3600, description="between rounds, before jitter")
    concurrency: int = Field(default=50, ge=1, le=1000, description="most measurements at the same time")

    def vantage(self) -> Vantage:
        """As measurements carry it."""
        return Vantage(id=self.id, access=self.access, region=self.region, operator=self.operator, asn=self.asn)
