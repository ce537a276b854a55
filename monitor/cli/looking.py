"""Looking into the store from the command line, while the service runs and when it does not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from monitor.settings import Settings
from monitor.store.ledger import Ledger, open_ledger


@asynccontextmanager
async def looking(settings: Settings) -> AsyncIterator[Ledger]:
    """The store, read-only.

    Raises:
        StoreUnavailableError: there is none yet, or it cannot be read.
    """
    store = await open_ledger(settings.state_address, read_only=True)
    try:
        yield store
    finally:
        await store.close()
