"""`dabyl history`: signals, incidents, reports, detentions and series of the past, as table, CSV or JSON."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from monitor.cli.history_outages import outages
from monitor.cli.looking import looking, looking_at_series
from monitor.cli.output import print_table
from monitor.configuration import load_configuration, load_regions
from monitor.domain.changes import Query
from monitor.domain.series import ROLLED_UP_BY, SeriesQuery
from monitor.history import COLUMNS, What, ask, steps, to_csv
from monitor.history import detentions as detentions_of
from monitor.problems import nearest
from monitor.read.ledger import Known
from monitor.runtime.clock import SystemClock
from monitor.settings import read_settings
from monitor.web.questions import BadQuestionError, question

MOST: Final = 1_000_000
STEPS: Final = {"5m": 300, "15m": 900, "1h": 3600, "6h": 21_600, "1d": 86_400}
SHORT: Final[dict[str, tuple[str, ...]]] = {
    "signals": ("at", "kind", "regions", "places", "strength", "source"),
    "incidents": ("opened_at", "closed_at", "family", "regions", "severity", "level"),
    "reports": ("published_at", "source", "link", "versions"),
}
"""Columns that fit a terminal; CSV and JSON have them all."""
FORMATS: Final = click.Choice(["table", "csv", "json"])


@click.group(name="history")
def command() -> None:
    """Ask for what was stored; works while the service runs and when it does not."""


def _asking(what: What) -> Callable[..., None]:
    @click.option("--region", default="", help="Codes or names, comma-separated (KZ-75,Маңғыстау).")
    @click.option("--kind", default="", help="Kinds or families, comma-separated (police.detention,net).")
    @click.option("--since", default="", help="From this moment, RFC 3339 (2026-01-05T00:00:00Z).")
    @click.option("--until", default="", help="Before this moment.")
    @click.option("--source", default="", help="Ids of sources, comma-separated.")
    @click.option("--limit", default="100", show_default=True, help=f"At most this many, newest first (up to {MOST}).")
    @click.option("--format", "form", type=FORMATS, default="table", show_default=True)
    def run(form: str, **asked: str) -> None:
        rows = asyncio.run(_rows(what, _question(asked)))
        _print(rows, SHORT[what] if form == "table" else COLUMNS[what], form)

    return run


def _question(asked: Mapping[str, str]) -> Query:
    try:
        query = question({key: value for key, value in asked.items() if value}, MOST)
    except BadQuestionError as error:
        raise click.ClickException(str(error)) from None
    return replace(query, regions=_codes(query.regions))


def _codes(words: tuple[str, ...]) -> tuple[str, ...]:
    """Codes of regions that people name by code or by any of their names."""
    regions = load_regions(read_settings().config)
    known = {
        name.casefold(): code
        for code, region in regions.items()
        for name in (code, *region.names.model_dump().values())
    }
    codes = []
    for word in words:
        code = known.get(word.strip().casefold())
        if code is None:
            guess = nearest(word.casefold(), known)
            hint = f"; did you mean '{guess}'?" if guess else f"; known: {', '.join(sorted(regions))}"
            raise click.ClickException(f"unknown region '{word}'{hint}")
        codes.append(code)
    return tuple(codes)


async def _rows(what: What, query: Query) -> list[dict[str, Any]]:
    async with looking(read_settings()) as state:
        return await ask(state, what, query)


def _print(rows: list[dict[str, Any]], columns: tuple[str, ...], form: str) -> None:
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False))
    elif form == "csv":
        click.echo(to_csv(rows, columns), nl=False)
    else:
        print_table(rows, columns)


_EXAMPLE = "\b\nExample:\n  dabyl history {} --region KZ-75 --since 2026-01-05T00:00:00Z --format csv"
for _what, _help in (
    ("signals", "What was understood, by event time."),
    ("incidents", "What people followed, by when it was opened."),
    ("reports", "What sources wrote (without texts), by when it was published."),
):
    command.command(_what, help=_help, epilog=_EXAMPLE.format(_what))(_asking(_what))  # type: ignore[arg-type]


@command.command(
    "detentions",
    epilog="\b\nExamples:\n  dabyl history detentions --region Алматы --since 2026-01-05T00:00:00Z"
    "\n  dabyl history detentions --format csv > detentions.csv",
)
@click.option("--region", default="", help="Codes or names, comma-separated (KZ-75,Маңғыстау).")
@click.option("--since", default="", help="Detentions from this moment, RFC 3339 (2026-01-05T00:00:00Z).")
@click.option("--until", default="", help="Detentions before this moment.")
@click.option("--source", default="", help="Ids of sources, comma-separated.")
@click.option(
    "--limit", default="100", show_default=True, help=f"At most this many rows, newest day first (up to {MOST})."
)
@click.option("--format", "form", type=FORMATS, default="table", show_default=True)
def detentions(form: str, **asked: str) -> None:
    """The detention ledger: one row a city and day, all that was said of it reconciled into one interval.

    The official figure stands apart. Releases and sentences of the next 20 days are linked to the detention they follow.
    """
    rows = asyncio.run(_ledger(_question(asked)))
    if form == "table":
        print_table(
            [_shortly(row) for row in rows],
            ("day", "region", "place", "detained", "official", "witnesses", "stations", "later"),
        )
    else:
        _print(rows, COLUMNS["detentions"], form)


async def _ledger(query: Query) -> list[dict[str, Any]]:
    settings = read_settings()
    configuration = load_configuration(settings.config)
    known = Known(
        official={source.id for source in configuration.sources.values() if source.stance == "official"},
        cities=configuration.reading.cities,
        zones={code: ZoneInfo(region.zone) for code, region in configuration.regions.items()},
    )
    async with looking(settings) as state:
        return await detentions_of(state, query, known)


def _shortly(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the ledger as it fits a terminal."""
    official = "denied" if row["denied"] and row["official_low"] is None else _span(row, "official")
    released = f"released {_span(row, 'released')} ({row['releases']})" if row["releases"] else ""
    sentenced = (
        f"sentenced {_span(row, 'sentenced')}, {_span(row, 'days')} days ({row['sentences']})"
        if row["sentences"]
        else ""
    )
    later = "; ".join(part for part in (released, sentenced) if part)
    return {**row, "detained": _span(row, "detained"), "official": official, "later": later or None}


