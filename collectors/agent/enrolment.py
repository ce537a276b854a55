"""How an agent and a core learn of each other: an invitation one way, a request the other, each one line of text.

An invitation holds the core's public key and its addresses. A request holds the agent's public key, its network and
what its host agreed to, and is signed; it may go over any channel, and is checked by its fingerprint.
"""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from collectors.agent.keys import Secret, checked_public_key, is_public_key, is_signed
from collectors.agent.settings import Degrees, checked_url
from monitor.domain.agents import AGENT_NAME
from monitor.domain.measurements import Access, Vantage
from monitor.domain.regions import RegionCode

INVITATION: Final = "dabyl-invitation:"
REQUEST: Final = "dabyl-request:"
ITERATIONS: Final = 20_000
"""Rounds of PBKDF2 for the broker's password file; the password itself has 192 random bits."""
Model = TypeVar("Model", bound=BaseModel)


class EnrolmentError(ValueError):
    """A line that is no invitation or request; says what is wrong without repeating it."""


class Invitation(BaseModel):
    """What an agent must know of the core."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    core: str = Field(description="public key of the core, 64 hexadecimal digits")
    broker_host: str | None = Field(default=None, description="name or address of the MQTT broker")
    broker_port: int = Field(default=8883, ge=1, le=65535, description="its port")
    https_url: str | None = Field(default=None, max_length=2048, description="where parcels are taken by HTTPS")
    authorities: str | None = Field(
        default=None, max_length=20_000, description="certificates (PEM) of the only authorities that may sign for both"
    )

    @field_validator("core")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        return checked_public_key(value)

    @field_validator("https_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        return None if value is None else checked_url(value)

    def line(self) -> str:
        """As one line of text."""
        return INVITATION + _encoded(self.model_dump(mode="json", exclude_none=True))

    @classmethod
    def read(cls, line: str) -> Self:
        """From that line.

        Raises:
            EnrolmentError: it is none.
        """
        return _decoded(cls, line, INVITATION)


class Request(BaseModel):
    """What the core must know of an agent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agent: str = Field(pattern=AGENT_NAME, description="a made-up name that says nothing about its host")
    key: str = Field(description="its public key, 64 hexadecimal digits")
    region: RegionCode | None = Field(default=None, description="region it measures in; none outside the country")
    asn: int | None = Field(default=None, ge=1, le=2**32 - 1, description="number of its network")
    operator: str | None = Field(default=None, max_length=40, description="short name of the operator")
    access: Access = Field(default=Access.FIXED, description="fixed, mobile or outside")
    place: Degrees | None = Field(default=None, description="[degrees east, degrees north], where its host gave it")
    sensitive: tuple[str, ...] = Field(default=(), description="services its host agreed to; * for all")
    broker_password_hash: str | None = Field(
        default=None, max_length=300, pattern=r"^\$7\$[0-9]+\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+$",
        description="for the broker's password file",
    )  # fmt: skip
    signature: str = Field(default="", description="by that key, over all the rest")

    @property
    def vantage(self) -> Vantage:
        """Where it measures."""
        return Vantage(id=self.agent, asn=self.asn, operator=self.operator, region=self.region, access=self.access)

    def signed_by(self, secret: Secret) -> Self:
        """The same with its signature."""
        return self.model_copy(update={"signature": secret.sign(self._signed()).hex()})

    def line(self) -> str:
        """As one line of text."""
        return REQUEST + _encoded(self.model_dump(mode="json", exclude_none=True))

    @classmethod
    def read(cls, line: str) -> Self:
        """From that line, its signature checked.

        Raises:
            EnrolmentError: it is none, or not signed by the key it names.
        """
        request = _decoded(cls, line, REQUEST)
        try:
            signature = bytes.fromhex(request.signature)
        except ValueError:
            signature = b""
        if not is_public_key(request.key) or not is_signed(request._signed(), signature, request.key):  # noqa: SLF001
            raise EnrolmentError("the request is not signed by the key it names: it was changed, or cut short")
        return request

    def _signed(self) -> bytes:
        # Who gives no place signs what was signed before there were places.
        told = self.model_dump(mode="json", exclude={"signature"} | ({"place"} if self.place is None else set()))
        return b"dabyl request\0" + json.dumps(told, sort_keys=True).encode()


def password_hash(password: str) -> str:
    """As Mosquitto 2 keeps it in its password file (PBKDF2 with SHA-512)."""
    salt = os.urandom(12)
    hashed = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(hashed).decode()}"


def set_broker_password(file: Path, name: str, hashed: str | None) -> None:
    """Put a name into the broker's password file, or take it out (`None`); the file is replaced in one step."""
    old = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    lines = [line for line in old if line.partition(":")[0] != name]
    if hashed is not None:
        lines.append(f"{name}:{hashed}")
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    fresh.chmod(file.stat().st_mode & 0o777 if file.exists() else 0o640)
    fresh.replace(file)


def _encoded(values: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def _decoded(model: type[Model], line: str, mark: str) -> Model:
    word = mark.rstrip(":").partition("-")[2]
    text = "".join(line.split())
    if not text.startswith(mark):
        raise EnrolmentError(f"this is no {word}: it begins with {mark}")
    body = text.removeprefix(mark)
    if len(body) > 40_000:
        raise EnrolmentError(f"this is no {word}: too long")
    try:
        data = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        return model.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise EnrolmentError(f"this {word} cannot be used: {where}: {fault['msg']}") from None
    except ValueError:
        raise EnrolmentError(f"this {word} was cut short or changed on its way") from None
