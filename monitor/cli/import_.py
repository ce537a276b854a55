"""`dabyl import`: brings recorded material into the store, judged by its own times, so that the past pages nobody."""

import asyncio
from pathlib import Path

import click

from collectors.telegram_export import reports
from collectors.telegram_export_parse import ExportError, ExportMessage, parse_export
from monitor.app import parts
from monitor.configuration import load_configuration
from monitor.domain.reports import Item
from monitor.runtime.clock import SystemClock
from monitor.settings import read_settings
from monitor.store.state import open_state

BATCH = 250


@click.group(name="import")
def command() -> None:
    """Bring in recorded material. A repeat changes nothing; what is old raises no alert for today."""


@command.command(
    "telegram-export", epilog="\b\nExample:\n  dabyl import telegram-export --zone Asia/Almaty result.json"
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--zone", help="IANA zone of the machine that made an older export without UTC times.")
@click.option("--source", default="telegram-export", show_default=True, help="Id under which the messages are kept.")
def telegram_export(file: Path, zone: str | None, source: str) -> None:
    """Bring in a Telegram Desktop export (result.json)."""
    try:
        messages = parse_export(file.read_bytes(), zone)
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be read: {error.strerror}") from None
    except ExportError as error:
        raise click.ClickException(f"{file}: {error}") from None
    if any(message.needs_zone for message in messages):
        raise click.ClickException(f"{file}: its times have no zone; give --zone, for example --zone Asia/Almaty")
    new, known, signals = asyncio.run(_bring_in(messages, source))
    click.echo(f"{len(messages)} messages: {new} new, {known} known already, {signals} signals.")
    bad = [message.problem for message in messages if message.problem]
    for problem in bad[:20]:
        click.echo(f"left out: {problem}", err=True)
    if bad:
        raise click.exceptions.Exit(1)


async def _bring_in(messages: list[ExportMessage], source: str) -> tuple[int, int, int]:
    settings = read_settings()
    clock = SystemClock()
    configuration = load_configuration(settings.config)
    state = await open_state(settings.state_address, clock)
    new = known = signals = 0
    try:
        joined = parts(configuration, state, {}, clock)
        items = [Item(source=source, content=report) for report in reports(messages, source, clock.now())]
        with click.progressbar(range(0, len(items), BATCH), label="bringing in") as starts:
            for start in starts:
                outcome = await joined.pipeline.process(items[start : start + BATCH])
                new += outcome.reports
                known += outcome.repeats
                signals += len(outcome.signals)
    finally:
        await state.close()
    return new, known, signals
