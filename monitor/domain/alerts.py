"""Alerts, incidents, and the messages owed to people about them."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from monitor.domain.ids import content_id
from monitor.domain.kinds import Family


class Severity(IntEnum):
    """How much a person should be disturbed. Only `CRITICAL` may wake somebody by sound alone."""

    INFO = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        """The severity as people write it in rules.yaml."""
        return self.name.lower()


class Level(StrEnum):
    """How well an incident is supported."""

    SEEN = "seen"
    CORROBORATED = "corroborated"
    CONFIRMED = "confirmed"

    @property
    def rank(self) -> int:
        """0 for seen, 1 for corroborated, 2 for confirmed."""
        return tuple(Level).index(self)


class AlertState(StrEnum):
    """Life of an alert: its condition began to hold; it has held long enough; it no longer holds."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class IncidentState(StrEnum):
    """Life of an incident."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Reason(StrEnum):
    """Why a message is owed."""

    FIRST = "first"
    ESCALATED = "escalated"
    NEW_EVIDENCE = "new_evidence"
    LEVEL_CHANGED = "level_changed"
    RESOLVED = "resolved"
    REMINDER = "reminder"
    DRILL = "drill"


class NotificationState(StrEnum):
    """Life of a message: owed, taken by a dispatcher, handed over, or set aside for a person to look at."""

    OWED = "owed"
    CLAIMED = "claimed"
    SENT = "sent"
    PARKED = "parked"


def fingerprint(rule: str, region: str, place: str | None = None) -> str:
    """Names the thing that an alert is about: one rule in one region (and city, where the rule asks for it)."""
    return content_id("alert", rule, region, place or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule holding for one region.

    Attributes:
        id: this episode: fingerprint and the moment it began.
        fingerprint: the same for every episode of this rule in this region.
        region: ISO 3166-2 code or `KZ`.
        place: city, where the rule judges per city.
        started_at: event time of the earliest signal it rests on.
        held_since: since when its condition has held, by our clock.
        fired_at, resolved_at: when it changed state; `None` before.
        last_signal_at: event time of the latest signal.
        signals: ids of the signals it rests on, oldest first, at most 200.
        signal_count: how many there were in all.
        witnesses: distinct independent witnesses, sorted.
        incident: id of its incident; `None` while pending.
    """

    id: str
    fingerprint: str
    rule: str
    rule_version: str
    family: Family
    region: str
    state: AlertState
    severity: Severity
    level: Level
    started_at: datetime
    held_since: datetime
    last_signal_at: datetime
    place: str | None = None
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    signals: tuple[str, ...] = ()
    signal_count: int = 0
    witnesses: tuple[str, ...] = ()
    incident: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What a person follows: the alerts and evidence of one family of events in one region (or the country).

    Attributes:
        regions: where, ISO 3166-2 codes, sorted.
        alerts: ids of its alerts, in the order they joined.
        signals: ids of its evidence, oldest first, at most 500; `signal_count` counts all.
        acknowledged_by: id of the person who took it; `None` if nobody.
    """

    id: str
    family: Family
    regions: tuple[str, ...]
    state: IncidentState
    severity: Severity
    level: Level
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    alerts: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    signal_count: int = 0
    witnesses: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    acknowledged_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line of an incident's story.

    Attributes:
        event: `opened`, `alert`, `evidence`, `level`, `severity`, `notified`, `denial`, `resolved`, `closed`, `note`.
        words: one sentence in English for a person; no names of people.
        refers_to: id of the alert, signal or notification it speaks of.
    """

    id: str
    incident: str
    at: datetime
    event: str
    words: str
    refers_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One message owed to one person or group through one receiver.

    Attributes:
        id: made from incident, receiver, reason and what caused it: a repeat can be recognised by it.
        receiver: id of the entry in receivers.yaml.
        subject, short, body: the words as they were when the message became owed. `short` is one line (an SMS).
        due_at: not before this.
        attempts: how often sending was tried.
        begun_at: when a handing over began whose end nobody has recorded: the message may have arrived; `None` otherwise.
    """

    id: str
    incident: str
    alert: str | None
    receiver: str
    reason: Reason
    severity: Severity
    level: Level
    created_at: datetime
    event_at: datetime
    due_at: datetime
    subject: str
    short: str
    body: str
    state: NotificationState = NotificationState.OWED
    attempts: int = 0
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    sent_at: datetime | None = None
    last_error: str | None = None
    begun_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a receiver answered. `reference` is its own id for the message, `None` where it gives none."""

    accepted: bool = True
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to hand a message over."""

    notification: str
    receiver: str
    at: datetime
    succeeded: bool
    error: str | None = None
    reference: str | None = None
