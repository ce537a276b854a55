"""The one place where concrete parts are chosen and joined."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alerts.dispatcher import Dispatcher
from alerts.message import Composer
from alerts.owed import Ledger
from alerts.receivers import kind as receiver_kind
from alerts.service import AlertService
from collectors.addresses import networks
from collectors.agent.keys import Secret, key_of, make_key, read_key
from collectors.agent.settings import own_probes_folder
from collectors.agent_desk import SOURCE as AGENTS
from collectors.agent_desk import AgentDesk
from collectors.probes.own import OwnProbes, Put, plan_of
from collectors.probes.prober import Prober
from collectors.probes.resolve import system_resolvers
from collectors.probes.rounds import Rounds
from collectors.probes.settings import ProberSettings
from monitor.broker_settings import broker_of
from monitor.bus.intake import Handle, Intake
from monitor.bus.mqtt import Hearing, MqttBus
from monitor.bus.spool import Spool
from monitor.bus.uplink import Uplink
from monitor.configuration import Configuration
from monitor.detect.detector import NetworkDetector
from monitor.detect.tallying import Known
from monitor.domain.agents import AgentBook
from monitor.domain.changes import Change
from monitor.domain.connectivity import BOARD, board_of
from monitor.domain.errors import AccessDeniedError, StoreUnavailableError
from monitor.domain.health import Health
from monitor.domain.ports import Clock, Receiver, SeriesStore, StateStore
from monitor.domain.sources import Source
from monitor.network import Watch
from monitor.network_evidence import Surroundings
from monitor.pipeline import Pipeline
from monitor.read.echoes import EchoIndex
from monitor.read.reader import Reader
from monitor.replay import Recorder, Replay
from monitor.runtime.clock import SimulatedClock, SystemClock
from monitor.runtime.metrics import Metrics
from monitor.series_migration import Migration
from monitor.settings import Settings, needed_secret, secret
from monitor.store.series_embedded import open_series
from monitor.store.series_influx import MIGRATION_OUTBOX, InfluxSeries, open_influx
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
    watch: Watch


async def open_series_store(settings: Settings, clock: Clock | None = None, *, read_only: bool = False) -> SeriesStore:
    """The series store that the settings name.

    Raises:
        StoreUnavailableError: it cannot be opened.
    """
    if settings.influx is None:
        return await open_series(settings.data, clock, read_only=read_only)
    if settings.influx.in_the_clear:
        log.warning("InfluxDB is asked without TLS: whoever is on the way reads our token; use https")
    return await open_influx(settings.influx, settings.data, clock or SystemClock(), read_only=read_only)


def carry_series(
    series: SeriesStore, on_health: Callable[[Health], None], metrics: Metrics, clock: Clock
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """What must run beside the series store, by name; its health and its backlog are shown."""
    if not isinstance(series, InfluxSeries):
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
    remote = await open_influx(influx, directory, clock, outbox=MIGRATION_OUTBOX)
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
    book: AgentBook | None = None,
) -> Parts:
    """The parts over this store; `mark` (DEMO, DRILL) stands at the head of every message.

    `book` is of our agents, where there are any: the silence of several in one place is a local cut.
    """
    known = {**configuration.sources, **(sources or {})}
    composer = Composer(configuration.regions, known)
    ledger = Ledger(configuration.destinations, composer, mark)
    return Parts(
        state=state,
        pipeline=Pipeline(
            state=state, reader=reader or configuration.reading.reader, echoes=EchoIndex(), sources=known, clock=clock
        ),
        alerts=AlertService(state=state, rules=configuration.rules, ledger=ledger, clock=clock, holder=holder),
        dispatcher=Dispatcher(state=state, receivers=receivers, clock=clock, holder=holder),
        watch=Watch(
            state=state,
            known=Known(configuration.probing.targets),
            detector=NetworkDetector(),
            clock=clock,
            surroundings=Surroundings(sources=known, areas=configuration.areas, book=book),
        ),
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


def make_bus(part: str, instance: str, clock: Clock, hears: Hearing | None = None) -> MqttBus:
    """The doorbell between processes.

    Raises:
        SettingsError: no broker is named, or its address cannot be used.
    """
    broker, topics = broker_of()
    return MqttBus(broker, topics, clock, part=part, instance=instance, hears=hears)


def make_uplink(spool: Path, sender: str, state: StateStore, clock: Clock) -> Uplink:
    """The collecting end of the stream of items, with its spool in this file."""
    broker, topics = broker_of()
    return Uplink(
        broker=broker, topics=topics, spool=Spool(spool), clock=clock, sender=sender,
        settle=lambda cursors: state.apply(Change(cursors=cursors)), parcelled=AGENTS,
    )  # fmt: skip


def make_intake(instance: str, handle: Handle, clock: Clock) -> Intake:
    """The reading end of the stream of items."""
    broker, topics = broker_of()
    return Intake(broker=broker, topics=topics, clock=clock, instance=instance, handle=handle)


AGENT_KINDS: Final = frozenset({"agents", "agents_https"})
"""Kinds of source that receive agents, and need the core's own key."""


