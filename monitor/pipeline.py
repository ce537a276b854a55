"""Items in, Signals out: reads what collectors brought, and stores it with the collectors' bookmarks in one step.

Promises that a batch is stored whole or not at all, that a repeat of anything changes nothing, and that a post which
trips a bug is stored unread (set aside, counted, named in the audit) without holding up the others.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from monitor.domain.agents import Parcel
from monitor.domain.changes import AuditEntry, Change
from monitor.domain.connectivity import Round
from monitor.domain.health import Feeling, Health
from monitor.domain.kinds import EventKind
from monitor.domain.measurements import Measurement
from monitor.domain.ports import Clock, StateStore
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.reports import Deletion, Item, Report
from monitor.domain.signals import Finding, Reading, Signal, signal_id
from monitor.domain.sources import Source
from monitor.read.echoes import WINDOW, EchoIndex
from monitor.read.reader import Reader
from monitor.runtime.isolate import isolated

log = logging.getLogger(__name__)

OWN_LINE = "own line is down"
"""How a collector says that the fault is ours: such a source is not silent, we are deaf."""

DEAF_AGAIN = timedelta(minutes=30)
"""How often it is said anew that our line is down; rules end what is silent for longer (60 minutes by default)."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

BLINDNESS = {
    Feeling.SILENT: EventKind.SYSTEM_SOURCE_SILENT,
    Feeling.UNREACHABLE: EventKind.SYSTEM_SOURCE_UNREACHABLE,
}
"""Feelings of a source that rules can see, as kinds of event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a batch came to.

    Attributes:
        reports: wordings that were new.
        repeats: wordings that were known already.
        measured: measurements and rounds, stored for whoever judges the network (`monitor.network`).
        set_aside: reports stored unread because reading them met a bug.
    """

    signals: tuple[Signal, ...] = ()
    reports: int = 0
    repeats: int = 0
    set_aside: int = 0
    measured: int = 0


class Pipeline:
    """Turns Items into one stored Change."""

    def __init__(
        self, *, state: StateStore, reader: Reader, echoes: EchoIndex, sources: Mapping[str, Source], clock: Clock
    ) -> None:
        self._state = state
        self._reader = reader
        self._echoes = echoes
        self._sources = sources
        self._clock = clock
        self._readings: dict[str, Reading] = {}
        self._heard: int | None = None

    async def process(self, items: Sequence[Item]) -> Outcome:
        """Read and store these items, in their order.

        Raises:
            StoreUnavailableError: nothing was stored; the same items may be given again.
        """
        reports = _latest([item.content for item in items if isinstance(item.content, Report)])
        known = await self._state.known_versions([report.version for report in reports])
        fresh = [report for report in reports if report.version not in known]
        for report in fresh:
            isolated(f"report {report.id}", partial(self._read_ahead, report))
        made: list[Change] = []

        def build(others: Sequence[Report]) -> Change:
            made.append(self._made(items, fresh, others))
            return made[-1]

        if fresh:
            await self._store(build)
        else:
            await self._state.apply(build(()))
        signals, aside = made[-1].signals, len(made[-1].audit)
        return Outcome(
            signals=signals, reports=len(fresh), repeats=len(reports) - len(fresh), set_aside=aside,
            measured=len(made[-1].measured),
        )  # fmt: skip

    async def _store(self, build: Callable[[Sequence[Report]], Change]) -> None:
        """Judge who copied whom and store it in one transaction: two readers must agree on who spoke first."""
        stored = False
        try:
            self._heard = await self._state.apply_after(self._heard, self._clock.now() - WINDOW, build)
            stored = True
        finally:
            if not stored:
                # The index knows texts that the store does not: it is made anew from the store.
                self._echoes, self._heard = type(self._echoes)(), None

    def _made(self, items: Sequence[Item], fresh: list[Report], others: Sequence[Report]) -> Change:
        """What these items come to, after what other readers have stored."""
        for report in others:
            self._witness(report)
        signals: list[Signal] = []
        unread: list[Report] = []
        for report in fresh:
            found = isolated(f"report {report.id}", partial(self._signals, report))
            if found is None:
                unread.append(report)
            else:
                signals += found
        signals += _ready_signals(items, self._sources)
        return self._change(items, fresh, signals, unread)

    def _read_ahead(self, report: Report) -> bool:
        """The long part of the work, before other readers have to wait for us."""
        return _says_something(report) and bool(self._read(report))

    def may_speak(self, item: Item) -> bool:
        """Whether an item could bring a signal; quick, and wrong only in saying yes."""
        content = item.content
        if isinstance(content, Report):
            return bool(self._read(content).findings)
        return isinstance(content, Signal | Health)

    def _read(self, report: Report) -> Reading:
        """The report read; remembered until its signals are made, so that looking first costs nothing."""
        if report.version not in self._readings:
            if len(self._readings) > 2000:
                self._readings.clear()
            self._readings[report.version] = self._reader.read(
                report.words, report.published_at, self._home(report), always_places=False
            )
        return self._readings[report.version]

    def _home(self, report: Report) -> str | None:
        source = self._sources.get(report.source)
        return source.region if source and source.region != WHOLE_COUNTRY else None

    def _change(
        self, items: Sequence[Item], fresh: list[Report], signals: list[Signal], unread: list[Report]
    ) -> Change:
        now = self._clock.now()
        return Change(
            reports=tuple(fresh),
            deletions=tuple(item.content for item in items if isinstance(item.content, Deletion)),
            signals=tuple(signals),
            cursors={item.source: item.cursor for item in items if item.cursor is not None},
            healths=tuple(item.content for item in items if isinstance(item.content, Health)),
            measured=tuple(item.content for item in items if isinstance(item.content, Measurement | Round)),
            parcels=tuple(item.content for item in items if isinstance(item.content, Parcel)),
            audit=tuple(
                AuditEntry(at=now, actor="pipeline", action="set aside", subject=report.id, details="reading met a bug")
                for report in unread
            ),
        )

    def _signals(self, report: Report) -> list[Signal]:
        if not _says_something(report):
            return []
        source = self._sources.get(report.source)
        reading = self._read(report)
        self._readings.pop(report.version, None)
        if not reading.findings:
            return []
        witness = self._witness(report)
        return [signal_of(report, reading, finding, witness, source) for finding in reading.findings]

    def _witness(self, report: Report) -> str:
        source = self._sources.get(report.source)
        echo = self._echoes.witness(
            report.words,
            origin=report.origin,
            owner=source.owner if source else report.origin,
            forwarded_from=report.forwarded_from,
            at=report.at,
        )
        return echo.witness


