"""Looking into the store from the command line, while the service runs and when it does not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from monitor.app import open_series_store
from monitor.domain.ports import SeriesStore
from monitor.settings import Settings
from monitor.store.state import SqlStateStore, open_state


@asynccontextmanager
async def looking(settings: Settings) -> AsyncIterator[SqlStateStore]:
    """The store, read-only.

    Raises:
        StoreUnavailableError: there is none yet, or it cannot be read.
    """
    store = await open_state(settings.state_address, read_only=True)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def looking_at_series(settings: Settings) -> AsyncIterator[SeriesStore]:
    """The series, read-only.

    Raises:
        StoreUnavailableError: there are none yet, or they cannot be read.
    """
    store = await open_series_store(settings, read_only=True)
    try:
        yield store
    finally:
        await store.close()
