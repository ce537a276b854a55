"""Who is told what: receivers and groups as people write them in `config/receivers.yaml`."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.domain.alerts import Incident, Severity
from monitor.domain.kinds import Family
from monitor.domain.regions import WHOLE_COUNTRY, RegionCode
from monitor.domain.rules import Rule, SeverityWord


class Destination(BaseModel):
    """One entry under `receivers`: a way to a person or a group of people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", description="unique; appears in logs, so no person's name")
    kind: str = Field(pattern=r"^[a-z_]+$", description="how: a module name in alerts/receivers/")
    language: Literal["ru", "kk", "en"] = Field(default="en", description="language of the message")
    zone: str = Field(default="Asia/Almaty", description="IANA zone in which times are shown beside UTC")
    severity_at_least: SeverityWord = Field(default="medium", description="milder alerts are not sent here")
    regions: tuple[RegionCode, ...] = Field(default=(), description="only these regions; all where empty")
    families: tuple[Family, ...] = Field(default=(), description="only these families; all where empty")
    groups: tuple[str, ...] = Field(default=(), description="names by which rules may call several receivers")
    settings: dict[str, Any] = Field(default_factory=dict, description="what its kind needs: see there")
    enabled: bool = Field(default=True, description="false keeps the entry and sends nothing")


def names_of(destinations: Iterable[Destination]) -> set[str]:
    """Everything that a rule may write under `to`."""
    return {name for destination in destinations for name in (destination.id, *destination.groups)}


def wants(destination: Destination, incident: Incident, rule: Rule) -> bool:
    """Whether this destination is told of an incident because of a rule."""
    if not destination.enabled or incident.severity < Severity[destination.severity_at_least.upper()]:
        return False
    if rule.to and not {destination.id, *destination.groups} & set(rule.to):
        return False
    if destination.families and incident.family not in destination.families:
        return False
    everywhere = not destination.regions or WHOLE_COUNTRY in incident.regions
    return everywhere or bool(set(destination.regions) & set(incident.regions))
