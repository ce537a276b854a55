"""House rules of the tests: no socket beyond loopback, no task left over, one cast, one way to find real data."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from pytest_socket import socket_allow_hosts

from monitor.runtime.clock import SimulatedClock

ROOT = Path(__file__).resolve().parent.parent
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def pytest_runtest_setup() -> None:
    """Block every socket that would leave this machine."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


def need(present: bool, what: str) -> None:
    """Skip with a clear message where something is absent; fail instead where the run demands real servers."""
    if present:
        return
    if os.environ.get("DABYL_TEST_REAL_SERVERS") == "require":
        pytest.fail(f"{what} is needed in this run and is not here")
    pytest.skip(f"{what} is not here")


@pytest.fixture
def shared_data() -> Path:
    """The real data beside the repository; tests that need it skip where it is absent."""
    place = Path(os.environ.get("DABYL_SHARED", ROOT.parent / "shared")) / "data"
    if not place.is_dir():
        pytest.skip("the real data beside the repository is not here")
    return place


@pytest.fixture
def clock() -> SimulatedClock:
    """A clock that stands at New Year 2026 until a test moves it."""
    return SimulatedClock(NEW_YEAR)


@pytest_asyncio.fixture(autouse=True)
async def _no_task_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    left = [task for task in asyncio.all_tasks() - before if not task.done() and task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    assert not left, f"tasks left over: {[task.get_name() for task in left]}"


@pytest.fixture
def config_dir() -> Iterator[Path]:
    """The default configuration."""
    return ROOT / "config"