def _says_something(report: Report) -> bool:
    return not report.is_service and bool(report.words.strip())


def _latest(reports: Iterable[Report]) -> list[Report]:
    """The reports without exact repeats inside the batch, in order."""
    return list({report.version: report for report in reports}.values())


def signal_of(report: Report, reading: Reading, finding: Finding, witness: str, source: Source | None) -> Signal:
    """The signal that a finding in a report is; `source` is `None` where configuration no longer knows it."""
    lying = {place.name: place.region for place in reading.places}
    return Signal(
        id=signal_id(report.version, finding.kind, finding.regions),
        kind=finding.kind,
        regions=finding.regions,
        places=finding.places,
        place_regions=tuple(lying.get(place) for place in finding.places),
        # A post dated in the future is a wrong clock, not a prophecy.
        at=min(report.at, report.observed_at),
        observed_at=report.observed_at,
        source=report.source,
        witness=witness,
        strength=finding.strength,
        counts=finding.counts,
        denied=finding.denied,
        claimed=finding.claimed,
        past=finding.past,
        because=finding.because,
        evidence=(report.version,),
        report=report.id,
        link=report.link,
        tier=source.tier if source else 3,
        language=reading.language,
    )


def _ready_signals(items: Sequence[Item], sources: Mapping[str, Source]) -> list[Signal]:
    ready = [item.content for item in items if isinstance(item.content, Signal)]
    blind = (_blindness(item.content, sources) for item in items if isinstance(item.content, Health))
    return ready + [signal for signal in blind if signal is not None]


def _blindness(health: Health, sources: Mapping[str, Source]) -> Signal | None:
    """What rules should know about a source that we do not hear; `None` where we hear it."""
    kind = BLINDNESS.get(health.feeling)
    what, _, name = health.subject.partition(":")
    if health.feeling is Feeling.UNREACHABLE and (what == "line" or health.reason.endswith(OWN_LINE)):
        return _own_line_down(health)
    if kind is None or what != "source" or name not in sources:
        return None
    return system_signal(kind, name, sources[name].region, health.since, health.checked_at)


def _own_line_down(health: Health) -> Signal:
    """One signal a half hour however many say it; and again each half hour, or the alert would end while we are deaf."""
    half_hour = health.checked_at - (health.checked_at - EPOCH) % DEAF_AGAIN
    at = max(health.since, half_hour)
    signal = system_signal(EventKind.SYSTEM_OWN_LINE_DOWN, "line", WHOLE_COUNTRY, at, health.checked_at)
    return replace(signal, id=signal_id(f"line@{half_hour.isoformat()}", signal.kind, signal.regions))


def system_signal(kind: EventKind, subject: str, region: str, at: datetime, observed_at: datetime) -> Signal:
    """A fact about ourselves, in the words that rules read. One per subject and beginning, however often it is said."""
    return Signal(
        id=signal_id(f"{subject}@{at.isoformat()}", kind, (region,)),
        kind=kind,
        regions=(region,),
        at=at,
        observed_at=observed_at,
        source=subject,
        witness=f"self:{subject}",
        strength=1.0,
        tier=1,
    )
