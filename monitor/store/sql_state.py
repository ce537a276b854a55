"""The state store: one object for SQLite and PostgreSQL, behind `monitor.domain.ports.StateStore`.

Everything here hands a piece of SQL to the thread that may run it; the SQL itself stands in `writing.py`, `reading.py`,
`claims.py`, `retention.py` and `audit.py`, the start in `state.py`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from monitor.domain.alerts import Alert, Attempt, Incident, Notification, TimelineEntry
from monitor.domain.changes import AuditEntry, Change, Pruned, Query, Retention, StoredReport
from monitor.domain.health import Feeling, Health
from monitor.domain.signals import Signal
from monitor.store import audit, claims, reading, retention
from monitor.store.audit import AuditVerdict
from monitor.store.lanes import Lanes
from monitor.store.retention import Limits
from monitor.store.salvage import SalvageReport
from monitor.store.schema import report_versions
from monitor.store.setting_aside import forget_set_aside
from monitor.store.writing import apply_change, known

Step = Callable[[Connection, Limits], int]


class SqlStateStore:
    """State of the product in SQL. Any call may raise `StoreUnavailableError`.

    Attributes:
        salvage: what was found and saved when the store was opened and its file was damaged; `None` if it was sound.
    """

    def __init__(self, lanes: Lanes, salvage: SalvageReport | None = None) -> None:
        self._lanes = lanes
        self.salvage = salvage

    async def apply(self, change: Change) -> None:
        """Store the change whole, or raise and store nothing of it."""
        growing = bool(change.reports or change.signals)
        await self._lanes.write(lambda connection: apply_change(connection, change), growing=growing)

    async def known_versions(self, versions: Sequence[str]) -> frozenset[str]:
        """Which of these report versions are stored already."""
        if not versions:
            return frozenset()
        column = report_versions.c.version
        return frozenset(await self._lanes.read(lambda connection: known(connection, column, versions)))

    async def cursor(self, source: str) -> str | None:
        """The bookmark of a source; `None` if it has none."""
        return await self._lanes.read(lambda connection: reading.cursor(connection, source))

    async def checkpoint(self, reader: str) -> int:
        """How far this reader of the journal has come; 0 at first."""
        return await self._lanes.read(lambda connection: reading.checkpoint(connection, reader))

    async def journal(self, after: int, limit: int = 1000) -> Sequence[tuple[int, Signal]]:
        """Signals in the order they were committed, with their sequence numbers, which only grow."""
        return await self._lanes.read(lambda connection: reading.journal(connection, after, limit))

    async def signals(self, query: Query) -> Sequence[Signal]:
        """Signals by event time (`at`)."""
        return await self._lanes.read(lambda connection: reading.signals_of(connection, query))

    async def reports(self, query: Query) -> Sequence[StoredReport]:
        """Reports by the time they were published; regions and kinds are those of the signals found in them."""
        return await self._lanes.read(lambda connection: reading.reports_of(connection, query))

    async def alerts(self, query: Query) -> Sequence[Alert]:
        """Alerts by `started_at`; with `open_only` those pending or firing. A kind stands for its family."""
        return await self._lanes.read(lambda connection: reading.alerts_of(connection, query))

    async def incidents(self, query: Query) -> Sequence[Incident]:
        """Incidents by `opened_at`; with `open_only` those not closed. A kind stands for its family."""
        return await self._lanes.read(lambda connection: reading.incidents_of(connection, query))

    async def timeline(self, incident: str) -> Sequence[TimelineEntry]:
        """The story of one incident, oldest first."""
        return await self._lanes.read(lambda connection: reading.timeline_of(connection, incident))

    async def healths(self) -> Sequence[Health]:
        """The latest health of every subject, by subject."""
        return await self._lanes.read(reading.latest_healths)

    async def health_history(self, subject: str, limit: int = 100) -> Sequence[tuple[datetime, Feeling, str]]:
        """Each change of how something felt, newest first: since when, how, and why."""
        return await self._lanes.read(lambda connection: reading.health_history(connection, subject, limit))

    async def owed(self, now: datetime, limit: int = 100) -> Sequence[Notification]:
        """Messages that are due and nobody holds, most severe first, then oldest."""
        return await self._lanes.read(lambda connection: claims.owed(connection, now, limit))

    async def notifications(self, query: Query) -> Sequence[Notification]:
        """Messages by `created_at`, whatever became of them; `ids` are ids of incidents here."""
        return await self._lanes.read(lambda connection: reading.notifications_of(connection, query))

    async def claim(self, notification: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take a message that is due until that moment. Of two that try, one gets `True`."""
        return await self._lanes.write(lambda connection: claims.claim(connection, notification, holder, now, until))

    async def mark_sent(self, notification: str, attempt: Attempt) -> None:
        """It was handed over.

        Raises:
            LookupError: there is no such message.
        """
        await self._lanes.write(lambda connection: claims.mark_sent(connection, notification, attempt))

    async def mark_all_sent(self, attempts: Sequence[Attempt]) -> None:
        """These were handed over, in one transaction.

        Raises:
            LookupError: there is no message of that id.
        """

        def work(connection: Connection) -> None:
            for attempt in attempts:
                claims.mark_sent(connection, attempt.notification, attempt)

        # A mark that a power cut undoes costs a second message with the same id; a sync would hold up the next alert.
        await self._lanes.write(work, synced=False)

    async def mark_failed(self, notification: str, attempt: Attempt, retry_at: datetime | None) -> None:
        """It was not; try again at `retry_at`, or park it for a person where that is `None`.

        Raises:
            LookupError: there is no such message.
        """
        await self._lanes.write(lambda connection: claims.mark_failed(connection, notification, attempt, retry_at))

    async def attempts(self, notification: str) -> Sequence[Attempt]:
        """Every try to hand this message over, oldest first."""
        return await self._lanes.read(lambda connection: claims.attempts_of(connection, notification))

    async def prune(self, now: datetime, retention: Retention) -> Pruned:
        """Remove what its class of data no longer keeps; what an incident holds stays.

        On SQLite the bytes are overwritten, the write-ahead log is emptied, and damaged files that were set aside go
        when raw text goes.
        """
        return await _prune(self._lanes, Limits.of(now, retention), now - retention.raw_text)

    async def audit(self, limit: int = 100) -> Sequence[AuditEntry]:
        """The last entries of the audit, newest first."""
        return await self._lanes.read(lambda connection: audit.latest(connection, limit))

    async def verify_audit(self) -> AuditVerdict:
        """Follow the chain of the audit from its beginning, and name the first row that does not fit."""
        return await self._lanes.read(audit.verify)

    async def close(self) -> None:
        """Let go of the files or connections. Safe to call twice."""
        await self._lanes.close()


async def _prune(lanes: Lanes, limits: Limits, oldest_text: datetime) -> Pruned:
    incidents = await _repeat(lanes, retention.drop_incidents, limits)
    texts = await _repeat(lanes, retention.wipe_texts, limits)
    await _repeat(lanes, retention.wipe_words, limits)
    records = 0
    # Reports go before signals: a signal knows whether an incident holds its report.
    for step in (
        retention.drop_reports,
        retention.drop_signals,
        retention.drop_alerts,
        retention.drop_health_changes,
    ):
        records += await _repeat(lanes, step, limits)
    await lanes.truncate_log()
    await lanes.with_file(lambda path: forget_set_aside(path, oldest_text))
    return Pruned(texts=texts, records=records, incidents=incidents)


async def _repeat(lanes: Lanes, step: Step, limits: Limits) -> int:
    total = 0
    while removed := await lanes.write(lambda connection: step(connection, limits)):
        total += removed
    return total
