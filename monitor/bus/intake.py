"""The reading end of the stream: takes its share, commits it, and acknowledges after the commit.

A reader that dies loses nothing: what it had is sent again (see `uplink.py`), and the store knows what it has already.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final

from monitor.bus.mqtt_connection import Broker, Connection, Incoming
from monitor.bus.standing import stand
from monitor.bus.topics import Topics
from monitor.bus.wire import LARGEST_BYTES, Receipt, WireError, pack_receipt, unpack
from monitor.domain.errors import StoreUnavailableError, UnavailableError
from monitor.domain.ports import Clock
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
        # No session is kept for us: a reader that died must not go on being dealt its share. Few batches are
        # ours at a time, so that the others find work.
        name = f"{self.topics.prefix}-{self.instance}-items"
        await stand(
            replace(self.broker, identifier=name, in_flight=4, largest_bytes=LARGEST_BYTES), self.clock, self._serve
        )

    async def _serve(self, connection: Connection) -> None:
        await connection.subscribe(self.topics.shared_items)
        # While one batch's receipt is on its way, the next is being read.
        receipts: asyncio.Queue[tuple[Incoming, str, Receipt]] = asyncio.Queue(2)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._take_all(connection, receipts))
                group.create_task(self._say_all(connection, receipts))
        except* UnavailableError:
            raise UnavailableError("the connection to the broker broke") from None

    async def _take_all(self, connection: Connection, receipts: "asyncio.Queue[tuple[Incoming, str, Receipt]]") -> None:
        async for message in connection.messages():
            names = self.topics.item_names(message.topic)
            if names is None:
                log.warning("a message on an unknown topic is left out")
                connection.acknowledge(message)
                continue
            sender, name = names
            await receipts.put((message, sender, await self._judged(sender, name, message.payload)))

    async def _say_all(self, connection: Connection, receipts: "asyncio.Queue[tuple[Incoming, str, Receipt]]") -> None:
        """Receipt and acknowledgement, both after the commit."""
        while True:
            message, sender, receipt = await receipts.get()
            await connection.publish(self.topics.receipts(sender), pack_receipt(receipt))
            connection.acknowledge(message)

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
        try:
            await self._commit(batch.items)
        except asyncio.CancelledError:
            # The connection broke, or we are being stopped: no fault of the batch.
            self._tries[name] = tries - 1
            raise
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
