"""`dabyl history`: signals, incidents and reports of the past, as table, CSV or JSON."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import click

from monitor.cli.looking import looking
from monitor.cli.output import print_table
from monitor.domain.changes import Query
from monitor.history import COLUMNS, What, ask, to_csv
from monitor.settings import read_settings
from monitor.web.questions import BadQuestionError, question


@click.group(name="history")
def command() -> None:
    """Ask for what was stored; works while the service runs and when it does not."""


def _asking(what: What) -> Callable[..., None]:
    @click.option("--region", default="", help="ISO 3166-2 codes, comma-separated (KZ-75,KZ-47).")
    @click.option("--kind", default="", help="Kinds or families, comma-separated (police.detention,net).")
    @click.option("--since", default="", help="From this moment, RFC 3339 (2026-01-05T00:00:00Z).")
    @click.option("--until", default="", help="Before this moment.")
    @click.option("--source", default="", help="Ids of sources, comma-separated.")
    @click.option("--limit", default="100", show_default=True, help="At most this many, newest first.")
    @click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
    def run(form: str, **asked: str) -> None:
        try:
            query = question({key: value for key, value in asked.items() if value})
        except BadQuestionError as error:
            raise click.ClickException(str(error)) from None
        _print(what, asyncio.run(_rows(what, query)), form)

    return run


async def _rows(what: What, query: Query) -> list[dict[str, Any]]:
    async with looking(read_settings()) as state:
        return await ask(state, what, query)


def _print(what: What, rows: list[dict[str, Any]], form: str) -> None:
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False))
    elif form == "csv":
        click.echo(to_csv(rows, COLUMNS[what]), nl=False)
    else:
        print_table(rows, COLUMNS[what][:9])


_EXAMPLE = "\b\nExample:\n  dabyl history {} --region KZ-75 --since 2026-01-05T00:00:00Z --format csv"
for _what, _help in (
    ("signals", "What was understood, by event time."),
    ("incidents", "What people followed, by when it was opened."),
    ("reports", "What sources wrote (without texts), by when it was published."),
):
    command.command(_what, help=_help, epilog=_EXAMPLE.format(_what))(_asking(_what))  # type: ignore[arg-type]
