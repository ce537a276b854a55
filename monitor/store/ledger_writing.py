"""A Change as statements inside one transaction. Everything is idempotent: storing it twice changes nothing."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.domain.changes import AuditEntry, Change
from monitor.domain.ids import content_id
from monitor.domain.reports import Report
from monitor.store import ledger_rows as rows
from monitor.store import schema

JOURNAL_LOCK = 0x6461_6279_6C02
"""Key of the PostgreSQL advisory lock that makes journal numbers grow in the order of commits."""

Rows = Sequence[Mapping[str, Any]]


def write_change(connection: Connection, change: Change) -> None:
    """Store the change."""
    if connection.dialect.name == "postgresql" and change.signals:
        connection.execute(select(func.pg_advisory_xact_lock(JOURNAL_LOCK)))
    _reports(connection, change.reports)
    for deletion in change.deletions:
        at = rows.stamp(deletion.observed_at)
        gone = schema.reports.c.deleted_at.is_(None)
        connection.execute(update(schema.reports).where(schema.reports.c.id == deletion.id, gone).values(deleted_at=at))
    _add(connection, schema.signals, [rows.signal_row(signal) for signal in change.signals], "id")
    _put(
        connection,
        schema.cursors,
        [{"source": name, "cursor": text} for name, text in change.cursors.items()],
        "source",
    )
    for name in change.forgotten_cursors:
        connection.execute(delete(schema.cursors).where(schema.cursors.c.source == name))
    _healths(connection, change)
    _put(connection, schema.alerts, [rows.alert_row(alert) for alert in change.alerts], "id")
    _put(connection, schema.incidents, [rows.incident_row(incident) for incident in change.incidents], "id")
    held = [{"incident": incident.id, "signal": name} for incident in change.incidents for name in incident.signals]
    _add(connection, schema.incident_signals, held, "incident", "signal")
    _add(connection, schema.timeline, [rows.timeline_row(entry) for entry in change.timeline], "id")
    _add(connection, schema.notifications, [rows.notification_row(note) for note in change.notifications], "id")
    marks = [{"reader": name, "sequence": number} for name, number in change.checkpoints.items()]
    _put(connection, schema.checkpoints, marks, "reader")
    for entry in change.audit:
        _audit(connection, entry)


def _reports(connection: Connection, reports: Sequence[Report]) -> None:
    """New posts, and new wordings of known ones; the number of wordings counts only what is new."""
    if not reports:
        return
    versions = {report.version for report in reports}
    column = schema.report_versions.c.version
    known = set(connection.execute(select(column).where(column.in_(versions))).scalars())
    fresh = [report for report in reports if report.version not in known]
    firsts = {report.id: report for report in reversed(fresh)}
    column = schema.reports.c.id
    old = set(connection.execute(select(column).where(column.in_(firsts))).scalars()) if firsts else set()
    _add(
        connection,
        schema.reports,
        [rows.report_row(report) for name, report in firsts.items() if name not in old],
        "id",
    )
    _add(connection, schema.report_versions, [rows.version_row(report) for report in fresh], "version")
    for report in fresh:
        if report.id in old or firsts[report.id] is not report:
            more = {"latest": report.version, "versions": schema.reports.c.versions + 1}
            connection.execute(update(schema.reports).where(schema.reports.c.id == report.id).values(**more))


def _healths(connection: Connection, change: Change) -> None:
    found = [rows.health_row(health) for health in {health.subject: health for health in change.healths}.values()]
    _put(connection, schema.healths, found, "subject")
    keys = ("subject", "feeling", "since", "reason")
    turns = [{key: row[key] for key in keys} for row in found]
    _add(connection, schema.health_changes, turns, "subject", "since", "feeling")


def _insert(connection: Connection, table: Table) -> Any:
    maker: Callable[[Table], Any] = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return maker(table)


def _add(connection: Connection, table: Table, found: Rows, *keys: str) -> None:
    """Insert what is not there yet."""
    if found:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(index_elements=list(keys)), list(found))


def _put(connection: Connection, table: Table, found: Rows, key: str) -> None:
    """Insert, or replace the value under its key."""
    if not found:
        return
    statement = _insert(connection, table)
    changed = {name: statement.excluded[name] for name in found[0] if name != key}
    connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed), list(found))


def _audit(connection: Connection, entry: AuditEntry) -> None:
    """One line more of the audit, with the hash of the line before."""
    table = schema.audit
    at = rows.stamp(entry.at)
    words = {"actor": entry.actor, "action": entry.action, "subject": entry.subject, "details": entry.details}
    mark = content_id("audit", str(at), *words.values())
    if connection.execute(select(table.c.number).where(table.c.entry == mark)).first() is not None:
        return
    last = connection.execute(select(table.c.number, table.c.hash).order_by(table.c.number.desc()).limit(1)).first()
    number, previous = (last.number + 1, last.hash) if last else (1, "")
    line = json.dumps([number, at, *words.values(), previous], ensure_ascii=False)
    chained = hashlib.sha256(line.encode("utf-8", "replace")).hexdigest()
    connection.execute(
        insert(table).values(number=number, entry=mark, at=at, previous_hash=previous, hash=chained, **words)
    )
