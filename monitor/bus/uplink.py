"""Items from collecting parts to reading ones, over MQTT: none is lost, and a repeat changes nothing.

A batch lies in the sender's spool until a reader's receipt says that the store has it. A broker that forgets, a reader
that is killed, a connection that breaks: the batch goes out again. Readers acknowledge to the broker after the commit.
A source's bookmark moves once all batches before it have their receipts, so that no crash can leap over a post.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from monitor.bus.mqtt_connection import Broker, Connection
from monitor.bus.spool import Fresh, Spool, Spooled
from monitor.bus.standing import stand
from monitor.bus.topics import Topics
from monitor.bus.wire import LARGEST_BYTES, Receipt, WireError, pack, unpack_receipt
from monitor.domain.errors import StoreUnavailableError, UnavailableError
from monitor.domain.measurements import Measurement
from monitor.domain.ports import Clock
from monitor.domain.reports import Item, Report

MOST_ITEMS: Final = 200
"""Items of a batch: one row a message makes 600 rows/s, a hundred make 28,000, two hundred more."""
AT_ONCE: Final = 10
"""Batches of one commit, where that many wait."""
MOST_ROWS: Final = 2000
"""Items of a batch that holds an agent's parcel: a parcel is stored after its rows, so it stays in one batch with them."""
MOST_CHARACTERS: Final = 400_000
LINGER_SECONDS: Final = 0.1
"""How long the first item of a batch waits for company."""
WINDOW: Final = 40
"""Batches under way without a receipt: far fewer than a broker queues (1,000, and then it drops in silence)."""
RECEIPT_SECONDS: Final = 5.0
"""The least time after which a batch without a receipt goes out again."""
FULL_BYTES: Final = 512 * 2**20
"""A spool larger than this holds the collectors back: nothing is dropped, sources are asked later."""
RETRY_SECONDS: Final = 2.0
log = logging.getLogger(__name__)

Settle = Callable[[Mapping[str, str]], Awaitable[None]]


@dataclass(slots=True)
class _Under:
    """A batch under way.

    Attributes:
        after_all: it goes out when everything before it has its receipt: it may hold the rest of a torn parcel.
    """

    batch: Spooled
    after_all: bool = False
    sent_at: float | None = None
    received: bool = False


@dataclass(slots=True)
class Counts:
    """What an uplink has done."""

    batches: int = 0
    repeated: int = 0
    refused: int = 0


