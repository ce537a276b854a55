"""Agents in the field, heard over an MQTT broker.

Hears: signed, sealed parcels of measurements on `dabyl/agents/<name>/up`. Answers on `.../down` once the store has
committed, and acknowledges to the broker only then: what we did not finish comes again. Pace: as agents send; at most
`in_flight` parcels are held unfinished. Fails: the broker cannot be reached or refuses us, each a state of the source.
Cannot see: who carries an agent, and its address; the broker is configured to know no more (`config/mosquitto/`).
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from collectors.agent.parcels import LARGEST_BYTES
from collectors.agent_desk import AgentDesk, Pending, Taken
from collectors.base import Access
from monitor.bus.mqtt_connection import Broker, Connection, Incoming, connected
from monitor.domain.errors import AccessDeniedError
from monitor.domain.health import Feeling, Health
from monitor.domain.reports import Item
from monitor.domain.sources import Source

UP: Final = "dabyl/agents/+/up"
DROPPED: Final = "$SYS/broker/publish/messages/dropped"
"""Where Mosquitto says how many messages it threw away since it started."""
ANSWER_EXPIRY_SECONDS: Final = 600
LOOK_SECONDS: Final = 0.05
"""How often the store is asked while parcels wait for its word."""
IDLE_SECONDS: Final = 5.0


class Config(BaseModel):
    """Settings of the broker that agents send to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", min_length=1, description="name or address of the broker")
    port: int = Field(default=8883, ge=1, le=65535, description="its port")
    tls: bool = Field(default=True, description="false only for a broker on this very machine")
    username: str = Field(default="dabyl-core", description="who we are to it")
    password: str | None = Field(
        default=None, pattern=r"^[A-Z][A-Z0-9_]*$", description="name of the environment variable with our password"
    )
    authorities: Path | None = Field(default=None, description="certificates (PEM) that may sign for the broker")
    certificate: Path | None = Field(default=None, description="our own certificate (PEM)")
    key: Path | None = Field(default=None, description="its private key (PEM)")
    in_flight: int = Field(default=50, ge=1, le=1000, description="parcels held unfinished at most")


class Collector:
    """All agents of one broker."""

    every_seconds = 5.0

    def __init__(self, source: Source, access: Access, _cursor: str | None) -> None:
        self._source = source
        self._access = access
        self._config = Config.model_validate(source.settings)
        self._waiting: dict[Pending, Incoming] = {}
        self._dropped: int | None = None

    async def items(self) -> AsyncIterator[Item]:
        """Everything that comes, until the connection is lost."""
        desk = self._access.desk
        if desk is None:
            raise AccessDeniedError("no key of our own: agents cannot be received")
        self._waiting.clear()
        async with connected(self._broker()) as connection:
            await connection.subscribe(UP)
            with suppress(AccessDeniedError):
                await connection.subscribe(DROPPED, quality=0)
            yield self._heard()
            while True:
                message = await connection.receive_within(LOOK_SECONDS if self._waiting else IDLE_SECONDS)
                if message is not None:
                    taken = await self._taken(message, connection, desk)
                    with desk.handing_over(taken.pending):
                        for item in taken.items:
                            yield item
                await self._answer(connection, desk)

    async def _taken(self, message: Incoming, connection: Connection, desk: AgentDesk) -> Taken:
        if message.topic == DROPPED:
            return Taken(items=self._newly_dropped(message.payload, desk))
        name = message.topic.split("/")[2]
        taken = await desk.take(message.payload, over=name, repeated=message.repeated)
        await self._settle(taken, message, name, connection)
        return taken

    async def _settle(self, taken: Taken, message: Incoming, name: str, connection: Connection) -> None:
        if taken.pending is not None:
            self._waiting[taken.pending] = message
            return
        if taken.answer is not None:
            await _tell(connection, name, taken.answer)
        connection.acknowledge(message)

    async def _answer(self, connection: Connection, desk: AgentDesk) -> None:
        """Tell agents what the store has committed by now, and let the broker forget it."""
        if not self._waiting:
            return
        for pending, answer in (await desk.committed(tuple(self._waiting))).items():
            message = self._waiting.pop(pending)
            await _tell(connection, pending.agent, answer)
            connection.acknowledge(message)
        for pending in [pending for pending in self._waiting if not desk.waits(pending)]:
            # Unanswered: its agent keeps it and sends it again. Kept, it would hold up those behind it.
            connection.acknowledge(self._waiting.pop(pending))

    def _newly_dropped(self, payload: bytes, desk: AgentDesk) -> tuple[Item, ...]:
        count = int(payload) if payload.isdigit() and len(payload) < 18 else 0
        before, self._dropped = self._dropped, count
        # A broker that started anew counts from zero.
        return desk.dropped(count - before) if before is not None and count > before else ()

    def _heard(self) -> Item:
        now = self._access.clock.now()
        health = Health(
            subject=f"source:{self._source.id}", feeling=Feeling.OK, reason="the broker answers", since=now,
            checked_at=now, last_good_at=now,
        )  # fmt: skip
        return Item(source=self._source.id, content=health)

    def _broker(self) -> Broker:
        config = self._config
        return Broker(
            host=config.host, port=config.port, identifier=f"dabyl-core-{self._source.id}", username=config.username,
            password=self._access.secret(config.password) if config.password else None, tls=config.tls,
            authorities=config.authorities, certificate=config.certificate, key=config.key,
            session_seconds=7 * 24 * 3600, in_flight=config.in_flight, largest_bytes=LARGEST_BYTES + 1024,
        )  # fmt: skip


async def _tell(connection: Connection, agent: str, answer: bytes) -> None:
    await connection.publish(f"dabyl/agents/{agent}/down", answer, expiry_seconds=ANSWER_EXPIRY_SECONDS)
