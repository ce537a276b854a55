"""One measurement of one target: names, connection, handshake, page, hop by hop, with a closer look where it fails.

A failure of the world is written into the steps and never raised. The usual way (what a browser of this person would do)
comes first; only when it fails are more questions asked: which certificate was it, does another server name pass at the
same address, do other resolvers' addresses work. That keeps a healthy round cheap and quiet.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from collectors.probes import ping, quic
from collectors.probes.names import Names
from collectors.probes.settings import MOST_REDIRECTS, NEUTRAL_NAME, ProberSettings
from collectors.probes.steps import chain, dns_step, is_address, version_of, wire_steps
from collectors.probes.wire import TLS, Plan, Wire
from monitor.domain.measurements import (
    Failure,
    HttpStep,
    Link,
    Measurement,
    Step,
    TlsStep,
    Vantage,
    measurement_id,
)
from monitor.domain.ports import Clock
from monitor.domain.targets import Target, ascii_host

_PORTS: Final = {"https": 443, "http": 80, "dns": 53}
_INTERFERENCE: Final = {Failure.CONNECTION_RESET, Failure.TIMEOUT, Failure.EOF, Failure.CONNECTION_ABORTED}
_ADDRESSES_TRIED: Final = 2
"""Of each family: the second is for the day when the first is dead, and more would only be traffic."""


@dataclass(slots=True)
class _Trace:
    """A measurement under way: its steps, and what it learned of names."""

    zero: float
    steps: list[Step] = field(default_factory=list)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where a hop leads."""

    parts: SplitResult
    host: str
    port: int
    hop: int
    url: str


