"""INSERT that knows what to do with a row that is there already: SQLite and PostgreSQL say it in the same words."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Insert = postgresql.Insert | sqlite.Insert


def insert_into(dialect: str, table: Table) -> Insert:
    """An INSERT in that dialect."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def add_new(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, leaving those that are there already as they are."""
    if rows:
        connection.execute(_ignoring(connection.dialect.name, table), rows)


def put(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, or give the row of the same primary key these values."""
    if rows:
        connection.execute(_replacing(connection.dialect.name, table), rows)


@cache
def _ignoring(dialect: str, table: Table) -> Insert:
    return insert_into(dialect, table).on_conflict_do_nothing()


@cache
def _replacing(dialect: str, table: Table) -> Insert:
    statement = insert_into(dialect, table)
    keys = [column.name for column in table.primary_key]
    values = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=values)
