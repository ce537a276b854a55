"""Writes the configuration reference from the models themselves: `python -m monitor.cli.reference > docs/reference.md`."""

import sys
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from alerts import receivers
from alerts.routes import Destination
from collectors.agent.settings import AgentConfig, HttpsWay, MqttWay
from collectors.base import kind, kind_names
from collectors.probes.settings import OwnVantage
from collectors.scenario import Expectation, Line, Network, Probes, Scenario
from monitor.configuration_probing import Probing
from monitor.domain.areas import Area
from monitor.domain.regions import Names, Region
from monitor.domain.rules import Condition, Rule
from monitor.domain.sources import Source
from monitor.domain.targets import ControlHost, Service, Target
from monitor.read.gazetteer import AbroadPhrases, PlacePhrases
from monitor.read.lexicon import Entry, Lexicon, Modifier, NamedCause, Noise
from monitor.read.masking import PublicNames

SECTIONS: tuple[tuple[str, tuple[type[BaseModel], ...]], ...] = (
    ("sources.yaml", (Source,)),
    ("rules.yaml", (Rule, Condition)),
    ("receivers.yaml", (Destination,)),
    ("regions.yaml", (Region, Names)),
    ("areas.yaml", (Area,)),
    ("places.yaml", (PlacePhrases, AbroadPhrases)),
    ("targets.yaml", (Service, Target)),
    ("probing.yaml", (Probing, OwnVantage, ControlHost)),
    ("public_names.yaml", (PublicNames,)),
    ("agent.yaml (on an agent's own device)", (AgentConfig, MqttWay, HttpsWay)),
    ("lexicons/*.yaml", (Lexicon, Entry, Noise, Modifier, NamedCause)),
    ("scenarios/*.yaml", (Scenario, Line, Network, Probes, Expectation)),
)


def reference() -> str:
    """The whole reference as Markdown."""
    parts = ["# Configuration reference", "", "Made from the models by `make docs`; do not edit by hand.", ""]
    for file, models in SECTIONS:
        parts += [f"## {file}", ""]
        for model in models:
            parts += _table(model.__name__, model)
    parts += ["## Settings of sources, by kind", ""]
    for name in kind_names():
        parts += _table(name, kind(name).config)
    parts += ["## Settings of receivers, by kind", ""]
    for name in receivers.kind_names():
        parts += _table(name, receivers.kind(name).config)
    return "\n".join(parts)


def _table(name: str, model: type[BaseModel]) -> list[str]:
    rows = [_row(key, field) for key, field in model.model_fields.items()]
    return [f"### {name}", "", "| key | type | default | meaning |", "|---|---|---|---|", *rows, ""]


def _row(name: str, field: Any) -> str:
    default = "**needed**" if field.is_required() else f"`{_shown(field.default)}`" if field.default is not None else ""
    if field.default_factory is not None:
        default = "empty"
    return f"| `{name}` | {_type(field.annotation)} | {default} | {field.description or ''} |"


def _shown(value: Any) -> str:
    return "[]" if value == () else str(value)


def _type(annotation: Any) -> str:
    text = getattr(annotation, "__name__", None) if isinstance(annotation, type) and not _inner(annotation) else None
    words = text or str(annotation)
    for old, new in (
        ("typing.", ""),
        ("monitor.domain.", ""),
        ("collectors.scenario.", ""),
        ("datetime.", ""),
        ("|", "or"),
    ):
        words = words.replace(old, new)
    return f"`{words}`"


def _inner(annotation: Any) -> Iterable[Any]:
    found: Iterable[Any] = getattr(annotation, "__args__", ())
    return found


if __name__ == "__main__":
    sys.stdout.write(reference() + "\n")
