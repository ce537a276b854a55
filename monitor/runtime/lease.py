"""Holding a lease: waiting for it, renewing it, and knowing when it is over.

Promises that a holder which could not confirm its lease for `TRUST_SECONDS` acts no more, and that another takes over
no sooner than `PATIENCE_SECONDS` after the last beat it saw: the first is shorter than the second, both by monotonic
clocks, so that two never act at one time unless a process freezes between its last look and its next step. What it
stores after waking is then refused by its token.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from monitor.domain.errors import StoreUnavailableError
from monitor.domain.leases import Fence, Lease, LeaseLostError
from monitor.domain.ports import Clock, LeaseStore

BEAT_SECONDS: Final = 1.0
TRUST_SECONDS: Final = 3.5
"""How long a holder trusts its last confirmed beat."""
PATIENCE_SECONDS: Final = 5.0
"""How long the same beat must stand before another takes over."""
log = logging.getLogger(__name__)


class Tenure:
    """The time during which this process holds a lease."""

    def __init__(self, store: LeaseStore, fence: Fence, clock: Clock, asked_at: float) -> None:
        self._store = store
        self._clock = clock
        self._confirmed = asked_at
        self._over = False
        self.fence = fence

    def check(self) -> None:
        """Go on only while the lease is surely ours. Called right before each step that others will see.

        Raises:
            LeaseLostError: it is not, or nobody could confirm it for too long.
        """
        if not self.lasts():
            raise LeaseLostError(f"the lease {self.fence.lease} is not confirmed any more")

    def lasts(self) -> bool:
        """Whether the lease is surely ours at this moment."""
        return not self._over and self._clock.monotonic() - self._confirmed <= TRUST_SECONDS

    async def keep(self) -> None:
        """Renew it; returns when it is lost. What is under way then ends by itself: it is never cut off."""
        while self.lasts():
            asked = self._clock.monotonic()
            try:
                ours = await self._store.renew_lease(self.fence)
            except StoreUnavailableError as error:
                log.warning("the lease %s cannot be renewed: %s", self.fence.lease, error.reason)
            else:
                self._over = self._over or not ours
                # Counted from before the question: whoever watches the beat cannot have seen it earlier.
                self._confirmed = asked
            await self._clock.sleep(BEAT_SECONDS)
        log.warning("%s lost the lease %s (token %d)", self.fence.holder, self.fence.lease, self.fence.token)

    async def end(self) -> None:
        """Leave it to another at once."""
        self._over = True
        await self._store.release_lease(self.fence)


async def acquire(store: LeaseStore, name: str, holder: str, clock: Clock) -> Tenure:
    """Wait until the lease is free or its holder beats no more, then take it.

    Raises:
        StoreUnavailableError: the store cannot be asked.
    """
    seen: Lease | None = None
    since = clock.monotonic()
    while True:
        now = await store.lease(name)
        if now != seen or now is None:
            seen, since = now, clock.monotonic()
        free = seen is None or seen.holder is None or clock.monotonic() - since >= PATIENCE_SECONDS
        if free:
            asked = clock.monotonic()
            fence = await store.take_lease(name, holder, seen)
            if fence is not None:
                log.info("%s holds the lease %s (token %d)", holder, name, fence.token)
                return Tenure(store, fence, clock, asked)
        await clock.sleep(BEAT_SECONDS)


@asynccontextmanager
async def held(store: LeaseStore, name: str, holder: str, clock: Clock) -> AsyncIterator[Tenure]:
    """Hold it for as long as the block lasts; left to another at once when the block ends."""
    tenure = await acquire(store, name, holder, clock)
    try:
        yield tenure
    finally:
        try:
            await tenure.end()
        except StoreUnavailableError as error:
            log.warning("the lease %s could not be given back: %s", name, error.reason)
