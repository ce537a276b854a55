"""The ways to the core: MQTT first, HTTPS when the broker cannot be reached or the core does not answer over it.

Either may go through a SOCKS proxy (Tor); with a proxy set nothing goes beside it, names included. A broker's receipt
counts for nothing here: only the core's signed word empties the queue.
"""

import logging
import random
from typing import Final

from collectors.agent.outbox import Outbox
from collectors.agent.parcels import LARGEST_BYTES
from collectors.agent.uplink_https import HttpsUplink
from monitor.bus.mqtt_connection import Broker, Connection, connected
from monitor.domain.errors import AccessDeniedError, UnavailableError
from monitor.domain.ports import Clock

EXPIRY_SECONDS: Final = 600
"""The broker lets go of what waits longer for the core: we have it, and send it again."""
PATIENCE: Final = 3
"""Times `answer_seconds` without a word from the core before another way is tried."""
FIRST_WAIT_SECONDS: Final = 2.0
LONGEST_WAIT_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 1.0
"""How often the queue is looked at while nothing comes."""
log = logging.getLogger(__name__)


def up_topic(agent: str) -> str:
    """Where this agent's parcels go."""
    return f"dabyl/agents/{agent}/up"


def down_topic(agent: str) -> str:
    """Where the core's answers to it come."""
    return f"dabyl/agents/{agent}/down"


class MqttUplink:
    """The way over the broker."""

    def __init__(self, outbox: Outbox, password: str | None, proxy: str | None) -> None:
        self._outbox = outbox
        self._password = password
        self._proxy = proxy

    async def run(self) -> None:
        """Send for ever.

        Raises:
            UnavailableError: the way is lost, or the core does not answer over it.
            AccessDeniedError: the broker refuses us.
        """
        name = self._outbox.config.id
        async with connected(self._broker()) as connection:
            await connection.subscribe(down_topic(name))
            self._outbox.forget_way()
            while True:
                await self._step(connection, name)

    async def _step(self, connection: Connection, name: str) -> None:
        for transmission in self._outbox.due():
            await connection.publish(up_topic(name), transmission, expiry_seconds=EXPIRY_SECONDS)
        answer = await connection.receive_within(LOOK_SECONDS)
        if answer is not None:
            self._outbox.take_answer(answer.payload)
            connection.acknowledge(answer)
        elif self._outbox.unanswered_seconds() > PATIENCE * self._outbox.config.answer_seconds:
            raise UnavailableError("the broker takes our parcels, but the core does not answer")

    def _broker(self) -> Broker:
        config, way = self._outbox.config, self._outbox.config.mqtt
        if way is None:
            raise AccessDeniedError("no broker is configured")
        return Broker(
            host=way.host, port=way.port, identifier=config.id, username=way.username or config.id,
            password=self._password, tls=way.tls, authorities=config.authorities,
            certificate=way.certificate, key=way.key, proxy=self._proxy, session_seconds=24 * 3600,
            largest_bytes=LARGEST_BYTES, keep_alive_seconds=45 + random.randrange(30),  # noqa: S311 - no fixed rhythm
        )  # fmt: skip


class Sender:
    """Chooses the way, again and again, with waits that grow and are never the same.

    Args:
        outbox: what is sent.
        clock: for the waits.
        password: ours at the broker; `None` where it asks for a certificate.
        proxy: for both ways, in place of the one configured.
        first_wait_seconds: after the first failure; it doubles with each more in a row.
    """

    def __init__(
        self, outbox: Outbox, clock: Clock, *, password: str | None = None, proxy: str | None = None,
        first_wait_seconds: float = FIRST_WAIT_SECONDS,
    ) -> None:  # fmt: skip
        config = outbox.config
        proxy = proxy or config.proxy
        self._outbox = outbox
        self._clock = clock
        self._mqtt = MqttUplink(outbox, password, proxy) if config.mqtt else None
        self._https = HttpsUplink(outbox, str(config.https.url), proxy) if config.https else None
        self._first_wait_seconds = first_wait_seconds
        self._random = random.SystemRandom()

    async def run(self) -> None:
        """Send for ever; without any way configured, parcels wait to be carried by hand."""
        failures = 0
        while self._mqtt is not None or self._https is not None:
            began = self._clock.monotonic()
            worked = await self._by_mqtt() or await self._by_https()
            failures = 0 if worked or self._clock.monotonic() - began > LONGEST_WAIT_SECONDS else failures + 1
            wait = min(self._first_wait_seconds * 2.0 ** min(failures, 10), LONGEST_WAIT_SECONDS)
            await self._clock.sleep(wait * (0.5 + self._random.random()))

    async def _by_mqtt(self) -> bool:
        """Send over the broker until it fails; never says that it worked, so that the other way has its turn."""
        if self._mqtt is None:
            return False
        try:
            await self._mqtt.run()
        except (UnavailableError, AccessDeniedError) as error:
            log.warning("MQTT: %s; %d parcels wait", error.reason, self._outbox.queue.count().parcels)
        return False

    async def _by_https(self) -> bool:
        if self._https is None:
            return False
        try:
            return await self._https.drain() > 0
        except (UnavailableError, AccessDeniedError) as error:
            log.warning("HTTPS: %s", error.reason)
        return False
