"""`dabyl doctor`: looks for what keeps Dabyl from working well on this machine, and says what to do."""

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from monitor.app import make_receivers
from monitor.cli.looking import looking
from monitor.configuration import load_configuration
from monitor.domain.errors import AccessDeniedError, StoreUnavailableError, UnavailableError
from monitor.problems import ConfigurationError
from monitor.runtime.clock import SystemClock
from monitor.settings import Settings, read_settings
from monitor.store.lock import DataInUseError, DataLock
from monitor.store.series_influx_access import InfluxAccess, Kept

Finding = tuple[str, str, str]
"""How it is (`ok`, `note`, `wrong`), what was looked at, and a sentence."""


@click.command(epilog="\b\nExample:\n  dabyl doctor")
def command() -> None:
    """Look at Python, disk, data, configuration, secrets and zones; the exit code is 1 if something is wrong."""
    settings = read_settings()
    findings = list(_look(settings))
    for state, what, words in findings:
        click.echo(f"{state:<6} {what}: {words}")
    if any(state == "wrong" for state, _, _ in findings):
        raise click.exceptions.Exit(1)


def _look(settings: Settings) -> Iterator[Finding]:
    yield "ok", "python", sys.version.split()[0]
    yield "ok", "sqlite", sqlite3.sqlite_version
    yield _zone()
    yield _disk(settings)
    yield _data(settings)
    if settings.influx is not None:
        yield asyncio.run(_influx(settings.influx))
    yield from _configured(settings)


async def _influx(access: InfluxAccess) -> Finding:
    # Loaded when it is needed: the client of InfluxDB costs a second.
    from monitor.store.series_influx_server import InfluxServer  # noqa: PLC0415
    from monitor.store.series_influx_setup import differences  # noqa: PLC0415

    try:
        server = InfluxServer(access, SystemClock())
    except AccessDeniedError as error:
        return "wrong", "InfluxDB", error.reason
    try:
        version, found = await server.version(), await differences(access, server, Kept())
    except (AccessDeniedError, UnavailableError) as error:
        return "wrong", "InfluxDB", error.reason
    finally:
        await server.close()
    if found:
        return "note", "InfluxDB", f"{version}; {found[0].words}: see dabyl influx setup --check"
    return "ok", "InfluxDB", f"{version}, buckets and tasks are as they should be"


def _zone() -> Finding:
    try:
        ZoneInfo("Asia/Almaty")
    except ZoneInfoNotFoundError:
        return "wrong", "time zones", "Asia/Almaty is not known: install the package tzdata"
    return "ok", "time zones", "Asia/Almaty is known"


def _disk(settings: Settings) -> Finding:
    place = settings.data
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free // 2**20
    if not os.access(place, os.W_OK):
        return "wrong", "data directory", f"{settings.data} cannot be written; choose another with --data or DABYL_DATA"
    words = f"{settings.data}, {free} MiB free"
    return ("wrong", "disk", f"{words}: make room") if free < 200 else ("ok", "disk", words)


def _data(settings: Settings) -> Finding:
    try:
        with DataLock(settings.data, SystemClock()):
            running = "the service does not run"
    except DataInUseError as error:
        running = str(error)
    try:
        asyncio.run(_reads(settings))
    except StoreUnavailableError as error:
        return "note", "data", f"{running}; {error.reason}"
    return "ok", "data", f"{running}; the store can be read"


async def _reads(settings: Settings) -> None:
    async with looking(settings) as state:
        await state.healths()


def _configured(settings: Settings) -> Iterator[Finding]:
    try:
        configuration = load_configuration(settings.config, examples=True)
    except ConfigurationError as error:
        yield "wrong", "configuration", f"{len(error.problems)} problem(s): run dabyl check"
        return
    yield "ok", "configuration", f"{len(configuration.sources)} sources, {len(configuration.rules)} rules"
    never = sum(source.verified == "never" for source in configuration.sources.values())
    if never:
        yield "note", "sources", f"{never} addresses were never verified: run dabyl check --online"
    try:
        made = make_receivers(configuration)
    except AccessDeniedError as error:
        yield "wrong", "receivers", error.reason
        return
    yield "ok", "receivers", ", ".join(made) or "none: nobody will be told"
