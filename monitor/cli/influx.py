"""`dabyl influx`: set up and check InfluxDB, see what waits for it, and decide about lines that it refused."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import click

from monitor.cli.output import print_table
from monitor.domain.errors import AccessDeniedError
from monitor.domain.moments import rfc3339
from monitor.runtime.clock import SystemClock
from monitor.settings import Settings, SettingsError, read_settings
from monitor.store.outbox import Outbox
from monitor.store.series_influx import MIGRATION_OUTBOX, OUTBOX, again
from monitor.store.series_influx_access import InfluxAccess, Kept
from monitor.store.series_influx_answers import RefusedError

Result = TypeVar("Result")
DEFAULT = Kept()


class Length(click.ParamType[timedelta]):
    """A length of time: `90d`, `12h`, or `forever`."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Zero stands for ever: click takes `None` as "not given"."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,5})(d|h)", str(value))
        if value == "forever":
            return timedelta()
        if found is None or not int(found.group(1)):
            self.fail("give a length such as 90d or 12h, or forever", param, ctx)
        number = int(found.group(1))
        return timedelta(days=number) if found.group(2) == "d" else timedelta(hours=number)


@click.group(name="influx")
def command() -> None:
    """InfluxDB keeps the series when DABYL_INFLUXDB_URL, _ORG and _TOKEN are set."""


def _kept(name: str, default: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        f"--keep-{name}", type=Length(), default=default, show_default=True, envvar=f"DABYL_INFLUXDB_KEEP_{name.upper()}",
        show_envvar=True, help=f"How long the bucket of {name} keeps.",
    )  # fmt: skip


@command.command(
    epilog="\b\nExamples:\n  dabyl influx setup\n  dabyl influx setup --keep-measurements 365d\n  dabyl influx setup --check"
)
@click.option("--check", is_flag=True, help="Change nothing; the exit code is 1 if something is not as it should be.")
@_kept("measurements", "180d")
@_kept("signals", "1825d")
@_kept("5m", "400d")
@_kept("1h", "forever")
def setup(
    *, check: bool, keep_measurements: timedelta, keep_signals: timedelta, keep_5m: timedelta, keep_1h: timedelta
) -> None:
    """Make the buckets and the tasks that sum up, or change what differs. Doing it twice changes nothing more."""
    kept = Kept(keep_measurements or None, keep_signals or None, keep_5m or None, keep_1h or None)
    settings = read_settings()
    found = asyncio.run(_set_up(_access(settings), kept, change=not check))
    for words, mended in found:
        click.echo(f"{words}: {'made right' if mended else 'not as it should be'}")
    wrong = [words for words, mended in found if not mended]
    if not found:
        click.echo("Buckets and tasks are as they should be.")
    if wrong:
        raise click.exceptions.Exit(1)


async def _set_up(access: InfluxAccess, kept: Kept, *, change: bool) -> list[tuple[str, bool]]:
    # Loaded when it is needed: the client of InfluxDB costs a second.
    from monitor.store.series_influx_server import InfluxServer  # noqa: PLC0415
    from monitor.store.series_influx_setup import differences, set_up  # noqa: PLC0415

    server = InfluxServer(access, SystemClock())
    try:
        click.echo(f"InfluxDB {await server.version()}, buckets {access.prefix}_*")
        found = await (set_up if change else differences)(access, server, kept)
        return [(one.words, change and one.mend is not None) for one in found]
    except RefusedError as error:
        raise AccessDeniedError(f"InfluxDB refuses to be set up: {error}") from None
    finally:
        await server.close()


@command.command(epilog="\b\nExample:\n  dabyl influx status")
def status() -> None:
    """How much waits for InfluxDB, since when, and how many lines were refused for good."""
    for place, backlog in asyncio.run(_with_outboxes(lambda box: box.look())):
        since = rfc3339(backlog.oldest_at) or "-"
        click.echo(f"{place}: {backlog.lines} lines wait ({backlog.bytes} bytes), the oldest since {since}.")
        click.echo(f"{backlog.delivered} lines were taken. {backlog.parked} are parked: see dabyl influx parked.")


@command.command(
    epilog="\b\nExamples:\n  dabyl influx parked\n  dabyl influx parked --retry     after the cause is mended"
)
@click.option("--retry", is_flag=True, help="Put all parked lines back in the queue, each by itself.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Show at most this many.")
def parked(*, retry: bool, limit: int) -> None:
    """Lines that InfluxDB refused for good, each with the reason it gave. They are kept until they are taken."""
    if retry:
        count = sum(lines for _, lines in asyncio.run(_with_outboxes(lambda box: box.unpark(again))))
        click.echo(f"{count} lines are in the queue again.")
        return
    found = [one for _, lines in asyncio.run(_with_outboxes(lambda box: box.parked(limit))) for one in lines]
    rows = [{"parked_at": rfc3339(p.at), "bucket": p.target, "reason": p.reason, "line": p.line} for p in found[:limit]]
    print_table(rows, ("parked_at", "bucket", "reason", "line"))


async def _with_outboxes(job: Callable[[Outbox], Awaitable[Result]]) -> list[tuple[str, Result]]:
    """What the job says of every outbox here: each part of the service that writes has one of its own."""
    data = read_settings().data
    known = (data / OUTBOX, data / MIGRATION_OUTBOX, *data.glob(f"*/{OUTBOX}"))
    places = sorted(path for path in known if path.is_file())
    if not places:
        raise click.ClickException(f"{data}: nothing was ever written to InfluxDB from here")
    found = []
    for path in places:
        box = Outbox(path, SystemClock())
        try:
            found.append((str(path.relative_to(data)), await job(box)))
        finally:
            await box.close()
    return found


def _access(settings: Settings) -> InfluxAccess:
    if settings.influx is None:
        message = "set DABYL_INFLUXDB_URL, DABYL_INFLUXDB_ORG and DABYL_INFLUXDB_TOKEN (or _TOKEN_FILE) first"
        raise SettingsError(message)
    return settings.influx
