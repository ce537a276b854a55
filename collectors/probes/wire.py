"""One connection: TCP, then TLS, then one page, driven by what arrives. The hot path of all probing.

One protocol object and one future a connection: OpenSSL works on memory buffers here, so each phase has its own clock,
its own limit of time and its own failure, and nothing but the socket is waited for.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from collectors.probes.failures import of_os_error, of_tls_error
from collectors.probes.http_answer import HttpAnswer
from monitor.domain.measurements import Failure

TCP: Final = 0
TLS: Final = 1
HTTP: Final = 2
MOST_SAMPLES: Final = 64
_DER: Final = 2
"""`ENCODING_DER` of OpenSSL's module, which before Python 3.13 has the chain but no public name for it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do on the connection, and how long each part may take.

    Attributes:
        context: for TLS; `None` stays in clear text.
        request: bytes of the HTTP request; `None` ends after the connection (and handshake).
        body_bytes: read at most so much of the body.
        sampled: note times and bytes of the body as they come, for its speed.
    """

    context: ssl.SSLContext | None = None
    sni: str = ""
    request: bytes | None = None
    body_bytes: int = 524_288
    tcp_seconds: float = 10.0
    tls_seconds: float = 10.0
    http_seconds: float = 10.0
    sampled: bool = False


class Wire(asyncio.Protocol):
    """What happened on one connection; times are readings of the monotonic clock it was given."""

    def __init__(self, plan: Plan, monotonic: Callable[[], float], loop: asyncio.AbstractEventLoop) -> None:
        self.plan = plan
        self.phase = TCP
        self.failure: Failure | None = None
        self.verify_failed = False
        self.answer: HttpAnswer | None = None
        self.tls: ssl.SSLObject | None = None
        self.sent_bytes = [0, 0, 0]
        self.received_bytes = [0, 0, 0]
        self.samples: list[tuple[float, int]] = []
        self.done: asyncio.Future[None] = loop.create_future()
        self._monotonic = monotonic
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.began_at = [monotonic(), 0.0, 0.0]
        self.ended_at = [0.0, 0.0, 0.0]

    async def run(self, address: str, port: int) -> None:
        """Go through all phases of the plan; returns when they are done, failed or out of time."""
        try:
            async with asyncio.timeout(self.plan.tcp_seconds):
                await self._loop.create_connection(lambda: self, address, port)
        except OSError as error:  # TimeoutError is one
            self._finish(of_os_error(error))
        try:
            await self.done
        finally:
            self._close()

    # What asyncio tells us ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TCP connection stands."""
        self._transport = cast("asyncio.Transport", transport)
        if self.plan.context is not None:
            self._enter(TLS, self.plan.tls_seconds)
            self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = self.plan.context.wrap_bio(self._incoming, self._outgoing, server_hostname=self.plan.sni or None)
            self._shake_hands()
        else:
            self._ask()

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self.received_bytes[self.phase] += len(data)
        if self.tls is None:
            self._feed(data)
            return
        self._incoming.write(data)
        if self.phase == TLS:
            self._shake_hands()
        if self.phase == HTTP and not self.done.done():
            self._decrypt()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection ended."""
        if self.done.done():
            return
        if exc is not None:
            self._finish(of_os_error(exc) if isinstance(exc, OSError) else Failure.UNKNOWN)
        elif self.phase == HTTP and self.answer is not None:
            self.answer.end()
            self._finish(self.answer.failure)
        else:
            self._finish(Failure.EOF)

    # Phases ------------------------------------------------------------------------------------------------------

    def _enter(self, phase: int, seconds: float) -> None:
        now = self._monotonic()
        self.ended_at[self.phase] = now
        self.phase = phase
        self.began_at[phase] = now
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._finish, Failure.TIMEOUT)

    def _shake_hands(self) -> None:
        assert self.tls is not None
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLError as error:
            self.verify_failed = isinstance(error, ssl.SSLCertVerificationError)
            self._flush()
            self._finish(of_tls_error(error))
            return
        except ValueError:  # a certificate with a name that cannot be compared
            self.verify_failed = True
            self._finish(Failure.SSL_INVALID_HOSTNAME)
            return
        self._ask()

    def _ask(self) -> None:
        if self.plan.request is None:
            if self.tls is not None:
                self._flush()
            self._finish(None)
            return
        self._enter(HTTP, self.plan.http_seconds)
        self.answer = HttpAnswer(self.plan.body_bytes)
        if self.tls is not None:
            self.tls.write(self.plan.request)
            self._flush()  # the end of the handshake and the request in one packet
        else:
            self._send(self.plan.request)

    def _decrypt(self) -> None:
        assert self.tls is not None
        try:
            while not self.done.done():
                data = self.tls.read(262_144)
                if not data:
                    self.connection_lost(None)
                    return
                self._feed(data)
        except ssl.SSLWantReadError:
            self._flush()
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self.connection_lost(None)
        except ssl.SSLError:
            self._finish(Failure.SSL_FAILED_HANDSHAKE)

    def _feed(self, data: bytes) -> None:
        answer = self.answer
        if answer is None or self.done.done():
            return
        answer.feed(data)
        if self.plan.sampled and answer.length_bytes:
            self.samples.append((self._monotonic() - self.began_at[HTTP], answer.length_bytes))
            if len(self.samples) > MOST_SAMPLES:
                del self.samples[1::2]
        if answer.complete:
            self._finish(answer.failure)

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            self._send(data)

    def _send(self, data: bytes) -> None:
        self.sent_bytes[self.phase] += len(data)
        if self._transport is not None:
            self._transport.write(data)

    def _finish(self, failure: Failure | None) -> None:
        if self.done.done():
            return
        self.failure = failure
        self.ended_at[self.phase] = self._monotonic()
        self.done.set_result(None)
        self._close()

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def chain(self) -> list[bytes]:
        """Certificates that the server showed, as DER, its own first; empty before a handshake is done."""
        if self.tls is None or self.phase == TCP or self.verify_failed:
            return []
        public = getattr(self.tls, "get_unverified_chain", None)
        if public is not None:  # Python 3.13 and later
            return list(public() or ())
        private = getattr(self.tls, "_sslobj", None)
        return [
            certificate.public_bytes(_DER)
            for certificate in (private.get_unverified_chain() if private else None) or ()
        ]
