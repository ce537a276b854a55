"""Who is in the tests of the store: reports, signals, incidents and messages that look like real ones."""

from datetime import UTC, datetime, timedelta

from monitor.domain.alerts import (
    Alert,
    AlertState,
    Attempt,
    Incident,
    IncidentState,
    Level,
    Notification,
    NotificationState,
    Reason,
    Severity,
    TimelineEntry,
    fingerprint,
)
from monitor.domain.health import Feeling, Health
from monitor.domain.kinds import EventKind, Family
from monitor.domain.reports import Report
from monitor.domain.signals import Hit, Signal, signal_id

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def report(key: str, text: str = "На площади Республики задержаны люди", at: datetime = NOON, **more: object) -> Report:
    given = {"source": "azattyq", "origin": "telegram:azattyq", "published_at": at, "observed_at": at, **more}
    return Report(key=key, text=text, **given)  # type: ignore[arg-type]


def signal(
    of: Report, kind: EventKind = EventKind.POLICE_DETENTION, regions: tuple[str, ...] = ("KZ-75",), **more: object
) -> Signal:
    given = {"title": of.title, "because": (Hit("ru.detained", "задержаны", 22, 31),), **more}
    return Signal(
        id=signal_id(of.version, kind, regions),
        kind=kind,
        regions=regions,
        at=of.at,
        observed_at=of.observed_at,
        source=of.source,
        witness="azattyq",
        strength=0.8,
        places=("площадь Республики",),
        counts={"detained": (3, None), "injured": (1, 2)},
        evidence=(of.version,),
        report=of.id,
        link="https://t.me/azattyq/1",
        language="ru",
        **given,  # type: ignore[arg-type]
    )


def incident(name: str, *signals: Signal, state: IncidentState = IncidentState.OPEN, **more: object) -> Incident:
    given = {"opened_at": NOON, "updated_at": NOON, "regions": ("KZ-75",), "family": Family.POLICE, **more}
    return Incident(
        id=name,
        state=state,
        severity=Severity.HIGH,
        level=Level.SEEN,
        signals=tuple(found.id for found in signals),
        signal_count=len(signals),
        witnesses=("azattyq",),
        **given,  # type: ignore[arg-type]
    )


def alert(name: str, state: AlertState = AlertState.FIRING, **more: object) -> Alert:
    given = {"region": "KZ-75", "started_at": NOON, "last_signal_at": NOON, "family": Family.POLICE, **more}
    return Alert(
        id=name,
        fingerprint=fingerprint("detentions", "KZ-75"),
        rule="detentions",
        rule_version="1",
        state=state,
        severity=Severity.HIGH,
        level=Level.SEEN,
        held_since=NOON,
        **given,  # type: ignore[arg-type]
    )


def line(name: str, of: str, at: datetime = NOON) -> TimelineEntry:
    return TimelineEntry(id=name, incident=of, at=at, event="opened", words="It began.", refers_to=None)


def message(name: str, **more: object) -> Notification:
    given = {
        "incident": "unrest",
        "severity": Severity.HIGH,
        "created_at": NOON,
        "due_at": NOON,
        "state": NotificationState.OWED,
        **more,
    }
    return Notification(
        id=name,
        alert=None,
        receiver="duty",
        reason=Reason.FIRST,
        level=Level.SEEN,
        event_at=NOON,
        subject="Detentions in Almaty",
        short="Almaty: detentions",
        body="Three people or more.",
        **given,  # type: ignore[arg-type]
    )


def tried(name: str, at: datetime = NOON, error: str | None = None) -> Attempt:
    return Attempt(notification=name, receiver="duty", at=at, succeeded=error is None, error=error)


def health(subject: str, feeling: Feeling = Feeling.OK, since: datetime = NOON) -> Health:
    return Health(subject=subject, feeling=feeling, reason="answers", since=since, checked_at=since)
