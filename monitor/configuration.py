"""`config/*.yaml` to models, cross-checked: every error at once, with file, line and entry.

A user's own directory may hold any of the files; what it does not hold comes from the defaults that came along.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from collectors.base import kind, kind_names
from monitor.documents import Document, DocumentError, read_document
from monitor.domain.regions import Region
from monitor.domain.sources import Source
from monitor.problems import ConfigurationError, Problem, model_problems, unknown
from monitor.read.compiled import Compiled, LexiconError
from monitor.read.gazetteer import AbroadPhrases, NamedPlace, PlacePhrases, read_gazetteer
from monitor.read.lexicon import Entry as LexiconEntry
from monitor.read.lexicon import Lexicon
from monitor.read.places import Gazetteer
from monitor.read.reader import Reader, example_faults

MAX_FILE_BYTES = 8 * 1024 * 1024
Model = TypeVar("Model", bound=BaseModel)


def default_directory() -> Path:
    """Where the configuration that came along lies: in the wheel, or beside the code in a checkout."""
    here = Path(__file__).resolve().parent
    beside = here.parent / "config"
    return beside if (beside / "regions.yaml").is_file() else here / "defaults"


@dataclass(slots=True)
class Folder:
    """Reads files of a configuration directory, falling back to the defaults, and collects what is wrong."""

    own: Path | None
    defaults: Path = field(default_factory=default_directory)
    problems: list[Problem] = field(default_factory=list)

    def path(self, name: str) -> Path:
        """The user's file of that name if there is one, else the default's."""
        if self.own is not None and (self.own / name).is_file():
            return self.own / name
        return self.defaults / name

    def names(self, folder: str, ending: str) -> list[str]:
        """Names of the files with that ending in a folder, the user's and the defaults' together, sorted."""
        places = [place / folder for place in (self.own, self.defaults) if place is not None]
        found = {f"{folder}/{file.name}" for place in places if place.is_dir() for file in place.glob(f"*{ending}")}
        return sorted(found)

    def text(self, name: str) -> str | None:
        """The file's text; `None`, with a problem noted, if it cannot be read."""
        path = self.path(name)
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                self.note(name, 0, "", f"larger than {MAX_FILE_BYTES // 2**20} MiB")
                return None
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            self.note(name, 0, "", "the file is missing")
        except (OSError, UnicodeDecodeError) as error:
            self.note(name, 0, "", f"cannot be read: {_plain(error)}")
        return None

    def document(self, name: str) -> Document | None:
        """The file as YAML; `None`, with a problem noted, if it is none."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return read_document(text)
        except DocumentError as error:
            self.note(name, error.line, "", error.message)
            return None

    def note(self, name: str, line: int, entry: str, message: str) -> None:
        """Remember a problem."""
        self.problems.append(Problem(self.shown(name), line, entry, message))

    def shown(self, name: str) -> str:
        """The file's name as the user knows it."""
        path = self.path(name)
        return str(path) if self.own is not None and path.is_relative_to(self.own) else f"config/{name}"

    def entries(self, name: str, key: str, model: type[Model]) -> list["Entry[Model]"]:
        """The list under `key` of a file, each entry as a model; a bad entry is noted and left out."""
        document = self.document(name)
        if document is None:
            return []
        data = document.data if isinstance(document.data, dict) else {}
        for other in sorted(set(data) - {key}):
            self.note(name, document.line((other,)), "", f"unknown key '{other}'; this file holds '{key}'")
        rows = data.get(key)
        if not isinstance(rows, list):
            self.note(name, 1, "", f"must hold a list under '{key}'")
            return []
        return list(self._models(name, key, rows, document, model))

    def _models(
        self, name: str, key: str, rows: list[Any], document: Document, model: type[Model]
    ) -> Iterable["Entry[Model]"]:
        seen: dict[str, int] = {}
        for index, row in enumerate(rows):
            line = document.line((key, index))
            entry = str(row.get("id", index + 1)) if isinstance(row, dict) else str(index + 1)
            value = self.model(name, document, (key, index), row, model, entry)
            if value is None:
                continue
            if entry in seen:
                self.note(name, line, entry, f"the id stands twice; first in line {seen[entry]}")
                continue
            seen[entry] = line
            yield Entry(value, name, line, entry, document, (key, index))

    def model(
        self, name: str, document: Document, path: tuple[str | int, ...], data: Any, model: type[Model], entry: str
    ) -> Model | None:
        """The data as a model; `None`, with its problems noted, if it does not fit."""
        if not isinstance(data, dict):
            self.note(name, document.line(path), entry, "must be a mapping of keys to values")
            return None
        try:
            return model.model_validate(data)
        except ValidationError as error:
            for where, message in model_problems(error, model):
                self.note(name, document.line((*path, *where)), entry, message)
            return None

    def finish(self) -> None:
        """Raise what was found.

        Raises:
            ConfigurationError: there is at least one problem.
        """
        if self.problems:
            raise ConfigurationError(self.problems)


@dataclass(frozen=True, slots=True)
class Entry(Generic[Model]):
    """A model and where it was written."""

    value: Model
    file: str
    line: int
    id: str
    document: Document
    path: tuple[str | int, ...]


