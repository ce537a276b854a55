"""Storing a Change: everything of it in the transaction that is open.

Promises that storing it twice changes nothing, and that the journal's numbers grow in the order of the commits: writers
come one after the other (SQLite's lock, an advisory lock on PostgreSQL).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Column, Connection, bindparam, case, delete, select, text, update

from monitor.domain.alerts import Incident
from monitor.domain.changes import Change
from monitor.domain.health import Health
from monitor.domain.reports import Deletion, Report
from monitor.domain.signals import Signal
from monitor.store import agents, audit
from monitor.store.alert_rows import alert_values, health_values, incident_values, timeline_values
from monitor.store.leases import require
from monitor.store.measurement_rows import add_measured, remember
from monitor.store.message_rows import notification_values
from monitor.store.report_rows import head_values, version_values
from monitor.store.schema import (
    alerts,
    checkpoints,
    cursors,
    health_changes,
    healths,
    incident_signals,
    incidents,
    notifications,
    report_versions,
    reports,
    signals,
    timeline,
)
from monitor.store.signal_rows import signal_values
from monitor.store.upserts import Insert, add, add_new, insert_into, put
from monitor.store.values import microseconds, storable

WRITERS_LOCK: Final = 0x6461_6279_6C02
"""Key of the PostgreSQL advisory lock that makes writers queue, so that a number given first is committed first."""

IDS_PER_QUESTION: Final = 5000
"""Ids asked for at once; SQLite takes 32,766 parameters, PostgreSQL 65,535."""


def apply_change(connection: Connection, change: Change) -> None:
    """Store all of it.

    Raises:
        LeaseLostError: it was decided in a tenure that is over; nothing of it may be stored.
    """
    in_line(connection)
    if change.fence is not None:
        require(connection, change.fence)
    _add_reports(connection, change.reports)
    _mark_deleted(connection, change.deletions)
    _add_signals(connection, change.signals)
    _replace_signals(connection, change.reread)
    _withdraw_signals(connection, change.withdrawn)
    _move_cursors(connection, change.cursors, change.forgotten_cursors)
    _note_healths(connection, change.healths)
    put(connection, alerts, [alert_values(alert) for alert in change.alerts])
    _put_incidents(connection, change.incidents)
    add_new(connection, timeline, [timeline_values(entry) for entry in change.timeline])
    add_new(connection, notifications, [notification_values(message) for message in change.notifications])
    _move_checkpoints(connection, change.checkpoints)
    add_measured(connection, change.measured)
    remember(connection, change.memories)
    agents.add_parcels(connection, change.parcels)
    audit.append(connection, change.audit)


def in_line(connection: Connection) -> None:
    """Wait for the writers before us. SQLite makes them wait by itself; taking one's place twice is harmless."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS_LOCK})


def known(connection: Connection, column: Column[str], ids: Sequence[str]) -> set[str]:
    """Which of these ids stand in that column."""
    found: set[str] = set()
    for start in range(0, len(ids), IDS_PER_QUESTION):
        found.update(connection.scalars(select(column).where(column.in_(ids[start : start + IDS_PER_QUESTION]))))
    return found


def _add_reports(connection: Connection, said: Sequence[Report]) -> None:
    if not said:
        return
    fresh = list(_fresh_reports(connection, said))
    if fresh:
        connection.execute(_head_statement(connection.dialect.name), [head_values(*entry) for entry in fresh])
        add(connection, report_versions, [version_values(*entry) for entry in fresh])


def _fresh_reports(connection: Connection, said: Sequence[Report]) -> Iterator[tuple[Report, str, str]]:
    """Wordings that are new, with their ids, in their order."""
    given: dict[str, Report] = {}
    for report in said:
        given.setdefault(report.version, report)
    old = known(connection, report_versions.c.version, list(given))
    return ((report, report.id, version) for version, report in given.items() if version not in old)


