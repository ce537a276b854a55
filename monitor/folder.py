"""Files of a configuration directory as models; what is wrong is collected with file, line and entry.

A user's own directory may hold any of the files; what it does not hold comes from the defaults that came along.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from monitor.documents import Document, DocumentError, read_document
from monitor.problems import ConfigurationError, Problem, model_problems

MAX_FILE_BYTES = 8 * 1024 * 1024
Model = TypeVar("Model", bound=BaseModel)
Read = TypeVar("Read")


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

    def content(self, name: str) -> bytes:
        """The file's bytes, at most a byte more than a file may have; empty if it cannot be read, which is not noted."""
        try:
            with self.path(name).open("rb") as file:
                return file.read(MAX_FILE_BYTES + 1)
        except OSError:
            return b""

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


def open_folder(own: Path | None) -> Folder:
    """The user's directory over the defaults.

    Raises:
        ConfigurationError: there is no such directory.
    """
    folder = Folder(own)
    if own is not None and not own.is_dir():
        folder.problems.append(Problem(str(own), 0, "", "there is no such directory"))
        folder.finish()
    return folder


def read_from(own: Path | None, read: "Callable[[Folder], Read]") -> Read:
    """What a reader of one part of the configuration makes of the user's directory over the defaults.

    Raises:
        ConfigurationError: there is no such directory, or the reader noted a problem.
    """
    folder = open_folder(own)
    made = read(folder)
    folder.finish()
    return made


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
