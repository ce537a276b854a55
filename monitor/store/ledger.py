"""The state store over SQL: SQLite by default, PostgreSQL by address. One transaction a change, synced when it returns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, case, delete, or_, select, update

from monitor.domain.alerts import Alert, Attempt, Incident, Notification, NotificationState, TimelineEntry
from monitor.domain.changes import Change, Pruned, Query, Retention, StoredReport
from monitor.domain.health import Health
from monitor.domain.ports import StoreUnavailableError
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.signals import Signal
from monitor.store import ledger_rows as rows
from monitor.store import schema
from monitor.store.engines import create_private, file_engines, reading_engines, server_engines, sqlite_path
from monitor.store.lanes import Lanes
from monitor.store.ledger_writing import write_change
from monitor.store.migrating import migrate, require_current

RESERVE_BYTES = 8 * 1024 * 1024
"""While less is free on the disk, nothing new is taken in: the rest is kept for alerts and their messages."""


async def open_ledger(address: str | Path, *, read_only: bool = False) -> "Ledger":
    """The store at this address, brought to the schema of this release.

    Args:
        address: a SQLite file, or `postgresql+psycopg://...`.
        read_only: for looking while the service runs, or does not; creates nothing.

    Raises:
        StoreUnavailableError: it cannot be opened; the reason says why.
    """
    path = sqlite_path(address)
    if path is None:
        engines = server_engines(str(address), read_only=read_only)
    elif read_only:
        if not path.is_file():
            message = "there is no data here yet: start the service once (dabyl run)"
            raise StoreUnavailableError(message)
        engines = reading_engines(path)
    else:
        create_private(path)
        engines = file_engines(path)
    lanes = Lanes(engines, read_only=read_only, reserve_bytes=RESERVE_BYTES)
    (require_current if read_only else migrate)(engines.writing)
    return Ledger(lanes, path)


class Ledger:
    """See `monitor.domain.ports.StateStore`."""

    def __init__(self, lanes: Lanes, path: Path | None) -> None:
        self._lanes = lanes
        self._path = path

    async def apply(self, change: Change) -> None:
        """Store the change whole, or raise and store nothing of it."""
        growing = bool(change.reports or change.signals)
        await self._lanes.write(lambda connection: write_change(connection, change), growing=growing)

    async def known_versions(self, versions: Sequence[str]) -> frozenset[str]:
        """Which of these report versions are stored already."""
        column = schema.report_versions.c.version
        return frozenset(
            await self._lanes.read(lambda c: c.execute(select(column).where(column.in_(versions))).scalars().all())
        )

    async def cursor(self, source: str) -> str | None:
        """The bookmark of a source."""
        table = schema.cursors
        return await self._lanes.read(
            lambda c: c.execute(select(table.c.cursor).where(table.c.source == source)).scalar()
        )

    async def checkpoint(self, reader: str) -> int:
        """How far this reader of the journal has come."""
        table = schema.checkpoints
        found = await self._lanes.read(
            lambda c: c.execute(select(table.c.sequence).where(table.c.reader == reader)).scalar()
        )
        return found or 0

    async def journal(self, after: int, limit: int = 1000) -> Sequence[tuple[int, Signal]]:
        """Signals in the order of their commits."""
        table = schema.signals
        asked = select(table).where(table.c.sequence > after).order_by(table.c.sequence).limit(limit)
        found = await self._all(asked)
        return [(row["sequence"], rows.signal(row)) for row in found]

    async def signals(self, query: Query) -> Sequence[Signal]:
        """Signals by event time."""
        asked = _asked(schema.signals, query, "at")
        return [rows.signal(row) for row in await self._all(asked)]

    async def reports(self, query: Query) -> Sequence[StoredReport]:
        """Reports by the time they were published."""
        joined = select(
            schema.report_versions, schema.reports.c.id, schema.reports.c.origin, schema.reports.c.key,
            schema.reports.c.versions, schema.reports.c.deleted_at,
        ).join(schema.reports, schema.reports.c.latest == schema.report_versions.c.version)  # fmt: skip
        asked = _narrowed(joined, schema.reports, query, "at")
        return [rows.stored_report(row) for row in await self._all(asked)]

    async def alerts(self, query: Query) -> Sequence[Alert]:
        """Alerts by when they began."""
        asked = _asked(schema.alerts, query, "started_at", open_state="resolved")
        return [rows.ALERT.validate_json(row["body"]) for row in await self._all(asked)]

    async def incidents(self, query: Query) -> Sequence[Incident]:
        """Incidents by when they were opened."""
        asked = _asked(schema.incidents, query, "opened_at", open_state="closed")
        return [rows.INCIDENT.validate_json(row["body"]) for row in await self._all(asked)]

    async def timeline(self, incident: str) -> Sequence[TimelineEntry]:
        """The story of one incident."""
        table = schema.timeline
        asked = select(table).where(table.c.incident == incident).order_by(table.c.at, table.c.sequence)
        return [rows.timeline_entry(row) for row in await self._all(asked)]

    async def healths(self) -> Sequence[Health]:
        """The latest health of every subject."""
        return [rows.health(row) for row in await self._all(select(schema.healths).order_by(schema.healths.c.subject))]

    async def owed(self, now: datetime, limit: int = 100) -> Sequence[Notification]:
        """Messages that are due and nobody holds."""
        table = schema.notifications
        asked = (
            select(table)
            .where(table.c.due_at <= rows.stamp(now), _free(table, now))
            .order_by(table.c.severity.desc(), table.c.created_at, table.c.id)
            .limit(limit)
        )
        return [rows.notification(row) for row in await self._all(asked)]

    async def notifications(self, query: Query) -> Sequence[Notification]:
        """Messages by when they became owed; `ids` are incidents."""
        table = schema.notifications
        asked = _times(select(table), table.c.created_at, query)
        if query.ids:
            asked = asked.where(table.c.incident.in_(query.ids))
        return [rows.notification(row) for row in await self._all(asked)]

    async def claim(self, notification: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take a message; of two that try, one gets it."""
        table = schema.notifications
        taking = update(table).where(table.c.id == notification, _free(table, now)).values(
            state=NotificationState.CLAIMED.value, claimed_by=holder, claimed_until=rows.stamp(until)
        )  # fmt: skip
        return await self._lanes.write(lambda connection: connection.execute(taking).rowcount == 1)

    async def mark_sent(self, notification: str, attempt: Attempt) -> None:
        """It was handed over."""
        done = {"state": NotificationState.SENT.value, "sent_at": rows.stamp(attempt.at)}
        await self._marked(notification, attempt, done)

    async def mark_failed(self, notification: str, attempt: Attempt, retry_at: datetime | None) -> None:
        """It was not."""
        state = NotificationState.OWED if retry_at else NotificationState.PARKED
        reason = rows.stored(attempt.error)
        done = {"state": state.value, "claimed_by": None, "claimed_until": None, "last_error": reason}
        due = {"due_at": rows.stamp(retry_at)} if retry_at is not None else {}
        await self._marked(notification, attempt, {**done, **due})

    async def _marked(self, notification: str, attempt: Attempt, done: Mapping[str, str | int | None]) -> None:
        table = schema.notifications

        def work(connection: Connection) -> None:
            changed = update(table).where(table.c.id == notification).values(attempts=table.c.attempts + 1, **done)
            connection.execute(changed)
            connection.execute(schema.attempts.insert().values(rows.attempt_row(attempt)))

        await self._lanes.write(work)

    async def attempts(self, notification: str) -> Sequence[Attempt]:
        """Every try to hand this message over."""
        table = schema.attempts
        asked = select(table).where(table.c.notification == notification).order_by(table.c.sequence)
        return [rows.attempt(row) for row in await self._all(asked)]

    async def prune(self, now: datetime, retention: Retention) -> Pruned:
        """Remove what its class of data no longer keeps; what an incident holds stays."""
        pruned = await self._lanes.write(lambda connection: _prune(connection, now, retention))
        if self._path is not None:
            await self._lanes.read(_truncate_log)
        return pruned

    async def close(self) -> None:
        """Let go of the files or connections."""
        await self._lanes.close()

    async def _all(self, asked: Select[tuple[object, ...]]) -> Sequence[rows.Row]:
        return [dict(row) for row in await self._lanes.read(lambda c: c.execute(asked).mappings().all())]


