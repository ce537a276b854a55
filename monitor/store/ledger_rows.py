"""Domain values to rows of the state store, and back. Times are whole microseconds since 1970, UTC."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from monitor.domain.alerts import (
    Alert,
    Attempt,
    Incident,
    Level,
    Notification,
    NotificationState,
    Reason,
    Severity,
    TimelineEntry,
)
from monitor.domain.changes import StoredReport
from monitor.domain.health import Feeling, Health
from monitor.domain.kinds import EventKind
from monitor.domain.moments import EPOCH
from monitor.domain.reports import Report
from monitor.domain.signals import Hit, Signal

ALERT = TypeAdapter(Alert)
INCIDENT = TypeAdapter(Incident)
_MICROSECOND = timedelta(microseconds=1)
Row = Mapping[str, Any]


def stamp(moment: datetime | None) -> int | None:
    """A moment as a number."""
    return None if moment is None else (moment - EPOCH) // _MICROSECOND


def moment(number: int | None) -> datetime | None:
    """A number as a moment."""
    return None if number is None else EPOCH + timedelta(microseconds=number)


def _surely(number: int) -> datetime:
    return EPOCH + timedelta(microseconds=number)


def stored(text: str | None) -> str | None:
    """Text as a database takes it: no NUL, no lone surrogates."""
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def codes(regions: Iterable[str]) -> str:
    """Regions with a space on both sides, so that one can be looked for."""
    return f" {' '.join(regions)} "


def report_row(report: Report) -> dict[str, Any]:
    """The post itself."""
    return {
        "id": report.id, "source": report.source, "origin": stored(report.origin), "key": stored(report.key),
        "at": stamp(report.at), "seen_at": stamp(report.observed_at), "latest": report.version, "versions": 1,
    }  # fmt: skip


def version_row(report: Report) -> dict[str, Any]:
    """One wording of it."""
    media = [{"kind": media.kind, **media.details} for media in report.media]
    return {
        "version": report.version, "report": report.id, "source": report.source, "title": stored(report.title),
        "text": stored(report.text), "link": stored(report.link), "published_at": stamp(report.published_at),
        "observed_at": stamp(report.observed_at), "edited": report.edited, "edited_at": stamp(report.edited_at),
        "forwarded_from": stored(report.forwarded_from), "reply_to": report.reply_to, "views": report.views,
        "media": json.dumps(media) if media else None, "is_service": report.is_service,
    }  # fmt: skip


def stored_report(row: Row) -> StoredReport:
    """A report as it is remembered."""
    return StoredReport(
        id=row["id"], version=row["version"], source=row["source"], origin=row["origin"], key=row["key"], title=row["title"],
        text=row["text"], link=row["link"], published_at=moment(row["published_at"]), observed_at=_surely(row["observed_at"]),
        forwarded_from=row["forwarded_from"], edited=bool(row["edited"]), versions=row["versions"],
        deleted_at=moment(row["deleted_at"]),
    )  # fmt: skip


def signal_row(signal: Signal) -> dict[str, Any]:
    """A line of the journal."""
    details = {"places": signal.places, "counts": dict(signal.counts), "evidence": signal.evidence}
    words = [[hit.rule, stored(hit.words), hit.start, hit.end] for hit in signal.because]
    return {
        "id": signal.id, "kind": signal.kind.value, "family": signal.family.value, "regions": codes(signal.regions),
        "at": stamp(signal.at), "observed_at": stamp(signal.observed_at), "source": signal.source,
        "witness": stored(signal.witness), "strength": signal.strength, "tier": signal.tier, "denied": signal.denied,
        "past": signal.past, "report": signal.report, "link": stored(signal.link), "language": signal.language,
        "title": stored(signal.title), "details": json.dumps(details, ensure_ascii=False),
        "words": json.dumps(words, ensure_ascii=False) if words else None,
    }  # fmt: skip


def signal(row: Row) -> Signal:
    """A signal from its line."""
    details = json.loads(row["details"])
    return Signal(
        id=row["id"], kind=EventKind(row["kind"]), regions=tuple(row["regions"].split()), at=_surely(row["at"]),
        observed_at=_surely(row["observed_at"]), source=row["source"], witness=row["witness"], strength=row["strength"],
        places=tuple(details["places"]), counts={role: (low, high) for role, (low, high) in details["counts"].items()},
        denied=bool(row["denied"]), past=bool(row["past"]),
        because=tuple(Hit(*hit) for hit in json.loads(row["words"] or "[]")), evidence=tuple(details["evidence"]),
        report=row["report"], link=row["link"], tier=row["tier"], language=row["language"], title=row["title"],
    )  # fmt: skip


def alert_row(alert: Alert) -> dict[str, Any]:
    """An alert; what is never searched is JSON."""
    return {
        "id": alert.id, "family": alert.family.value, "region": alert.region, "state": alert.state.value,
        "started_at": stamp(alert.started_at), "last_signal_at": stamp(alert.last_signal_at), "incident": alert.incident,
        "body": ALERT.dump_json(alert).decode(),
    }  # fmt: skip


def incident_row(incident: Incident) -> dict[str, Any]:
    """An incident; what is never searched is JSON."""
    return {
        "id": incident.id, "family": incident.family.value, "regions": codes(incident.regions), "state": incident.state.value,
        "opened_at": stamp(incident.opened_at), "closed_at": stamp(incident.closed_at),
        "body": INCIDENT.dump_json(incident).decode(),
    }  # fmt: skip


def timeline_row(entry: TimelineEntry) -> dict[str, Any]:
    """A line of an incident's story."""
    return {
        "id": entry.id, "incident": entry.incident, "at": stamp(entry.at), "event": entry.event,
        "words": stored(entry.words), "refers_to": entry.refers_to,
    }  # fmt: skip


