"""What is stored in one transaction, and the questions asked of the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.domain.agents import Parcel
from monitor.domain.alerts import Alert, Incident, Notification, TimelineEntry
from monitor.domain.connectivity import Round
from monitor.domain.health import Health
from monitor.domain.kinds import EventKind, Family
from monitor.domain.leases import Fence
from monitor.domain.measurements import Measurement
from monitor.domain.reports import Deletion, Report
from monitor.domain.signals import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what, when. `actor` is a role or an id from configuration, never a person's name."""

    at: datetime
    actor: str
    action: str
    subject: str
    details: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Everything that one step changed. It is stored whole or not at all; storing it twice is harmless.

    Attributes:
        reports: inserted, or added as a new version where the wording is new; a known wording is left as it is.
        signals: appended to the journal; a known id is left as it is.
        cursors: bookmark per source id.
        alerts, incidents: the new whole value under its id.
        notifications: owed from now on; a known id is left as it is.
        checkpoints: how far each reader of the journal has come, by reader.
        forgotten_cursors: source ids whose bookmark is dropped.
        fence: the tenure in which this was decided; it is refused after another take-over. `None` where one process decides.
        parcels: of agents, taken in; a known number is left as it is.
        reread: each takes the place of the stored signal of its id, which keeps its number in the journal; an id that is
            not stored is left alone.
        withdrawn: ids of signals that their report, read again, no longer gives. They leave the journal; what an
            incident holds stays.
        measured: appended to what was measured; what is known already is left as it is.
        memories: what a reader remembers under a name, as JSON; `None` forgets it.
    """

    reports: tuple[Report, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    signals: tuple[Signal, ...] = ()
    cursors: Mapping[str, str] = field(default_factory=dict)
    healths: tuple[Health, ...] = ()
    alerts: tuple[Alert, ...] = ()
    incidents: tuple[Incident, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    notifications: tuple[Notification, ...] = ()
    checkpoints: Mapping[str, int] = field(default_factory=dict)
    audit: tuple[AuditEntry, ...] = ()
    forgotten_cursors: tuple[str, ...] = ()
    fence: Fence | None = None
    parcels: tuple[Parcel, ...] = ()
    reread: tuple[Signal, ...] = ()
    withdrawn: tuple[str, ...] = ()
    measured: tuple[Measurement | Round, ...] = ()
    memories: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question about the past. Empty fields do not narrow it; `limit` always does.

    Attributes:
        since, until: half-open interval of event time, `since <= at < until`.
        regions: ISO 3166-2 codes; something in the whole country matches every region.
        newest_first: order of the answer; oldest first otherwise.
    """

    since: datetime | None = None
    until: datetime | None = None
    regions: tuple[str, ...] = ()
    kinds: tuple[EventKind, ...] = ()
    families: tuple[Family, ...] = ()
    sources: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    open_only: bool = False
    newest_first: bool = True
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long each class of data is kept. What an incident holds is kept with the incident.

    Attributes:
        raw_text: text and title of reports; the record that something was said (id, source, times) stays longer.
        records: reports' records, signals and health history.
        incidents: closed incidents, their time lines and messages.
        series: points of series; sums by the hour stay for ever.
        measurements: what vantages measured, step by step; late uploads are judged together with it.
    """

    raw_text: timedelta = timedelta(days=30)
    records: timedelta = timedelta(days=730)
    incidents: timedelta = timedelta(days=3650)
    series: timedelta = timedelta(days=1825)
    measurements: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """A report as the store remembers it.

    Attributes:
        text: `None` once retention has removed it.
        versions: how many wordings we saw.
        deleted_at: when a second look confirmed that it is gone; `None` otherwise.
    """

    id: str
    version: str
    source: str
    origin: str
    key: str
    title: str | None
    text: str | None
    link: str | None
    published_at: datetime | None
    observed_at: datetime
    forwarded_from: str | None
    edited: bool
    versions: int
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What retention removed."""

    texts: int = 0
    records: int = 0
    incidents: int = 0
