"""Which services an agent probes, and its rounds: harmless ones by default, others only as its host agreed."""

from collections.abc import AsyncIterator, Iterable, Sequence

from collectors.agent.consent import ALL_SERVICES
from collectors.agent.settings import AgentConfig
from collectors.probes.rounds import Round, Rounds
from monitor.domain.measurements import Measurement
from monitor.domain.targets import Risk, Service, Target


def agreed(services: Iterable[Service], config: AgentConfig) -> list[tuple[Service, Target]]:
    """What this agent may probe."""
    return [
        (service, target)
        for service in services
        if service.risk is Risk.HARMLESS or service.id in config.sensitive or ALL_SERVICES in config.sensitive
        for target in service.targets
    ]


def unknown_services(services: Iterable[Service], config: AgentConfig) -> list[str]:
    """Services that the configuration names and no target list knows."""
    known = {service.id for service in services} | {ALL_SERVICES}
    return sorted(set(config.sensitive) - known)


class RoundProber:
    """Rounds of probes as the agent's runner asks for them."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self._running: AsyncIterator[Round] | None = None

    async def run_round(self) -> Sequence[Measurement]:
        """The next round, at its own jittered moment."""
        if self._running is None:
            self._running = self._rounds.rounds()
        try:
            return (await anext(self._running)).measurements
        except BaseException:
            # A generator that was left by an exception is spent.
            self._running = None
            raise