def core_key(data: Path) -> Secret:
    """The core's own key: DABYL_CORE_KEY (or its file), else `core.key` in the data directory, made when first needed.

    Raises:
        AccessDeniedError: it cannot be read or made.
    """
    given = secret("DABYL_CORE_KEY")
    if given is not None:
        try:
            return key_of(given)
        except ValueError as error:
            raise AccessDeniedError(f"DABYL_CORE_KEY: {error}") from None
    path = data / "core.key"
    return read_key(path) if path.exists() else make_key(path)


def make_desk(configuration: Configuration, book: AgentBook, data: Path, clock: Clock) -> AgentDesk | None:
    """Where agents' parcels are judged; `None` where no enabled source receives any.

    Raises:
        AccessDeniedError: the core's own key cannot be read or made.
    """
    wanted = any(source.enabled and source.kind in AGENT_KINDS for source in configuration.sources.values())
    return AgentDesk(book, core_key(data), clock) if wanted else None


def make_probes(
    configuration: Configuration, settings: Settings, state: StateStore, clock: Clock, put: Put
) -> OwnProbes | None:
    """Our own probes; `None` where the configuration describes no vantage."""
    probing = configuration.probing.probing
    own = probing.vantage
    if own is None:
        return None
    prober = Prober(
        ProberSettings(
            system=next(((address, 53) for address in system_resolvers()), None),
            second=(probing.second_resolver, 53) if probing.second_resolver else None,
            doh=probing.doh, allowed=networks(settings.allow_private),
        ),
        clock,
    )  # fmt: skip

    folder = own_probes_folder(settings.data)

    def make() -> Rounds:
        return Rounds(
            prober, own.vantage(), plan_of(configuration.probing.services, own, folder), clock,
            hosts=probing.hosts, every_seconds=own.every_seconds, concurrency=own.concurrency, rest_when_down=True,
        )  # fmt: skip

    async def pace() -> float:
        try:
            board = board_of(await state.memories(BOARD))
        except StoreUnavailableError:
            # A store that is away is no reason to stop looking.
            return own.every_seconds
        return min(own.every_seconds, board.pace_seconds) if board else own.every_seconds

    return OwnProbes(vantage=own.vantage(), make=make, pace=pace, clock=clock, put=put)


async def make_replay(
    configuration: Configuration, directory: Path, clock: SimulatedClock, sources: Mapping[str, Source], mark: str = ""
) -> Replay:
    """A replay with a durable store in this directory and receivers that only remember."""
    state = await open_state(directory / "state.sqlite3", clock)
    recorders: dict[str, Receiver] = {destination.id: Recorder() for destination in configuration.destinations}
    joined = parts(configuration, state, recorders, clock, sources=sources, mark=mark, holder="replay", book=state)
    return Replay(
        state=state, pipeline=joined.pipeline, alerts=joined.alerts, dispatcher=joined.dispatcher, clock=clock,
        watch=joined.watch,
    )  # fmt: skip
