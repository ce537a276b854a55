"""Leases: which of several processes may do what only one may do, and refusing what a former holder still wants to store.

Everything is compared and swapped in one statement, so that of two that try one wins. Which processes are alive, the
database server knows by their sessions.
"""

from sqlalchemy import ColumnElement, Connection, select, text, update

from monitor.domain.leases import Fence, Lease, LeaseLostError
from monitor.store.schema import leases
from monitor.store.upserts import insert_into

columns = leases.c


def seen(connection: Connection, name: str) -> Lease | None:
    """The lease as it stands; `None` if nobody ever held it."""
    row = connection.execute(select(leases).where(columns.name == name)).first()
    return None if row is None else Lease(name=row.name, holder=row.holder, token=row.token, beats=row.beats)


def take(connection: Connection, name: str, holder: str, before: Lease | None) -> Fence | None:
    """Take it over, if it still stands as it was seen before; `None` if it moved meanwhile."""
    if before is None:
        adding = insert_into(connection.dialect.name, leases).values(name=name, holder=holder, token=1, beats=0)
        made = connection.execute(adding.on_conflict_do_nothing().returning(columns.token)).first()
        return None if made is None else Fence(lease=name, holder=holder, token=1)
    same = (columns.name == name, columns.token == before.token, columns.beats == before.beats)
    token = before.token + 1
    swapped = connection.execute(update(leases).where(*same).values(holder=holder, token=token, beats=0)).rowcount == 1
    return Fence(lease=name, holder=holder, token=token) if swapped else None


def renew(connection: Connection, fence: Fence) -> bool:
    """One beat more; `False` if somebody else holds it by now."""
    beating = update(leases).where(*_ours(fence)).values(beats=columns.beats + 1)
    return connection.execute(beating).rowcount == 1


def release(connection: Connection, fence: Fence) -> None:
    """Leave it to whoever wants it, at once; nothing happens where it was lost already."""
    connection.execute(update(leases).where(*_ours(fence)).values(holder=None))


def require(connection: Connection, fence: Fence) -> None:
    """Make sure that this tenure still lasts, and that it lasts until this transaction ends.

    Raises:
        LeaseLostError: it does not.
    """
    asked = select(columns.token).where(*_ours(fence)).with_for_update(read=True)
    if connection.scalar(asked) is None:
        message = f"the lease {fence.lease} was taken over by another process"
        raise LeaseLostError(message)


def living(connection: Connection) -> frozenset[str] | None:
    """Names of the processes that have a session with the database now; `None` where nobody can say (SQLite)."""
    if connection.dialect.name != "postgresql":
        return None
    asked = "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()"
    return frozenset(connection.scalars(text(asked)))


def _ours(fence: Fence) -> tuple[ColumnElement[bool], ...]:
    return columns.name == fence.lease, columns.token == fence.token, columns.holder == fence.holder
