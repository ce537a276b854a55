"""`dabyl inspect`: files or standard input in, JSON Lines out, through the same code that the service runs."""

import asyncio
import importlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from collectors.feed_parse import ParsedFeed
from collectors.telegram_export_parse import ExportMessage
from collectors.telegram_preview_parse import PreviewPage
from collectors.telegram_records import message_record
from collectors.workers import WorkerPool
from monitor.cli.inspect_series import series
from monitor.cli.output import write_lines
from monitor.configuration import load_reading, load_sources
from monitor.domain.moments import parse_rfc3339, rfc3339
from monitor.domain.ports import UnavailableError
from monitor.domain.signals import Finding, Hit, PlaceHit, Reading
from monitor.domain.sources import Source
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


@command.command(epilog='\b\nExample:\n  echo \'{"id":"1","text":"В Алматы задержали 20"}\' | dabyl inspect text -')
@click.argument("files", nargs=-1, type=click.Path(allow_dash=True))
def text(files: tuple[str, ...]) -> None:
    """Read {"id","text","published_at"?,"source"?} per line; write what each text says, in order."""
    settings = read_settings()
    reader = load_reading(settings.config).reader()
    sources = load_sources(settings.config)
    _finish(write_lines(record for name in files or ("-",) for record in _read_texts(name, reader, sources)))


def _read_texts(name: str, reader: Reader, sources: dict[str, Source]) -> Iterator[dict[str, Any]]:
    with _opened(name) as stream:
        for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE_BYTES), b""), 1):
            if line.strip():
                yield _read_text(line, number, reader, sources)


def _read_text(line: bytes, number: int, reader: Reader, sources: dict[str, Source]) -> dict[str, Any]:
    try:
        row = json.loads(line)
        body, when = row["text"], row.get("published_at")
        published = parse_rfc3339(when) if when else None
        if not isinstance(body, str):
            raise TypeError("text is not a string")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return {"id": None, "error": f"line {number}: not a text record: {error}"}
    source = sources.get(str(row.get("source")))
    home = source.region if source and source.region != "KZ" else None
    return {"id": row.get("id"), **reading_record(reader.read(body, published, home))}


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
