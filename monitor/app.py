"""The one place where concrete parts are chosen and joined."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from alerts.dispatcher import Dispatcher
from alerts.message import Composer
from alerts.owed import Ledger
from alerts.receivers import kind as receiver_kind
from alerts.service import AlertService
from monitor.configuration import Configuration
from monitor.domain.health import Health
from monitor.domain.ports import Clock, Receiver, StateStore
from monitor.domain.sources import Source
from monitor.pipeline import Pipeline
from monitor.read.echoes import EchoIndex
from monitor.read.reader import Reader
from monitor.replay import Recorder, Replay
from monitor.runtime.clock import SimulatedClock
from monitor.runtime.metrics import Metrics
from monitor.series_migration import Migration
from monitor.settings import needed_secret
from monitor.store.series_embedded import EmbeddedSeries, open_series
from monitor.store.series_influx import InfluxSeries, open_influx
from monitor.store.series_influx_access import InfluxAccess
from monitor.store.state import open_state

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Parts:
    """What reads, judges and tells, joined over one store."""

    state: StateStore
    pipeline: Pipeline
    alerts: AlertService
    dispatcher: Dispatcher


async def open_series_store(
    directory: Path, clock: Clock, influx: InfluxAccess | None = None, *, read_only: bool = False
) -> EmbeddedSeries | InfluxSeries:
    """The series store in this directory, or the InfluxDB that is given, with its outbox in this directory.

    `read_only` asks only, and works beside a running service.

    Raises:
        StoreUnavailableError: it cannot be opened.
    """
    if influx is None:
        return await open_series(directory, clock, read_only=read_only)
    if influx.in_the_clear:
        log.warning("InfluxDB is asked without TLS: whoever is on the way reads our token; use https")
    return await open_influx(influx, directory, clock, read_only=read_only)


def carry_series(
    series: EmbeddedSeries | InfluxSeries, on_health: Callable[[Health], None], metrics: Metrics, clock: Clock
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """What must run beside the series store, by name; its health and its backlog are shown."""
    if isinstance(series, EmbeddedSeries):
        return {}
    series.on_health = on_health
    metrics.watch_outbox(lambda: series.backlog, clock.now)
    return series.parts()


async def migration(
    directory: Path, clock: Clock, influx: InfluxAccess, target: str
) -> tuple[Migration, Callable[[], Awaitable[None]]]:
    """A copy of the series between the files in this directory and InfluxDB, and what closes both stores.

    Raises:
        StoreUnavailableError: one of them cannot be opened.
    """
    remote = await open_influx(influx, directory, clock, outbox="migration-outbox.sqlite3")
    local = await open_series(directory, clock, read_only=target == "influx")
    source, copy = (local, remote) if target == "influx" else (remote, local)
    notes = directory / f"migration-to-{target}.json"

    async def nothing() -> None:
        """Files hold for good what was written."""

    async def close() -> None:
        await local.close()
        await remote.close()

    settle, finish = (remote.drain, remote.sum_up) if target == "influx" else (nothing, nothing)
    return Migration(source, copy, settle, finish, notes), close


def parts(
    configuration: Configuration,
    state: StateStore,
    receivers: Mapping[str, Receiver],
    clock: Clock,
    *,
    reader: Reader | None = None,
    sources: Mapping[str, Source] | None = None,
    mark: str = "",
    holder: str = "dabyl",
) -> Parts:
    """The parts over this store; `mark` (DEMO, DRILL) stands at the head of every message."""
    known = {**configuration.sources, **(sources or {})}
    composer = Composer(configuration.regions, known)
    ledger = Ledger(configuration.destinations, composer, mark)
    return Parts(
        state=state,
        pipeline=Pipeline(
            state=state, reader=reader or configuration.reading.reader(), echoes=EchoIndex(), sources=known, clock=clock
        ),
        alerts=AlertService(state=state, rules=configuration.rules, ledger=ledger, clock=clock, holder=holder),
        dispatcher=Dispatcher(state=state, receivers=receivers, clock=clock, holder=holder),
    )


def make_receivers(configuration: Configuration) -> dict[str, Receiver]:
    """Every enabled receiver.

    Raises:
        AccessDeniedError: a secret that one needs is not set.
    """
    made: dict[str, Receiver] = {}
    for destination in configuration.destinations:
        if destination.enabled:
            sort = receiver_kind(destination.kind)
            made[destination.id] = sort.make(sort.config.model_validate(destination.settings), needed_secret)
    return made


async def make_replay(
    configuration: Configuration, directory: Path, clock: SimulatedClock, sources: Mapping[str, Source], mark: str = ""
) -> Replay:
    """A replay with a durable store in this directory and receivers that only remember."""
    state = await open_state(directory / "state.sqlite3", clock)
    recorders: dict[str, Receiver] = {destination.id: Recorder() for destination in configuration.destinations}
    joined = parts(configuration, state, recorders, clock, sources=sources, mark=mark, holder="replay")
    return Replay(
        state=state, pipeline=joined.pipeline, alerts=joined.alerts, dispatcher=joined.dispatcher, clock=clock
    )
