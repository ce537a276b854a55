"""Answers: what the store is asked about the past, each with a limit."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, Table, exists, func, or_, select

from monitor.domain.alerts import Alert, Incident, Notification, TimelineEntry
from monitor.domain.changes import Query, StoredReport
from monitor.domain.health import Feeling, Health
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.reports import Report
from monitor.domain.signals import Signal
from monitor.store import alert_rows, message_rows, report_rows, signal_rows
from monitor.store.schema import (
    UNCLOSED,
    UNRESOLVED,
    alerts,
    checkpoints,
    cursors,
    health_changes,
    healths,
    incidents,
    notifications,
    report_versions,
    reports,
    signals,
    timeline,
)
from monitor.store.values import microseconds, moment, readable

Conditions = list[ColumnElement[bool]]

MOST_SPEAKING: Final = 20_000
"""Texts that whoever looks for copies remembers at most."""


def cursor(connection: Connection, source: str) -> str | None:
    """The bookmark of a source; `None` if it has none."""
    return connection.scalar(select(cursors.c.cursor).where(cursors.c.source == source))


def checkpoint(connection: Connection, reader: str) -> int:
    """How far this reader of the journal has come; 0 at first."""
    return connection.scalar(select(checkpoints.c.sequence).where(checkpoints.c.reader == reader)) or 0


def journal(connection: Connection, after: int, limit: int) -> Sequence[tuple[int, Signal]]:
    """Signals behind that number, in the order they were committed."""
    asked = select(signals).where(signals.c.sequence > after).order_by(signals.c.sequence).limit(limit)
    return list(readable(connection.execute(asked), lambda row: (row.sequence, signal_rows.signal(row))))


def signals_of(connection: Connection, query: Query) -> Sequence[Signal]:
    """Signals by event time."""
    conditions = _within(signals.c.at, query) + _where_and_what(query) + _ids(signals.c.id, query)
    if query.sources:
        conditions.append(signals.c.source.in_(query.sources))
    asked = _ordered(select(signals).where(*conditions), query, signals.c.at, signals.c.sequence)
    return list(readable(connection.execute(asked), signal_rows.signal))


def reports_of(connection: Connection, query: Query) -> Sequence[StoredReport]:
    """Reports by the time they were published; by region and kind through the signals that were found in them."""
    conditions = _within(reports.c.at, query) + _ids(reports.c.id, query)
    if query.sources:
        conditions.append(reports.c.source.in_(query.sources))
    if speaking := _where_and_what(query):
        conditions.append(reports.c.id.in_(select(signals.c.report).where(*speaking)))
    latest = _latest_wordings().where(*conditions)
    asked = _ordered(latest, query, reports.c.at, reports.c.id)
    return list(readable(connection.execute(asked), report_rows.stored_report))


def speaking_reports(connection: Connection, after: int | None, since: datetime) -> list[Report]:
    """Wordings stored behind that number (at first: observed since then) of reports that brought signals."""
    versions = report_versions.c
    new = versions.observed_at >= microseconds(since) if after is None else versions.sequence > after
    speaks = exists().where(signals.c.report == versions.report)
    asked = (
        select(report_versions, reports.c.origin, reports.c.key)
        .join(reports, reports.c.id == versions.report)
        .where(new, speaks, versions.text.is_not(None))
        .order_by(versions.sequence.desc())
        .limit(MOST_SPEAKING)
    )
    return list(readable(connection.execute(asked).all()[::-1], report_rows.report))


def last_version(connection: Connection) -> int:
    """Number of the wording that was stored last; 0 where there is none."""
    return connection.scalar(select(func.max(report_versions.c.sequence))) or 0


def _latest_wordings() -> Select[Any]:
    wording = ("title", "text", "link", "published_at", "observed_at", "forwarded_from", "edited")
    joined = reports.outerjoin(report_versions, report_versions.c.version == reports.c.latest)
    return select(reports, *(report_versions.c[name] for name in wording)).select_from(joined)


def alerts_of(connection: Connection, query: Query) -> Sequence[Alert]:
    """Alerts by the time they began."""
    conditions = _within(alerts.c.started_at, query) + _ids(alerts.c.id, query) + _family(alerts, query)
    if query.regions:
        conditions.append(alerts.c.region.in_((*query.regions, WHOLE_COUNTRY)))
    if query.open_only:
        conditions.append(UNRESOLVED)  # type: ignore[arg-type]
    asked = _ordered(select(alerts).where(*conditions), query, alerts.c.started_at, alerts.c.id)
    return list(readable(connection.execute(asked), alert_rows.alert))


def incidents_of(connection: Connection, query: Query) -> Sequence[Incident]:
    """Incidents by the time they were opened."""
    conditions = _within(incidents.c.opened_at, query) + _ids(incidents.c.id, query) + _family(incidents, query)
    conditions += _regions(incidents.c.regions, query)
    if query.open_only:
        conditions.append(UNCLOSED)  # type: ignore[arg-type]
    asked = _ordered(select(incidents).where(*conditions), query, incidents.c.opened_at, incidents.c.id)
    return list(readable(connection.execute(asked), alert_rows.incident))


def timeline_of(connection: Connection, incident: str) -> Sequence[TimelineEntry]:
    """The story of one incident, oldest first."""
    asked = select(timeline).where(timeline.c.incident == incident).order_by(timeline.c.at, timeline.c.sequence)
    return list(readable(connection.execute(asked), alert_rows.timeline_entry))


def latest_healths(connection: Connection) -> Sequence[Health]:
    """How everything feels, by subject."""
    return list(readable(connection.execute(select(healths).order_by(healths.c.subject)), alert_rows.health))


def health_history(connection: Connection, subject: str, limit: int) -> Sequence[tuple[datetime, Feeling, str]]:
    """Each change of how something felt, newest first: since when, how, and why."""
    columns = health_changes.c
    asked = select(columns.since, columns.feeling, columns.reason).where(columns.subject == subject)
    rows: Iterable[Row[Any]] = connection.execute(asked.order_by(columns.since.desc()).limit(limit))
    return list(readable(rows, lambda row: (moment(row.since), Feeling(row.feeling), row.reason)))


def notifications_of(connection: Connection, query: Query) -> Sequence[Notification]:
    """Messages by the time they became owed; ids are those of incidents."""
    conditions = _within(notifications.c.created_at, query) + _ids(notifications.c.incident, query)
    asked = _ordered(select(notifications).where(*conditions), query, notifications.c.created_at, notifications.c.id)
    return list(readable(connection.execute(asked), message_rows.notification))


def _ordered(asked: Select[Any], query: Query, *columns: Column[Any]) -> Select[Any]:
    order = [column.desc() for column in columns] if query.newest_first else list(columns)
    return asked.order_by(*order).limit(query.limit)


def _within(column: Column[int], query: Query) -> Conditions:
    conditions: Conditions = []
    if query.since is not None:
        conditions.append(column >= microseconds(query.since))
    if query.until is not None:
        conditions.append(column < microseconds(query.until))
    return conditions


def _ids(column: Column[str], query: Query) -> Conditions:
    return [column.in_(query.ids)] if query.ids else []


def _where_and_what(query: Query) -> Conditions:
    """Conditions on signals: regions, kinds and families; kinds and families widen each other."""
    conditions = _regions(signals.c.regions, query)
    kinds: Conditions = []
    if query.kinds:
        kinds.append(signals.c.kind.in_([kind.value for kind in query.kinds]))
    if query.families:
        kinds.append(signals.c.family.in_([family.value for family in query.families]))
    return [*conditions, or_(*kinds)] if kinds else conditions


def _family(table: Table, query: Query) -> Conditions:
    """Alerts and incidents know their family only: a kind stands for its family."""
    families = {family.value for family in query.families} | {kind.family.value for kind in query.kinds}
    return [table.c.family.in_(sorted(families))] if families else []


def _regions(column: Column[str], query: Query) -> Conditions:
    """Something in the whole country matches every region."""
    if not query.regions:
        return []
    return [or_(*(column.like(f"% {code} %") for code in (*query.regions, WHOLE_COUNTRY)))]
