"""`dabyl demo`: a scenario through the very same service at a chosen speed, marked DEMO everywhere."""

import asyncio
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import click

from collectors.scenario import Scenario
from monitor.cli.run import serve
from monitor.configuration import load_configuration, load_scenario
from monitor.domain.reports import Deletion, Item, Report
from monitor.domain.signals import Signal
from monitor.folder import default_directory
from monitor.runtime.clock import SystemClock
from monitor.runtime.logs import set_up
from monitor.service import Service
from monitor.settings import read_settings
from monitor.store.lock import DataInUseError, DataLock


@click.command(
    epilog="\b\nExamples:\n  dabyl demo                      an hour each second\n  dabyl demo --speed 600 --port 0"
)
@click.option(
    "--speed", type=click.FloatRange(1, 1_000_000), default=3600.0, show_default=True, help="Seconds told per second."
)
@click.option("--scenario", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another scenario file.")
@click.option("--port", type=click.IntRange(0, 65535), default=8766, show_default=True, help="Port of the status page.")
def command(speed: float, scenario: Path | None, port: int) -> None:
    """Play January 2022 through the very same pipeline; only the console is told, and everything is marked DEMO."""
    settings = read_settings()
    configuration = load_configuration(settings.config)
    story = load_scenario(scenario or default_directory() / "scenarios" / "january-2022.yaml")
    console = tuple(entry for entry in configuration.destinations if entry.kind == "console")
    configuration = replace(configuration, destinations=console)
    set_up("WARNING", settings.log_format)
    directory = settings.data / "demo"
    clock = SystemClock()
    try:
        with DataLock(directory, clock):
            for old in (*directory.glob("demo.sqlite3*"), *directory.glob("series.sqlite3*")):
                old.unlink()
            shutil.rmtree(directory / "series", ignore_errors=True)
            run = serve(
                replace(settings, data=directory), configuration, clock, "127.0.0.1", port, collect=False, mark="DEMO",
                feed=lambda service: _tell(service, story, speed, clock), sources={entry.id: entry for entry in story.sources},
            )  # fmt: skip
            asyncio.run(run)
    except DataInUseError as error:
        raise click.ClickException(str(error)) from None


async def _tell(service: Service, story: Scenario, speed: float, clock: SystemClock) -> None:
    """Give each line at its time; times are moved so that the story happens now, at the chosen speed."""
    moments = list(story.items())
    first, began = moments[0][0], clock.now()
    for at, item in moments:
        due = began + (at - first) / speed
        await clock.sleep((due - clock.now()) / timedelta(seconds=1))
        await service.put(moved(item, clock.now() - at))
    click.echo("DEMO: the story is told; the page stays until Ctrl-C.")
    await asyncio.Event().wait()


def moved(item: Item, by: timedelta) -> Item:
    """The item as if it happened that much later."""
    content = item.content
    if isinstance(content, Report):
        published = content.published_at + by if content.published_at else None
        return replace(item, content=replace(content, observed_at=content.observed_at + by, published_at=published))
    if isinstance(content, Signal):
        return replace(item, content=replace(content, at=content.at + by, observed_at=content.observed_at + by))
    if isinstance(content, Deletion):
        return replace(item, content=replace(content, observed_at=content.observed_at + by))
    return (
        item
        if content is None
        else replace(
            item, content=replace(content, since=_later(content.since, by), checked_at=_later(content.checked_at, by))
        )
    )


def _later(moment: datetime, by: timedelta) -> datetime:
    return moment + by
