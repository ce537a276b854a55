"""PostgreSQL: wherever a process freezes in a transaction, the server sees that it is idle and frees its locks in time."""

import re
from typing import Any

import pytest
from psycopg import adapters
from psycopg.types.string import StrDumper
from sqlalchemy import create_engine, text

from monitor.store.engines import POSTGRESQL_OPTIONS, server_engines
from monitor.store.schema import cursors, metadata
from monitor.store.upserts import add, add_new, put
from tests.contract.postgresql import database, server  # noqa: F401 - fixtures


class Watched(str):
    """A value that, on its way into a statement, asks the server how it sees our session."""


@pytest.mark.server
@pytest.mark.parametrize("write", [put, add_new, add])
def test_between_any_two_rows_the_session_counts_as_idle(database: str, write: Any) -> None:  # noqa: F811
    watching = create_engine(database, isolation_level="AUTOCOMMIT")
    seen: list[str] = []

    class Dumper(StrDumper):
        def dump(self, obj: str) -> bytes:
            with watching.connect() as connection:
                asked = "SELECT state FROM pg_stat_activity WHERE application_name = 'writer'"
                seen.extend(connection.scalars(text(asked)))
            return obj.encode()

    adapters.register_dumper(Watched, Dumper)
    engine = server_engines(database, read_only=False, name="writer").writing
    metadata.create_all(engine)
    rows = [{"source": Watched(f"s{number}"), "cursor": str(number)} for number in range(5)]
    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        write(connection, cursors, rows)
    with engine.begin() as connection:
        kept = [tuple(row) for row in connection.execute(cursors.select().order_by(cursors.c.source))]
    assert kept == [(f"s{number}", str(number)) for number in range(5)]
    assert set(seen) <= {"idle in transaction"}
    engine.dispose()
    watching.dispose()


def test_another_waits_longer_for_a_lock_than_a_frozen_process_may_keep_it() -> None:
    settings = {name: int(value) for name, value in re.findall(r"-c (\w+)=(\d+)", POSTGRESQL_OPTIONS)}
    assert settings["lock_timeout"] > settings["idle_in_transaction_session_timeout"] + 1000
