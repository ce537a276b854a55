"""Alerts, incidents, their time lines and health as rows.

Alerts and incidents are read back whole and only searched by a few fields: those are columns, the rest is JSON.
"""

from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Row

from monitor.domain.alerts import Alert, Incident, TimelineEntry
from monitor.domain.health import Feeling, Health
from monitor.store.values import (
    microseconds,
    moment,
    optional_microseconds,
    optional_moment,
    spaced,
    storable,
)

Values = dict[str, Any]

ALERT: Final = TypeAdapter(Alert)
INCIDENT: Final = TypeAdapter(Incident)


def alert_values(alert: Alert) -> Values:
    """The row of an alert."""
    return {
        "id": alert.id,
        "family": alert.family.value,
        "region": alert.region,
        "state": alert.state.value,
        "started_at": microseconds(alert.started_at),
        "last_signal_at": microseconds(alert.last_signal_at),
        "incident": alert.incident,
        "body": ALERT.dump_json(alert, ensure_ascii=True).decode(),
    }


def alert(row: Row[Any]) -> Alert:
    """The alert of a row.

    Raises:
        ValueError: the row is damaged.
    """
    return ALERT.validate_json(row.body)


def incident_values(incident: Incident) -> Values:
    """The row of an incident."""
    return {
        "id": incident.id,
        "family": incident.family.value,
        "regions": spaced(incident.regions),
        "state": incident.state.value,
        "opened_at": microseconds(incident.opened_at),
        "closed_at": optional_microseconds(incident.closed_at),
        "body": INCIDENT.dump_json(incident, ensure_ascii=True).decode(),
    }


def incident(row: Row[Any]) -> Incident:
    """The incident of a row.

    Raises:
        ValueError: the row is damaged.
    """
    return INCIDENT.validate_json(row.body)


def timeline_values(entry: TimelineEntry) -> Values:
    """The row of one line of an incident's story."""
    return {
        "id": entry.id,
        "incident": entry.incident,
        "at": microseconds(entry.at),
        "event": entry.event,
        "words": storable(entry.words),
        "refers_to": entry.refers_to,
    }


def timeline_entry(row: Row[Any]) -> TimelineEntry:
    """The line of a row."""
    return TimelineEntry(
        id=row.id,
        incident=row.incident,
        at=moment(row.at),
        event=row.event,
        words=row.words,
        refers_to=row.refers_to,
    )


def health_values(health: Health) -> Values:
    """The row of how something feels."""
    return {
        "subject": health.subject,
        "feeling": health.feeling.value,
        "reason": storable(health.reason),
        "since": microseconds(health.since),
        "checked_at": microseconds(health.checked_at),
        "last_good_at": optional_microseconds(health.last_good_at),
        "retry_at": optional_microseconds(health.retry_at),
    }


def health(row: Row[Any]) -> Health:
    """The health of a row."""
    return Health(
        subject=row.subject,
        feeling=Feeling(row.feeling),
        reason=row.reason,
        since=moment(row.since),
        checked_at=moment(row.checked_at),
        last_good_at=optional_moment(row.last_good_at),
        retry_at=optional_moment(row.retry_at),
    )
