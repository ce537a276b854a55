"""What a replay prints, one JSON object a line. The keys are fixed; people script against them.

Every record has time, event, kind, regions, rule, severity, confidence, to, and ids that lead to the evidence.
"""

from datetime import datetime
from typing import Any

from alerts.evaluate import Turn
from alerts.incidents import Step
from alerts.owed import Untold
from alerts.service import Outcome
from monitor.domain.alerts import Notification
from monitor.domain.moments import rfc3339
from monitor.domain.signals import Signal


def _record(time: datetime, event: str, **known: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "time": rfc3339(time), "event": event, "kind": None, "regions": [], "rule": None, "severity": None,
        "confidence": None, "to": None, "id": None,
    }  # fmt: skip
    return {**empty, **known}


def signal_record(signal: Signal, now: datetime) -> dict[str, Any]:
    """Something was understood."""
    return _record(
        now, "signal", kind=signal.kind.value, regions=list(signal.regions), confidence=round(signal.strength, 3), id=signal.id,
        at=rfc3339(signal.at), places=list(signal.places), source=signal.source, witness=signal.witness,
        denied=signal.denied, claimed=signal.claimed, past=signal.past, report=signal.report, link=signal.link,
        evidence=list(signal.evidence),
        counts={role: list(interval) for role, interval in signal.counts.items()},
        because=[{"rule": hit.rule, "words": hit.words, "start": hit.start, "end": hit.end} for hit in signal.because],
    )  # fmt: skip


def alert_record(turn: Turn, now: datetime) -> dict[str, Any]:
    """A rule began to hold, fired, or ended."""
    alert = turn.alert
    return _record(
        now, "alert", kind=alert.family.value, regions=[alert.region], rule=alert.rule, severity=alert.severity.word,
        confidence=alert.level.value, id=alert.id, state=turn.event, place=alert.place, incident=alert.incident,
        signals=list(alert.signals), started_at=rfc3339(alert.started_at), shadow=turn.rule.shadow,
    )  # fmt: skip


def incident_record(step: Step, now: datetime) -> dict[str, Any]:
    """An incident opened, changed or closed."""
    incident = step.incident
    return _record(
        now, "incident", kind=incident.family.value, regions=list(incident.regions), rule=step.turn.rule.id,
        severity=incident.severity.word, confidence=incident.level.value, id=incident.id, change=step.cause,
        state=incident.state.value, alerts=list(incident.alerts), signals=list(incident.signals),
        witnesses=len(incident.witnesses), places=list(incident.places),
    )  # fmt: skip


def notification_record(note: Notification, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """Somebody would have been told."""
    step = next(step for step in outcome.steps if step.incident.id == note.incident)
    about = {**notification_fields(step), "severity": note.severity.word, "confidence": note.level.value}
    return _record(
        now, "notification", to=note.receiver, id=note.id, incident=note.incident, alert=note.alert,
        reason=note.reason.value, subject=note.subject, short=note.short, **about,
    )  # fmt: skip


def untold_record(untold: Untold, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """Somebody would not have been told, and why."""
    step = next(step for step in outcome.steps if step.incident.id == untold.incident)
    record = notification_fields(step)
    return _record(
        now, "notification", to=None, not_to=untold.receiver, reason=untold.because, incident=untold.incident, **record
    )


def notification_fields(step: Step) -> dict[str, Any]:
    """What a message about this step is about."""
    incident = step.incident
    return {
        "kind": incident.family.value,
        "regions": list(incident.regions),
        "rule": step.turn.rule.id,
        "severity": incident.severity.word,
        "confidence": incident.level.value,
        "signals": list(incident.signals),
    }
