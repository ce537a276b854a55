"""An agent's own configuration, `agent.yaml`, and the folder it lives in."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from collectors.agent.keys import checked_public_key
from monitor.documents import DocumentError, read_document
from monitor.domain.agents import AGENT_NAME
from monitor.domain.measurements import Access, Vantage
from monitor.domain.regions import RegionCode
from monitor.problems import ConfigurationError, Problem, model_problems

Degrees = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]
"""Degrees east, degrees north."""


def coarse(place: Degrees | None) -> Degrees | None:
    """The place to a hundredth of a degree, about a kilometre: whoever gives more does not give more."""
    return None if place is None else (round(place[0], 2), round(place[1], 2))


def checked_url(text: str) -> str:
    """The address, if parcels may go there.

    Raises:
        ValueError: no address, or plain text beyond this machine.
    """
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or (parts.port or 1) < 1:
        message = "must be written as https://host:port/"
        raise ValueError(message)
    if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        message = "must begin with https:// (plain http only to this very machine)"
        raise ValueError(message)
    return text


class MqttWay(BaseModel):
    """The first way to the core: its MQTT broker."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(min_length=1, description="name or address of the broker")
    port: int = Field(default=8883, ge=1, le=65535, description="its port")
    tls: bool = Field(default=True, description="false only for a broker on this very machine")
    username: str | None = Field(default=None, description="the agent's name where not given")
    certificate: Path | None = Field(
        default=None, description="our own certificate (PEM), where the broker asks for it"
    )
    key: Path | None = Field(default=None, description="its private key (PEM)")


class HttpsWay(BaseModel):
    """The way that is tried when the broker cannot be reached."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(max_length=2048, description="where the core takes parcels, https://host:port/")

    @field_validator("url")
    @classmethod
    def _is_secure(cls, value: str) -> str:
        return checked_url(value)


class AgentConfig(BaseModel):
    """Who an agent is, and how it reaches the core."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=AGENT_NAME, description="a made-up name that says nothing about its host")
    core: str = Field(description="public key of the core: parcels are sealed for it, its word empties the queue")
    region: RegionCode | None = Field(default=None, description="region it measures in; none outside the country")
    asn: int | None = Field(default=None, ge=1, le=2**32 - 1, description="number of its network")
    operator: str | None = Field(default=None, max_length=40, description="short name of the operator")
    access: Access = Field(default=Access.FIXED, description="fixed, mobile or outside")
    place: Degrees | None = Field(
        default=None,
        description="[degrees east, degrees north] of its place, to a hundredth; only where you choose to say",
    )
    mqtt: MqttWay | None = Field(default=None, description="the core's broker")
    https: HttpsWay | None = Field(default=None, description="the core itself, when the broker cannot be reached")
    authorities: Path | None = Field(
        default=None, description="certificates (PEM) that may sign for both; else the system's"
    )
    proxy: str | None = Field(
        default=None, description="socks5://host:port for the way to the core, Tor for example; nothing goes beside it"
    )
    sensitive: tuple[str, ...] = Field(default=(), description="services beyond the harmless ones; * for all")
    buffer_mib: int = Field(default=256, ge=1, le=65_536, description="what the queue may hold; the oldest goes first")
    pack_seconds: float = Field(default=60, gt=0, le=3600, description="rows wait this long for company")
    answer_seconds: float = Field(
        default=30, gt=0, le=600, description="a parcel without an answer is sent again after this"
    )

    @field_validator("place")
    @classmethod
    def _is_coarse(cls, value: Degrees | None) -> Degrees | None:
        return coarse(value)

    @field_validator("core")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        return checked_public_key(value)

    @field_validator("proxy")
    @classmethod
    def _is_a_proxy(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in {"socks5", "socks5h", "socks4", "http"} or not parts.hostname:
                message = "must be written as socks5://host:port"
                raise ValueError(message)
            if parts.password:
                message = "a proxy with a password goes into DABYL_AGENT_PROXY or DABYL_AGENT_PROXY_FILE"
                raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _has_both_halves(self) -> Self:
        if self.mqtt is not None and (self.mqtt.certificate is None) != (self.mqtt.key is None):
            message = "'mqtt.certificate' and 'mqtt.key' go together"
            raise ValueError(message)
        return self

    @property
    def vantage(self) -> Vantage:
        """Where it measures."""
        return Vantage(id=self.id, asn=self.asn, operator=self.operator, region=self.region, access=self.access)


@dataclass(frozen=True, slots=True)
class AgentFolder:
    """Where an agent keeps its things."""

    place: Path

    @property
    def configuration(self) -> Path:
        """agent.yaml."""
        return self.place / "agent.yaml"

    @property
    def consent(self) -> Path:
        """What its host agreed to."""
        return self.place / "consent.json"

    @property
    def key(self) -> Path:
        """Its private key."""
        return self.place / "agent.key"

    @property
    def password(self) -> Path:
        """Its password at the broker."""
        return self.place / "broker.password"

    @property
    def queue(self) -> Path:
        """What waits for the core."""
        return self.place / "queue.sqlite3"

    def read(self) -> AgentConfig:
        """The configuration.

        Raises:
            ConfigurationError: it is missing or wrong, with every problem found.
        """
        name = str(self.configuration)
        try:
            document = read_document(self.configuration.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigurationError([Problem(name, 0, "", "there is no agent here: say dabyl agent enrol")]) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError([Problem(name, 0, "", f"cannot be read ({type(error).__name__})")]) from None
        except DocumentError as error:
            raise ConfigurationError([Problem(name, error.line, "", error.message)]) from None
        try:
            return AgentConfig.model_validate(document.data)
        except ValidationError as error:
            found = model_problems(error, AgentConfig)
            raise ConfigurationError(
                [Problem(name, document.line(where), "", message) for where, message in found]
            ) from None


def agent_folder(data: Path) -> AgentFolder:
    """DABYL_AGENT, or `agent` in the data directory."""
    named = os.environ.get("DABYL_AGENT")
    return AgentFolder(Path(named).expanduser() if named else data / "agent")


def own_probes_folder(data: Path) -> AgentFolder:
    """Where the service keeps the key and the consent of its own probes, where they stand inside the country."""
    return AgentFolder(data / "own-probes")
