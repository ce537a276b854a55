"""`config/targets.yaml` and `config/probing.yaml`: what is probed, and how a vantage knows whether it is blind itself."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from collectors.probes.settings import OwnVantage
from monitor.domain.targets import ControlHost, Service, Target
from monitor.folder import Entry, Folder
from monitor.problems import unknown


class Probing(BaseModel):
    """The whole of `config/probing.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    second_resolver: str | None = Field(default=None, description="address of a second resolver, asked in clear by UDP")
    doh: str | None = Field(default=None, description="DoH server, `https://` and an address in numbers")
    vantage: OwnVantage | None = Field(
        default=None, description="where our own probes stand; without it the service itself probes nothing"
    )
    hosts: tuple[ControlHost, ...] = Field(default=(), description="fixed hosts of the check of our own link")

    @field_validator("second_resolver")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        return str(ip_address(value)) if value is not None else None

    @field_validator("doh")
    @classmethod
    def _needs_no_name(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme != "https":
            raise ValueError("must begin with https://")
        ip_address(parts.hostname or "")
        return value


@dataclass(frozen=True, slots=True)
class ProbingConfiguration:
    """What is probed and how."""

    services: tuple[Service, ...]
    probing: Probing

    @property
    def targets(self) -> dict[str, tuple[Service, Target]]:
        """Every target by its id, with its service."""
        return {target.id: (service, target) for service in self.services for target in service.targets}


def read_probing(folder: Folder) -> ProbingConfiguration:
    """Read both files; what is wrong is noted in the folder."""
    entries = folder.entries("targets.yaml", "services", Service)
    _check_targets(folder, entries)
    document = folder.document("probing.yaml")
    probing = folder.model("probing.yaml", document, (), document.data, Probing, "") if document else None
    return ProbingConfiguration(tuple(entry.value for entry in entries), probing or Probing())


def _check_targets(folder: Folder, entries: list[Entry[Service]]) -> None:
    seen: dict[str, str] = {}
    for entry in entries:
        for place, target in enumerate(entry.value.targets):
            line = entry.document.line((*entry.path, "targets", place))
            if target.id in seen:
                folder.note(
                    entry.file, line, entry.id, f"the target '{target.id}' stands twice; first in '{seen[target.id]}'"
                )
            seen.setdefault(target.id, entry.id)
    for entry in entries:
        for place, target in enumerate(entry.value.targets):
            if target.sibling and target.sibling not in seen:
                line = entry.document.line((*entry.path, "targets", place))
                folder.note(entry.file, line, entry.id, unknown("target", target.sibling, seen))
