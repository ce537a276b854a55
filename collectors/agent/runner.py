"""The agent at work: rounds of probes into the queue, parcels out of it. Nothing starts without consent."""

import gc
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from collectors.agent.outbox import Outbox
from collectors.agent.uplink import Sender
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.measurements import Measurement
from monitor.domain.ports import Clock
from monitor.runtime.supervisor import Stage, Supervisor

HELD: Final = 4000
"""Measurements held in memory while the disk takes none; then the oldest go."""
log = logging.getLogger(__name__)


class Prober(Protocol):
    """Measures what an agent's host agreed to, at its own jittered pace."""

    async def run_round(self) -> Sequence[Measurement]:
        """Wait for the next moment, probe what is due, and return what was measured."""
        ...


@dataclass(slots=True)
class AgentRunner:
    """The parts of an agent."""

    outbox: Outbox
    prober: Prober
    sender: Sender
    clock: Clock
    _held: "deque[Measurement]" = field(default_factory=lambda: deque(maxlen=HELD))

    def supervise(self, supervisor: Supervisor) -> None:
        """Hand the parts to the supervisor."""
        supervisor.add("measure", Stage.COLLECT, self.measure)
        supervisor.add("pack", Stage.PIPELINE, self.pack)
        supervisor.add("send", Stage.TELL, self.sender.run)

    async def measure(self) -> None:
        """Rounds, each on the disk before the next begins."""
        while True:
            self._held.extend(await self.prober.run_round())
            self.keep()

    def keep(self) -> None:
        """Put what is held on the disk; while the disk takes nothing it stays in memory, the newest of it."""
        try:
            self.outbox.add(self._held)
        except StoreUnavailableError as error:
            log.error("%s; %d measurements are held in memory", error.reason, len(self._held))
        else:
            self._held.clear()

    async def pack(self) -> None:
        """Full parcels as they fill, and whatever waits once it has waited long enough."""
        while True:
            self.outbox.queue.pack(all_of_it=True)
            # What a round left behind goes now, not when Python gets round to it: the device is small.
            gc.collect()
            await self.clock.sleep(self.outbox.config.pack_seconds)