def _asked(table: Table, query: Query, time: str, open_state: str | None = None) -> Select[tuple[object, ...]]:
    return _narrowed(select(table), table, query, time, open_state)


def _narrowed(
    asked: Select[tuple[object, ...]], table: Table, query: Query, time: str, open_state: str | None = None
) -> Select[tuple[object, ...]]:
    columns = table.c
    if query.ids:
        asked = asked.where(columns.id.in_(query.ids))
    if query.regions and "regions" in columns:
        wanted = (*query.regions, WHOLE_COUNTRY)
        asked = asked.where(or_(*(columns.regions.contains(f" {code} ", autoescape=True) for code in wanted)))
    elif query.regions and "region" in columns:
        asked = asked.where(columns.region.in_((*query.regions, WHOLE_COUNTRY)))
    if query.kinds and "kind" in columns:
        asked = asked.where(columns.kind.in_([kind.value for kind in query.kinds]))
    if query.families and "family" in columns:
        asked = asked.where(columns.family.in_([family.value for family in query.families]))
    if query.sources and "source" in columns:
        asked = asked.where(columns.source.in_(query.sources))
    if query.open_only and open_state:
        asked = asked.where(columns.state != open_state)
    narrowed: Select[tuple[object, ...]] = _times(asked, columns[time], query)
    return narrowed


