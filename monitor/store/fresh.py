"""The schema of this release made in one go, for a database that holds nothing yet.

Walking through every step of history would load Alembic, a third of a second and 10 MiB that a fresh start need not pay
(https://alembic.sqlalchemy.org/en/latest/cookbook.html#building-an-up-to-date-database-from-scratch). A test makes sure that
this and the steps come to the same.
"""

from typing import Final

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, text

from monitor.store.migrations import HEAD
from monitor.store.schema import commits, metadata

SQLITE_GUARD: Final = (
    "CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
)
POSTGRESQL_REFUSAL: Final = (
    "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$"
)
POSTGRESQL_GUARD: Final = (
    "CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
)
VERSION: Final = Table(
    "alembic_version", MetaData(), Column("version_num", String(32), primary_key=True, nullable=False)
)


def create(connection: Connection) -> None:
    """Make all tables, indexes and guards, and note which schema it is. Inside the transaction that is open."""
    metadata.create_all(connection)
    on_sqlite = connection.dialect.name == "sqlite"
    if not on_sqlite:
        connection.execute(text(POSTGRESQL_REFUSAL))
    for verb in ("UPDATE", "DELETE"):
        connection.execute(text((SQLITE_GUARD if on_sqlite else POSTGRESQL_GUARD).format(verb=verb)))
    connection.execute(insert(commits).values(id=1, number=0))
    VERSION.create(connection)
    connection.execute(insert(VERSION).values(version_num=HEAD))