class Prober:
    """Measures targets. Holds no connection between measurements."""

    def __init__(self, settings: ProberSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._names = Names(settings, clock)
        self._plan = lru_cache(maxsize=4096)(self._make_plan)

    async def measure(
        self,
        target: Target,
        vantage: Vantage,
        *,
        service: str = "",
        addresses: Sequence[str] = (),
        link: Link = Link.UNKNOWN,
    ) -> Measurement:
        """Measure a target once, with its retries.

        Args:
            target: what to measure.
            vantage: who measures.
            service: role of the target; its id where not given.
            addresses: go to these and look no name up.
            link: how our own way to the internet was found to be in this round.

        Raises:
            ForbiddenAddressError: the target itself names an address that may not be touched.
        """
        started_at = self._clock.now()
        trace = _Trace(zero=self._clock.monotonic())
        place = _place(target.url, 0)
        if addresses:
            trace.names[place.host] = tuple(addresses)
        for address in (*addresses, *([place.host] if is_address(place.host) else [])):
            self._names.must_touch(address)
        if target.url.startswith("http"):
            await self._follow(trace, target)
        else:
            await self._endpoint(trace, place, target)
        return Measurement(
            id=measurement_id(vantage.id, target.id, started_at),
            target=target.id,
            service=service or target.id,
            url=target.url,
            vantage=vantage,
            started_at=started_at,
            steps=tuple(trace.steps),
            link=link,
        )

    # Pages -------------------------------------------------------------------------------------------------------

    async def _follow(self, trace: _Trace, target: Target) -> None:
        url = target.url
        for hop in range(MOST_REDIRECTS + 1):
            page = await self._hop(trace, _place(url, hop), target)
            if page is None or page.failure is not None or not page.location or not 300 <= (page.status or 0) < 400:
                return
            following = _following(url, page.location)
            if following is not None and not self._may_follow(following):
                following = None
            if following is None or hop == MOST_REDIRECTS:
                failure = Failure.HTTP_INVALID_REDIRECT if following is None else Failure.UNKNOWN
                trace.steps[trace.steps.index(page)] = replace(page, failure=failure)
                return
            url = following

    def _may_follow(self, url: str) -> bool:
        """A redirect to an address in numbers is judged here; one to a name when the name is known."""
        host = _place(url, 0).host
        return not is_address(host) or self._names.may_touch(host)

    async def _hop(self, trace: _Trace, place: _Place, target: Target) -> HttpStep | None:
        addresses = await self._addresses(trace, place)
        plan = self._plan(place, target.throughput_bytes, target.any_certificate)
        page: HttpStep | None = None
        for usable in self._by_family(addresses):
            # One page is enough: the other family only connects.
            here = plan if page is None else replace(plan, request=None)
            page = await self._connect(trace, place, usable, here) or page
        if place.hop == 0 and self.settings.escalate and (page is None or page.failure is not None):
            others = [address for address in trace.elsewhere if address not in addresses]
            for address in others[:_ADDRESSES_TRIED]:
                await self._wire(trace, place, address, replace(plan, request=None), 1)
        return page

    def _by_family(self, addresses: Sequence[str]) -> list[list[str]]:
        versions = (4, 6) if self.settings.ipv6 else (4,)
        apart = [[address for address in addresses if version_of(address) == version] for version in versions]
        return [family[:_ADDRESSES_TRIED] for family in apart if family]

    async def _connect(self, trace: _Trace, place: _Place, addresses: Sequence[str], plan: Plan) -> HttpStep | None:
        """Try addresses in turn, and again after a pause, until one works; every try leaves its steps."""
        for attempt in range(1, self.settings.attempts + 1):
            if attempt > 1:
                await self._clock.sleep(self.settings.retry_seconds)
            for address in addresses:
                wire = await self._wire(trace, place, address, plan, attempt)
                if wire.failure is None or wire.verify_failed or (wire.answer and wire.answer.status):
                    return _page_of(trace, wire)
        if self.settings.escalate and plan.context and wire.phase == TLS and wire.failure in _INTERFERENCE:
            # Does another server name pass at the same address? Then it is the name that triggers.
            neutral = replace(plan, context=self.settings.unverified, sni=NEUTRAL_NAME, request=None)
            await self._wire(trace, place, addresses[-1], neutral, 1)
        return _page_of(trace, wire)

    async def _wire(self, trace: _Trace, place: _Place, address: str, plan: Plan, attempt: int) -> Wire:
        wire = self._new_wire(plan)
        await wire.run(address, place.port)
        steps = wire_steps(wire, hop=place.hop, host=place.host, address=address, port=place.port, url=place.url,
                           attempt=attempt, zero=trace.zero)  # fmt: skip
        if wire.verify_failed and self.settings.escalate and isinstance(steps[-1], TlsStep):
            # OpenSSL lets go of a certificate that it refused, so the handshake is repeated to look at it.
            look = self._new_wire(replace(plan, context=self.settings.unverified, request=None))
            await look.run(address, place.port)
            steps[-1] = replace(steps[-1], chain=chain(look))
        trace.steps.extend(steps)
        return wire

    def _new_wire(self, plan: Plan) -> Wire:
        return Wire(plan, self._clock.monotonic, asyncio.get_running_loop())

    def _make_plan(self, place: _Place, throughput_bytes: int, any_certificate: bool) -> Plan:
        settings = self.settings
        scheme = place.parts.scheme
        trust = settings.unverified if any_certificate else settings.trusted
        return Plan(
            trust if scheme in {"https", "tls"} else None,
            place.host,
            _request(place, settings.agent) if scheme in {"http", "https"} else None,
            max(settings.body_bytes, throughput_bytes),
            settings.tcp_seconds,
            settings.tls_seconds,
            settings.http_seconds,
            throughput_bytes > 0,
        )

    # Endpoints that are no pages ---------------------------------------------------------------------------------

    async def _endpoint(self, trace: _Trace, place: _Place, target: Target) -> None:
        addresses = await self._addresses(trace, place)
        scheme = place.parts.scheme
        if scheme == "dns":
            await self._ask_server(trace, place, addresses)
            return
        for usable in self._by_family(addresses):
            if scheme == "icmp":
                trace.steps.append(await ping.ping(usable[0], self._clock, zero=trace.zero))
            elif scheme == "quic":
                step = await quic.shake(usable[0], place.port, place.host, self.settings, self._clock, zero=trace.zero)
                trace.steps += [step] if step is not None else []
            else:
                await self._connect(trace, place, usable, self._plan(place, 0, target.any_certificate))

    async def _ask_server(self, trace: _Trace, place: _Place, addresses: Sequence[str]) -> None:
        """A name server is the target itself: ask it for the name in the address's path."""
        name = ascii_host(place.parts.path.strip("/"))
        for address in addresses[:1]:
            began = self._clock.monotonic() - trace.zero
            asking = await self._names.ask(name, 4, (address, place.port))
            lookup = await asking.closed(self.settings.late_seconds)
            trace.steps.append(dns_step(lookup, hop=0, host=name, resolver="system", version=4, started_seconds=began))

    async def _addresses(self, trace: _Trace, place: _Place) -> tuple[str, ...]:
        """Addresses that may be touched, of the resolver that this machine uses; every look-up leaves its step."""
        if place.host in trace.names:
            return trace.names[place.host]
        if is_address(place.host):
            trace.names[place.host] = (place.host,) if self._names.may_touch(place.host) else ()
        else:
            found = await self._names.look_up(place.host, place.hop, trace.zero)
            trace.steps.extend(found.steps)
            trace.names[place.host] = found.addresses
            trace.elsewhere = found.elsewhere
        return trace.names[place.host]


@lru_cache(maxsize=4096)
def _place(url: str, hop: int) -> _Place:
    """Where an address leads. Remembered: rounds repeat."""
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme, 0)
    return _Place(parts, ascii_host(parts.hostname or ""), port, hop, parts.geturl())


def _page_of(trace: _Trace, wire: Wire) -> HttpStep | None:
    if wire.answer is None:
        return None
    return next((step for step in reversed(trace.steps) if isinstance(step, HttpStep)), None)


def _following(url: str, location: str) -> str | None:
    """Where a redirect leads; `None` where that is no address of a page."""
    try:
        given = urlsplit(location)
        if given.scheme and not given.hostname:  # `http://`: urljoin would take the old host
            return None
        following = urljoin(url, location)
        parts = urlsplit(following)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    return following if valid and len(following) <= 4096 else None


def _request(place: _Place, agent: str) -> bytes:
    parts = place.parts
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = f"[{place.host}]" if ":" in place.host else place.host
    usual = _PORTS[parts.scheme] == place.port
    lines = (
        f"GET {_clean(path)} HTTP/1.1",
        f"Host: {host if usual else f'{host}:{place.port}'}",
        f"User-Agent: {agent}",
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language: ru-RU,ru;q=0.9,kk;q=0.8,en;q=0.7",
        "Accept-Encoding: identity",
        "Connection: close",
        "",
        "",
    )
    return "\r\n".join(lines).encode()


def _clean(path: str) -> str:
    """A path that fits on a request line: nothing that ends the line, everything else percent-encoded UTF-8."""
    return "".join(
        char if "!" <= char <= "~" else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))
        for char in path
    )
