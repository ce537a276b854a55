"""`dabyl inspect feed`, `telegram-preview`, `telegram-export`: saved files in, what they hold out."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import click

from collectors.feed_parse import ParsedFeed
from collectors.telegram_export_parse import ExportMessage
from collectors.telegram_preview_parse import PreviewPage
from collectors.telegram_records import message_record
from collectors.workers import WorkerPool
from monitor.cli.output import finish, opened, write_lines
from monitor.domain.errors import UnavailableError
from monitor.domain.moments import rfc3339

MOST_BYTES = {
    "collectors.feed_parse:parse_feed": 9 * 1024 * 1024,
    "collectors.telegram_preview_parse:parse_preview": 9 * 1024 * 1024,
    "collectors.telegram_export_parse:parse_export": 513 * 1024 * 1024,
}
"""A little more than each parser takes, so that it can say that a file is too large, and no more."""
Records = Callable[[str, Any], Iterator[dict[str, Any]]]


@click.command(epilog="\b\nExample:\n  dabyl inspect feed saved/*.xml")
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
def feed(files: tuple[str, ...]) -> None:
    """Write each entry of saved RSS, Atom or JSON feeds."""
    finish(asyncio.run(_parsed(files, "collectors.feed_parse:parse_feed", _feed_records)))


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


@click.command("telegram-preview", epilog="\b\nExample:\n  dabyl inspect telegram-preview saved/page.html")
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
def telegram_preview(files: tuple[str, ...]) -> None:
    """Write each message of saved t.me/s pages or single-post widgets."""
    finish(asyncio.run(_parsed(files, "collectors.telegram_preview_parse:parse_preview", _preview_records)))


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
        with opened(name) as stream:
            body = stream.read(MOST_BYTES[function])
        return list(records(name, await workers.run(function, body, *options)))
    except OSError as error:
        return [{"file": name, "error": f"cannot be read: {error.strerror}"}]
    except (UnavailableError, ValueError) as error:
        return [{"file": name, "error": str(error)}]


@click.command("telegram-export", epilog="\b\nExample:\n  dabyl inspect telegram-export --zone Asia/Almaty result.json")
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--zone", help="IANA zone of the machine that made an older export without UTC times.")
def telegram_export(files: tuple[str, ...], zone: str | None) -> None:
    """Write each message of Telegram Desktop exports (result.json; one chat or a full export)."""
    finish(asyncio.run(_parsed(files, "collectors.telegram_export_parse:parse_export", _export_records, zone)))


def _export_records(name: str, messages: Sequence[ExportMessage]) -> Iterator[dict[str, Any]]:
    if any(message.needs_zone for message in messages):
        click.echo(f"{name}: times without a zone: give --zone, for example --zone Asia/Almaty", err=True)
    for message in messages:
        if message.problem is not None:
            yield {"file": name, "error": message.problem}
        else:
            yield {"file": name, **message_record(message)}
