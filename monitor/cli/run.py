"""`dabyl run`: the service, until it is told to stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable
from contextlib import ExitStack

import click
from aiohttp import web

from collectors.addresses import networks
from collectors.base import Access
from collectors.http import PoliteHttp
from collectors.workers import WorkerPool
from monitor.app import carry_series, make_desk, make_probes, make_receivers, open_series_store, parts
from monitor.broker_settings import PARTS, instance_of
from monitor.bus.local import LocalBus
from monitor.cli.run_part import serve_part
from monitor.configuration import Configuration, load_configuration
from monitor.domain.changes import Change
from monitor.domain.kinds import EventKind
from monitor.domain.ports import Clock, Receiver, SeriesStore, StateStore
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.sources import Source
from monitor.pipeline import system_signal
from monitor.recording import Recording
from monitor.runtime.clock import FasterClock, SystemClock
from monitor.runtime.logs import set_up
from monitor.runtime.metrics import Metrics
from monitor.runtime.supervisor import Stage, Supervisor
from monitor.service import Service
from monitor.settings import Settings, needed_secret, read_settings
from monitor.store.condition import Condition
from monitor.store.lock import DataInUseError, DataLock
from monitor.store.series_embedded import EmbeddedSeries
from monitor.store.state import SqlStateStore, open_state
from monitor.web.server import RefusedAddressError, Shown, check_binding, make_web


@click.command(
    epilog="\b\nExample:\n  dabyl run                 then open the address that it prints\n  DABYL_PORT=9000 dabyl run\n"
    "  dabyl run --part read --name read-2 --port 0"
)
@click.option("--host", help="Where the status page listens (DABYL_HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="Its port, 0 for any free one (DABYL_PORT).")
@click.option(
    "--part", type=click.Choice(PARTS), help="Run only this part; parts meet at DABYL_BUS_URL and DABYL_STATE_URL."
)
@click.option("--name", help="Name of this process, where one part runs several times (DABYL_INSTANCE).")
@click.option("--no-collect", is_flag=True, help="Judge, tell and show what is stored; ask no source.")
def command(host: str | None, port: int | None, part: str | None, name: str | None, *, no_collect: bool) -> None:
    """Start the service: collect, read, judge, tell and show. Stop it with Ctrl-C or SIGTERM.

    With --part it is one of several processes: any number may read, two or more may stand by to alert.
    """
    settings = read_settings()
    host, port = host or settings.host, settings.port if port is None else port
    configuration = load_configuration(settings.config)
    set_up(settings.log_level, settings.log_format, configuration.masker().mask)
    clock = SystemClock()
    try:
        check_binding(host, public=settings.public)
        with ExitStack() as stack:
            if part is not None:
                instance = instance_of(part, name)
                stack.enter_context(DataLock(settings.data / instance, clock))
                asyncio.run(serve_part(settings, configuration, part, instance, host, port))
                return
            stack.enter_context(DataLock(settings.data, clock))
            asyncio.run(serve(settings, configuration, clock, host, port, collect=not no_collect))
    except (DataInUseError, RefusedAddressError) as error:
        raise click.ClickException(str(error)) from None


async def serve(
    settings: Settings, configuration: Configuration, clock: SystemClock | FasterClock, host: str, port: int, *, collect: bool,
    mark: str = "", feed: Callable[[Service], Awaitable[None]] | None = None, sources: dict[str, Source] | None = None,
) -> None:  # fmt: skip
    """Run all parts until told to stop."""
    state = await open_state(settings.state_address if not mark else settings.data / "demo.sqlite3", clock)
    series = await open_series_store(settings, clock)
    await _say_what_was_damaged(state, series, clock)
    if not settings.state_url:
        # The lock on the data directory says that nobody else lives on this file: what is claimed, a dead one claimed.
        await state.free_all_claims()
    metrics = Metrics()
    conditions = _conditions(state, series, metrics)
    http = PoliteHttp(clock, allowed=networks(settings.allow_private), proxy=settings.proxy)
    workers = WorkerPool()
    receivers = make_receivers(configuration)
    joined = parts(configuration, state, receivers, clock, mark=mark, sources=sources, book=state)
    desk = make_desk(configuration, state, settings.data, clock) if collect else None
    access = Access(clock=clock, http=http, workers=workers, secret=needed_secret, desk=desk) if collect else None
    heard = configuration.sources if collect else {}
    service = Service(
        clock=clock, state=state, pipeline=joined.pipeline, alerts=joined.alerts, dispatcher=joined.dispatcher, bus=LocalBus(),
        recording=Recording(state, series), watch=joined.watch,
        sources=heard, access=access, metrics=metrics,
        clock_apart_seconds=lambda: getattr(clock, "suspect_seconds", 0.0), speed=lambda: getattr(clock, "speed", 1.0),
        conditions=conditions,
    )  # fmt: skip
    if collect:
        service.line = http.line.felt
        service.probes = make_probes(configuration, settings, state, clock, service.put)
    supervisor = Supervisor(clock, service.on_health)
    service.supervise(supervisor)
    for part, run in carry_series(series, service.on_health, metrics, clock).items():
        supervisor.add(part, Stage.STORE, run)
    if feed is not None:
        supervisor.add("demo", Stage.COLLECT, lambda: feed(service))
    shown = Shown(
        state=state, clock=clock, sources=sources or configuration.sources, regions=configuration.regions,
        metrics=metrics.text, mark=mark, any_host=settings.public, masker=configuration.masker(),
        own=lambda: [condition.health() for condition in conditions],
    )  # fmt: skip
    supervisor.add("web", Stage.WEB, lambda: _show(shown, host, port, configuration, collect=collect))
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, supervisor.stop)
    try:
        await supervisor.run()
    finally:
        await series.close()
        await _let_go(state, http, workers, receivers.values())


def _conditions(state: SqlStateStore, series: SeriesStore, metrics: Metrics) -> list[Condition]:
    """How the stores on our own disk feel; how often they refused is counted."""
    found = [state.condition, series.condition if isinstance(series, EmbeddedSeries) else None]
    known = [condition for condition in found if condition is not None]
    metrics.watch_stores(known)
    return known


async def _say_what_was_damaged(state: SqlStateStore, series: SeriesStore, clock: Clock) -> None:
    """A store that had to be rescued is a signal of its own: somebody should know.

    The state store's rescue stands in its audit; the signal carries its moment, so that a process that was killed before
    it could say so is made up for by the next start, and saying it twice is saying it once.
    """
    found = [("store", entry.at) for entry in await state.audit(1000) if entry.action == "salvaged"]
    if series.mended is not None:
        found.append(("series", clock.now()))
    signals = [system_signal(EventKind.SYSTEM_STORE_DAMAGED, what, WHOLE_COUNTRY, at, at) for what, at in found]
    await state.apply(Change(signals=tuple(signals)))


async def _let_go(state: StateStore, http: PoliteHttp, workers: WorkerPool, receivers: Iterable[Receiver]) -> None:
    for receiver in receivers:
        await receiver.close()
    await http.close()
    await workers.close()
    await state.close()


async def _show(shown: Shown, host: str, port: int, configuration: Configuration, *, collect: bool) -> None:
    """The status page, for as long as the service runs."""
    runner = web.AppRunner(make_web(shown), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        address = runner.addresses[0]
        sources = sum(source.enabled for source in configuration.sources.values()) if collect else 0
        click.echo(f"Dabyl{f' [{shown.mark}]' if shown.mark else ''} is ready: http://{address[0]}:{address[1]}/")
        click.echo(f"{sources} sources are being asked; the page shows the state of each. Stop with Ctrl-C.")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
