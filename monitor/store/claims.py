"""Messages that are owed: who takes one, and what became of it. Of two that try to take one, one gets it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from monitor.domain.alerts import Attempt, Notification, NotificationState
from monitor.domain.leases import Fence, holder_of
from monitor.store.leases import living, require
from monitor.store.message_rows import attempt, attempt_values, notification
from monitor.store.schema import OUTSTANDING, attempts, notifications
from monitor.store.upserts import insert_into
from monitor.store.values import microseconds, optional_microseconds, optional_storable, readable

OWED = NotificationState.OWED.value
CLAIMED = NotificationState.CLAIMED.value
SENT = NotificationState.SENT.value
PARKED = NotificationState.PARKED.value


def owed(connection: Connection, now: datetime, limit: int) -> Sequence[Notification]:
    """Messages that are due and nobody holds, most severe first, then oldest.

    On PostgreSQL a message that somebody is taking at this very moment is passed over.
    """
    columns = notifications.c
    asked = (
        select(notifications)
        .where(OUTSTANDING, _free(now))
        .order_by(columns.severity.desc(), columns.created_at, columns.id)
        .limit(limit)
    )
    return list(readable(connection.execute(asked), notification))


def claim(connection: Connection, message: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take a message; whether we got it."""
    taking = (
        update(notifications)
        .where(notifications.c.id == message, _free(now))
        .values(state=CLAIMED, claimed_by=holder, claimed_until=microseconds(until))
    )
    return connection.execute(taking).rowcount == 1


def claim_due(
    connection: Connection,
    claimant: str,
    now: datetime,
    until: datetime,
    limit: int,
    besides: Collection[str] = (),
) -> Sequence[Notification]:
    """Take what is due and free, but for these receivers, most severe first; of several that ask at once each gets others.

    On PostgreSQL a message that somebody is taking at this very moment is passed over, not waited for.
    """
    columns = notifications.c
    due = (
        select(columns.id)
        .where(OUTSTANDING, _free(now), columns.receiver.not_in(list(besides)))
        .order_by(columns.severity.desc(), columns.created_at, columns.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taking = update(notifications).where(columns.id.in_(due), _free(now))
    taken = taking.values(state=CLAIMED, claimed_by=claimant, claimed_until=microseconds(until))
    rows = connection.execute(taken.returning(*columns)).all()
    return sorted(readable(rows, notification), key=lambda note: (-note.severity, note.created_at, note.id))


def free_stale(connection: Connection, fence: Fence, now: datetime) -> int:
    """Free what former tenures had claimed; returns how many messages.

    Only the holder of the lease tells, so every other claim is stale. One whose handing over had begun may have
    arrived: it is left to its claimant while that process lives and its claim lasts, for it alone knows the end.
    """
    require(connection, fence)
    columns = notifications.c
    stale = and_(columns.state == CLAIMED, columns.claimed_by != fence.claimant)
    claimants = list(connection.scalars(select(columns.claimed_by).where(stale).distinct()))
    if not claimants:
        return 0
    alive = living(connection)
    dead = [name for name in claimants if alive is not None and holder_of(name) not in alive]
    lapsed = or_(columns.begun_at.is_(None), columns.claimed_until <= microseconds(now), columns.claimed_by.in_(dead))
    freeing = update(notifications).where(stale, lapsed)
    return connection.execute(freeing.values(state=OWED, claimed_by=None, claimed_until=None)).rowcount


def free_all(connection: Connection) -> int:
    """Free every claim there is; returns how many. Only for whoever knows that nobody else lives on this store.

    One whose handing over had begun may have arrived: it goes out again, with its id.
    """
    freeing = update(notifications).where(notifications.c.state == CLAIMED)
    return connection.execute(freeing.values(state=OWED, claimed_by=None, claimed_until=None)).rowcount


def begin(connection: Connection, message: str, fence: Fence, now: datetime, until: datetime) -> bool:
    """Write down that handing over begins; `False` if the message is not ours (any more).

    Raises:
        LeaseLostError: another process holds the lease by now.
    """
    require(connection, fence)
    columns = notifications.c
    ours = (columns.id == message, columns.state == CLAIMED, columns.claimed_by == fence.claimant)
    beginning = update(notifications).where(*ours)
    values = {"begun_at": microseconds(now), "claimed_until": microseconds(until)}
    return connection.execute(beginning.values(values)).rowcount == 1


def give_back(connection: Connection, message: str, claimant: str) -> None:
    """It was begun and not handed over, says its claimant: owed again."""
    columns = notifications.c
    giving = update(notifications).where(
        columns.id == message, columns.state == CLAIMED, columns.claimed_by == claimant
    )
    connection.execute(giving.values(state=OWED, claimed_by=None, claimed_until=None, begun_at=None))


def mark_sent(connection: Connection, message: str, tried: Attempt) -> None:
    """It was handed over. Said twice, or said of a message that somebody else sent too, the first time stands.

    Raises:
        LookupError: there is no such message.
    """
    if _record(connection, message, tried):
        _settle(connection, message, state=SENT, sent_at=microseconds(tried.at), last_error=None)


def mark_failed(connection: Connection, message: str, tried: Attempt, retry_at: datetime | None) -> None:
    """It was not. A message that somebody else has sent meanwhile stays sent.

    Raises:
        LookupError: there is no such message.
    """
    if not _record(connection, message, tried):
        return
    changed: dict[str, Any] = {"state": PARKED, "last_error": optional_storable(tried.error)}
    if retry_at is not None:
        changed |= {"state": OWED, "due_at": microseconds(retry_at)}
    _settle(connection, message, **changed)


def attempts_of(connection: Connection, message: str) -> Sequence[Attempt]:
    """Every try to hand this message over, oldest first."""
    asked = select(attempts).where(attempts.c.notification == message).order_by(attempts.c.at, attempts.c.sequence)
    return list(readable(connection.execute(asked), attempt))


def _free(now: datetime) -> ColumnElement[bool]:
    """Due, and not held: a claim that lapsed holds nothing."""
    columns = notifications.c
    instant = optional_microseconds(now)
    return or_(
        and_(columns.state == OWED, columns.due_at <= instant),
        and_(columns.state == CLAIMED, columns.claimed_until <= instant),
    )


def _record(connection: Connection, message: str, tried: Attempt) -> bool:
    """Write the try down and count it; `False` where it was known already."""
    values = attempt_values(tried) | {"notification": message}
    if connection.scalar(select(notifications.c.id).where(notifications.c.id == message)) is None:
        raise LookupError(f"no message {message}")
    adding = insert_into(connection.dialect.name, attempts).values(values).on_conflict_do_nothing()
    if connection.execute(adding.returning(attempts.c.sequence)).first() is None:
        return False
    counting = update(notifications).where(notifications.c.id == message)
    connection.execute(counting.values(attempts=notifications.c.attempts + 1))
    return True


def _settle(connection: Connection, message: str, **changed: Any) -> None:
    settling = update(notifications).where(notifications.c.id == message, notifications.c.state != SENT)
    connection.execute(settling.values(claimed_by=None, claimed_until=None, begun_at=None, **changed))
