"""Which schema a database has, and taking it up or down, whole or not at all.

Going up happens by itself when a part starts. Going down is for going back to an older release: it drops what that
release does not know, says what before it does, and refuses on data of a newer release than this one.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Engine, func, inspect, select, text
from sqlalchemy import table as sql_table

from monitor.domain.errors import StoreUnavailableError
from monitor.store.migrating import MIGRATION_LOCK, attempt, refuse_unknown, revision, run_down, run_steps
from monitor.store.migrations import HEAD, REVISIONS

DROPPED: Final = {
    "0002": ("audit", "health_changes"),
    "0010": ("agents", "agent_parcels"),
    "0020": ("leases",),
    "0030": ("measurements", "memories"),
}
"""Tables that are gone when a step is undone."""


def status(engine: Engine) -> tuple[str | None, str]:
    """The schema that the database has (`None` where it has none) and the one of this release.

    Raises:
        StoreUnavailableError: the database cannot be asked.
    """
    found: list[str | None] = []
    attempt(engine, lambda connection: found.append(revision(connection)))
    return found[0], HEAD


def take_to(engine: Engine, target: str) -> None:
    """Bring the schema to that revision, up or down, in one transaction.

    Raises:
        StoreUnavailableError: made by a newer release, no such revision, or it could not be written; the schema is as
            it was.
    """
    if target not in REVISIONS:
        message = f"there is no schema {target}; this release knows {', '.join(REVISIONS)}"
        raise StoreUnavailableError(message)
    attempt(engine, lambda connection: _take(connection, target))


def lost_by(engine: Engine, target: str) -> dict[str, int]:
    """Rows by table that going down to that revision would drop; empty where it is no step down.

    Raises:
        StoreUnavailableError: the database cannot be asked.
    """
    counted: dict[str, int] = {}
    attempt(engine, lambda connection: counted.update(_counted(connection, target)))
    return counted


def _take(connection: Connection, target: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    found = revision(connection)
    refuse_unknown(found)
    if found is None or REVISIONS.index(found) < REVISIONS.index(target):
        run_steps(connection, target)
    elif found != target:
        run_down(connection, target)


def _counted(connection: Connection, target: str) -> dict[str, int]:
    present = set(inspect(connection).get_table_names())
    return {
        name: connection.scalar(select(func.count()).select_from(sql_table(name))) or 0
        for name in _dropped(revision(connection), target)
        if name in present
    }


def _dropped(found: str | None, target: str) -> Sequence[str]:
    if found not in REVISIONS or target not in REVISIONS:
        return ()
    undone = REVISIONS[REVISIONS.index(target) + 1 : REVISIONS.index(found) + 1]
    return [name for step in undone for name in DROPPED.get(step, ())]
