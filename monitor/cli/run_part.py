"""One part of the service as a process: `dabyl run --part NAME`."""

import asyncio
import secrets
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

import click
from aiohttp import web

from collectors.addresses import networks
from collectors.base import Access
from collectors.http import LineWatch, PoliteHttp
from collectors.workers import WorkerPool
from monitor.app import (
    carry_series,
    make_bus,
    make_desk,
    make_intake,
    make_probes,
    make_receivers,
    make_uplink,
    open_series_store,
    parts,
)
from monitor.bus.mqtt import MqttBus
from monitor.bus.uplink import Uplink
from monitor.configuration import Configuration
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.health import Health
from monitor.domain.ports import Clock, Receiver
from monitor.parts import Gathering, Keeping, Reading, Telling
from monitor.recording import Recording
from monitor.runtime.clock import SystemClock
from monitor.runtime.metrics import Metrics
from monitor.runtime.supervisor import Stage, Supervisor
from monitor.settings import Settings, SettingsError, needed_secret
from monitor.store.series_embedded import EmbeddedSeries
from monitor.store.state import SqlStateStore, open_state
from monitor.web.own import make_own
from monitor.web.server import Shown, make_web


@dataclass(slots=True)
class Process:
    """What every part is made of."""

    settings: Settings
    configuration: Configuration
    clock: SystemClock
    part: str
    instance: str
    holder: str
    state: SqlStateStore
    metrics: Metrics
    supervisor: Supervisor
    keeping: Keeping
    bus: MqttBus
    stack: AsyncExitStack
    counted: Callable[[], None] = lambda: None

    def figures(self) -> bytes:
        """Own metrics, as they are now."""
        self.metrics.connected.set(self.bus.connected.is_set())
        self.metrics.rings_dropped.set(self.bus.dropped)
        self.metrics.leads.set(self.keeping.leads())
        self.counted()
        return self.metrics.text()

    async def ready(self) -> str | None:
        """Why this process cannot work now; `None` where it can."""
        try:
            await self.state.checkpoint("ready")
        except StoreUnavailableError as error:
            return f"the store cannot be read: {error.reason}"
        return None if self.bus.connected.is_set() else "the broker is not connected"


async def serve_part(
    settings: Settings, configuration: Configuration, part: str, instance: str, host: str, port: int
) -> None:
    """Run one part until told to stop.

    Raises:
        SettingsError: the store or the broker that parts share is not named.
        StoreUnavailableError: the store cannot be opened.
    """
    if settings.state_url is None or not settings.state_url.startswith("postgresql"):
        message = "several parts share one store: set DABYL_STATE_URL to postgresql+psycopg://user@host/database"
        raise SettingsError(message)
    clock = SystemClock()
    holder = f"{instance}-{secrets.token_hex(4)}"
    async with AsyncExitStack() as stack:
        state = await open_state(settings.state_url, clock, name=holder)
        stack.push_async_callback(state.close)
        metrics = Metrics()
        keeping = Keeping(clock=clock, state=state, instance=instance, metrics=metrics)
        process = Process(
            settings=settings, configuration=configuration, clock=clock, part=part, instance=instance, holder=holder,
            state=state, metrics=metrics, supervisor=Supervisor(clock, keeping.on_health), keeping=keeping,
            bus=make_bus(part, instance, clock, keeping.heard if part == "alert" else None), stack=stack,
        )  # fmt: skip
        if state.condition is not None:
            keeping.conditions.append(state.condition)
        await _PARTS[part](process)
        metrics.watch_stores(keeping.conditions)
        await _run(process, host, port)


async def _run(process: Process, host: str, port: int) -> None:
    supervisor = process.supervisor
    supervisor.add("bus", Stage.STORE, process.bus.run)
    supervisor.add("keep", Stage.STORE, process.keeping.run)
    supervisor.add("web", Stage.WEB, partial(_show, process, host, port))
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, supervisor.stop)
    await supervisor.run()


