"""Our own probes as a part of the service: rounds from where this machine stands, into the very same pipeline.

Hears: the services of `config/targets.yaml`, step by step. Pace: a round every two minutes, each target at its own moment
in it; every minute while the detectors suspect something. Off unless `config/probing.yaml` describes the vantage. From
inside the country nothing is asked without a consent; from outside, harmless targets only unless it says otherwise.
While our own line is down no target is asked, and that is a state of ours, never of the country.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from collectors.agent.consent import Consent, read_consent
from collectors.agent.keys import read_key
from collectors.agent.settings import AgentFolder
from collectors.probes.rounds import Round, Rounds
from collectors.probes.settings import OwnVantage
from monitor.domain.errors import AccessDeniedError
from monitor.domain.health import Feeling, Health
from monitor.domain.measurements import Access, Link, Vantage
from monitor.domain.ports import Clock
from monitor.domain.reports import Item
from monitor.domain.targets import Risk, Service, Target

SOURCE: Final = "probe"
CONSENT: Final = "dabyl targets consent"
"""How whoever runs the service inside the country consents to its probes."""
OWN_LINE: Final = "own line is down"
_BAD_LINKS: Final = {
    Link.DOWN: f"no control host answers, no target is asked: {OWN_LINE}",
    Link.CAPTIVE_PORTAL: "a captive portal stands between us and the internet: nothing is judged by what we see",
}
Put = Callable[[Item], Awaitable[None]]


def plan_of(services: Sequence[Service], own: OwnVantage, folder: AgentFolder) -> list[tuple[Service, Target]]:
    """What this vantage may ask.

    Raises:
        AccessDeniedError: it stands inside the country and there is no consent that counts.
    """
    consent = None if own.access is Access.OUTSIDE else own_consent(own, folder)
    return [
        (service, target)
        for service in services
        if service.risk is Risk.HARMLESS or (own.sensitive and (consent is None or consent.allows((service.id,))))
        for target in service.targets
    ]


def own_consent(own: OwnVantage, folder: AgentFolder) -> Consent:
    """What whoever runs this vantage inside the country agreed to.

    Raises:
        AccessDeniedError: nothing that counts.
    """
    if not folder.key.exists():
        raise AccessDeniedError(f"probes inside the country need a consent. Nothing was sent. Say: {CONSENT}")
    return read_consent(folder.consent, own.id, read_key(folder.key).public, command=CONSENT)


@dataclass(slots=True)
class OwnProbes:
    """Rounds, one after another, for as long as the service runs.

    Attributes:
        make: makes the rounds of a vantage; raises `AccessDeniedError` where nothing may be asked.
        pace: seconds until the next round, as the detectors want it.
    """

    vantage: Vantage
    make: Callable[[], Rounds]
    pace: Callable[[], Awaitable[float]]
    clock: Clock
    put: Put
    _since: datetime | None = field(default=None)
    _feeling: Feeling | None = field(default=None)

    async def run(self) -> None:
        """For ever.

        Raises:
            AccessDeniedError: nothing may be asked from here; a person must act.
        """
        rounds = self.make()
        async for found in rounds.rounds():
            for measurement in found.measurements:
                await self.put(Item(source=SOURCE, content=measurement))
            await self.put(Item(source=SOURCE, content=self._felt(found)))
            rounds.hurry(await self.pace())

    def _felt(self, found: Round) -> Health:
        bad = _BAD_LINKS.get(found.link)
        feeling = Feeling.UNREACHABLE if bad else Feeling.OK
        now = self.clock.now()
        if feeling is not self._feeling or self._since is None:
            self._feeling, self._since = feeling, now
        reason = bad or f"asked {len(found.measurements)} targets, link {found.link.value}"
        return Health(
            subject=SOURCE, feeling=feeling, reason=reason, since=self._since, checked_at=now,
            last_good_at=None if bad else now,
        )  # fmt: skip
