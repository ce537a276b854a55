"""The reading end of the stream: takes its share, commits it, and acknowledges after the commit.

A reader that dies loses nothing: what it had is sent again (see `uplink.py`), and the store knows what it has already.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final

from monitor.bus.mqtt_connection import Broker, Connection, Incoming
from monitor.bus.standing import stand
from monitor.bus.topics import Topics
from monitor.bus.wire import LARGEST_BYTES, Receipt, WireError, pack_receipt, unpack
from monitor.domain.ports import Clock, StoreUnavailableError
from monitor.domain.reports import Item

RETRY_SECONDS: Final = 2.0
MOST_TRIES: Final = 3
"""A batch that ends a reader's life this often is refused and kept aside by its sender."""
log = logging.getLogger(__name__)

Handle = Callable[[tuple[Item, ...]], Awaitable[None]]


@dataclass(slots=True)
class Intake:
    """The reading end: takes its share of the stream, and acknowledges after the commit.

    Attributes:
        handle: stores the items; returns after the commit.
        done: batches committed.
        refused: batches that made no sense, or ended this reader's life too often.
    """

    broker: Broker
    topics: Topics
    clock: Clock
    instance: str
    handle: Handle
    done: int = 0
    refused: int = 0
    _tries: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Read for ever.

        Raises:
            AccessDeniedError: the broker refuses us.
        """
        # No session is kept for us: a reader that died must not go on being dealt its share. Two batches at most are
        # ours at a time, so that the others find work.
        name = f"{self.topics.prefix}-{self.instance}-items"
        await stand(
            replace(self.broker, identifier=name, in_flight=2, largest_bytes=LARGEST_BYTES), self.clock, self._serve
        )

    async def _serve(self, connection: Connection) -> None:
        await connection.subscribe(self.topics.shared_items)
        async for message in connection.messages():
            await self._take(connection, message)
            connection.acknowledge(message)

    async def _take(self, connection: Connection, message: Incoming) -> None:
        names = self.topics.item_names(message.topic)
        if names is None:
            log.warning("a message on an unknown topic is left out")
            return
        sender, name = names
        receipt = await self._judged(sender, name, message.payload)
        await connection.publish(self.topics.receipts(sender), pack_receipt(receipt))

    async def _judged(self, sender: str, name: str, payload: bytes) -> Receipt:
        """Commit a batch, however long the store takes; the receipt for it."""
        try:
            batch = unpack(payload)
            if (batch.sender, batch.name) != (sender, name):
                raise WireError("it says another sender or name than its topic")
        except WireError as error:
            self.refused += 1
            return Receipt(name=name, refused=str(error))
        for fault in batch.faults:
            log.error("batch %s of %s: %s", name, sender, fault)
        if len(self._tries) > 1000:
            self._tries.clear()
        tries = self._tries[name] = self._tries.get(name, 0) + 1
        if tries > MOST_TRIES:
            self.refused += 1
            return Receipt(name=name, refused=f"a bug met it {MOST_TRIES} times")
        await self._commit(batch.items)
        self._tries.pop(name, None)
        self.done += 1
        return Receipt(name=name, unread=len(batch.faults))

    async def _commit(self, items: tuple[Item, ...]) -> None:
        while True:
            try:
                await self.handle(items)
            except StoreUnavailableError as error:
                log.error("nothing can be stored: %s; %d items wait", error.reason, len(items))
                await self.clock.sleep(RETRY_SECONDS)
                continue
            return