def _span(row: Mapping[str, Any], name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if low is None:
        return "?"
    return f"{low}+" if high is None else f"{low}" if low == high else f"{low}-{high}"


@command.command(
    "series",
    epilog="\b\nExamples:\n  dabyl history series --step 1h --by region"
    "\n  dabyl history series --measurement people --by kind --region Алматы --since 2026-01-05T00:00:00Z --format csv",
)
@click.option("--measurement", default="signal", show_default=True, help="What is counted: signal, people, probe.")
@click.option("--by", type=click.Choice([*ROLLED_UP_BY, "source", "role"]), default="region", show_default=True)
@click.option("--step", type=click.Choice(list(STEPS)), default="1h", show_default=True, help="Width of one row.")
@click.option("--region", default="", help="Codes or names, comma-separated; every region where not given.")
@click.option("--since", default="", help="From this moment; a week ago where not given.")
@click.option("--until", default="", help="Before this moment; now where not given.")
@click.option(
    "--limit", default="1000", show_default=True, help=f"At most this many rows, oldest first (up to {MOST})."
)
@click.option("--format", "form", type=FORMATS, default="table", show_default=True)
def series(measurement: str, by: str, step: str, form: str, **asked: str) -> None:
    """How much of what, step by step: points, the mean of their strength or share of success, the sum of their values."""
    query = _question(asked)
    now, width = SystemClock().now(), timedelta(seconds=STEPS[step])
    wanted = SeriesQuery(
        measurement=measurement, since=_whole(query.since or now - timedelta(days=7), width),
        until=_whole((query.until or now) + width, width), tags={"region": query.regions} if query.regions else {},
        limit=query.limit,
    )  # fmt: skip
    rows = asyncio.run(_steps(wanted, width, by))
    _print(rows, ("at", by, "points", "ratio", "value"), form)


def _whole(at: datetime, width: timedelta) -> datetime:
    """The beginning of the step that a moment lies in."""
    return at - (at - datetime.min.replace(tzinfo=at.tzinfo)) % width


async def _steps(query: SeriesQuery, width: timedelta, by: str) -> list[dict[str, Any]]:
    async with looking_at_series(read_settings()) as store:
        return await steps(store, query, width, by)


command.add_command(outages)
