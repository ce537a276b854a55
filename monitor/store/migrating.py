"""Bringing a database to the schema of this release, in one transaction, and refusing what we cannot read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, inspect, select, table, text
from sqlalchemy import column as sql_column
from sqlalchemy.exc import DBAPIError

from monitor.domain.errors import StoreUnavailableError
from monitor.store import fresh
from monitor.store.failures import unavailable
from monitor.store.migrations import HEAD, REVISIONS

MIGRATION_LOCK: Final = 0x6461_6279_6C01
"""Key of the PostgreSQL advisory lock: two parts that start together migrate one after the other."""

ALEMBIC_VERSION: Final = table("alembic_version", sql_column("version_num"))


def migrate(engine: Engine) -> None:
    """Bring the schema up to date; does nothing where it is.

    Raises:
        StoreUnavailableError: made by a newer release, or it could not be written; the schema is as it was.
    """
    attempt(engine, _upgrade)


def require_current(engine: Engine) -> None:
    """Make sure that this release can read the database as it is.

    Raises:
        StoreUnavailableError: it is empty, or made by another release.
    """
    attempt(engine, _refuse_other_release)


def attempt(engine: Engine, step: Callable[[Connection], None]) -> None:
    """Do this in one transaction.

    Raises:
        StoreUnavailableError: it could not be done; the database is as it was.
    """
    try:
        with engine.begin() as connection:
            step(connection)
    except DBAPIError as error:
        reason = unavailable(error)
        if reason is None:
            raise
        raise reason from error


def revision(connection: Connection) -> str | None:
    """The schema that a database has; `None` where it has none yet."""
    if not inspect(connection).has_table(ALEMBIC_VERSION.name):
        return None
    found: str | None = connection.execute(select(ALEMBIC_VERSION.c.version_num)).scalar()
    return found


def refuse_unknown(found: str | None) -> None:
    """Raise for a schema that this release does not know.

    Raises:
        StoreUnavailableError: a newer release made it.
    """
    if found is not None and found not in REVISIONS:
        message = f"this data was written by a newer release (schema {found}, we know up to {HEAD}): update Dabyl"
        raise StoreUnavailableError(message)


def _refuse_other_release(connection: Connection) -> None:
    found = revision(connection)
    refuse_unknown(found)
    if found is None:
        message = "there is no data here yet: start the service once (dabyl run)"
        raise StoreUnavailableError(message)
    if found != HEAD:
        message = "this data was written by an older release: start the service once (dabyl run) to bring it up to date"
        raise StoreUnavailableError(message)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    found = revision(connection)
    refuse_unknown(found)
    if found is None:
        fresh.create(connection)
    elif found != HEAD:
        run_steps(connection, HEAD)


def run_steps(connection: Connection, target: str) -> None:
    """Run the steps up to that revision inside the transaction that is open."""
    from alembic import command  # noqa: PLC0415 - a third of a second to import, needed once per release

    command.upgrade(_configured(connection), target)


def run_down(connection: Connection, target: str) -> None:
    """Undo the steps down to that revision inside the transaction that is open."""
    from alembic import command  # noqa: PLC0415 - as above

    command.downgrade(_configured(connection), target)


def _configured(connection: Connection) -> Any:
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
