"""A connection that comes back: connects, serves, and after a loss tries again ever more seldom, ten seconds at most.

Losing the broker is nothing to fail over: what matters stands in stores and spools, and goes on when it is back.
"""

import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final, Never

from monitor.bus.mqtt_connection import Broker, Connection, connected
from monitor.domain.errors import UnavailableError
from monitor.domain.ports import Clock

FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 10.0
LONG_SECONDS: Final = 30.0
"""A connection that stood this long makes the next try a first one."""
log = logging.getLogger(__name__)


async def stand(broker: Broker, clock: Clock, serve: Callable[[Connection], Awaitable[None]]) -> Never:
    """Serve over one connection after the other, for ever.

    Raises:
        AccessDeniedError: the broker refuses us; a person must act.
    """
    chance = random.Random(broker.identifier)  # noqa: S311 - jitter, not a secret
    wait_seconds, said = FIRST_WAIT_SECONDS, ""
    while True:
        began = clock.monotonic()
        try:
            async with connected(broker) as connection:
                if said:
                    log.info("%s: the broker is back", broker.identifier)
                    said = ""
                await serve(connection)
        except UnavailableError as error:
            if error.reason != said:
                log.warning("%s: %s; trying again", broker.identifier, error.reason)
                said = error.reason
        if clock.monotonic() - began > LONG_SECONDS:
            wait_seconds = FIRST_WAIT_SECONDS
        await clock.sleep(wait_seconds * (0.6 + 0.8 * chance.random()))
        wait_seconds = min(wait_seconds * 2, LONGEST_WAIT_SECONDS)
