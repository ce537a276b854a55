"""Names looked up by UDP ourselves, so that we know who answered, with which code, and whether a second answer came.

`getaddrinfo` hides the code (NXDOMAIN or SERVFAIL?) and never sees an injected answer beside the true one. The system's
resolver is therefore the first server of its configuration, asked by our own socket; the listener stays open a moment
after the first answer, because an injector is faster than the server, and the server's own answer comes second.
"""

import asyncio
import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype

from collectors.probes.failures import of_os_error, of_rcode
from monitor.domain.measurements import Failure

LATE_SECONDS: Final = 0.3
"""How long the listener stays after the first answer."""
MOST_ANSWERS: Final = 32
RESOLVERS_FILE: Final = Path("/etc/resolv.conf")
_TYPES: Final = {4: dns.rdatatype.A, 6: dns.rdatatype.AAAA}
IpVersion = Literal[4, 6]


@dataclass(slots=True)
class Lookup:
    """What came of one question.

    Attributes:
        addresses: of the first answer.
        answered_by: address of who sent it.
        late: addresses of a later, different answer.
        took_seconds: to the first answer, or to giving up.
    """

    addresses: tuple[str, ...] = ()
    failure: Failure | None = None
    answered_by: str | None = None
    late: tuple[str, ...] = ()
    took_seconds: float = 0.0
    sent_bytes: int = 0
    received_bytes: int = 0


def system_resolvers(file: Path = RESOLVERS_FILE) -> tuple[str, ...]:
    """Addresses of the resolvers that this machine is set to use; empty where its file of them is missing or names none.

    Read here and not by dnspython's resolver, which brings megabytes of QUIC and TLS along.
    """
    try:
        lines = file.read_text(encoding="utf-8", errors="replace")[:65_536].splitlines()
    except OSError:
        return ()
    named = [line.split()[1] for line in lines if line.split()[:1] == ["nameserver"] and len(line.split()) > 1]
    return tuple(address for address in named if _is_address(address))


def _is_address(text: str) -> bool:
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def question(host: str, version: IpVersion) -> tuple[int, bytes]:
    """The id and the bytes of a question for the addresses of a name.

    Raises:
        ValueError: not a name that DNS can carry.
    """
    number = secrets.randbits(16)
    return number, number.to_bytes(2, "big") + _after_id(host, version)


@lru_cache(maxsize=8192)
def _after_id(host: str, version: IpVersion) -> bytes:
    """A question without its id. Remembered: rounds repeat."""
    try:
        return dns.message.make_query(host, _TYPES[version], id=0, use_edns=0, payload=1232).to_wire()[2:]
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(f"not a name: {host[:80]!r}") from error


def read_answer(data: bytes, version: IpVersion) -> tuple[tuple[str, ...], Failure | None]:
    """Addresses in an answer, and its failure; a broken answer is `DNS_SERVER_MISBEHAVING`."""
    try:
        message = dns.message.from_wire(data, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError):
        return (), Failure.DNS_SERVER_MISBEHAVING
    failure = of_rcode(message.rcode())
    wanted = _TYPES[version]
    found = tuple(record.address for rows in message.answer if rows.rdtype == wanted for record in rows)[:MOST_ANSWERS]
    return found, failure or (None if found else Failure.DNS_NO_ANSWER)


class _Listener(asyncio.DatagramProtocol):
    """One question on its own port. It keeps listening after the first answer until it is closed."""

    def __init__(
        self, number: int, version: IpVersion, monotonic: Callable[[], float], first: asyncio.Future[None]
    ) -> None:
        self.lookup = Lookup()
        self.first = first
        self._number = number.to_bytes(2, "big")
        self._version = version
        self._monotonic = monotonic
        self._began = monotonic()

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        if data[:2] != self._number or len(data) < 12:
            return
        addresses, failure = read_answer(data, self._version)
        lookup = self.lookup
        lookup.received_bytes += len(data)
        if not self.first.done():
            lookup.addresses, lookup.failure, lookup.answered_by = addresses, failure, sender[0]
            self._end()
        elif addresses and not set(addresses) & set(lookup.addresses):
            lookup.late = addresses

    def error_received(self, exc: Exception) -> None:
        if not self.first.done() and isinstance(exc, OSError):
            self.lookup.failure = of_os_error(exc)
            self._end()

    def _end(self) -> None:
        self.lookup.took_seconds = self._monotonic() - self._began
        self.first.set_result(None)

    def give_up(self) -> None:
        """No answer in time."""
        if not self.first.done():
            self.lookup.failure = Failure.TIMEOUT
            self._end()


class Asking:
    """A question under way: `answered()` waits for the first answer, `closed()` until no second one can be ours."""

    def __init__(
        self, lookup: Lookup, listener: _Listener | None = None, transport: asyncio.DatagramTransport | None = None
    ) -> None:
        self.lookup = lookup
        self._listener = listener
        self._transport = transport
        self._gone: asyncio.Future[None] | None = None

    async def answered(self) -> Lookup:
        """The first answer, or the failure to get one."""
        if self._listener is not None:
            await self._listener.first
        return self.lookup

    async def closed(self, late_seconds: float = LATE_SECONDS) -> Lookup:
        """The answer, with a second one if any came within that time after the first."""
        if self._listener is None or self._transport is None:
            return self.lookup
        await self._listener.first
        if late_seconds > 0 and self.lookup.answered_by is not None:
            loop = asyncio.get_running_loop()
            self._gone = loop.create_future()
            loop.call_later(late_seconds, self._let_go)
            await self._gone
        self.close()
        return self.lookup

    def _let_go(self) -> None:
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)

    def close(self) -> None:
        """Stop listening."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None


async def ask(
    host: str, version: IpVersion, server: tuple[str, int], *, timeout_seconds: float, monotonic: Callable[[], float]
) -> Asking:
    """Send a question to a server by UDP, from a port and with an id that cannot be guessed."""
    loop = asyncio.get_running_loop()
    number, data = question(host, version)
    first = loop.create_future()
    try:
        transport, listener = await loop.create_datagram_endpoint(
            lambda: _Listener(number, version, monotonic, first), remote_addr=server
        )
    except OSError as error:
        return Asking(Lookup(failure=of_os_error(error)))
    listener.lookup.sent_bytes = len(data)
    transport.sendto(data)
    timer = loop.call_later(timeout_seconds, listener.give_up)
    first.add_done_callback(lambda _: timer.cancel())
    return Asking(listener.lookup, listener, transport)


def doh_path(path: str, host: str, version: IpVersion) -> str:
    """The path and query of a DoH question by GET (RFC 8484); the id is 0, as the RFC asks."""
    _, data = question(host, version)
    encoded = base64.urlsafe_b64encode(b"\0\0" + data[2:]).rstrip(b"=").decode()
    return f"{path or '/dns-query'}?dns={encoded}"
