"""`dabyl status`: how the service and each source feel, and what is open."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import click

from monitor.cli.looking import looking
from monitor.cli.output import print_table
from monitor.configuration import load_configuration
from monitor.domain.moments import rfc3339
from monitor.runtime.clock import SystemClock
from monitor.settings import Settings, read_settings
from monitor.web import views
from monitor.web.look import look
from monitor.web.server import Shown

FRESH = timedelta(minutes=2)


@click.command(epilog="\b\nExamples:\n  dabyl status\n  dabyl status --json\n  dabyl status --quiet && echo runs")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--quiet", is_flag=True, help="Print nothing; the exit code is 0 if the service runs.")
def command(*, as_json: bool, quiet: bool) -> None:
    """Show whether the service runs, what is open, and the state of each source with its reason."""
    settings = read_settings()
    picture = asyncio.run(_picture(settings))
    if quiet:
        raise click.exceptions.Exit(0 if picture["fresh"] else 1)
    if as_json:
        click.echo(json.dumps(views.plain(picture), ensure_ascii=False))
        return
    _print(picture)


async def _picture(settings: Settings) -> dict[str, Any]:
    configuration = load_configuration(settings.config)
    async with looking(settings) as state:
        shown = Shown(
            state=state,
            clock=SystemClock(),
            sources=configuration.sources,
            regions=configuration.regions,
            metrics=bytes,
            masker=configuration.masker(),
        )
        return await look(shown, state)


def _print(picture: dict[str, Any]) -> None:
    now = picture["now"]
    running = "runs" if picture["fresh"] else "does NOT run"
    click.echo(f"The service {running}; last heartbeat {views.age(picture['heartbeat'], now)}.")
    click.echo(picture["headline"])
    if picture["incidents"]:
        columns = ("id", "where", "family", "severity", "level", "witnesses", "opened_at")
        print_table([views.plain(row) for row in picture["incidents"]], columns, "Open incidents")
    _print_network(picture["network"], now)
    rows = [
        {**row, "since": views.age(row["since"], now), "last_good": views.age(row["last_good_at"], now)}
        for row in picture["sources"]
    ]
    print_table(rows, ("id", "feeling", "reason", "since", "last_good"), "Sources")


def _print_network(network: dict[str, Any], now: datetime) -> None:
    click.echo(f"Network: {network['headline']}. Own probes: {network['probes']}.")
    if network["outages"]:
        click.echo(f"Outages, as of {rfc3339(network['at']) or 'the last look'}:")
    for row in network["outages"]:
        click.echo(f"  {_outage_line(row)}")
    rows = [
        {
            **row,
            "since": views.age(row["since"], now),
            "up of": f"{row['up']}/{row['total']}, {row['asked']} asked",
            "newest": views.age(row["heard_at"], now),
        }
        for row in network["rows"]
    ]
    if rows:
        print_table(rows, ("entity", "name", "state", "since", "up of", "vantages", "newest"), "Network")


def _outage_line(row: dict[str, Any]) -> str:
    """One outage that lasts, with all its counts, its witness and both bounds of its onset."""
    after = f"after {rfc3339(row['after'])}, " if row["after"] else ""
    much = "heard" if row["counted"] == "agents" else "up at worst"
    beside = (
        f"{row['others_quiet']} of {row['others']} quiet elsewhere" if row["others"] else f"{row['vantages']} vantages"
    )
    kinds = f"{len(row['families'])} kind{'' if len(row['families']) == 1 else 's'} of evidence"
    cause = f"; cause said to be {row['cause']}" if row["cause"] != "unknown" else ""
    return (
        f"{row['certainty']}: {row['name']} ({row['scope']}, {row['kind']}, {row['degree']}), {after}by {rfc3339(row['by'])}; "
        f"{row['up']} of {row['total']} {row['counted']} {much}, {beside}; {kinds} ({', '.join(row['families'])}), "
        f"{row['showing']} of {row['asked']} sources with data, {row['of']} in all; witness {row['witness'] or 'none'}{cause}"
    )
