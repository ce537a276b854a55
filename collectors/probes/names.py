"""A name asked of everybody we know: the machine's resolver, a second one in clear, one over HTTPS; side by side."""

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

from collectors.addresses import ForbiddenAddressError, Network, check_address
from collectors.probes.resolve import Asking, IpVersion, Lookup, ask, doh_path, read_answer
from collectors.probes.settings import ProberSettings
from collectors.probes.steps import dns_step
from collectors.probes.wire import Plan, Wire
from monitor.domain.measurements import DnsStep, Failure, Resolver
from monitor.domain.ports import Clock

_OVER_HTTPS: Final = "application/dns-message"


@lru_cache(maxsize=8192)
def _forbidden(address: str, allowed: tuple[Network, ...]) -> str | None:
    """Why our rules forbid an address; `None` where they do not. Remembered: rounds repeat."""
    try:
        check_address(address, allowed)
    except ForbiddenAddressError as error:
        return str(error)
    except ValueError:
        return "not an address"
    return None


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a name.

    Attributes:
        steps: every look-up.
        addresses: of the machine's resolver, those that may be touched.
        elsewhere: what only other resolvers answered, those that may be touched.
    """

    steps: tuple[DnsStep, ...]
    addresses: tuple[str, ...]
    elsewhere: tuple[str, ...]


class Names:
    """Looks names up."""

    def __init__(self, settings: ProberSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._doh = urlsplit(settings.doh) if settings.doh else None

    def may_touch(self, address: str) -> bool:
        """Whether our rules let us connect there."""
        return _forbidden(address, self._settings.allowed) is None

    def must_touch(self, address: str) -> None:
        """Let an address that was named by a person pass, or say why not.

        Raises:
            ForbiddenAddressError: our rules forbid it.
        """
        reason = _forbidden(address, self._settings.allowed)
        if reason is not None:
            raise ForbiddenAddressError(reason)

    async def look_up(self, host: str, hop: int, zero: float) -> Found:
        """Ask everybody; `zero` is the clock's reading when the measurement began."""
        asked = await self._ask_all(host, zero)
        encrypted = await self._ask_encrypted(host, hop, zero)
        steps = []
        for resolver, version, began, question in asked:
            lookup = await question.closed(self._settings.late_seconds if resolver == "second" else 0.0)
            steps.append(
                dns_step(lookup, hop=hop, host=host, resolver=resolver, version=version, started_seconds=began)
            )
        steps += encrypted
        mine = tuple(address for step in steps if step.resolver == "system" for address in step.answers)
        others = dict.fromkeys(address for step in steps for address in (*step.answers, *step.late_answers))
        return Found(
            tuple(steps),
            tuple(filter(self.may_touch, mine)),
            tuple(address for address in others if address not in mine and self.may_touch(address)),
        )

    async def _ask_all(self, host: str, zero: float) -> list[tuple[Resolver, IpVersion, float, Asking]]:
        """Send all questions that go in clear; the answers come while the encrypted one is asked."""
        settings = self._settings
        both: tuple[IpVersion, ...] = (4, 6) if settings.ipv6 else (4,)
        plan: list[tuple[Resolver, tuple[str, int], IpVersion]] = []
        if settings.system is not None:
            plan += [("system", settings.system, version) for version in both]
        if settings.second is not None:
            plan.append(("second", settings.second, 4))
        asked = []
        for resolver, server, version in plan:
            began = self._clock.monotonic() - zero
            asked.append((resolver, version, began, await self.ask(host, version, server)))
        return asked

    async def ask(self, host: str, version: IpVersion, server: tuple[str, int]) -> Asking:
        """Ask one server in clear."""
        seconds, monotonic = self._settings.dns_seconds, self._clock.monotonic
        try:
            return await ask(host, version, server, timeout_seconds=seconds, monotonic=monotonic)
        except ValueError:
            return Asking(Lookup(failure=Failure.DNS_LOOKUP))

    async def _ask_encrypted(self, host: str, hop: int, zero: float) -> list[DnsStep]:
        """The same question over HTTPS, where nobody on the way can read or answer it."""
        if self._doh is None or self._doh.hostname is None:
            return []
        began = self._clock.monotonic()
        lookup = await self._over_https(self._doh, self._doh.hostname, host)
        lookup.took_seconds = self._clock.monotonic() - began
        return [dns_step(lookup, hop=hop, host=host, resolver="doh", version=4, started_seconds=began - zero)]

    async def _over_https(self, server: SplitResult, address: str, host: str) -> Lookup:
        settings = self._settings
        try:
            path = doh_path(server.path, host, 4)
        except ValueError:
            return Lookup(failure=Failure.DNS_LOOKUP)
        request = f"GET {path} HTTP/1.1\r\nHost: {server.netloc}\r\nAccept: {_OVER_HTTPS}\r\nConnection: close\r\n\r\n"
        limit = settings.dns_seconds
        plan = Plan(settings.trusted, address, request.encode(), 65_535, limit, limit, limit)
        wire = Wire(plan, self._clock.monotonic, asyncio.get_running_loop())
        await wire.run(address, server.port or 443)
        lookup = Lookup(failure=wire.failure, answered_by=address)
        lookup.sent_bytes, lookup.received_bytes = sum(wire.sent_bytes), sum(wire.received_bytes)
        if wire.failure is None and wire.answer is not None:
            if wire.answer.status == 200:
                lookup.addresses, lookup.failure = read_answer(bytes(wire.answer.body), 4)
            else:
                lookup.failure = Failure.DNS_SERVER_MISBEHAVING
        return lookup
