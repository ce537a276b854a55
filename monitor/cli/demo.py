"""`dabyl demo`: a scenario through the very same service at a chosen speed, marked DEMO everywhere."""

import asyncio
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import click

from collectors.scenario import Scenario
from monitor.cli.run import serve
from monitor.configuration import load_configuration, load_scenario
from monitor.domain.health import Feeling, Health
from monitor.domain.reports import Item
from monitor.folder import default_directory
from monitor.runtime.clock import FasterClock, SystemClock
from monitor.runtime.logs import set_up
from monitor.service import Service
from monitor.settings import read_settings
from monitor.store.lock import DataInUseError, DataLock

BEFORE: Final = timedelta(hours=1)
AFTERWARDS: Final = timedelta(hours=6)
"""How long the story's clock runs before its first line and after its last."""


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
    set_up("WARNING", settings.log_format, configuration.masker().mask)
    directory = settings.data / "demo"
    clock = FasterClock(next(story.items())[0] - BEFORE, speed)
    try:
        with DataLock(directory, SystemClock()):
            for old in (*directory.glob("demo.sqlite3*"), *directory.glob("series.sqlite3*")):
                old.unlink()
            shutil.rmtree(directory / "series", ignore_errors=True)
            run = serve(
                replace(settings, data=directory, influx=None), configuration, clock, "127.0.0.1", port, collect=False, mark="DEMO",
                feed=lambda service: _tell(service, story, clock), sources={entry.id: entry for entry in story.sources},
            )  # fmt: skip
            asyncio.run(run)
    except DataInUseError as error:
        raise click.ClickException(str(error)) from None


async def _tell(service: Service, story: Scenario, clock: FasterClock) -> None:
    """Give each line at its time on the story's own clock; when all is told, time goes on as in life."""
    for source in story.sources:
        well = Health(
            subject=f"source:{source.id}",
            feeling=Feeling.OK,
            reason="answers",
            since=clock.now(),
            checked_at=clock.now(),
        )
        await service.put(Item(source=source.id, content=well))
    for at, item in story.items():
        await clock.sleep((at - clock.now()) / timedelta(seconds=1))
        await service.put(item)
    await clock.sleep(AFTERWARDS / timedelta(seconds=1))
    clock.as_fast_as(1.0)
    click.echo("DEMO: the story is told; the page stays until Ctrl-C.")
    await asyncio.Event().wait()
