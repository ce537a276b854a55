"""A StateStore in memory: honours the promises of the port, keeps nothing, and tells what it was given."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from monitor.domain.alerts import (
    Alert,
    AlertState,
    Attempt,
    Incident,
    IncidentState,
    Notification,
    NotificationState,
    TimelineEntry,
)  # fmt: skip
from monitor.domain.changes import Change, Pruned, Query, Retention, StoredReport
from monitor.domain.connectivity import Round
from monitor.domain.health import Health
from monitor.domain.leases import Fence
from monitor.domain.measurements import Measurement
from monitor.domain.reports import Report
from monitor.domain.signals import Signal


class MemoryState:
    """For unit tests of rooms that need a store."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.refuse: Exception | None = None
        self._versions: dict[str, Report] = {}
        self._journal: list[Signal | None] = []
        self._ids: set[str] = set()
        self._cursors: dict[str, str] = {}
        self._checkpoints: dict[str, int] = {}
        self._alerts: dict[str, Alert] = {}
        self._incidents: dict[str, Incident] = {}
        self._timeline: dict[str, TimelineEntry] = {}
        self._notes: dict[str, Notification] = {}
        self._attempts: list[Attempt] = []
        self._healths: dict[str, Health] = {}
        self._measured: dict[str, Measurement | Round] = {}
        self._memories: dict[str, str] = {}

    async def apply(self, change: Change) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.changes.append(change)
        self._versions.update(
            {report.version: report for report in change.reports if report.version not in self._versions}
        )
        for signal in change.signals:
            if signal.id not in self._ids:
                self._ids.add(signal.id)
                self._journal.append(signal)
        again = {signal.id: signal for signal in change.reread}
        held = {name for incident in self._incidents.values() for name in incident.signals}
        gone = set(change.withdrawn) - held
        self._journal = [
            signal and (None if signal.id in gone else again.get(signal.id, signal)) for signal in self._journal
        ]
        self._ids -= gone
        self._cursors.update(change.cursors)
        self._checkpoints.update(change.checkpoints)
        for one in change.measured:
            self._measured.setdefault(one.id if isinstance(one, Measurement) else repr(one), one)
        self._memories.update({name: body for name, body in change.memories.items() if body is not None})
        for name in [name for name, body in change.memories.items() if body is None]:
            self._memories.pop(name, None)
        self._healths.update({health.subject: health for health in change.healths})
        self._alerts.update({alert.id: alert for alert in change.alerts})
        self._incidents.update({incident.id: incident for incident in change.incidents})
        self._timeline.update({entry.id: entry for entry in change.timeline})
        self._notes.update({note.id: note for note in change.notifications if note.id not in self._notes})

    async def apply_after(
        self, position: int | None, since: datetime, build: Callable[[Sequence[Report]], Change]
    ) -> int:
        await self.apply(build(()))
        return 0

    async def known_versions(self, versions: Sequence[str]) -> frozenset[str]:
        return frozenset(version for version in versions if version in self._versions)

    async def cursor(self, source: str) -> str | None:
        return self._cursors.get(source)

    async def checkpoint(self, reader: str) -> int:
        return self._checkpoints.get(reader, 0)

    async def journal(self, after: int, limit: int = 1000) -> Sequence[tuple[int, Signal]]:
        return [(number, signal) for number, signal in enumerate(self._journal, 1) if signal and number > after][:limit]

    async def signals(self, query: Query) -> Sequence[Signal]:
        found = [signal for signal in self._journal if signal and (not query.ids or signal.id in query.ids)]
        found = [signal for signal in found if query.since is None or signal.at >= query.since]
        found = [signal for signal in found if query.until is None or signal.at < query.until]
        found = [signal for signal in found if not query.families or signal.family in query.families]
        found = [signal for signal in found if not query.sources or signal.source in query.sources]
        return sorted(found, key=lambda signal: signal.at, reverse=query.newest_first)[: query.limit]

    async def measured(self, after: int, limit: int = 1000) -> Sequence[tuple[int, Measurement | Round]]:
        return [(number, one) for number, one in enumerate(self._measured.values(), 1) if number > after][:limit]

    async def measured_between(self, since: datetime, until: datetime) -> Sequence[Measurement]:
        found = [one for one in self._measured.values() if isinstance(one, Measurement)]
        return sorted((one for one in found if since <= one.started_at < until), key=lambda one: one.started_at)

    async def memories(self, prefix: str) -> Mapping[str, str]:
        return {name: body for name, body in self._memories.items() if name.startswith(prefix)}

    async def reports(self, query: Query) -> Sequence[StoredReport]:
        found = [one for one in self._versions.values() if not query.sources or one.source in query.sources]
        found = [one for one in found if query.since is None or one.at >= query.since]
        found = [one for one in found if query.until is None or one.at < query.until]
        return [
            _stored(one) for one in sorted(found, key=lambda one: one.at, reverse=query.newest_first)[: query.limit]
        ]

    async def alerts(self, query: Query) -> Sequence[Alert]:
        return [a for a in self._alerts.values() if not query.open_only or a.state is not AlertState.RESOLVED]

    async def incidents(self, query: Query) -> Sequence[Incident]:
        return [i for i in self._incidents.values() if not query.open_only or i.state is not IncidentState.CLOSED]

    async def timeline(self, incident: str) -> Sequence[TimelineEntry]:
        return [entry for entry in self._timeline.values() if entry.incident == incident]

    async def healths(self) -> Sequence[Health]:
        return list(self._healths.values())

    async def owed(self, now: datetime, limit: int = 100) -> Sequence[Notification]:
        due = [note for note in self._notes.values() if note.due_at <= now and self._is_free(note, now)]
        return sorted(due, key=lambda note: (-note.severity, note.created_at))[:limit]

    @staticmethod
    def _is_free(note: Notification, now: datetime) -> bool:
        lapsed = note.claimed_until is not None and note.claimed_until <= now
        return note.state is NotificationState.OWED or (note.state is NotificationState.CLAIMED and lapsed)

    async def notifications(self, query: Query) -> Sequence[Notification]:
        return [note for note in self._notes.values() if not query.ids or note.incident in query.ids]

    async def claim(self, notification: str, holder: str, now: datetime, until: datetime) -> bool:
        note = self._notes[notification]
        if not self._is_free(note, now):
            return False
        self._notes[notification] = replace(
            note, state=NotificationState.CLAIMED, claimed_by=holder, claimed_until=until
        )
        return True

    async def claim_due(
        self, claimant: str, now: datetime, until: datetime, limit: int = 100, besides: Collection[str] = ()
    ) -> Sequence[Notification]:
        due = [note for note in await self.owed(now, limit) if note.receiver not in besides]
        return [self._notes[note.id] for note in due if await self.claim(note.id, claimant, now, until)]

    async def free_stale(self, fence: Fence, now: datetime) -> int:
        return 0

    async def begin(self, notification: str, fence: Fence, now: datetime, until: datetime) -> bool:
        return self._notes[notification].claimed_by == fence.claimant

    async def give_back(self, notification: str, claimant: str) -> None:
        """It was begun and not handed over, says its claimant: owed again."""
        return

    async def mark_sent(self, notification: str, attempt: Attempt) -> None:
        self._attempts.append(attempt)
        note = self._notes[notification]
        self._notes[notification] = replace(
            note, state=NotificationState.SENT, sent_at=attempt.at, attempts=note.attempts + 1
        )

    async def mark_all_sent(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            await self.mark_sent(attempt.notification, attempt)

    async def mark_failed(self, notification: str, attempt: Attempt, retry_at: datetime | None) -> None:
        self._attempts.append(attempt)
        note = self._notes[notification]
        state = NotificationState.OWED if retry_at else NotificationState.PARKED
        due = retry_at or note.due_at
        self._notes[notification] = replace(
            note,
            state=state,
            due_at=due,
            claimed_by=None,
            claimed_until=None,
            attempts=note.attempts + 1,
            last_error=attempt.error,
        )

    async def attempts(self, notification: str) -> Sequence[Attempt]:
        return [attempt for attempt in self._attempts if attempt.notification == notification]

    async def prune(self, now: datetime, retention: Retention) -> Pruned:
        return Pruned()

    async def close(self) -> None:
        return None


def _stored(report: Report) -> StoredReport:
    return StoredReport(
        id=report.id, version=report.version, source=report.source, origin=report.origin, key=report.key,
        title=report.title, text=report.text, link=report.link, published_at=report.published_at,
        observed_at=report.observed_at, forwarded_from=report.forwarded_from, edited=False, versions=1, deleted_at=None,
    )  # fmt: skip
