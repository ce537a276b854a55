"""`dabyl reread`: stored texts through the present lexicons; shows what would change, and changes it when told to."""

import asyncio
import json
import re
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import click

from monitor.cli.history import FORMATS
from monitor.cli.looking import looking
from monitor.cli.output import print_table
from monitor.configuration import load_configuration
from monitor.domain.moments import parse_rfc3339, rfc3339
from monitor.domain.ports import Clock
from monitor.history import to_csv
from monitor.reread import Difference, Reread, change_of
from monitor.runtime.clock import SystemClock
from monitor.settings import read_settings
from monitor.store.state import open_state

COLUMNS: Final = ("at", "change", "kind", "regions", "details", "words", "source", "report")
UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
BATCH: Final = 500
_AGO: Final = re.compile(r"(\d{1,4})([hdw])$")
_EXAMPLES = """\b
Examples:
  dabyl reread --since 7d                    what would the edited lexicons change?
  dabyl --config my-config reread --since 2026-01-01T00:00:00Z --format csv > changes.csv
  dabyl reread --since 7d --apply            make it so"""


@click.command(epilog=_EXAMPLES)
@click.option("--since", required=True, help="From this moment: RFC 3339, or how long ago (12h, 7d, 4w).")
@click.option("--until", help="Before this moment, in the same form.")
@click.option("--apply", "applying", is_flag=True, help="Store what is shown. Without it nothing is changed.")
@click.option("--format", "form", type=FORMATS, default="table", show_default=True)
def command(since: str, until: str | None, form: str, *, applying: bool) -> None:
    """Read stored texts again and show which signals would be new, gone or changed.

    What an incident rests on is never taken away. New signals are judged by their own times: the past pages nobody.
    """
    clock = SystemClock()
    first, last = moment(since, clock.now()), moment(until, clock.now()) if until else None
    again, differences = asyncio.run(_differences(first, last))
    _print(differences, form)
    _sum_up(again, differences, applying=applying)
    if applying and differences:
        asyncio.run(_apply(differences, clock, f"since {rfc3339(first)}"))


def moment(words: str, now: datetime) -> datetime:
    """A moment in RFC 3339, or how long ago.

    Raises:
        click.BadParameter: it is neither.
    """
    ago = _AGO.match(words.strip())
    if ago:
        return now - int(ago[1]) * UNITS[ago[2]]
    try:
        return parse_rfc3339(words.strip())
    except ValueError:
        message = f"'{words}' is no moment; say 2026-01-05T00:00:00Z, or 7d for seven days ago"
        raise click.BadParameter(message) from None


async def _differences(since: datetime, until: datetime | None) -> tuple[Reread, list[Difference]]:
    settings = read_settings()
    configuration = load_configuration(settings.config)
    found: list[Difference] = []
    async with looking(settings) as state:
        again = Reread(state=state, reader=configuration.reading.reader, sources=configuration.sources)
        async for difference in again.differences(since, until):
            found.append(difference)
            _progress(again)
    return again, found


def _progress(again: Reread) -> None:
    if again.read % BATCH == 0 and sys.stderr.isatty():
        click.echo(f"\r{again.read} texts read", err=True, nl=False)


def _print(differences: Sequence[Difference], form: str) -> None:
    rows = [_row(difference) for difference in differences]
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False))
    elif form == "csv":
        click.echo(to_csv(rows, COLUMNS), nl=False)
    elif rows:
        print_table(rows, COLUMNS[:6])


def _row(difference: Difference) -> dict[str, Any]:
    signal = difference.signal
    kept = "an incident rests on it: kept" if difference.held else ""
    return {
        "at": rfc3339(signal.at), "change": difference.what, "kind": signal.kind.value, "regions": list(signal.regions),
        "details": difference.details or kept, "words": [f"{hit.words} ({hit.rule})" for hit in signal.because[:4]],
        "source": signal.source, "report": difference.report.id,
    }  # fmt: skip


def _sum_up(again: Reread, differences: Sequence[Difference], *, applying: bool) -> None:
    counted = {what: sum(entry.what == what for entry in differences) for what in ("new", "changed", "gone")}
    kept = sum(entry.held for entry in differences)
    said = ", ".join(f"{count} {what}" for what, count in counted.items())
    wiped = f"; {again.wiped} texts are no longer kept" if again.wiped else ""
    click.echo(f"{again.read} texts read again: {said}{f' ({kept} kept)' if kept else ''}{wiped}.", err=True)
    if differences and not applying:
        click.echo("Nothing was changed; --apply stores it.", err=True)


async def _apply(differences: Sequence[Difference], clock: Clock, what: str) -> None:
    state = await open_state(read_settings().state_address, SystemClock())
    try:
        for start in range(0, len(differences), BATCH):
            await state.apply(change_of(differences[start : start + BATCH], clock.now(), what))
    finally:
        await state.close()
    click.echo("Stored, with a line in the audit. A running service judges the new signals at once.", err=True)
