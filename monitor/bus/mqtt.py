"""The doorbell between processes, over MQTT 5, and each process's health with its last will.

The store is the memory: a ring that is lost while the broker is away costs a little time, because every listener also
looks by itself now and then. Rings are never queued for a broker that is away.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from typing import Final

from monitor.bus.local import LocalBus
from monitor.bus.mqtt_connection import Broker, Connection, Will
from monitor.bus.standing import stand
from monitor.bus.topics import Topics
from monitor.bus.wire import WireError, pack_health, unpack_health
from monitor.domain.errors import UnavailableError
from monitor.domain.health import Feeling, Health
from monitor.domain.ports import Clock

RING_SECONDS: Final = 60
"""A ring older than this wakes nobody: whoever was away looks into the store first."""
WAITING: Final = 64
log = logging.getLogger(__name__)

Hearing = Callable[[Health], Awaitable[None]]


class MqttBus:
    """Rings at every process that listens; an implementation of `Bus`.

    Attributes:
        dropped: rings that could not be handed to the broker.
    """

    def __init__(
        self, broker: Broker, topics: Topics, clock: Clock, *, part: str, instance: str, hears: Hearing | None = None
    ) -> None:
        self._topics = topics
        self._clock = clock
        self._own = topics.health(part, instance)
        self._instance = instance
        self._hears = hears
        self._broker = replace(broker, identifier=f"{topics.prefix}-{instance}-bell", will=self._will())
        self._local = LocalBus()
        self._rings: asyncio.Queue[tuple[str, str]] = asyncio.Queue(WAITING)
        self.dropped = 0
        self.connected = asyncio.Event()

    async def publish(self, topic: str, message: str = "") -> None:
        """Ring here at once, and everywhere else as soon as the broker takes it; never waits."""
        await self._local.publish(topic, message)
        if not self.connected.is_set() or self._rings.full():
            self.dropped += 1
            return
        self._rings.put_nowait((topic, message))

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """Listen from now on."""
        return self._local.subscribe(topic)

    async def run(self) -> None:
        """Keep the connection; runs for ever.

        Raises:
            AccessDeniedError: the broker refuses us.
        """
        await stand(self._broker, self._clock, self._serve)

    def _will(self) -> Will:
        now = self._clock.now()
        gone = Health(
            subject=f"part:{self._instance}", feeling=Feeling.UNREACHABLE, reason="left without a goodbye", since=now,
            checked_at=now,
        )  # fmt: skip
        return Will(topic=self._own, payload=pack_health(gone), retained=True)

    async def _serve(self, connection: Connection) -> None:
        await connection.subscribe(self._topics.bells, *([self._topics.healths] if self._hears else []))
        await self._feel(connection, Feeling.OK, "is connected")
        self.connected.set()
        try:
            await self._both_ways(connection)
        except asyncio.CancelledError:
            # Where the broker went at the same moment the last will speaks for us: being stopped must not be lost.
            with suppress(UnavailableError):
                await self._feel(connection, Feeling.PAUSED, "was stopped")
            raise
        finally:
            self.connected.clear()

    async def _both_ways(self, connection: Connection) -> None:
        """Hear and ring until the connection is lost."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(connection))
                group.create_task(self._ring(connection))
        except* UnavailableError as errors:
            raise UnavailableError(_first(errors).reason) from None

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.messages():
            name = self._topics.bell_name(message.topic)
            if name is not None:
                await self._local.publish(name, message.payload[:200].decode("utf-8", "replace"))
            elif self._hears is not None and message.topic != self._own:
                await self._heard(message.payload)
            connection.acknowledge(message)

    async def _heard(self, payload: bytes) -> None:
        try:
            health = unpack_health(payload)
        except WireError as error:
            log.warning("a message about health is not understood: %s", error)
            return
        assert self._hears is not None
        # The will was written when the process connected: when it speaks is when it happened.
        now = self._clock.now()
        await self._hears(replace(health, since=now, checked_at=now) if _is_will(health) else health)

    async def _ring(self, connection: Connection) -> None:
        while True:
            topic, message = await self._rings.get()
            await connection.publish(self._topics.bell(topic), message, expiry_seconds=RING_SECONDS)

    async def _feel(self, connection: Connection, feeling: Feeling, reason: str) -> None:
        now = self._clock.now()
        health = Health(subject=f"part:{self._instance}", feeling=feeling, reason=reason, since=now, checked_at=now)
        await connection.publish(self._own, pack_health(health), retain=True)


def _is_will(health: Health) -> bool:
    return health.feeling is Feeling.UNREACHABLE


def _first(errors: BaseExceptionGroup[UnavailableError]) -> UnavailableError:
    found: BaseException = errors
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, UnavailableError)
    return found
