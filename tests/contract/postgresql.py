"""A PostgreSQL of our own for one test run, where Debian's server is installed."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.conftest import need

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def can_start() -> bool:
    return bool(BINARIES) and (os.geteuid() != 0 or "postgres" in {entry.pw_name for entry in pwd.getpwall()})


def _run(*command: str | Path) -> None:
    # The server refuses to run as root.
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=50, **user)  # type: ignore[call-overload]


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The address of a server that lives in this folder until the test run ends."""
    binaries = BINARIES[-1]
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        for parent in list(folder.parents)[:3]:
            parent.chmod(parent.stat().st_mode | 0o011)
    data = folder / "data"
    _run(binaries / "initdb", "-D", data, "-U", "dabyl", "--auth=trust", "-E", "UTF8", "--locale=C")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
    _run(binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql+psycopg://dabyl@/postgres?host={folder}"
    finally:
        _run(binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Address of a server: the one that DABYL_TEST_POSTGRESQL_URL names, or one of our own."""
    given = os.environ.get("DABYL_TEST_POSTGRESQL_URL")
    if given:
        yield given
        return
    need(can_start(), "PostgreSQL")
    with tempfile.TemporaryDirectory(prefix="dabyl-pg-") as folder, cluster(Path(folder) / "pg") as address:
        yield address


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """Address of an empty database, dropped afterwards."""
    name = f"dabyl_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def database(server: str) -> Iterator[str]:
    with fresh_database(server) as address:
        yield address
