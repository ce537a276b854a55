"""The honest servers of the small internet: resolvers (UDP, TCP and HTTPS), sites in clear and in TLS, check hosts."""

import asyncio
import base64
import importlib
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from socket import SOCK_DGRAM, socket
from urllib.parse import parse_qs, urlsplit

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.lab.authority import Signed, public_root, self_signed, serving
from tests.lab.interference import Boxes
from tests.lab.namespaces import Namespace
from tests.lab.story import Site
from tests.lab.world import (
    CHECK_HOSTS,
    DOH_ADDRESS,
    DOH_NAME,
    OPERATOR_RESOLVER,
    PORTAL_HOSTS,
    PUBLIC_RESOLVERS,
    World,
    host_addresses,
)

FAR_AWAY_SECONDS = 0.04
"""How long a question to a resolver abroad takes: time enough for somebody nearer to answer first."""
_RCODES = {"nxdomain": dns.rcode.NXDOMAIN, "refused": dns.rcode.REFUSED, "servfail": dns.rcode.SERVFAIL}
Zone = dict[str, tuple[str, ...]]


def zone_of(world: World, *, abroad: bool) -> Zone:
    """Names and their addresses, as told in the country or abroad."""
    zone: Zone = {
        site.name: (site.there or site.here) if abroad else site.here for site in world.sites.values() if site.here
    }
    return {**zone, DOH_NAME: (DOH_ADDRESS,)}


def answered(data: bytes, zone: Zone, lies: dict[str, str]) -> bytes | None:
    """The answer to a DNS question; `None` for silence."""
    try:
        query = dns.message.from_wire(data)
        question = query.question[0]
    except (dns.exception.DNSException, IndexError):
        return None
    name = question.name.to_text(omit_final_dot=True).lower()
    response = dns.message.make_response(query, recursion_available=True)
    lie = lies.get(name)
    if lie == "silence":
        return None
    addresses = zone.get(name, ())
    if lie in _RCODES:
        response.set_rcode(_RCODES[lie])
    elif lie is not None:
        _add(response, (lie,))
    elif not addresses:
        response.set_rcode(dns.rcode.NXDOMAIN)
    else:
        _add(response, addresses)
    return response.to_wire()


def _add(response: dns.message.Message, addresses: tuple[str, ...]) -> None:
    question = response.question[0]
    wanted = [one for one in addresses if (":" in one) == (question.rdtype == dns.rdatatype.AAAA)]
    if wanted and question.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA}:
        response.answer.append(dns.rrset.from_text(question.name, 60, "IN", question.rdtype, *wanted))


class _Resolver(asyncio.DatagramProtocol):
    """A resolver by UDP. `boxes` is looked at for each question: what the censor says may change."""

    def __init__(self, zone: Zone, boxes: Callable[[], Boxes] | None, delay_seconds: float) -> None:
        self._zone = zone
        self._boxes = boxes
        self._delay_seconds = delay_seconds

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = answered(data, self._zone, self._boxes().lies if self._boxes else {})
        if answer is not None:
            asyncio.get_running_loop().call_later(self._delay_seconds, self._say, answer, addr)

    def _say(self, answer: bytes, addr: tuple[str, int]) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(answer, addr)


Handle = Callable[[str, dict[str, str], bytes], bytes]
"""Of target, headers and body, the whole answer."""


