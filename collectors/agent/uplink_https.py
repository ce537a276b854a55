"""The way straight to the core: one HTTPS request a parcel, through a SOCKS proxy where one is set.

Made of the standard library's client in a thread: an agent's device is small, and a whole HTTP framework costs a sixth of
the memory that it may use.
"""

import asyncio
import http.client
import socket
import ssl
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import socks

from collectors.agent.outbox import Outbox
from monitor.bus.mqtt_connection import PROXY_KINDS, tls_context
from monitor.domain.errors import UnavailableError

MOST_ANSWER_BYTES: Final = 64 * 1024
HEADERS: Final = {"User-Agent": "curl/7.88.1", "Content-Type": "application/octet-stream", "Accept": "*/*"}
"""An ordinary client's: what counts stands in the signature."""


class _Through(http.client.HTTPSConnection):
    """A connection that a proxy makes, which also looks the name up."""

    def __init__(self, host: str, port: int, proxy: str | None, context: ssl.SSLContext | None, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds, context=context)
        self._proxy = proxy
        self._secure = context

    def connect(self) -> None:
        made = self._through_proxy() if self._proxy else socket.create_connection((self.host, self.port), self.timeout)
        if self._secure is not None:
            try:
                made = self._secure.wrap_socket(made, server_hostname=self.host)
            except OSError:
                made.close()
                raise
        self.sock = made

    def _through_proxy(self) -> Any:
        parts = urlsplit(self._proxy or "")
        return socks.create_connection(
            (self.host, self.port), timeout=self.timeout, proxy_type=PROXY_KINDS[parts.scheme],
            proxy_addr=parts.hostname, proxy_port=parts.port, proxy_rdns=True,
            proxy_username=unquote(parts.username) if parts.username else None,
            proxy_password=unquote(parts.password) if parts.password else None,
        )  # fmt: skip


class HttpsUplink:
    """Sends what waits, parcel by parcel, over one connection."""

    def __init__(self, outbox: Outbox, url: str, proxy: str | None) -> None:
        self._outbox = outbox
        self._parts = urlsplit(url)
        self._proxy = proxy

    async def drain(self) -> int:
        """Send what waits, until nothing does; how many answers came.

        Raises:
            UnavailableError: the core cannot be reached this way.
            AccessDeniedError: a file of certificates cannot be used.
        """
        answers = 0
        self._outbox.forget_way()
        connection = await asyncio.to_thread(self._connection)
        try:
            while due := self._outbox.due(room=1):
                status, body = await asyncio.to_thread(self._ask, connection, due[0])
                self._judge(status, body)
                answers += 1
        finally:
            connection.close()
        return answers

    def _judge(self, status: int, body: bytes) -> None:
        if status == 202:
            raise UnavailableError("the core has it and has not committed it yet")
        if status != 200:
            raise UnavailableError(f"the core takes no parcels by HTTPS ({status})")
        if not self._outbox.take_answer(body):
            raise UnavailableError("who answers by HTTPS is not the core")

    def _connection(self) -> _Through:
        secure = self._parts.scheme == "https"
        context = tls_context(self._outbox.config.authorities, None, None) if secure else None
        port = self._parts.port or (443 if secure else 80)
        return _Through(self._parts.hostname or "", port, self._proxy, context, self._outbox.config.answer_seconds + 15)

    def _ask(self, connection: _Through, transmission: bytes) -> tuple[int, bytes]:
        try:
            connection.request("POST", self._parts.path or "/", transmission, HEADERS)
            response = connection.getresponse()
            body = response.read(MOST_ANSWER_BYTES)
        except socks.ProxyError:
            raise UnavailableError("the proxy does not answer; nothing was sent beside it") from None
        except ssl.SSLCertVerificationError as error:
            raise UnavailableError(f"the core's certificate is not valid ({error.verify_message})") from None
        except (http.client.HTTPException, OSError) as error:
            raise UnavailableError(f"the core cannot be reached by HTTPS ({type(error).__name__})") from None
        return response.status, body
