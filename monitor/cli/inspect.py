"""`dabyl inspect`: files or standard input in, JSON Lines out, through the same code that the service runs."""

import asyncio
import importlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from collectors.feed_parse import ParsedFeed
from collectors.telegram_export_parse import ExportMessage
from collectors.telegram_preview_parse import PreviewPage
from collectors.telegram_records import message_record
from collectors.workers import WorkerPool
from monitor.cli.explaining import explain, plain_record
from monitor.cli.inspect_series import series
from monitor.cli.output import printable, write_lines
from monitor.configuration import load_reading, load_sources
from monitor.domain.moments import parse_rfc3339, rfc3339
from monitor.domain.ports import UnavailableError
from monitor.domain.signals import Finding, Hit, PlaceHit, Reading
from monitor.domain.sources import Source
from monitor.read.explain import strengths
from monitor.read.reader import Reader
from monitor.settings import read_settings

MAX_LINE_BYTES = 16 * 1024 * 1024
MOST_BYTES = {
    "collectors.feed_parse:parse_feed": 9 * 1024 * 1024,
    "collectors.telegram_preview_parse:parse_preview": 9 * 1024 * 1024,
    "collectors.telegram_export_parse:parse_export": 513 * 1024 * 1024,
}
"""A little more than each parser takes, so that it can say that a file is too large, and no more."""
Records = Callable[[str, Any], Iterator[dict[str, Any]]]


