"""`dabyl history outages`: spells in which too few measurements went well."""

import asyncio
import json
from datetime import timedelta
from typing import Any, Final

import click

from monitor.cli.looking import looking_at_series
from monitor.cli.output import print_table
from monitor.domain.moments import EPOCH, parse_rfc3339, rfc3339
from monitor.domain.outages import outages as spells
from monitor.domain.series import SeriesQuery
from monitor.history import to_csv
from monitor.runtime.clock import SystemClock
from monitor.settings import read_settings

MOST_STEPS: Final = 1_000_000


@click.command(
    name="outages",
    epilog="\b\nExample:\n  dabyl history outages --since 2026-01-05T00:00:00Z --region KZ-75,KZ-71 --below 0.5",
)
@click.option("--measurement", default="probe", show_default=True, help="Which series.")
@click.option("--by", default="region", show_default=True, help="By which tag: region, asn, kind.")
@click.option("--region", default="", help="ISO 3166-2 codes, comma-separated.")
@click.option("--since", default="", help="From this moment, RFC 3339; the last 30 days if not given.")
@click.option("--until", default="", help="Before this moment; now if not given.")
@click.option(
    "--step", "step_minutes", type=click.IntRange(1, 1440), default=5, show_default=True, help="Minutes a step."
)
@click.option(
    "--below", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="Bad is a share of success below."
)
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def outages(form: str, below: float, step_minutes: int, **asked: str) -> None:
    """Spells in which too few measurements went well; no data is neither good nor bad."""
    rows = asyncio.run(_outages(asked, timedelta(minutes=step_minutes), below))
    columns = ("label", "since", "until", "lowest_ratio", "samples", "unseen_steps")
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False))
    elif form == "csv":
        click.echo(to_csv(rows, columns), nl=False)
    else:
        print_table(rows, columns)


async def _outages(asked: dict[str, str], step: timedelta, below: float) -> list[dict[str, Any]]:
    clock = SystemClock()
    try:
        until = parse_rfc3339(asked["until"]) if asked["until"] else clock.now()
        since = parse_rfc3339(asked["since"]) if asked["since"] else until - timedelta(days=30)
    except ValueError as error:
        raise click.ClickException(f"--since and --until are moments such as 2026-01-05T00:00:00Z: {error}") from None
    # Whole steps, so that ready sums can answer.
    since, until = since - (since - EPOCH) % step, until + (EPOCH - until) % step
    regions = tuple(part.strip() for part in asked["region"].split(",") if part.strip())
    query = SeriesQuery(
        measurement=asked["measurement"], since=since, until=until, limit=MOST_STEPS,
        tags={"region": regions} if regions else {},
    )  # fmt: skip
    async with looking_at_series(read_settings()) as series:
        found = spells(await series.steps(query, step, by=asked["by"]), step, below)
    return [{**one._asdict(), "since": rfc3339(one.since), "until": rfc3339(one.until)} for one in found]
