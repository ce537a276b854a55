"""What the reader needs, from `config/lexicons/*.yaml`, `weights.csv`, `places.yaml` and the tables of places.

Making it ready takes seconds, so it is kept ready (`monitor.kept`) under the digest of these files and of the reader's own
code: whoever changes either gets it made anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from monitor import domain, read
from monitor.documents import Document
from monitor.domain.kinds import EventKind
from monitor.folder import Folder, read_from
from monitor.kept import Kept, cache_directory, digest, settle
from monitor.problems import model_problems
from monitor.read.compiled import WEIGHED, WEIGHED_STRENGTH, Compiled, LexiconError
from monitor.read.gazetteer import AbroadPhrases, NamedPlace, PlacePhrases, read_gazetteer
from monitor.read.lexicon import Entry as LexiconEntry
from monitor.read.lexicon import Lexicon
from monitor.read.places import Gazetteer
from monitor.read.reader import Reader, example_faults
from monitor.read.weighed import Weights, read_weights

WELL_KNOWN: Final = 10_000
"""People in a place whose name alone says the place and not a person of that surname."""
_TABLES: Final = ("gazetteer.csv", "abroad.csv", "countries.csv")
_PHRASES: Final = "places.yaml"
_WEIGHTS: Final = "weights.csv"
_CODE: Final = (read, domain)


@dataclass(frozen=True, slots=True)
class ReadingConfiguration:
    """The reader and what else is known from its files.

    Attributes:
        reader: reads texts.
        lexicons: how many there are.
        strengths: the own strength of every rule, by id, 0..1.
        cities: names of the cities and villages of Kazakhstan, as signals carry them.
        well_known: names that say a place and no person's surname.
    """

    reader: Reader
    lexicons: int
    strengths: dict[str, float]
    cities: frozenset[str]
    well_known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """Lexicons and places as people wrote them."""

    lexicons: tuple[Lexicon, ...]
    named: tuple[NamedPlace, ...]
    phrases: tuple[PlacePhrases, ...]
    abroad: tuple[AbroadPhrases, ...]
    weights: Weights | None = None

    def ready(self) -> ReadingConfiguration:
        """Made ready for reading.

        Raises:
            LexiconError: an entry cannot be used.
        """
        cities = {place.name for place in self.phrases if place.level == "city"}
        return ReadingConfiguration(
            reader=Reader(self.lexicons, Gazetteer(self.named, self.phrases, self.abroad), self.weights),
            lexicons=len(self.lexicons),
            strengths={entry.id: entry.strength for lexicon in self.lexicons for entry in lexicon.entries}
            | {f"{WEIGHED}.{kind}": WEIGHED_STRENGTH for kind in EventKind},
            cities=frozenset(cities | {place.name for place in self.named if place.region is not None}),
            well_known=tuple(name for place in self.named if place.population >= WELL_KNOWN for name in place.names),
        )


def load_reading(own: Path | None) -> ReadingConfiguration:
    """Lexicons and places alone, for what only reads texts.

    Raises:
        ConfigurationError: with every problem found.
    """
    return read_from(own, read_reading)


def load_written(own: Path | None) -> Written:
    """Lexicons and places as they are written, for what changes them.

    Raises:
        ConfigurationError: with every problem found.
    """
    return read_from(own, read_written)


def read_reading(folder: Folder, *, cache: Path | None = None) -> ReadingConfiguration:
    """Lexicons and places made ready, or kept ready from an earlier time; what is wrong is noted in the folder."""
    kept = Kept(cache_directory() if cache is None else cache, "reading")
    key = digest(_made_of(folder))
    known = kept.load(key)
    if isinstance(known, ReadingConfiguration):
        settle()
        return known
    before = len(folder.problems)
    ready = read_written(folder).ready()
    if len(folder.problems) == before:
        kept.store(key, ready)
    settle()
    return ready


def read_written(folder: Folder) -> Written:
    """Lexicons and places as they are written; what is wrong is noted in the folder, and a bad lexicon left out."""
    lexicons = [_lexicon(folder, name) for name in folder.names("lexicons", ".yaml")]
    phrases, abroad = _places(folder)
    named = [place for name in _TABLES for place in _named(folder, name)]
    kept = tuple(lexicon for lexicon in lexicons if lexicon is not None)
    return Written(kept, tuple(named), phrases, abroad, _weights(folder))


def note_failing_examples(folder: Folder, reader: Reader) -> None:
    """Run every entry's examples through the whole reader; those that fail are noted in the folder."""
    for name in folder.names("lexicons", ".yaml"):
        document = folder.document(name)
        if document is None:
            continue
        for place, row in enumerate(document.data.get("entries") or []):
            for message in example_faults(reader, LexiconEntry.model_validate(row)):
                folder.note(name, document.line(("entries", place)), row["id"], message)


def _made_of(folder: Folder) -> Iterator[bytes]:
    """All that a reader is made of: its code and its data, by name."""
    for place in (Path(place) for package in _CODE for place in package.__path__):
        yield from (code.read_bytes() for code in sorted(place.glob("*.py")))
    yield Path(__file__).read_bytes()
    for name in (*folder.names("lexicons", ".yaml"), _PHRASES, *_TABLES, _WEIGHTS):
        yield name.encode()
        yield folder.content(name)


def _weights(folder: Folder) -> Weights | None:
    """What words weigh; `None` where the table cannot be used."""
    text = folder.text(_WEIGHTS)
    if text is None:
        return None
    weights, faults = read_weights(text)
    for line, message in faults:
        folder.note(_WEIGHTS, line, "", message)
    return weights


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
    document = folder.document(_PHRASES)
    if document is None or not isinstance(document.data, dict):
        return (), ()
    ours = [folder.model(_PHRASES, document, ("places", place), row, PlacePhrases, str(place + 1))
            for place, row in enumerate(document.data.get("places") or [])]  # fmt: skip
    theirs = [folder.model(_PHRASES, document, ("abroad", place), row, AbroadPhrases, str(place + 1))
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
