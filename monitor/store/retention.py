"""Forgetting, class by class, in small steps so that nobody waits long for the writer.

What an incident holds, through the signals it ever rested on, stays as long as the incident does. Each step is one
transaction and says how much it removed; it is repeated until it removes nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select, update

from monitor.domain.alerts import AlertState, IncidentState
from monitor.domain.changes import Retention
from monitor.store.schema import (
    UNWIPED_TEXT,
    UNWIPED_WORDS,
    alerts,
    attempts,
    health_changes,
    incident_signals,
    incidents,
    notifications,
    report_versions,
    reports,
    signals,
    timeline,
)
from monitor.store.values import microseconds

STEP: Final = 500
"""Rows per transaction: some tens of milliseconds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is older than this goes, in microseconds since 1970."""

    raw_text: int
    records: int
    incidents: int
    measurements: int

    @classmethod
    def of(cls, now: datetime, retention: Retention) -> "Limits":
        """The limits as of now."""
        return cls(
            raw_text=microseconds(now - retention.raw_text),
            records=microseconds(now - retention.records),
            incidents=microseconds(now - retention.incidents),
            measurements=microseconds(now - retention.measurements),
        )


def drop_incidents(connection: Connection, limits: Limits) -> int:
    """Closed incidents with their time lines, alerts and messages. Goes first: it lets go of what they held."""
    closed = (incidents.c.state == IncidentState.CLOSED.value) & (incidents.c.closed_at < limits.incidents)
    ids = list(connection.scalars(select(incidents.c.id).where(closed).limit(STEP)))
    if not ids:
        return 0
    messages = select(notifications.c.id).where(notifications.c.incident.in_(ids))
    connection.execute(delete(attempts).where(attempts.c.notification.in_(messages)))
    for column in (notifications.c.incident, timeline.c.incident, alerts.c.incident, incident_signals.c.incident):
        connection.execute(delete(column.table).where(column.in_(ids)))
    connection.execute(delete(incidents).where(incidents.c.id.in_(ids)))
    return len(ids)


def wipe_texts(connection: Connection, limits: Limits) -> int:
    """Title, text and attachments of reports; where they stood and when they were seen remains."""
    old = and_(UNWIPED_TEXT, report_versions.c.observed_at < limits.raw_text)
    chosen = _some(connection, report_versions.c.sequence, old, ~_report_held(report_versions.c.report))
    wiping = update(report_versions).where(report_versions.c.sequence.in_(chosen))
    connection.execute(wiping.values(title=None, text=None, media=None))
    return len(chosen)


def wipe_words(connection: Connection, limits: Limits) -> int:
    """The words of reports that signals quote; the rules that met them and their offsets remain."""
    old = and_(UNWIPED_WORDS, signals.c.observed_at < limits.raw_text)
    held = or_(_signal_held(), _report_held(signals.c.report))
    chosen = _some(connection, signals.c.sequence, old, ~held)
    connection.execute(update(signals).where(signals.c.sequence.in_(chosen)).values(title=None, words=None))
    return len(chosen)


def drop_reports(connection: Connection, limits: Limits) -> int:
    """Records of reports, with all their wordings."""
    chosen = _some(connection, reports.c.id, reports.c.seen_at < limits.records, ~_report_held(reports.c.id))
    connection.execute(delete(report_versions).where(report_versions.c.report.in_(chosen)))
    connection.execute(delete(reports).where(reports.c.id.in_(chosen)))
    return len(chosen)


def drop_signals(connection: Connection, limits: Limits) -> int:
    """Signals that no incident rests on."""
    chosen = _some(connection, signals.c.sequence, signals.c.observed_at < limits.records, ~_signal_held())
    connection.execute(delete(signals).where(signals.c.sequence.in_(chosen)))
    return len(chosen)


def drop_alerts(connection: Connection, limits: Limits) -> int:
    """Resolved alerts that never became part of an incident."""
    ended = and_(alerts.c.state == AlertState.RESOLVED.value, alerts.c.last_signal_at < limits.records)
    chosen = _some(connection, alerts.c.id, ended, alerts.c.incident.is_(None))
    connection.execute(delete(alerts).where(alerts.c.id.in_(chosen)))
    return len(chosen)


def drop_health_changes(connection: Connection, limits: Limits) -> int:
    """How things felt long ago."""
    chosen = _some(connection, health_changes.c.sequence, health_changes.c.since < limits.records)
    connection.execute(delete(health_changes).where(health_changes.c.sequence.in_(chosen)))
    return len(chosen)


def _some(connection: Connection, key: Any, *conditions: ColumnElement[bool]) -> list[Any]:
    return list(connection.scalars(select(key).where(*conditions).limit(STEP)))


def _signal_held() -> ColumnElement[bool]:
    return exists(select(1).where(incident_signals.c.signal == signals.c.id).correlate(signals))


def _report_held(report: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether some signal of that report (an alias, so that signals can ask about themselves) is held."""
    told = signals.alias("told")
    evidence = select(1).select_from(told.join(incident_signals, incident_signals.c.signal == told.c.id))
    return exists(evidence.where(told.c.report == report))