def _plain(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 at byte {error.start}"
    return getattr(error, "strerror", None) or type(error).__name__


@dataclass(frozen=True, slots=True)
class ReadingConfiguration:
    """What the reader needs: lexicons and places."""

    lexicons: tuple[Lexicon, ...]
    named: tuple[NamedPlace, ...]
    phrases: tuple[PlacePhrases, ...]
    abroad: tuple[AbroadPhrases, ...]

    def reader(self) -> Reader:
        """A reader made of it."""
        return Reader(self.lexicons, Gazetteer(self.named, self.phrases, self.abroad))


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that people write, checked."""

    regions: dict[str, Region]
    sources: dict[str, Source]
    reading: ReadingConfiguration


def load_configuration(own: Path | None, *, examples: bool = False) -> Configuration:
    """All configuration.

    Args:
        own: the user's directory; what it lacks comes from the defaults.
        examples: also run every lexicon entry's examples (slower; `dabyl check` does).

    Raises:
        ConfigurationError: with every problem found.
    """
    folder = _folder(own)
    configuration = Configuration(_regions(folder), _sources(folder), _reading(folder))
    if examples and not folder.problems:
        _check_examples(folder, configuration.reading)
    folder.finish()
    return configuration


def load_reading(own: Path | None) -> ReadingConfiguration:
    """Lexicons and places alone, for what only reads texts.

    Raises:
        ConfigurationError: with every problem found.
    """
    folder = _folder(own)
    reading = _reading(folder)
    folder.finish()
    return reading


def load_sources(own: Path | None) -> dict[str, Source]:
    """Sources alone.

    Raises:
        ConfigurationError: with every problem found.
    """
    folder = _folder(own)
    sources = _sources(folder)
    folder.finish()
    return sources


def _folder(own: Path | None) -> Folder:
    folder = Folder(own)
    if own is not None and not own.is_dir():
        folder.problems.append(Problem(str(own), 0, "", "there is no such directory"))
        folder.finish()
    return folder


def _regions(folder: Folder) -> dict[str, Region]:
    document = folder.document("regions.yaml")
    rows = document.data.get("regions", []) if document and isinstance(document.data, dict) else []
    found = [folder.model("regions.yaml", document, ("regions", place), row, Region, str(place + 1))
             for place, row in enumerate(rows) if document]  # fmt: skip
    return {region.code: region for region in found if region is not None}


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


def _reading(folder: Folder) -> ReadingConfiguration:
    lexicons = [_lexicon(folder, name) for name in folder.names("lexicons", ".yaml")]
    phrases, abroad = _places(folder)
    named = [place for name in ("gazetteer.csv", "abroad.csv") for place in _named(folder, name)]
    found = tuple(lexicon for lexicon in lexicons if lexicon is not None)
    return ReadingConfiguration(found, tuple(named), phrases, abroad)


def _lexicon(folder: Folder, name: str) -> Lexicon | None:
    document = folder.document(name)
    if document is None:
        return None
    try:
        lexicon = Lexicon.model_validate(document.data)
        Compiled([lexicon])
    except ValidationError as error:
        for where, message in model_problems(error, Lexicon):
            folder.note(name, document.line(where), _entry_at(document, where), message)
        return None
    except LexiconError as error:
        folder.note(name, _line_of(document, error.entry), error.entry, error.message)
        return None
    return lexicon


def _entry_at(document: Document, where: tuple[str | int, ...]) -> str:
    data: Any = document.data
    for step in where[:2]:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return ""
    return str(data.get("id", "")) if isinstance(data, dict) else ""


def _line_of(document: Document, entry: str) -> int:
    for part in ("entries", "noise", "modifiers"):
        for place, row in enumerate(document.data.get(part) or []):
            if isinstance(row, dict) and row.get("id") == entry:
                return document.line((part, place))
    return 0


def _places(folder: Folder) -> tuple[tuple[PlacePhrases, ...], tuple[AbroadPhrases, ...]]:
    name = "places.yaml"
    document = folder.document(name)
    if document is None or not isinstance(document.data, dict):
        return (), ()
    ours = [folder.model(name, document, ("places", place), row, PlacePhrases, str(place + 1))
            for place, row in enumerate(document.data.get("places") or [])]  # fmt: skip
    theirs = [folder.model(name, document, ("abroad", place), row, AbroadPhrases, str(place + 1))
              for place, row in enumerate(document.data.get("abroad") or [])]  # fmt: skip
    return tuple(entry for entry in ours if entry), tuple(entry for entry in theirs if entry)


def _named(folder: Folder, name: str) -> list[NamedPlace]:
    text = folder.text(name)
    if text is None:
        return []
    places, faults = read_gazetteer(text)
    for line, message in faults:
        folder.note(name, line, "", message)
    return places


def _check_examples(folder: Folder, reading: ReadingConfiguration) -> None:
    """Run every entry's examples through the whole reader."""
    reader = reading.reader()
    for name in folder.names("lexicons", ".yaml"):
        document = folder.document(name)
        if document is None:
            continue
        for place, row in enumerate(document.data.get("entries") or []):
            for message in example_faults(reader, LexiconEntry.model_validate(row)):
                folder.note(name, document.line(("entries", place)), row["id"], message)
