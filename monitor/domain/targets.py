"""What we probe, as people write it in `config/targets.yaml`: services, their endpoints, and the risk of asking.

A service is a role ("Telegram messages"), never an address: addresses change, series stay.
"""

from enum import StrEnum
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.domain.regions import RegionCode

SCHEMES = ("https", "http", "tls", "tcp", "quic", "icmp", "dns")


class Risk(StrEnum):
    """What asking may do to whoever asks from inside the country."""

    HARMLESS = "harmless"
    SENSITIVE = "sensitive"


class Target(BaseModel):
    """One endpoint of a service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", description="short name, unique")
    url: str = Field(
        max_length=2048,
        description="`https://` or `http://` (a page), `tls://host:port`, `tcp://host:port`, `quic://host:port`, `icmp://host`",
    )
    sibling: str | None = Field(
        default=None, description="id of a target on the same servers that is never blocked: tells targeted throttling"
    )
    any_certificate: bool = Field(
        default=False,
        description="the service has roots of its own (Signal): a handshake counts whatever its certificate",
    )
    region: RegionCode | None = Field(default=None, description="region that its server stands in, where that is known")
    operator: str | None = Field(
        default=None, max_length=40, description="operator whose network its server stands in, where that is known"
    )
    throughput_bytes: int = Field(
        default=0, ge=0, le=4 * 1024 * 1024, description="read this many bytes of the body for speed; 0 does not"
    )

    @model_validator(mode="after")
    def _has_a_host(self) -> Self:
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError as error:
            message = f"not an address: {error}"
            raise ValueError(message) from None
        if parts.scheme not in SCHEMES or not parts.hostname:
            message = (
                f"an address begins with one of {', '.join(f'{scheme}://' for scheme in SCHEMES)} and names a host"
            )
            raise ValueError(message)
        if parts.username or parts.password:
            raise ValueError("an address carries no name or password")
        if parts.scheme in {"tls", "tcp", "quic"} and port is None:
            message = f"{parts.scheme}:// needs a port"
            raise ValueError(message)
        return self

    @property
    def host(self) -> str:
        """The host's name or address."""
        return urlsplit(self.url).hostname or ""


class Service(BaseModel):
    """Something people use, and the endpoints that it needs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", description="short name, unique; series are keyed by it")
    name: str = Field(min_length=1, description="what people call it")
    kind: Literal[
        "messenger", "news", "social", "search", "infrastructure", "circumvention", "government", "bank", "other"
    ] = Field(default="other", description="what sort of service it is")
    needs: Literal["any", "all"] = Field(
        default="all", description="`any`: works while one endpoint works (a pool); `all`: needs every one"
    )
    risk: Risk = Field(default=Risk.SENSITIVE, description="`sensitive` ones are probed by an agent only after opt-in")
    domestic: bool = Field(default=False, description="served from inside the country: stays up in white-list mode")
    every_seconds: float = Field(default=120.0, ge=30, description="seconds between rounds, before jitter")
    targets: tuple[Target, ...] = Field(min_length=1, description="its endpoints")


class ControlHost(BaseModel):
    """One fixed host of the check."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", description="short name, unique")
    url: str = Field(max_length=2048, description="what is asked, as in a target")
    where: Literal["abroad", "at_home", "portal"] = Field(
        description="`abroad` or `at_home`: must answer; `portal`: a page in clear text that is always the same"
    )
    expected_status: int = Field(default=204, ge=100, le=599, description="of a portal page")

    def target(self) -> Target:
        """As a target."""
        return Target(id=self.id, url=self.url)


def ascii_host(host: str) -> str:
    """The name as DNS and TLS carry it: lower case, IDNA in ASCII; a name that IDNA refuses stays as it is."""
    try:
        return host.lower().encode("idna").decode() if not host.isascii() else host.lower()
    except UnicodeError:
        return host.lower()