class _Group(click.Group):
    """What looks at the network is imported only when it is asked for."""

    network: Final = ("ooni", "probe")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, sorted."""
        return sorted({*super().list_commands(ctx), *self.network})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in self.network:
            return super().get_command(ctx, cmd_name)
        found: click.Command = getattr(importlib.import_module("monitor.cli.inspect_network"), cmd_name)
        return found


@click.group(name="inspect", cls=_Group)
def command() -> None:
    """Look through the magnifying glass: what Dabyl reads in texts, feeds, pages, exports and measurements.

    Everything comes out as JSON Lines, one record a line. The exit code is 1 if any record carries an "error".
    """


_TEXT_EXAMPLES = """\b
Examples:
  echo '{"id":"1","text":"В Алматы задержали 20"}' | dabyl inspect text -
  echo "В Алматы задержали 20 активистов" | dabyl inspect text --explain -"""


@command.command(epilog=_TEXT_EXAMPLES)
@click.argument("files", nargs=-1, type=click.Path(allow_dash=True))
@click.option(
    "--explain", "explaining", is_flag=True, help="Show each text with its hits marked, rules and score parts."
)
def text(files: tuple[str, ...], *, explaining: bool) -> None:
    """Read {"id","text","published_at"?,"source"?} per line; write what each text says, in order.

    With --explain a line that is no JSON object is taken as the text itself.
    """
    settings = read_settings()
    reading = load_reading(settings.config)
    reader, sources = reading.reader(), load_sources(settings.config)
    if explaining:
        own = strengths(reading.lexicons)
        _finish(sum(_explained(name, reader, sources, own) for name in files or ("-",)))
    else:
        _finish(write_lines(record for name in files or ("-",) for record in _read_texts(name, reader, sources)))


def _explained(name: str, reader: Reader, sources: dict[str, Source], own: dict[str, float]) -> int:
    """Explain every text of a file; returns how many lines were none."""
    errors = 0
    with _opened(name) as stream:
        for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE_BYTES), b""), 1):
            if not line.strip():
                continue
            asked = _asked(plain_record(line) or line, number, sources)
            if isinstance(asked, str):
                click.echo(printable(asked), err=True)
                errors += 1
            else:
                explain(
                    asked.text,
                    asked.id or f"line {number}",
                    reader.read(asked.text, asked.published_at, asked.home),
                    own,
                )
    return errors


def _read_texts(name: str, reader: Reader, sources: dict[str, Source]) -> Iterator[dict[str, Any]]:
    with _opened(name) as stream:
        for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE_BYTES), b""), 1):
            if line.strip():
                yield _read_text(line, number, reader, sources)


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


def _read_text(line: bytes, number: int, reader: Reader, sources: dict[str, Source]) -> dict[str, Any]:
    asked = _asked(line, number, sources)
    if isinstance(asked, str):
        return {"id": None, "error": asked}
    return {"id": asked.raw_id, **reading_record(reader.read(asked.text, asked.published_at, asked.home))}


def _asked(line: bytes | dict[str, Any], number: int, sources: dict[str, Source]) -> _Asked | str:
    """The text that a line gives, or why it is none."""
    try:
        row = json.loads(line) if isinstance(line, bytes) else line
        body, when = row["text"], row.get("published_at")
        published = parse_rfc3339(when) if when else None
        if not isinstance(body, str):
            raise TypeError("text is not a string")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return f"line {number}: not a text record: {error}"
    source = sources.get(str(row.get("source")))
    home = source.region if source and source.region != "KZ" else None
    return _Asked(row.get("id"), body, published, home)


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


@command.command(epilog="\b\nExample:\n  dabyl inspect feed saved/*.xml")
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
def feed(files: tuple[str, ...]) -> None:
    """Write each entry of saved RSS, Atom or JSON feeds."""
    _finish(asyncio.run(_parsed(files, "collectors.feed_parse:parse_feed", _feed_records)))


def _feed_records(name: str, parsed: ParsedFeed) -> Iterator[dict[str, Any]]:
    for entry in parsed.entries:
        yield {
            "file": name,
            "id": entry.id,
            "title": entry.title,
            "link": entry.link,
            "published_at": rfc3339(entry.published_at),
            "text": entry.text,
        }
    if parsed.problem and not parsed.entries:
        yield {"file": name, "error": parsed.problem}
    elif parsed.problem:
        click.echo(f"{name}: {parsed.problem}; its complete entries were read", err=True)


@command.command("telegram-preview", epilog="\b\nExample:\n  dabyl inspect telegram-preview saved/page.html")
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
def telegram_preview(files: tuple[str, ...]) -> None:
    """Write each message of saved t.me/s pages or single-post widgets."""
    _finish(asyncio.run(_parsed(files, "collectors.telegram_preview_parse:parse_preview", _preview_records)))


def _preview_records(name: str, page: PreviewPage) -> Iterator[dict[str, Any]]:
    if page.problem and not page.messages:
        yield {"file": name, "error": page.problem}
    for message in page.messages:
        yield {"file": name, **message_record(message)}


async def _parsed(files: Iterable[str], function: str, records: Records, *options: Any) -> int:
    """Parse every file in a killable worker and print its records; returns how many were errors."""
    workers = WorkerPool(count=1)
    try:
        return sum([write_lines(await _records(name, function, records, workers, options)) for name in files])
    finally:
        await workers.close()


async def _records(
    name: str, function: str, records: Records, workers: WorkerPool, options: tuple[Any, ...]
) -> list[dict[str, Any]]:
    try:
        with _opened(name) as stream:
            body = stream.read(MOST_BYTES[function])
        return list(records(name, await workers.run(function, body, *options)))
    except OSError as error:
        return [{"file": name, "error": f"cannot be read: {error.strerror}"}]
    except (UnavailableError, ValueError) as error:
        return [{"file": name, "error": str(error)}]


@command.command(
    "telegram-export", epilog="\b\nExample:\n  dabyl inspect telegram-export --zone Asia/Almaty result.json"
)
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--zone", help="IANA zone of the machine that made an older export without UTC times.")
def telegram_export(files: tuple[str, ...], zone: str | None) -> None:
    """Write each message of Telegram Desktop exports (result.json; one chat or a full export)."""
    _finish(asyncio.run(_parsed(files, "collectors.telegram_export_parse:parse_export", _export_records, zone)))


def _export_records(name: str, messages: Sequence[ExportMessage]) -> Iterator[dict[str, Any]]:
    if any(message.needs_zone for message in messages):
        click.echo(f"{name}: times without a zone: give --zone, for example --zone Asia/Almaty", err=True)
    for message in messages:
        if message.problem is not None:
            yield {"file": name, "error": message.problem}
        else:
            yield {"file": name, **message_record(message)}


command.add_command(series)


def _opened(name: str) -> BinaryIO:
    return sys.stdin.buffer if name == "-" else Path(name).open("rb")


def _finish(errors: int) -> None:
    if errors:
        raise click.exceptions.Exit(1)
