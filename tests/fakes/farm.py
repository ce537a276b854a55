"""A farm of loopback servers with known truth: what a censor, a broken site and a healthy one look like from outside."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from tests.fakes.certificates import HONEST, STATE, UNKNOWN, Authority

HOST = "127.0.0.1"
SITE = "site.test"
PAGE = b"<html><head><title>A healthy site about weather</title></head><body>" + b"x" * 900 + b"</body></html>"
REFUSAL = "<html><head><title>Страница заблокирована</title></head><body>Страница заблокирована</body></html>".encode()
PORTAL = b"<html><head><title>Welcome to our hotel</title></head><body>Please log in</body></html>"


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", "Content-Type: text/html; charset=utf-8", *headers))
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def reset(transport: asyncio.BaseTransport) -> None:
    channel = transport.get_extra_info("socket")
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()  # type: ignore[attr-defined]


class Server(asyncio.Protocol):
    """Answers a request by its kind; the path may name another kind (`/then/ok`)."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.kind == "tls_reset":
            reset(self.transport)
            return
        if self.kind == "tls_hang":
            return
        self.data += data
        if b"\r\n\r\n" in self.data:
            path = self.data.split(b" ", 2)[1].decode()
            getattr(self, f"do_{self.kind}")(path)

    def end(self, data: bytes) -> None:
        self.transport.write(data)  # type: ignore[attr-defined]
        self.transport.close()

    def do_ok(self, path: str) -> None:
        self.end(answer("200 OK", PAGE, "X-Weather: fine"))

    def do_451(self, path: str) -> None:
        self.end(answer("451 Unavailable For Legal Reasons", REFUSAL))

    def do_block(self, path: str) -> None:
        self.end(answer("200 OK", REFUSAL))

    def do_differs(self, path: str) -> None:
        self.end(answer("200 OK", b"<title>Other</title>" + b"y" * 5000))

    def do_portal(self, path: str) -> None:
        self.end(answer("200 OK", PORTAL))

    def do_empty(self, path: str) -> None:
        self.end(b"HTTP/1.1 204 No Content\r\n\r\n")

    def do_slow(self, path: str) -> None:
        asyncio.get_running_loop().call_later(0.2, self.do_ok, path)

    def do_hang(self, path: str) -> None:
        pass

    def do_reset(self, path: str) -> None:
        reset(self.transport)

    def do_eof(self, path: str) -> None:
        self.transport.close()

    def do_truncated(self, path: str) -> None:
        self.end(answer("200 OK", PAGE).replace(b"Content-Length: ", b"Content-Length: 9"))

    def do_drip(self, path: str) -> None:
        """A body that comes a few bytes at a time: 20 bytes each 50 ms."""
        self.transport.write(answer("200 OK", PAGE)[: -len(PAGE)])  # type: ignore[attr-defined]
        self._drip(0)

    def _drip(self, at: int) -> None:
        if not self.transport.is_closing():
            self.transport.write(PAGE[at : at + 20])  # type: ignore[attr-defined]
            asyncio.get_running_loop().call_later(0.05, self._drip, at + 20)

    def do_big(self, path: str) -> None:
        self.end(answer("200 OK", b"z" * 2_000_000))

    def do_chunked(self, path: str) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Weather: fine\r\n\r\n"
        self.end(head + f"{len(PAGE):x}\r\n".encode() + PAGE + b"\r\n0\r\n\r\n")

    def do_redirect(self, path: str) -> None:
        """/3 leads to /2, and so on; /0 is the page."""
        left = int(path.strip("/") or 0)
        self.end(answer("302 Found", b"", f"Location: /{left - 1}")) if left else self.do_ok(path)

    def do_nowhere(self, path: str) -> None:
        self.end(answer("302 Found", b"", "Location: http://"))

    def do_inward(self, path: str) -> None:
        self.end(answer("302 Found", b"", "Location: http://169.254.169.254/latest/meta-data/"))

    def do_nonsense(self, path: str) -> None:
        self.end(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


class NameServer(asyncio.DatagramProtocol):
    """Answers every question by its kind."""

    def __init__(self, kind: str, addresses: Sequence[str]) -> None:
        self.kind, self.addresses = kind, addresses

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        if self.kind == "timeout":
            return
        question = dns.message.from_wire(data)
        self.send(question, self.addresses if self.kind in {"ok", "injected"} else [], sender)
        if self.kind == "injected":
            asyncio.get_running_loop().call_later(0.02, self.send, question, ["198.51.100.7"], sender)

    def send(self, question: dns.message.Message, addresses: Sequence[str], sender: tuple[str, int]) -> None:
        reply = dns.message.make_response(question)
        codes = {"nxdomain": dns.rcode.NXDOMAIN, "servfail": dns.rcode.SERVFAIL, "refused": dns.rcode.REFUSED}
        reply.set_rcode(codes.get(self.kind, dns.rcode.NOERROR))
        asked = question.question[0]
        if self.kind == "bogon":
            addresses = ["10.10.34.36"]
        if addresses and asked.rdtype == dns.rdatatype.A:
            reply.answer.append(dns.rrset.from_text_list(asked.name, 60, "IN", "A", list(addresses)))
        self.transport.sendto(reply.to_wire(), sender)  # type: ignore[attr-defined]


class Farm:
    """Servers of one test; `port(kind)` starts one of that kind the first time."""

    def __init__(self, place: Path) -> None:
        self.honest, self.state = Authority(HONEST), Authority(STATE)
        self.place = place
        self.roots = str(self.honest.root(place / "root.pem"))
        self._open: list[Callable[[], None]] = []
        self._ports: dict[str, int] = {}
        self._certificates = {
            "tls_ok": lambda: self.honest.issue(place / "ok.pem", SITE),
            "tls_name": lambda: self.honest.issue(place / "name.pem", "other.test"),
            "tls_expired": lambda: self.honest.issue(place / "expired.pem", SITE, begins=-30, ends=-1),
            "tls_unknown": lambda: Authority(UNKNOWN).issue(place / "unknown.pem", SITE),
            "tls_state": lambda: self.state.issue(place / "state.pem", SITE),
        }

    async def port(self, kind: str) -> int:
        if kind not in self._ports:
            self._ports[kind] = await self._start(kind)
        return self._ports[kind]

    async def _start(self, kind: str) -> int:
        if kind == "refused":
            channel = socket.socket()
            channel.bind((HOST, 0))  # bound and not listening: refuses, and stays ours
            self._open.append(channel.close)
            return int(channel.getsockname()[1])
        context, page = None, kind
        if kind in self._certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificates[kind]())
            page = "ok"
        server = await asyncio.get_running_loop().create_server(lambda: Server(page), HOST, 0, ssl=context)
        self._open.append(server.close)
        return int(server.sockets[0].getsockname()[1])

    async def names(self, kind: str, addresses: Sequence[str] = (HOST,)) -> tuple[str, int]:
        """Address of a name server of that kind."""
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: NameServer(kind, addresses), local_addr=(HOST, 0)
        )
        self._open.append(transport.close)
        found: tuple[str, int] = transport.get_extra_info("sockname")[:2]
        return found

    def close(self) -> None:
        for shut in self._open:
            shut()


@asynccontextmanager
async def farm(place: Path) -> AsyncIterator[Farm]:
    """A farm that is closed at the end, and a turn of the loop for its transports to go."""
    made = Farm(place)
    try:
        yield made
    finally:
        made.close()
        for _ in range(3):
            await asyncio.sleep(0)