def http_answer(status: str, body: bytes, *headers: str, kind: str = "text/html; charset=utf-8") -> bytes:
    """An answer of HTTP/1.1 that ends its connection."""
    head = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def page(site: Site) -> bytes:
    """A page of a site, of its own length and title."""
    head = f"<!doctype html><html><head><title>{site.title or site.name}</title></head><body>".encode()
    lines = f"<p>{site.name}: the news of the day, and more of it.</p>\n".encode()
    body = (head + lines * (site.body_bytes // len(lines) + 1))[: site.body_bytes]
    return http_answer("200 OK", body, f"X-Site-{site.name.split('.')[0]}: 1")


def serve(handle: Handle) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Read one request, answer, close."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request, *lines = head.split("\r\n")
            pairs = (line.partition(":") for line in lines if ":" in line)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            writer.write(handle(request.split(" ")[1], headers, body))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError, ValueError):
            pass  # whoever asked went away, or was no client of ours
        except asyncio.CancelledError:
            pass  # the story is over: asyncio would otherwise complain of a handler that was cut short
        finally:
            writer.close()

    return served


def _certificate(site: Site) -> Signed:
    if site.flaw == "self-signed":
        return self_signed(site.name)
    others = [f"customer-{number}.cdn.example" for number in range(160)] if site.many_names else []
    return public_root().site(site.name, *others, flaw=site.flaw)


class Servers:
    """All honest servers of a world. `boxes` tells what the operator's resolver is told to say."""

    def __init__(self, world: World, boxes: Callable[[], Boxes]) -> None:
        self._world = world
        self._boxes = boxes
        self._open = AsyncExitStack()

    async def __aenter__(self) -> "Servers":
        world = self._world
        here, there = zone_of(world, abroad=False), zone_of(world, abroad=True)
        await self._resolver(world.censor, OPERATOR_RESOLVER, here, self._boxes, 0.002)
        for address in PUBLIC_RESOLVERS:
            await self._resolver(world.abroad, address, there, None, FAR_AWAY_SECONDS)
        await self._doh(there)
        for name, probe in world.probes.items():
            for address in host_addresses(world.story, name):
                await self._tcp(probe.listening(address, 443), serve(lambda *_: b""))
        for address in (*CHECK_HOSTS, *PORTAL_HOSTS):
            await self._tcp(world.abroad.listening(address, 80), serve(lambda *_: http_answer("204 No Content", b"")))
        await self._sites()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def _resolver(
        self, machine: Namespace, address: str, zone: Zone, boxes: Callable[[], Boxes] | None, delay_seconds: float
    ) -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Resolver(zone, boxes, delay_seconds), sock=machine.listening(address, 53, SOCK_DGRAM)
        )
        self._open.callback(transport.close)

    async def _doh(self, zone: Zone) -> None:
        def handle(target: str, _: dict[str, str], body: bytes) -> bytes:
            given = parse_qs(urlsplit(target).query).get("dns", [""])[0]
            question = body or base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
            return http_answer("200 OK", answered(question, zone, {}) or b"", kind="application/dns-message")

        context = serving(public_root().site(DOH_NAME, DOH_ADDRESS))
        await self._tcp(self._world.abroad.listening(DOH_ADDRESS, 443), serve(handle), context)

    async def _sites(self) -> None:
        """One listener an address and port: sites at the same address are told apart by their names, as on a CDN."""
        together: dict[str, list[Site]] = {}
        for site in self._world.sites.values():
            for address in () if site.dead else site.addresses:
                together.setdefault(address, []).append(site)
        certificates = {site.name: _certificate(site) for sites in together.values() for site in sites}
        contexts = {name: serving(signed) for name, signed in certificates.items()}
        for address, sites in together.items():
            machine = self._world.where(sites[0])
            handle = serve(_pages(sites))
            await self._tcp(machine.listening(address, 80), handle)
            mine = {site.name: contexts[site.name] for site in sites}
            await self._tcp(machine.listening(address, 443), handle, _by_name(sites, mine))
            if any(target.startswith("quic://") for target in self._world.story.targets):
                await self._quic(machine.listening(address, 443, SOCK_DGRAM), certificates[sites[0].name])

    async def _quic(self, listener: socket, signed: Signed) -> None:
        server = importlib.import_module("aioquic.asyncio.server").QuicServer
        wanted = importlib.import_module("aioquic.quic.configuration").QuicConfiguration
        configuration = wanted(is_client=False, alpn_protocols=["h3"])
        configuration.certificate, configuration.private_key = signed.certificate, signed.key
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: server(configuration=configuration), sock=listener
        )
        self._open.callback(transport.close)

    async def _tcp(
        self,
        listener: socket,
        handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
        context: ssl.SSLContext | None = None,
    ) -> None:
        server = await asyncio.start_server(handle, sock=listener, ssl=context)
        self._open.callback(server.close)


def _pages(sites: list[Site]) -> Handle:
    pages = {site.name: page(site) for site in sites}

    def handle(_: str, headers: dict[str, str], __: bytes) -> bytes:
        return pages.get(headers.get("host", ""), pages[sites[0].name])

    return handle


def _by_name(sites: list[Site], contexts: dict[str, ssl.SSLContext]) -> ssl.SSLContext:
    context = contexts[sites[0].name]

    def choose(tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name in contexts:
            tls.context = contexts[name]

    context.sni_callback = choose
    return context
