"""The one place where concrete parts are chosen and joined."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alerts.dispatcher import Dispatcher
from alerts.message import Composer
from alerts.owed import Ledger
from alerts.receivers import kind as receiver_kind
from alerts.service import AlertService
from monitor.configuration import Configuration
from monitor.domain.ports import Clock, Receiver, SeriesStore, StateStore
from monitor.domain.sources import Source
from monitor.pipeline import Pipeline
from monitor.read.echoes import EchoIndex
from monitor.read.reader import Reader
from monitor.replay import Recorder, Replay
from monitor.runtime.clock import SimulatedClock
from monitor.settings import Settings, needed_secret
from monitor.store.series_embedded import open_series
from monitor.store.state import open_state


@dataclass(slots=True)
class Parts:
    """What reads, judges and tells, joined over one store."""

    state: StateStore
    pipeline: Pipeline
    alerts: AlertService
    dispatcher: Dispatcher


async def open_series_store(settings: Settings, clock: Clock | None = None, *, read_only: bool = False) -> SeriesStore:
    """The series store that the settings name.

    Raises:
        StoreUnavailableError: it cannot be opened.
    """
    return await open_series(settings.data, clock, read_only=read_only)


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
