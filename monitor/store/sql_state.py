"""The state store: one object for SQLite and PostgreSQL, behind `monitor.domain.ports.StateStore`.

Everything here hands a piece of SQL to the thread that may run it; the SQL itself stands in `writing.py`, `reading.py`,
`claims.py`, `retention.py` and `audit.py`, the start in `state.py`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from monitor.domain.agents import Agent, Standing
from monitor.domain.alerts import Alert, Attempt, Incident, Notification, TimelineEntry
from monitor.domain.changes import AuditEntry, Change, Pruned, Query, Retention, StoredReport
from monitor.domain.connectivity import Round
from monitor.domain.health import Feeling, Health
from monitor.domain.leases import Fence, Lease
from monitor.domain.measurements import Measurement
from monitor.domain.reports import Report
from monitor.domain.signals import Signal
from monitor.store import agents, audit, claims, leases, measurement_rows, reading, retention
from monitor.store.audit import AuditVerdict
from monitor.store.condition import Condition
from monitor.store.lanes import Lanes
from monitor.store.retention import Limits
from monitor.store.salvage import SalvageReport
from monitor.store.schema import report_versions
from monitor.store.setting_aside import forget_set_aside
from monitor.store.writing import apply_change, in_line, known

Step = Callable[[Connection, Limits], int]


class SqlStateStore:
    """State of the product in SQL. Any call may raise `StoreUnavailableError`.

    Attributes:
        salvage: what was found and saved when the store was opened and its file was damaged; `None` if it was sound.
        condition: how it feels; `None` where it was opened to be read only.
    """

    def __init__(self, lanes: Lanes, salvage: SalvageReport | None = None, condition: Condition | None = None) -> None:
        self._lanes = lanes
        self.salvage = salvage
        self.condition = condition

    async def apply(self, change: Change) -> None:
        """Store the change whole, or raise and store nothing of it."""
        growing = bool(change.reports or change.signals or change.parcels or change.measured)
        await self._lanes.write(lambda connection: apply_change(connection, change), growing=growing)

    async def apply_after(
        self, position: int | None, since: datetime, build: Callable[[Sequence[Report]], Change]
    ) -> int:
        """Store what `build` makes of the reports that others stored behind this position, in one transaction.

        Returns:
            The position after it.
        """

        def work(connection: Connection) -> int:
            in_line(connection)
            told = reading.speaking_reports(connection, position, since)
            apply_change(connection, build(told))
            return reading.last_version(connection)

        return await self._lanes.write(work, growing=True)

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

    async def measured(self, after: int, limit: int = 1000) -> Sequence[tuple[int, Measurement | Round]]:
        """What was measured, in the order it was stored, with numbers that only grow."""
        return await self._lanes.read(lambda connection: measurement_rows.measured(connection, after, limit))

    async def measured_between(self, since: datetime, until: datetime) -> Sequence[Measurement]:
        """Measurements that began in `since <= at < until`, oldest first."""
        return await self._lanes.read(lambda connection: measurement_rows.measured_between(connection, since, until))

    async def memories(self, prefix: str) -> Mapping[str, str]:
        """What readers remember under names that begin so."""
        return await self._lanes.read(lambda connection: measurement_rows.memories_of(connection, prefix))

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

    async def claim_due(
        self, claimant: str, now: datetime, until: datetime, limit: int = 100, besides: Collection[str] = ()
    ) -> Sequence[Notification]:
        """Take what is due and nobody holds, most severe first; two that ask at once get different messages."""
        return await self._lanes.write(
            lambda connection: claims.claim_due(connection, claimant, now, until, limit, besides)
        )

    async def free_stale(self, fence: Fence, now: datetime) -> int:
        """Free what former tenures had claimed, except what a living process may be handing over right now.

        Raises:
            LeaseLostError: this tenure is over.
        """
        return await self._lanes.write(lambda connection: claims.free_stale(connection, fence, now))

    async def free_all_claims(self) -> int:
        """Free what a former life of this process had claimed; returns how many messages.

        Only for whoever holds the data directory of a store that is a file: on a server others may be telling.
        """
        return await self._lanes.write(claims.free_all)

    async def begin(self, notification: str, fence: Fence, now: datetime, until: datetime) -> bool:
        """Write down that handing this message over begins; `False` if it is not this tenure's.

        Raises:
            LeaseLostError: this tenure is over.
        """
        return await self._lanes.write_beside(
            lambda connection: claims.begin(connection, notification, fence, now, until)
        )

    async def lease(self, name: str) -> Lease | None:
        """The lease as it stands; `None` if nobody ever held it."""
        return await self._lanes.read(lambda connection: leases.seen(connection, name))

    async def take_lease(self, name: str, holder: str, seen: Lease | None) -> Fence | None:
        """Take it over, if it still stands as it was seen; `None` if it moved."""
        return await self._lanes.write_beside(lambda connection: leases.take(connection, name, holder, seen))

    async def renew_lease(self, fence: Fence) -> bool:
        """Say that the holder lives; `False` if somebody else holds it by now."""
        return await self._lanes.write_beside(lambda connection: leases.renew(connection, fence))

    async def release_lease(self, fence: Fence) -> None:
        """Let it go, so that another may take it at once."""
        await self._lanes.write_beside(lambda connection: leases.release(connection, fence))

    async def give_back(self, notification: str, claimant: str) -> None:
        """It was begun and not handed over, says its claimant: owed again."""
        await self._lanes.write_beside(lambda connection: claims.give_back(connection, notification, claimant))

    async def mark_sent(self, notification: str, attempt: Attempt) -> None:
        """It was handed over.

        Raises:
            LookupError: there is no such message.
        """
        await self._lanes.write_beside(lambda connection: claims.mark_sent(connection, notification, attempt))

    async def mark_all_sent(self, attempts: Sequence[Attempt]) -> None:
        """These were handed over, in one transaction.

        Raises:
            LookupError: there is no message of that id.
        """

        def work(connection: Connection) -> None:
            for attempt in attempts:
                claims.mark_sent(connection, attempt.notification, attempt)

        # A mark that a power cut undoes costs a second message with the same id; a sync would hold up the next alert.
        await self._lanes.write_beside(work, synced=False)

    async def mark_failed(self, notification: str, attempt: Attempt, retry_at: datetime | None) -> None:
        """It was not; try again at `retry_at`, or park it for a person where that is `None`.

        Raises:
            LookupError: there is no such message.
        """
        await self._lanes.write_beside(
            lambda connection: claims.mark_failed(connection, notification, attempt, retry_at)
        )

    async def attempts(self, notification: str) -> Sequence[Attempt]:
        """Every try to hand this message over, oldest first."""
        return await self._lanes.read(lambda connection: claims.attempts_of(connection, notification))

    async def agents(self) -> Sequence[tuple[Agent, Standing]]:
        """Every agent that was ever admitted, by id."""
        return await self._lanes.read(agents.all_agents)

    async def agent(self, name: str) -> tuple[Agent, Standing] | None:
        """One of them; `None` if nobody was ever admitted under that name."""
        return await self._lanes.read(lambda connection: agents.one_agent(connection, name))

    async def admit(self, agent: Agent) -> bool:
        """Trust an agent from now on; `False` (and nothing stored) where the name is taken by another key."""
        return await self._lanes.write(lambda connection: agents.admit(connection, agent), growing=True)

    async def revoke(self, name: str, at: datetime) -> bool:
        """Trust it no more; `False` where it is not known or was revoked before."""
        return await self._lanes.write(lambda connection: agents.revoke(connection, name, at))

    async def parcels(self, agent: str, sequences: Collection[int]) -> Mapping[int, str]:
        """Digest of each of these parcels that is committed, by sequence."""
        return await self._lanes.read(lambda connection: agents.digests(connection, agent, sequences))

    async def attempt_seen(self, agent: str, attempt: int) -> bool:
        """Whether a committed parcel came with this attempt."""
        return await self._lanes.read(lambda connection: agents.attempt_seen(connection, agent, attempt))

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
        agents.drop_parcels,
        measurement_rows.drop_measurements,
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
