"""`dabyl migrate series`: copies the history of one store into another; an interrupted copy goes on where it was."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

import click

from monitor.app import migration
from monitor.cli.output import print_table
from monitor.runtime.clock import SystemClock
from monitor.series_migration import Compared, Migration
from monitor.settings import Settings, SettingsError, read_settings
from monitor.store.lock import DataInUseError, DataLock


@click.command(
    name="series",
    epilog="\b\nExamples:\n  dabyl migrate series --to influx        while the service runs on its own files\n"
    "  dabyl migrate series --to embedded      while the service is stopped",
)
@click.option("--to", "target", type=click.Choice(["influx", "embedded"]), required=True, help="Where the copy goes.")
@click.option("--again", is_flag=True, help="Begin at the beginning; what is there already changes nothing.")
def series(target: str, *, again: bool) -> None:
    """Copy all series into InfluxDB or back, and compare the counts."""
    settings = read_settings()
    if settings.influx is None:
        message = "set DABYL_INFLUXDB_URL, DABYL_INFLUXDB_ORG and DABYL_INFLUXDB_TOKEN (or _TOKEN_FILE) first"
        raise SettingsError(message)
    try:
        with ExitStack() as stack:
            if target == "embedded":
                stack.enter_context(DataLock(settings.data, SystemClock()))
            compared = asyncio.run(_copy(settings, target, again=again))
    except DataInUseError as error:
        raise click.ClickException(str(error)) from None
    rows = [{"measurement": c.measurement, "source": c.there, "copy": c.here} for c in compared]
    print_table(rows, ("measurement", "source", "copy"))
    if any(c.there > c.here for c in compared):
        raise click.ClickException(
            "the copy has fewer points than the source; see dabyl influx parked, then copy --again"
        )


async def _copy(settings: Settings, target: str, *, again: bool) -> list[Compared]:
    async with _opened(settings, target) as copying:
        if again:
            copying.notes.unlink(missing_ok=True)
        copied = 0
        with click.progressbar(await copying.hours(), label="copying", item_show_func=_shown) as hours:
            for measurement, at in hours:
                copied += await copying.copy(measurement, at)
        await copying.finish()
        click.echo(f"{copied} points copied; comparing.")
        return await copying.compare()


def _shown(hour: object) -> str | None:
    return f"{hour[0]} {hour[1]:%Y-%m-%d}" if isinstance(hour, tuple) else None


@asynccontextmanager
async def _opened(settings: Settings, target: str) -> AsyncIterator[Migration]:
    assert settings.influx is not None
    copying, close = await migration(settings.data, SystemClock(), settings.influx, target)
    try:
        yield copying
    finally:
        await close()
