"""`config/*.yaml` to models, cross-checked: every error at once, with file, line and entry."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from alerts.receivers import kind as receiver_kind
from alerts.receivers import kind_names as receiver_kinds
from alerts.routes import Destination, names_of
from alerts.rules import lint
from collectors.base import kind, kind_names
from collectors.scenario import Scenario
from monitor.configuration_probing import ProbingConfiguration, read_probing
from monitor.configuration_reading import (
    ReadingConfiguration,
    note_failing_examples,
    read_reading,
)
from monitor.documents import DocumentError, read_document
from monitor.domain.areas import Area
from monitor.domain.regions import Region
from monitor.domain.rules import Rule
from monitor.domain.sources import Source
from monitor.folder import Entry, Folder, open_folder, read_from
from monitor.problems import ConfigurationError, Problem, model_problems, unknown
from monitor.read.masking import Masker, PublicNames


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that people write, checked."""

    regions: dict[str, Region]
    sources: dict[str, Source]
    reading: ReadingConfiguration
    rules: tuple[Rule, ...]
    destinations: tuple[Destination, ...]
    probing: ProbingConfiguration
    public: PublicNames = field(default_factory=PublicNames)
    areas: tuple[Area, ...] = ()

    def masker(self) -> Masker:
        """What takes private people out of texts; knows the public names, our sources' channels, and places."""
        return _masker(self.public, self.sources, self.reading)


def load_configuration(own: Path | None, *, examples: bool = False) -> Configuration:
    """All configuration.

    Args:
        own: the user's directory; what it lacks comes from the defaults.
        examples: also run every lexicon entry's examples (slower; `dabyl check` does).

    Raises:
        ConfigurationError: with every problem found.
    """
    folder = open_folder(own)
    destinations = _destinations(folder)
    rules = _rules(folder, destinations)
    public = _public_names(folder)
    probing = read_probing(folder)
    regions = _regions(folder)
    configuration = Configuration(
        regions, _sources(folder), read_reading(folder), rules, destinations, probing, public, _areas(folder, regions)
    )
    if examples and not folder.problems:
        note_failing_examples(folder, configuration.reading.reader)
    folder.finish()
    return configuration


def load_regions(own: Path | None) -> dict[str, Region]:
    """Regions alone, for what needs no more.

    Raises:
        ConfigurationError: everything that is wrong with them.
    """
    return read_from(own, _regions)


def load_sources(own: Path | None) -> dict[str, Source]:
    """Sources alone.

    Raises:
        ConfigurationError: with every problem found.
    """
    return read_from(own, _sources)


def load_probing(own: Path | None) -> ProbingConfiguration:
    """Targets and the manner of probing alone.

    Raises:
        ConfigurationError: with every problem found.
    """
    return read_from(own, read_probing)


def load_masker(own: Path | None) -> Masker:
    """The masker alone.

    Raises:
        ConfigurationError: with every problem found.
    """
    return read_from(own, lambda folder: _masker(_public_names(folder), _sources(folder), read_reading(folder)))


def load_scenario(path: Path) -> Scenario:
    """A scenario file.

    Raises:
        ConfigurationError: with every problem found.
    """
    try:
        document = read_document(path.read_text(encoding="utf-8"))
        return Scenario.model_validate(document.data)
    except DocumentError as error:
        problems = [Problem(path.name, error.line, "", error.message)]
    except ValidationError as error:
        problems = [Problem(path.name, document.line(where), _place(where), message)
                    for where, message in model_problems(error, Scenario)]  # fmt: skip
    raise ConfigurationError(problems)


def _place(where: tuple[str | int, ...]) -> str:
    return f"{where[0]} {where[1] + 1}" if len(where) > 1 and isinstance(where[1], int) else ""


def _regions(folder: Folder) -> dict[str, Region]:
    document = folder.document("regions.yaml")
    rows = document.data.get("regions", []) if document and isinstance(document.data, dict) else []
    found = [folder.model("regions.yaml", document, ("regions", place), row, Region, str(place + 1))
             for place, row in enumerate(rows) if document]  # fmt: skip
    return {region.code: region for region in found if region is not None}


def _areas(folder: Folder, regions: dict[str, Region]) -> tuple[Area, ...]:
    entries = folder.entries("areas.yaml", "areas", Area)
    for entry in entries:
        if regions and entry.value.region not in regions:
            line = entry.document.line((*entry.path, "region"))
            folder.note(entry.file, line, entry.id, unknown("region", entry.value.region, regions))
    return tuple(entry.value for entry in entries)


def _sources(folder: Folder) -> dict[str, Source]:
    entries = folder.entries("sources.yaml", "sources", Source)
    kinds = kind_names()
    for entry in entries:
        if entry.value.kind not in kinds:
            line = entry.document.line((*entry.path, "kind"))
            folder.note(entry.file, line, entry.id, unknown("kind", entry.value.kind, kinds))
            continue
        config = kind(entry.value.kind).config
        path = (*entry.path, "settings")
        folder.model(entry.file, entry.document, path, dict(entry.value.settings), config, entry.id)
    return {entry.id: entry.value for entry in entries}


def _destinations(folder: Folder) -> tuple[Destination, ...]:
    entries = folder.entries("receivers.yaml", "receivers", Destination)
    known = receiver_kinds()
    for entry in entries:
        if entry.value.kind not in known:
            folder.note(
                entry.file,
                entry.document.line((*entry.path, "kind")),
                entry.id,
                unknown("kind", entry.value.kind, known),
            )
            continue
        config = receiver_kind(entry.value.kind).config
        folder.model(
            entry.file, entry.document, (*entry.path, "settings"), dict(entry.value.settings), config, entry.id
        )
    return tuple(entry.value for entry in entries)


def _rules(folder: Folder, destinations: tuple[Destination, ...]) -> tuple[Rule, ...]:
    entries: list[Entry[Rule]] = folder.entries("rules.yaml", "rules", Rule)
    lines = {entry.id: entry.line for entry in entries}
    rules = tuple(entry.value for entry in entries)
    for name, message in lint(rules, names_of(destinations)):
        folder.note("rules.yaml", lines[name], name, message)
    return rules


def _public_names(folder: Folder) -> PublicNames:
    name = "public_names.yaml"
    document = folder.document(name)
    found = folder.model(name, document, (), document.data or {}, PublicNames, "") if document else None
    return found or PublicNames()


def _masker(public: PublicNames, sources: dict[str, Source], reading: ReadingConfiguration) -> Masker:
    channels = [str(source.settings["channel"]) for source in sources.values() if "channel" in source.settings]
    return Masker(public, channels=channels, places=reading.well_known)