async def _collect(process: Process) -> None:
    settings, clock = process.settings, process.clock
    http = PoliteHttp(clock, allowed=networks(settings.allow_private), proxy=settings.proxy)
    workers = WorkerPool()
    process.stack.push_async_callback(http.close)
    process.stack.push_async_callback(workers.close)
    desk = make_desk(process.configuration, process.state, settings.data, clock)
    uplink = make_uplink(settings.data / process.instance / "spool.sqlite3", process.instance, process.state, clock)
    process.stack.push_async_callback(uplink.close)
    process.keeping.line = lambda: _line(clock, http.line)
    process.counted = partial(_count_uplink, process.metrics, uplink)
    Gathering(
        clock=clock, state=process.state, sources=process.configuration.sources,
        access=Access(clock=clock, http=http, workers=workers, secret=needed_secret, desk=desk), uplink=uplink,
        probes=make_probes(process.configuration, settings, process.state, clock, uplink.put),
    ).supervise(process.supervisor)  # fmt: skip


def _count_uplink(metrics: Metrics, uplink: Uplink) -> None:
    metrics.uplink_waiting.set(uplink.waiting)
    metrics.uplink_repeated.set(uplink.counts.repeated)
    metrics.uplink_refused.set(uplink.counts.refused)


async def _read(process: Process) -> None:
    joined = parts(process.configuration, process.state, {}, process.clock, holder=process.holder)
    reading = Reading(joined.pipeline, process.bus, process.metrics)
    process.supervisor.add("read", Stage.PIPELINE, make_intake(process.instance, reading.take, process.clock).run)


async def _alert(process: Process) -> None:
    receivers = make_receivers(process.configuration)
    for receiver in receivers.values():
        process.stack.push_async_callback(_closing(receiver))
    joined = parts(
        process.configuration, process.state, receivers, process.clock, holder=process.holder, book=process.state
    )
    own = replace(process.settings, data=process.settings.data / process.instance)
    series = await open_series_store(own, process.clock)
    process.stack.push_async_callback(series.close)
    if isinstance(series, EmbeddedSeries) and series.condition is not None:
        process.keeping.conditions.append(series.condition)
    for name, run in carry_series(series, process.keeping.on_health, process.metrics, process.clock).items():
        process.supervisor.add(name, Stage.STORE, run)
    telling = Telling(
        state=process.state, alerts=joined.alerts, dispatcher=joined.dispatcher, bus=process.bus, clock=process.clock,
        metrics=process.metrics, holder=process.holder, recording=Recording(process.state, series), watch=joined.watch,
    )  # fmt: skip
    process.keeping.leads = telling.holds
    process.supervisor.add("alert", Stage.TELL, telling.run)


def _closing(receiver: Receiver) -> Callable[[], Awaitable[None]]:
    return receiver.close


async def _web(_: Process) -> None:
    """Everything that the web part does is the page itself."""


_PARTS = {"collect": _collect, "read": _read, "alert": _alert, "web": _web}


def _line(clock: Clock, line: LineWatch) -> Health:
    now, (feeling, reason) = clock.now(), line.felt()
    return Health(subject="line", feeling=feeling, reason=reason, since=now, checked_at=now)


def _app(process: Process) -> web.Application:
    if process.part != "web":
        return make_own(process.figures, process.ready)
    shown = Shown(
        state=process.state, clock=process.clock, sources=process.configuration.sources,
        regions=process.configuration.regions, metrics=process.figures, any_host=process.settings.public,
        masker=process.configuration.masker(),
    )  # fmt: skip
    return make_web(shown)


async def _show(process: Process, host: str, port: int) -> None:
    """The page, or what this process says about itself, for as long as it runs."""
    runner = web.AppRunner(_app(process), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        address = runner.addresses[0]
        click.echo(f"Dabyl {process.part} ({process.instance}) is ready: http://{address[0]}:{address[1]}/")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
