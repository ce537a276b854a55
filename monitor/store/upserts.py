"""INSERT that knows what to do with a row that is there already: SQLite and PostgreSQL say it in the same words."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, Text, bindparam, cast, func, insert, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

Insert = postgresql.Insert | sqlite.Insert


def insert_into(dialect: str, table: Table) -> Insert:
    """An INSERT in that dialect."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def add_new(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, leaving those that are there already as they are."""
    if len(rows) > 1 and connection.dialect.name == "postgresql":
        connection.execute(_at_once(table, tuple(rows[0]), ignoring=True), {"rows": json.dumps(rows)})
    elif rows:
        connection.execute(_ignoring(connection.dialect.name, table), rows)


def add(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows in their order; none of them may be there."""
    if len(rows) > 1 and connection.dialect.name == "postgresql":
        connection.execute(_at_once(table, tuple(rows[0]), ignoring=False), {"rows": json.dumps(rows)})
    elif rows:
        connection.execute(insert(table), list(rows))


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


@cache
def _at_once(table: Table, names: tuple[str, ...], *, ignoring: bool) -> Insert:
    """PostgreSQL: all rows in one statement and one answer, written as JSON.

    www.postgresql.org/docs/15/functions-json.html: json_populate_recordset gives each value its column's type.
    """
    kind: ColumnElement[Any] = literal_column(f"NULL::{table.name}")
    given = func.json_populate_recordset(kind, cast(bindparam("rows", type_=Text), postgresql.JSON))
    row = given.table_valued(*names)
    statement = postgresql.insert(table).from_select(list(names), select(*(row.c[name] for name in names)))
    return statement.on_conflict_do_nothing() if ignoring else statement
