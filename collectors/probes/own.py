"""Our own probes as a part of the service: rounds from where this machine stands, into the very same pipeline.

Hears: the services of `config/targets.yaml`, step by step. Pace: a round every two minutes, each target at its own moment
in it; every minute while the detectors suspect something. Off unless `config/probing.yaml` describes the vantage. From
inside the country nothing is asked without a consent file; from outside, harmless targets only unless it says otherwise.
While our own line is down no target is asked, and that is a state of ours, never of the country.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from collectors.probes.consent import Consent, ConsentError, permitted, read_consent
from collectors.probes.rounds import Round, Rounds
from collectors.probes.settings import OwnVantage
from monitor.domain.health import Feeling, Health
from monitor.domain.measurements import Access, Link, Vantage
from monitor.domain.ports import AccessDeniedError, Clock
from monitor.domain.reports import Item
from monitor.domain.targets import Risk, Service, Target

SOURCE: Final = "probe"
OWN_LINE: Final = "own line is down"
_BAD_LINKS: Final = {
    Link.DOWN: f"no control host answers, no target is asked: {OWN_LINE}",
    Link.CAPTIVE_PORTAL: "a captive portal stands between us and the internet: nothing is judged by what we see",
}
Put = Callable[[Item], Awaitable[None]]


def plan_of(services: Sequence[Service], own: OwnVantage) -> list[tuple[Service, Target]]:
    """What this vantage may ask.

    Raises:
        AccessDeniedError: it stands inside the country and there is no consent that counts.
    """
    vantage, consent = own.vantage(), _consent(own)
    wanted = services if own.sensitive else [one for one in services if one.risk is Risk.HARMLESS]
    return list(permitted(wanted, vantage, consent))


def _consent(own: OwnVantage) -> Consent | None:
    if own.access is Access.OUTSIDE:
        return None
    if own.consent is None:
        raise AccessDeniedError("a vantage inside the country needs a consent file ('consent' in probing.yaml)")
    try:
        return read_consent(own.consent, own.id)
    except ConsentError as error:
        raise AccessDeniedError(str(error)) from None


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
