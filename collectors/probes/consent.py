"""Nothing is probed from inside the country unless the person there has read the risks and said yes, in a file.

An agent without a consent file sends no packet. With one, it probes what is harmless; what is sensitive (blocked sites,
circumvention tools, the sites of rights groups) only if the file says so too.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor.domain.measurements import Access, Vantage
from monitor.domain.targets import Risk, Service, Target

RISKS_VERSION: Final = 1
RISKS: Final = (
    "This computer will open connections to the addresses on the target list, at all hours, from your connection.",
    "Your operator, and whoever reads its traffic, can see that, and can tell it from ordinary use.",
    "Measuring may be unwelcome or unlawful where you are; nobody can promise that nothing comes of it.",
    "Sensitive targets are sites that are blocked or disliked here. They are asked for only if you agree to it below.",
    "We keep country, region and network of what you measure, never your address and never your name.",
    "You can stop at any time: stop the agent, or delete the consent file, and nothing more is sent.",
)
"""What a person is told; shown by `dabyl agent enrol` and read back before the file is written."""


class ConsentError(Exception):
    """There is no consent that counts; the message says why, for the person at that computer."""


class Consent(BaseModel):
    """What a person agreed to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agent: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="id of the agent it is for")
    risks_version: Literal[1] = Field(description="version of the risks that were read")
    accepted: Literal[True] = Field(description="the person read the risks and agrees to harmless targets")
    sensitive: bool = Field(default=False, description="the person agrees to sensitive targets too")
    agreed_on: date = Field(description="day on which the person agreed")


def read_consent(path: Path, agent: str) -> Consent:
    """The consent for this agent.

    Raises:
        ConsentError: no file, not readable, for another agent, or for other risks than today's.
    """
    try:
        text = path.read_bytes()[:65_536]
        consent = Consent.model_validate(yaml.safe_load(text))
    except OSError as error:
        raise ConsentError(f"there is no consent file {path.name} ({error.strerror}): nothing is measured") from None
    except (yaml.YAMLError, ValidationError) as error:
        faults = error.errors() if isinstance(error, ValidationError) else []
        what = ", ".join(".".join(map(str, fault["loc"])) or "the file" for fault in faults) or "not YAML"
        raise ConsentError(f"the consent file {path.name} does not count ({what}): nothing is measured") from None
    if consent.agent != agent:
        raise ConsentError(f"the consent file {path.name} is for another agent: nothing is measured")
    return consent


def write_consent(path: Path, consent: Consent) -> None:
    """Write the file, readable by its owner only."""
    path.touch(mode=0o600, exist_ok=True)
    path.write_text(yaml.safe_dump(consent.model_dump(mode="json"), sort_keys=False), encoding="utf-8")


def permitted(
    services: Iterable[Service], vantage: Vantage, consent: Consent | None
) -> Iterator[tuple[Service, Target]]:
    """What this vantage may probe. A vantage outside the country needs no consent; one inside gets nothing without."""
    for service in services:
        if _may(service, vantage, consent):
            yield from ((service, target) for target in service.targets)


def _may(service: Service, vantage: Vantage, consent: Consent | None) -> bool:
    if vantage.access is Access.OUTSIDE:
        return True
    if consent is None or consent.agent != vantage.id:
        return False
    return service.risk is Risk.HARMLESS or consent.sensitive