@cache
def _head_statement(dialect: str) -> Insert:
    """Insert the post, or count a wording; a wording that was seen earlier than the latest does not replace it."""
    statement = insert_into(dialect, reports)
    new = statement.excluded
    newer = new.seen_at >= reports.c.seen_at
    replaced = {name: case((newer, new[name]), else_=reports.c[name]) for name in ("source", "at", "seen_at", "latest")}
    return statement.on_conflict_do_update(index_elements=["id"], set_=replaced | {"versions": reports.c.versions + 1})


def _mark_deleted(connection: Connection, gone: Sequence[Deletion]) -> None:
    if gone:
        marking = (
            update(reports)
            .where(reports.c.id == bindparam("report"), reports.c.deleted_at.is_(None))
            .values(deleted_at=bindparam("seen"))
        )
        connection.execute(
            marking, [{"report": deletion.id, "seen": microseconds(deletion.observed_at)} for deletion in gone]
        )


def _add_signals(connection: Connection, found: Sequence[Signal]) -> None:
    if not found:
        return
    given: dict[str, Signal] = {}
    for signal in found:
        given.setdefault(signal.id, signal)
    old = known(connection, signals.c.id, list(given))
    add(connection, signals, [signal_values(signal) for signal_id, signal in given.items() if signal_id not in old])


def _replace_signals(connection: Connection, read_again: Sequence[Signal]) -> None:
    """Give stored signals their new values; the number in the journal stays."""
    if read_again:
        rows = [signal_values(signal) for signal in read_again]
        names = [name for name in rows[0] if name != "id"]
        changing = (
            update(signals)
            .where(signals.c.id == bindparam("same"))
            .values({name: bindparam(f"new_{name}") for name in names})
        )
        given = ({f"new_{name}": row[name] for name in names} | {"same": row["id"]} for row in rows)
        connection.execute(changing, list(given))


def _withdraw_signals(connection: Connection, ids: Sequence[str]) -> None:
    """Remove signals that no incident holds."""
    held = select(incident_signals.c.signal)
    for start in range(0, len(ids), IDS_PER_QUESTION):
        some = ids[start : start + IDS_PER_QUESTION]
        connection.execute(delete(signals).where(signals.c.id.in_(some), signals.c.id.not_in(held)))


def _move_cursors(connection: Connection, moved: Mapping[str, str], forgotten: Sequence[str]) -> None:
    put(connection, cursors, [{"source": source, "cursor": storable(cursor)} for source, cursor in moved.items()])
    if forgotten:
        connection.execute(delete(cursors).where(cursors.c.source.in_(forgotten)))


def _note_healths(connection: Connection, felt: Sequence[Health]) -> None:
    rows = [health_values(health) for health in felt]
    put(connection, healths, rows)
    names = ("subject", "feeling", "since", "reason")
    add_new(connection, health_changes, [{name: row[name] for name in names} for row in rows])


def _put_incidents(connection: Connection, followed: Sequence[Incident]) -> None:
    if not followed:
        return
    put(connection, incidents, [incident_values(incident) for incident in followed])
    held = {tuple(row) for row in connection.execute(_held([incident.id for incident in followed]))}
    pairs: dict[tuple[str, str], None] = {
        (incident.id, signal): None for incident in followed for signal in incident.signals
    }
    fresh = [{"incident": incident, "signal": signal} for incident, signal in pairs if (incident, signal) not in held]
    add_new(connection, incident_signals, fresh)


def _held(ids: list[str]) -> Any:
    return select(incident_signals.c.incident, incident_signals.c.signal).where(incident_signals.c.incident.in_(ids))


def _move_checkpoints(connection: Connection, reached: Mapping[str, int]) -> None:
    if reached:
        rows = [{"reader": reader, "sequence": sequence} for reader, sequence in reached.items()]
        connection.execute(_checkpoint_statement(connection.dialect.name), rows)


@cache
def _checkpoint_statement(dialect: str) -> Insert:
    """A checkpoint only moves forward: a change that is stored again must not make a reader start over."""
    statement = insert_into(dialect, checkpoints)
    new = statement.excluded.sequence
    further = case((new > checkpoints.c.sequence, new), else_=checkpoints.c.sequence)
    return statement.on_conflict_do_update(index_elements=["reader"], set_={"sequence": further})