def timeline_entry(row: Row) -> TimelineEntry:
    """A line of an incident's story, read back."""
    return TimelineEntry(
        id=row["id"], incident=row["incident"], at=_surely(row["at"]), event=row["event"], words=row["words"],
        refers_to=row["refers_to"],
    )  # fmt: skip


def notification_row(note: Notification) -> dict[str, Any]:
    """A message owed."""
    return {
        "id": note.id, "incident": note.incident, "alert": note.alert, "receiver": note.receiver, "reason": note.reason.value,
        "severity": int(note.severity), "level": note.level.value, "created_at": stamp(note.created_at),
        "event_at": stamp(note.event_at), "due_at": stamp(note.due_at), "subject": stored(note.subject),
        "short": stored(note.short), "body": stored(note.body), "state": note.state.value, "attempts": note.attempts,
        "claimed_by": note.claimed_by, "claimed_until": stamp(note.claimed_until), "sent_at": stamp(note.sent_at),
        "last_error": stored(note.last_error),
    }  # fmt: skip


def notification(row: Row) -> Notification:
    """A message, read back."""
    return Notification(
        id=row["id"], incident=row["incident"], alert=row["alert"], receiver=row["receiver"], reason=Reason(row["reason"]),
        severity=Severity(row["severity"]), level=Level(row["level"]), created_at=_surely(row["created_at"]),
        event_at=_surely(row["event_at"]), due_at=_surely(row["due_at"]), subject=row["subject"], short=row["short"],
        body=row["body"], state=NotificationState(row["state"]), attempts=row["attempts"], claimed_by=row["claimed_by"],
        claimed_until=moment(row["claimed_until"]), sent_at=moment(row["sent_at"]), last_error=row["last_error"],
    )  # fmt: skip


def attempt_row(attempt: Attempt) -> dict[str, Any]:
    """One try to hand a message over."""
    return {
        "notification": attempt.notification, "receiver": attempt.receiver, "at": stamp(attempt.at),
        "succeeded": attempt.succeeded, "error": stored(attempt.error), "reference": stored(attempt.reference),
    }  # fmt: skip


def attempt(row: Row) -> Attempt:
    """A try, read back."""
    return Attempt(
        notification=row["notification"], receiver=row["receiver"], at=_surely(row["at"]), succeeded=bool(row["succeeded"]),
        error=row["error"], reference=row["reference"],
    )  # fmt: skip


def health_row(health: Health) -> dict[str, Any]:
    """How something feels."""
    return {
        "subject": health.subject, "feeling": health.feeling.value, "reason": stored(health.reason),
        "since": stamp(health.since), "checked_at": stamp(health.checked_at), "last_good_at": stamp(health.last_good_at),
        "retry_at": stamp(health.retry_at),
    }  # fmt: skip


def health(row: Row) -> Health:
    """How something feels, read back."""
    return Health(
        subject=row["subject"], feeling=Feeling(row["feeling"]), reason=row["reason"], since=_surely(row["since"]),
        checked_at=_surely(row["checked_at"]), last_good_at=moment(row["last_good_at"]), retry_at=moment(row["retry_at"]),
    )  # fmt: skip
