"""`dabyl history outages`: spells in which too few measurements went well, and how sure the detectors were of each."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import click

from monitor.cli.looking import looking, looking_at_series
from monitor.cli.output import print_table
from monitor.detect.signals import SOURCE, STRENGTHS
from monitor.domain.changes import Query
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.kinds import EventKind, Family
from monitor.domain.moments import EPOCH, parse_rfc3339, rfc3339
from monitor.domain.outages import Outage
from monitor.domain.outages import outages as spells
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.series import SeriesQuery
from monitor.domain.signals import Signal
from monitor.history import to_csv
from monitor.runtime.clock import SystemClock
from monitor.settings import read_settings

MOST_STEPS: Final = 1_000_000
MOST_TOLD: Final = 100_000
SLACK: Final = timedelta(hours=1)
"""The detectors' onset and a step of the series need not agree to the minute."""


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
    """Spells in which too few measurements went well; no data is neither good nor bad.

    `certainty` is the highest that was told of an outage there in that spell: suspected, likely or confirmed; `families` is
    how many kinds of evidence showed it, `sources` how many sources of how many that had data.
    """
    rows = asyncio.run(_outages(asked, timedelta(minutes=step_minutes), below))
    columns = (
        "label", "since", "until", "lowest_ratio", "samples", "unseen_steps", "certainty", "families", "sources",
    )  # fmt: skip
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False))
    elif form == "csv":
        click.echo(to_csv(rows, columns), nl=False)
    else:
        print_table(rows, columns[:-2])


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
    told = await _told(since, until) if found else []
    return [
        {
            **one._asdict(), "since": rfc3339(one.since), "until": rfc3339(one.until),
            **_sureness(one, told, by_region=asked["by"] == "region"),
        }
        for one in found
    ]  # fmt: skip


async def _told(since: datetime, until: datetime) -> list[Signal]:
    """What the detectors told of outages in these days; nothing where there is no state store to ask."""
    query = Query(
        since=since - SLACK, until=until, families=(Family.NET,), sources=(SOURCE,), newest_first=False, limit=MOST_TOLD
    )
    try:
        async with looking(read_settings()) as state:
            return [one for one in await state.signals(query) if one.kind is not EventKind.NET_RESTORED]
    except StoreUnavailableError:
        return []


def _sureness(spell: Outage, told: Sequence[Signal], *, by_region: bool) -> dict[str, Any]:
    """How sure it was at its surest; what was told before there were certainties has none."""
    mine = [
        one
        for one in told
        if spell.since - SLACK <= one.at
        and (spell.until is None or one.at < spell.until)
        and "families" in one.counts
        and (not by_region or spell.label in one.regions or WHOLE_COUNTRY in one.regions)
    ]
    if not mine:
        return {"certainty": "not told", "families": None, "sources": None}
    best = max(mine, key=lambda one: (one.strength, one.observed_at))
    certainty = next((name.value for name, strength in STRENGTHS.items() if strength == best.strength), "not told")
    counts = {name: interval[0] for name, interval in best.counts.items()}
    return {
        "certainty": certainty, "families": counts["families"],
        "sources": f"{counts['showing']} of {counts['asked']}",
    }  # fmt: skip