class Uplink:
    """The collecting end.

    Args:
        settle: stores bookmarks; called once everything before them has its receipt.
        parcelled: the source whose rows are followed by their agent's parcel.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        topics: Topics,
        spool: Spool,
        clock: Clock,
        sender: str,
        settle: Settle,
        parcelled: str | None = None,
    ) -> None:
        name = f"{topics.prefix}-{sender}-items"
        self._broker = replace(broker, identifier=name, in_flight=WINDOW, largest_bytes=LARGEST_BYTES)
        self._topics = topics
        self._spool = spool
        self._clock = clock
        self._sender = sender
        self._settle = settle
        self._fresh: asyncio.Queue[Item] = asyncio.Queue(AT_ONCE * MOST_ITEMS)
        self._order: dict[int, _Under] = {}
        self._changed = asyncio.Event()
        self._receipted = asyncio.Event()
        self._latency_seconds = 0.0
        self._unspooled = 0
        self._held: list[list[Item]] = []
        self._torn = False
        self._parcelled = parcelled
        self.counts = Counts()

    @property
    def waiting(self) -> int:
        """Batches without a receipt."""
        return sum(not under.received for under in self._order.values())

    async def put(self, item: Item) -> None:
        """Take an item; waits while much has no receipt yet."""
        self._unspooled += 1
        await self._fresh.put(item)

    async def idle(self) -> None:
        """Return once everything that was put has its receipt and its bookmarks are stored."""
        while self._unspooled or self._order:
            await self._clock.sleep(0.005)

    async def run(self) -> None:
        """Spool, send, and settle; runs for ever.

        Raises:
            StoreUnavailableError: the spool cannot be used.
            AccessDeniedError: the broker refuses us.
        """
        if not self._spool.identity:
            self._order = {batch.number: _Under(batch, after_all=True) for batch in await self._spool.open()}
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep())
            group.create_task(self._settle_all())
            group.create_task(stand(self._broker, self._clock, self._serve))

    async def close(self) -> None:
        """Let go of the spool."""
        await self._spool.close()

    async def _keep(self) -> None:
        """Items to batches on disk; what waits meanwhile goes into the next commit together."""
        while True:
            while not self._held or (len(self._held) < AT_ONCE and self._fresh.qsize() >= MOST_ITEMS):
                await self._gather()
            while self._spool.waiting_bytes > FULL_BYTES:
                await self._clock.sleep(RETRY_SECONDS)
            batches, self._held = self._held, []
            try:
                await self._add(batches)
            except asyncio.CancelledError:
                # The part may start again while collectors go on: a later bookmark must not leap over these.
                self._held = batches
                raise

    async def _gather(self) -> None:
        items = [await self._fresh.get()]
        self._held.append(items)
        characters = _characters(items[0])
        async with _quietly(LINGER_SECONDS):
            while characters < MOST_CHARACTERS and not _is_full(items, self._parcelled):
                items.append(await self._fresh.get())
                characters += _characters(items[-1])

    async def _add(self, batches: list[list[Item]]) -> None:
        fresh = [Fresh(partial(self._packed, items), _cursors(items)) for items in batches]
        while True:
            try:
                await self._spool.add(fresh, partial(self._spooled, batches))
            except StoreUnavailableError as error:
                waiting = sum(map(len, batches))
                log.error("nothing can be spooled: %s; %d items wait", error.reason, waiting)
                await self._clock.sleep(RETRY_SECONDS)
                continue
            return

    def _spooled(self, batches: list[list[Item]], spooled: Sequence[Spooled]) -> None:
        for items, batch in zip(batches, spooled, strict=True):
            torn = _is_torn(items, self._parcelled)
            self._order[batch.number] = _Under(batch, after_all=self._torn or torn)
            self._torn = torn
            self._unspooled -= len(items)
        batches.clear()
        self._changed.set()

    def _packed(self, items: list[Item], name: str) -> bytes:
        return pack(items, sender=self._sender, name=name)

    async def _serve(self, connection: Connection) -> None:
        """One connection's life: everything without a receipt goes out again."""
        await connection.subscribe(self._topics.receipts(self._sender))
        for under in self._order.values():
            under.sent_at = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hear(connection))
                group.create_task(self._send(connection))
        except* UnavailableError:
            raise UnavailableError("the connection to the broker broke") from None

    async def _send(self, connection: Connection) -> None:
        while True:
            self._changed.clear()
            for under in self._due():
                again = under.sent_at is not None
                under.sent_at = self._clock.monotonic()
                name = self._spool.name_of(under.batch.number)
                await connection.publish(self._topics.items(self._sender, name), under.batch.body)
                self.counts.batches += 1
                self.counts.repeated += again
            async with _quietly(1.0):
                await self._changed.wait()

    def _due(self) -> list[_Under]:
        """What may go out now: the oldest ones inside the window, those that were never sent or long ago."""
        old = self._clock.monotonic() - max(RECEIPT_SECONDS, 4 * self._latency_seconds)
        under_way = [under for under in self._order.values() if not under.received][:WINDOW]
        wall = next((place for place, under in enumerate(under_way) if under.after_all), None)
        if wall is not None:
            under_way = under_way[: max(wall, 1)]
        return [under for under in under_way if under.sent_at is None or under.sent_at < old]

    async def _hear(self, connection: Connection) -> None:
        async for message in connection.messages():
            try:
                await self._received(unpack_receipt(message.payload))
            except WireError as error:
                log.warning("a receipt is not understood: %s", error)
            connection.acknowledge(message)

    async def _received(self, receipt: Receipt) -> None:
        number = self._spool.number_of(receipt.name)
        under = self._order.get(number) if number is not None else None
        if number is None or under is None or under.received:
            return
        if under.sent_at is not None:
            waited = self._clock.monotonic() - under.sent_at
            self._latency_seconds += 0.1 * (waited - self._latency_seconds)
        if receipt.unread:
            log.error("batch %s: %d items of it were not understood by the reader", receipt.name, receipt.unread)
        if receipt.refused is not None:
            log.error("batch %s was refused and is kept aside: %s", receipt.name, receipt.refused)
            self.counts.refused += 1
            await self._spool.set_aside(number, receipt.refused)
            under.batch = replace(under.batch, number=-number)
        under.received = True
        self._changed.set()
        self._receipted.set()

    async def _settle_all(self) -> None:
        """Bookmarks move over the unbroken row of received batches; then those leave the spool."""
        while True:
            done = self._settled()
            if done:
                await self._store([self._order[number].batch for number in done])
                for number in done:
                    del self._order[number]
            else:
                self._receipted.clear()
                await self._receipted.wait()

    def _settled(self) -> list[int]:
        done: list[int] = []
        for number, under in self._order.items():
            if not under.received or len(done) >= 500:
                break
            done.append(number)
        return done

    async def _store(self, batches: list[Spooled]) -> None:
        cursors: dict[str, str] = {}
        for batch in batches:
            cursors |= batch.cursors
        while True:
            try:
                if cursors:
                    await self._settle(cursors)
                await self._spool.forget([batch.number for batch in batches if batch.number > 0])
            except StoreUnavailableError as error:
                log.warning("bookmarks cannot be stored: %s", error.reason)
                await self._clock.sleep(RETRY_SECONDS)
                continue
            return


def _is_full(items: list[Item], parcelled: str | None) -> bool:
    return len(items) >= MOST_ITEMS and (len(items) >= MOST_ROWS or not _is_torn(items, parcelled))


def _is_torn(items: list[Item], parcelled: str | None) -> bool:
    """Whether the latest rows of that source have no parcel behind them yet."""
    latest = next((item.content for item in reversed(items) if item.source == parcelled), None)
    return isinstance(latest, Measurement)


def _cursors(items: list[Item]) -> dict[str, str]:
    return {item.source: item.cursor for item in items if item.cursor is not None}


def _characters(item: Item) -> int:
    return len(item.content.text) if isinstance(item.content, Report) else 0


class _quietly:  # noqa: N801 - used as a function
    """A time limit that ends the block and is no error."""

    def __init__(self, seconds: float) -> None:
        self._limit = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()

    async def __aexit__(self, *error: object) -> bool:
        try:
            await self._limit.__aexit__(*error)  # type: ignore[arg-type]
        except TimeoutError:
            return True
        return False