def _times(asked: Any, column: Any, query: Query) -> Any:
    if query.since is not None:
        asked = asked.where(column >= rows.stamp(query.since))
    if query.until is not None:
        asked = asked.where(column < rows.stamp(query.until))
    return asked.order_by(column.desc() if query.newest_first else column).limit(query.limit)


def _free(table: Table, now: datetime) -> ColumnElement[bool]:
    lapsed = and_(table.c.state == NotificationState.CLAIMED.value, table.c.claimed_until <= rows.stamp(now))
    return or_(table.c.state == NotificationState.OWED.value, lapsed)


def _prune(connection: Connection, now: datetime, retention: Retention) -> Pruned:
    held = select(schema.signals.c.report).join(
        schema.incident_signals, schema.incident_signals.c.signal == schema.signals.c.id
    ).where(schema.signals.c.report.is_not(None))  # fmt: skip
    versions, signals, reports = schema.report_versions, schema.signals, schema.reports
    raw = rows.stamp(now - retention.raw_text)
    texts = connection.execute(
        update(versions)
        .where(versions.c.observed_at < raw, versions.c.text.is_not(None), versions.c.report.not_in(held))
        .values(text=None, title=None, media=None)
    ).rowcount
    free = and_(signals.c.observed_at < raw, or_(signals.c.report.is_(None), signals.c.report.not_in(held)))
    connection.execute(update(signals).where(free, signals.c.words.is_not(None)).values(words=None, title=None))
    old = rows.stamp(now - retention.records)
    kept = select(schema.incident_signals.c.signal)
    records = connection.execute(delete(signals).where(signals.c.observed_at < old, signals.c.id.not_in(kept))).rowcount
    records += connection.execute(delete(reports).where(reports.c.seen_at < old, reports.c.id.not_in(held))).rowcount
    connection.execute(delete(schema.health_changes).where(schema.health_changes.c.since < old))
    gone = rows.stamp(now - retention.incidents)
    ended = case((schema.incidents.c.closed_at.is_(None), False), else_=schema.incidents.c.closed_at < gone)
    names = connection.execute(select(schema.incidents.c.id).where(ended)).scalars().all()
    for table in (schema.timeline, schema.notifications, schema.alerts):
        connection.execute(delete(table).where(table.c.incident.in_(names)))
    connection.execute(delete(schema.incidents).where(schema.incidents.c.id.in_(names)))
    return Pruned(texts=texts, records=records, incidents=len(names))


def _truncate_log(connection: Connection) -> None:
    """Write the log back and empty it: what was removed must not linger there."""
    raw = connection.connection.dbapi_connection
    assert raw is not None
    connection.commit()
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
