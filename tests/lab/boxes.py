"""The censor's boxes: one takes connections over (interception, pages in place of pages, portal), one forges packets."""

import asyncio
import ipaddress
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import AsyncExitStack

import dns.exception
import dns.message
import dns.rdatatype
import dns.rrset

from tests.lab.authority import interception_root, self_signed, serving
from tests.lab.interference import HTTP_BOX_PORT, TLS_BOX_PORT, Boxes
from tests.lab.packets import ACK, RST, SYN, TCP, UDP, Packet, forged, host_header, read, server_name
from tests.lab.servers import http_answer
from tests.lab.world import OPERATOR_RESOLVER, World

_ORIGINAL_TARGET = 80
_ETH_P_ALL = 3
_PEEKED_BYTES = 4096
PORTAL_PAGE = http_answer(
    "302 Found", b"<html><title>Wi-Fi</title>Please log in</html>", "Location: http://login.portal.example/"
)


class Middlebox:
    """Connections that the firewall leads here. What it does with them, `boxes` tells at each one."""

    def __init__(self, world: World, boxes: Callable[[], Boxes]) -> None:
        self._world = world
        self._boxes = boxes
        self._open = AsyncExitStack()
        self._contexts: dict[tuple[str, str, str | None], ssl.SSLContext] = {}

    async def __aenter__(self) -> "Middlebox":
        for port, take in ((TLS_BOX_PORT, self._take_tls), (HTTP_BOX_PORT, self._take_http)):
            for address in ("0.0.0.0", "::"):
                listener = self._world.censor.listening(address, port)
                server = await asyncio.start_server(take, sock=listener, limit=65_536)
                self._open.callback(server.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def _take_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await reader.read(_PEEKED_BYTES)
            name = server_name(first) or ""
            task = self._boxes().intercepted.get(name)
            if task is None:
                await self._pass_on(first, reader, writer)
            else:
                await _Impostor(self._context(name, *task)).speak(first, reader, writer)
        except (OSError, ssl.SSLError):
            pass  # one of the two sides went away; the other will notice
        finally:
            writer.close()

    def _context(self, name: str, root: str, flaw: str | None) -> ssl.SSLContext:
        key = (name, root, flaw)
        if key not in self._contexts:
            signed = self_signed(name) if root == "self-signed" else interception_root(root).site(name, flaw=flaw)
            self._contexts[key] = serving(signed)
        return self._contexts[key]

    async def _take_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await reader.read(_PEEKED_BYTES)
            boxes = self._boxes()
            answer = PORTAL_PAGE if boxes.portal else boxes.pages.get(host_header(first) or "")
            if answer is None:
                await self._pass_on(first, reader, writer)
            else:
                writer.write(answer)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def _pass_on(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect to where the client wanted to go, and carry bytes both ways."""
        address, port = original_target(writer.get_extra_info("socket"))
        onward = self._world.censor.new_socket(
            socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM
        )
        await asyncio.get_running_loop().sock_connect(onward, (address, port))
        far = await asyncio.open_connection(sock=onward)
        far[1].write(first)
        await carried((reader, writer), far)


End = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def carried(near: End, far: End) -> None:
    """Carry bytes both ways until both sides are done."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_carry(near[0], far[1]))
        group.create_task(_carry(far[0], near[1]))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def original_target(taken: socket.socket) -> tuple[str, int]:
    """Where a connection that the firewall led here wanted to go."""
    if taken.family == socket.AF_INET6:
        raw = taken.getsockopt(socket.IPPROTO_IPV6, _ORIGINAL_TARGET, 28)
        return str(ipaddress.ip_address(raw[8:24])), struct.unpack("!H", raw[2:4])[0]
    raw = taken.getsockopt(socket.SOL_IP, _ORIGINAL_TARGET, 16)
    return str(ipaddress.ip_address(raw[4:8])), struct.unpack("!H", raw[2:4])[0]


class _Impostor:
    """TLS in a site's place, on a connection of which the first bytes are already read."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    async def speak(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._incoming.write(first)
        shaken = False
        while True:
            try:
                if not shaken:
                    self._tls.do_handshake()
                    shaken = True
                request = self._tls.read(65_536)
                self._tls.write(http_answer("200 OK", b"<title>read along</title>") if request else b"")
                self._flush(writer)
                return
            except ssl.SSLWantReadError:
                self._flush(writer)
                data = await reader.read(65_536)
                if not data:
                    return
                self._incoming.write(data)

    def _flush(self, writer: asyncio.StreamWriter) -> None:
        if data := self._outgoing.read():
            writer.write(data)


class Forger:
    """Sees all packets of the subscribers and forges answers, as boxes beside the line do."""

    def __init__(self, world: World, boxes: Callable[[], Boxes]) -> None:
        self._world = world
        self._boxes = boxes
        with world.censor.entered():
            self._tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
            self._out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self._tap.setblocking(False)

    async def __aenter__(self) -> "Forger":
        asyncio.get_running_loop().add_reader(self._tap, self._look)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._tap)
        self._tap.close()
        self._out.close()

    def _look(self) -> None:
        while True:
            try:
                data, (device, _, kind, *_) = self._tap.recvfrom(65_536)
            except OSError:
                return
            if kind == socket.PACKET_HOST and device.startswith("op-"):
                packet = read(data)
                for forgery in self._forgeries(packet) if packet else ():
                    self._out.sendto(forged(forgery), (forgery.target, 0))

    def _forgeries(self, packet: Packet) -> tuple[Packet, ...]:
        boxes = self._boxes()
        if ":" in packet.target:
            return ()
        if packet.protocol == UDP and packet.target_port == 53 and boxes.injected:
            return self._injected(packet, boxes.injected)
        wanted = {address for name in boxes.reset_at_once for address in self._world.sites[name].addresses}
        if packet.protocol == TCP and packet.flags == SYN and packet.target in wanted:
            return self._reset(packet)
        return ()

    def _injected(self, packet: Packet, injected: dict[str, str]) -> tuple[Packet, ...]:
        """A forged answer, and then the question itself, which the firewall held back."""
        try:
            query = dns.message.from_wire(packet.payload)
        except dns.exception.DNSException:
            return ()
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        if name not in injected or packet.target == OPERATOR_RESOLVER:
            return ()
        if question.rdtype != dns.rdatatype.A:
            return (packet,)
        response = dns.message.make_response(query, recursion_available=True)
        response.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", injected[name]))
        return _back(packet, payload=response.to_wire()), packet

    def _reset(self, packet: Packet) -> tuple[Packet, ...]:
        after = (packet.sequence + 1) % 2**32
        return (
            _back(packet, flags=SYN | ACK, sequence=1000, acknowledged=after),
            _back(packet, flags=RST | ACK, sequence=1001, acknowledged=after),
        )


def _back(packet: Packet, **fields: object) -> Packet:
    """A packet in the other direction."""
    return Packet(
        source=packet.target,
        target=packet.source,
        protocol=packet.protocol,
        source_port=packet.target_port,
        target_port=packet.source_port,
        **fields,  # type: ignore[arg-type]
    )
