"""`dabyl inspect text`: texts in, what each says out; `--explain` for people."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.explaining import explain, plain_record
from monitor.cli.output import MAX_LINE_BYTES, finish, opened, printable, write_lines
from monitor.configuration_reading import ReadingConfiguration, load_reading
from monitor.domain.moments import parse_rfc3339
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.signals import Finding, Hit, PlaceHit, Reading
from monitor.read.reader import Reader
from monitor.settings import read_settings

if TYPE_CHECKING:
    from monitor.domain.sources import Source

_TEXT_EXAMPLES = """\b
Examples:
  echo '{"id":"1","text":"В Алматы задержали 20"}' | dabyl inspect text -
  echo "В Алматы задержали 20 активистов" | dabyl inspect text --explain -"""


@click.command(epilog=_TEXT_EXAMPLES)
@click.argument("files", nargs=-1, type=click.Path(allow_dash=True))
@click.option(
    "--explain", "explaining", is_flag=True, help="Show each text with its hits marked, rules and score parts."
)
def text(files: tuple[str, ...], *, explaining: bool) -> None:
    """Read {"id","text","published_at"?,"source"?} per line; write what each text says, in order.

    With --explain a line that is no JSON object is taken as the text itself.
    """
    settings = read_settings()
    reading, homes = load_reading(settings.config), _Homes(settings.config)
    if explaining:
        finish(sum(_explained(name, reading, homes) for name in files or ("-",)))
    else:
        finish(write_lines(record for name in files or ("-",) for record in _read_texts(name, reading.reader, homes)))


class _Homes:
    """What each source writes about, as its file says; looked up only where a line names its source."""

    def __init__(self, config: Path | None) -> None:
        self._config = config

    def of(self, source: object) -> str | None:
        """Its region; `None` if it writes about the whole country, or is not ours."""
        if source is None:
            return None
        found = self._sources.get(str(source))
        return found.region if found and found.region != WHOLE_COUNTRY else None

    @cached_property
    def _sources(self) -> "Mapping[str, Source]":
        from monitor.configuration import load_sources  # noqa: PLC0415 - with it come all the collectors

        return load_sources(self._config)


def _explained(name: str, reading: ReadingConfiguration, homes: _Homes) -> int:
    """Explain every text of a file; returns how many lines were none."""
    errors = 0
    for number, line in _lines(name):
        asked = f"{name}: {line}" if isinstance(line, str) else _asked(plain_record(line) or line, number, homes)
        if isinstance(asked, str):
            click.echo(printable(asked), err=True)
            errors += 1
        else:
            read = reading.reader.read(asked.text, asked.published_at, asked.home)
            weighed = reading.reader.weighed(asked.text)
            explain(asked.text, asked.id or f"line {number}", read, reading.strengths, weighed)
    return errors


def _read_texts(name: str, reader: Reader, homes: _Homes) -> Iterator[dict[str, Any]]:
    for number, line in _lines(name):
        yield {"file": name, "error": line} if isinstance(line, str) else _read_text(line, number, reader, homes)


def _lines(name: str) -> Iterator[tuple[int, bytes | str]]:
    """The lines that say anything, with their numbers; one line of `str` says why there are no more."""
    try:
        with opened(name) as stream:
            for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE_BYTES), b""), 1):
                if line.strip():
                    yield number, line
    except OSError as error:
        hint = '; for a text itself: echo "…" | dabyl inspect text --explain -' if " " in name else ""
        yield 0, f"cannot be read: {error.strerror}{hint}"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A text to read, as a line gives it."""

    raw_id: Any
    text: str
    published_at: datetime | None
    home: str | None

    @property
    def id(self) -> str:
        """What to call it; empty where the line does not say."""
        return "" if self.raw_id is None else str(self.raw_id)


def _read_text(line: bytes, number: int, reader: Reader, homes: _Homes) -> dict[str, Any]:
    asked = _asked(line, number, homes)
    if isinstance(asked, str):
        return {"id": None, "error": asked}
    return {"id": asked.raw_id, **reading_record(reader.read(asked.text, asked.published_at, asked.home))}


def _asked(line: bytes | dict[str, Any], number: int, homes: _Homes) -> _Asked | str:
    """The text that a line gives, or why it is none."""
    try:
        row = json.loads(line) if isinstance(line, bytes) else line
        body, when = row["text"], row.get("published_at")
        published = parse_rfc3339(when) if when else None
        if not isinstance(body, str):
            raise TypeError("text is not a string")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return f"line {number}: not a text record: {error}"
    return _Asked(row.get("id"), body, published, homes.of(row.get("source")))


def reading_record(reading: Reading) -> dict[str, Any]:
    """A reading in the fixed form that people script against."""
    return {
        "language": reading.language,
        "signals": [_finding_record(finding) for finding in reading.findings],
        "places": [_place_record(place) for place in reading.places],
    }


def _finding_record(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind.value,
        "regions": list(finding.regions),
        "places": list(finding.places),
        "strength": round(finding.strength, 3),
        "counts": {role: list(interval) for role, interval in finding.counts.items()},
        "denied": finding.denied,
        "past": finding.past,
        "because": [_hit_record(hit) for hit in finding.because],
    }


def _hit_record(hit: Hit) -> dict[str, Any]:
    return {"rule": hit.rule, "words": hit.words, "start": hit.start, "end": hit.end}


def _place_record(place: PlaceHit) -> dict[str, Any]:
    return {"name": place.name, "region": place.region, "start": place.start, "end": place.end}
