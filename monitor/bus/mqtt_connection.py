"""One connection to an MQTT 5 broker. The only file that knows aiomqtt.

Promises: TLS 1.2 or later with the broker's name checked; plain text only to this very machine unless it is allowed by
name; with a proxy set, nothing goes out beside it, names included; a message is acknowledged when `acknowledge` is
called and not before, so that the broker gives what was not worked on to the next connection of the same identifier.
What the broker acknowledges means that the broker has it in memory, no more (see docs/agents.md).
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiomqtt
import socks
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from monitor.domain.errors import AccessDeniedError, UnavailableError

REFUSED: Final = frozenset({133, 134, 135, 138, 140})
"""Reason codes of a CONNACK that waiting does not heal: identifier, password, not authorized, banned, bad method."""
NO_DELAY: Final = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""An acknowledgement that waits for company (Nagle) costs 40 ms each time that the other side waits for it, too."""
FAILURE: Final = 128
"""Reason codes from here on are failures (MQTT 5, section 2.4)."""
PROXY_KINDS: Final = {"socks5": socks.SOCKS5, "socks5h": socks.SOCKS5, "socks4": socks.SOCKS4, "http": socks.HTTP}
_NO_ANSWER: Final = "the broker does not answer, or hung up"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """What the broker says for us when we are gone without a goodbye."""

    topic: str
    payload: bytes
    retained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker, and who we are to it.

    Attributes:
        identifier: client id; the session is kept under it.
        tls: `False` speaks plain text, refused beyond loopback unless `plain_text_allowed`.
        authorities: PEM file of the only authorities that may sign for the broker; `None` trusts the system's.
        certificate, key: PEM files of our own certificate, for brokers that ask for one.
        proxy: `socks5://[user:password@]host:port` (or socks4, http); names are resolved by the proxy.
        session_seconds: how long the broker keeps subscriptions and undelivered messages after we went; 0 for not at
            all.
        patience_seconds: for connecting and for each answer.
        in_flight: messages given to us and not yet acknowledged, and ours likewise.
        largest_bytes: the broker drops what is larger instead of giving it to us.
    """

    host: str
    port: int = 8883
    identifier: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = True
    plain_text_allowed: bool = False
    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    proxy: str | None = field(default=None, repr=False)
    session_seconds: int = 0
    keep_alive_seconds: int = 60
    patience_seconds: float = 20.0
    in_flight: int = 20
    largest_bytes: int = 1024 * 1024
    will: Will | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that the broker gave us.

    Attributes:
        repeated: the broker gave it to us before and we had not acknowledged it (MQTT's DUP).
        number, quality: what `acknowledge` needs.
    """

    topic: str
    payload: bytes
    retained: bool
    repeated: bool
    number: int
    quality: int


class Connection:
    """A connection that stands. Any call raises `UnavailableError` once it is lost."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self._owner = asyncio.current_task()
        self._cancelled_before = _cancellations()
        self._inner: Any = client._client  # noqa: SLF001 - see the module's head
        self._inbox: asyncio.Queue[Incoming | None] = asyncio.Queue()
        self._is_lost = False
        self._inner.on_message = self._take_in
        client._disconnected.add_done_callback(self._lost)  # noqa: SLF001

    def _take_in(self, _client: Any, _userdata: Any, message: Any) -> None:
        """Paho's own message says whether it is a repeat; the library's does not."""
        self._inbox.put_nowait(
            Incoming(message.topic, message.payload, message.retain, message.dup, message.mid, message.qos)
        )

    def _lost(self, end: "asyncio.Future[None]") -> None:
        if not end.cancelled():
            end.exception()  # looked at, so that nobody complains that nobody looked
        self._is_lost = True
        # The library would wait out its whole patience for answers that cannot come any more.
        waiting = vars(self._client)
        for answered in (*waiting["_pending_publishes"].values(), *waiting["_pending_unsubscribes"].values()):
            answered.set()
        for future in waiting["_pending_subscribes"].values():
            if not future.done():
                future.set_exception(aiomqtt.MqttError("lost"))
        self._inbox.put_nowait(None)

    def heed_cancellation(self) -> None:
        """Stop here if we were told to: before Python 3.12 `asyncio.wait_for`, which the library uses, may swallow that.

        A task that once had a failing TaskGroup in it counts a cancellation for ever (before Python 3.13): only those
        since this connection was made are meant.
        """
        ours = asyncio.current_task() is self._owner
        if _cancellations() > (self._cancelled_before if ours else 0):
            raise asyncio.CancelledError

    def _check(self) -> None:
        self.heed_cancellation()
        if self._is_lost:
            raise UnavailableError(_NO_ANSWER)

    async def publish(
        self, topic: str, payload: bytes | str, *, quality: int = 1, retain: bool = False,
        expiry_seconds: int | None = None,
    ) -> None:  # fmt: skip
        """Hand a message to the broker; at quality 1 it returns when the broker says that it has it.

        Args:
            topic: where to.
            payload: what.
            quality: 0 at most once, 1 at least once.
            retain: the broker gives it to whoever subscribes later, until it is replaced.
            expiry_seconds: the broker drops it for absent readers after that; `None` keeps it.
        """
        properties = _properties(PacketTypes.PUBLISH)
        if expiry_seconds is not None:
            properties.MessageExpiryInterval = expiry_seconds
        with _errors_in_words():
            await self._client.publish(topic, payload, quality, retain, properties)
        self._check()

    async def subscribe(self, *topics: str, quality: int = 1) -> None:
        """Ask for these topics; `$share/<group>/<topic>` shares them among the readers of a group.

        Raises:
            AccessDeniedError: the broker does not let us.
        """
        with _errors_in_words():
            answers = await self._client.subscribe([(topic, quality) for topic in topics])
        self._check()
        for topic, answer in zip(topics, answers, strict=False):
            if _code(answer) >= FAILURE:
                raise AccessDeniedError(f"the broker does not let us read {topic}")

    async def unsubscribe(self, topic: str) -> None:
        """No more of that topic."""
        with _errors_in_words():
            await self._client.unsubscribe(topic)
        self._check()

    async def receive(self) -> Incoming:
        """The next message. A wait that is cut off loses nothing, so it may stand under a timeout."""
        message = await self._inbox.get()
        if message is None:
            self._inbox.put_nowait(None)
            raise UnavailableError(_NO_ANSWER)
        return message

    async def receive_within(self, seconds: float) -> Incoming | None:
        """The next message, or `None` where none comes within that time."""
        try:
            async with asyncio.timeout(seconds):
                return await self.receive()
        except TimeoutError:
            return None

    async def messages(self) -> AsyncIterator[Incoming]:
        """What comes, for ever."""
        while True:
            yield await self.receive()

    def acknowledge(self, message: Incoming) -> None:
        """We are done with it: the broker may forget it. Without this it comes again with the next connection."""
        self._inner.ack(message.number, message.quality)


@asynccontextmanager
async def connected(broker: Broker) -> AsyncIterator[Connection]:
    """A connection for as long as the block lasts. It does not come back by itself: loop around it, with back-off.

    Raises:
        UnavailableError: the broker cannot be reached, or the connection was lost.
        AccessDeniedError: the broker refuses us, a file of ours cannot be used, or plain text would leave the machine.
    """
    context = await asyncio.to_thread(_security, broker)
    made = _client(broker, context)
    try:
        # Made before connecting: what waits for us in the session comes with the broker's first answer.
        connection = Connection(made)
        with _errors_in_words(connecting=True, hint=broker.tls and broker.certificate is None):
            await made.__aenter__()
        try:
            connection.heed_cancellation()
            yield connection
        finally:
            with contextlib.suppress(UnavailableError), _errors_in_words():
                await made.__aexit__(None, None, None)
    finally:
        await _let_go(made)


def _cancellations() -> int:
    """How often the present task was told to stop."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


async def _let_go(client: aiomqtt.Client) -> None:
    """Close the socket whatever happened, and let the library's own background task see that it is over."""
    inner: Any = client._client  # noqa: SLF001 - after a failed start nothing public closes it
    inner._sock_close()  # noqa: SLF001
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _security(broker: Broker) -> ssl.SSLContext | None:
    """What needs files, away from the event loop."""
    if broker.tls:
        return tls_context(broker.authorities, broker.certificate, broker.key)
    if not (is_loopback(broker.host) or broker.plain_text_allowed):
        raise AccessDeniedError("plain text would leave this machine: give the broker TLS")
    return None


def _client(broker: Broker, context: ssl.SSLContext | None) -> aiomqtt.Client:
    will = broker.will and aiomqtt.Will(broker.will.topic, broker.will.payload, 1, broker.will.retained)
    client = aiomqtt.Client(
        broker.host, broker.port, identifier=broker.identifier, username=broker.username, password=broker.password,
        protocol=aiomqtt.ProtocolVersion.V5, clean_start=broker.session_seconds == 0, properties=_wishes(broker),
        tls_context=context, proxy=_proxy(broker.proxy), timeout=broker.patience_seconds, will=will or None,
        keepalive=broker.keep_alive_seconds, max_inflight_messages=broker.in_flight, logger=log,
        socket_options=NO_DELAY,
    )  # fmt: skip
    client.pending_calls_threshold = broker.in_flight
    inner: Any = client._client  # noqa: SLF001 - paho below aiomqtt, which offers neither of these two
    inner.manual_ack_set(True)
    inner.connect_timeout = broker.patience_seconds
    return client


def _properties(packet: int) -> Any:
    """Properties of a packet: attributes named as in the specification, which the library does not declare."""
    make: Any = Properties
    return make(packet)


def _wishes(broker: Broker) -> Any:
    wishes = _properties(PacketTypes.CONNECT)
    wishes.SessionExpiryInterval = broker.session_seconds
    wishes.ReceiveMaximum = broker.in_flight
    wishes.MaximumPacketSize = broker.largest_bytes
    return wishes


def _proxy(url: str | None) -> aiomqtt.ProxySettings | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in PROXY_KINDS or not parts.hostname:
        raise AccessDeniedError("the proxy must be written as socks5://host:port (or socks4, http)")
    return aiomqtt.ProxySettings(
        proxy_type=PROXY_KINDS[parts.scheme],
        proxy_addr=parts.hostname,
        proxy_port=parts.port,
        proxy_rdns=True,
        proxy_username=unquote(parts.username) if parts.username else None,
        proxy_password=unquote(parts.password) if parts.password else None,
    )


class _ClosingSocket(ssl.SSLSocket):
    """Closes itself when the handshake fails; the library below would leave that to chance."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def tls_context(authorities: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or later, the other side's name checked, with a certificate of our own where one is given.

    Raises:
        AccessDeniedError: a file cannot be read or is no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=authorities)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = _ClosingSocket
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise AccessDeniedError(f"a certificate or key file cannot be used: {_plain(error)}") from None
    return context


def _code(reason: Any) -> int:
    return int(getattr(reason, "value", reason) or 0)


def is_loopback(host: str) -> bool:
    """Whether this name can only mean this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _errors_in_words(*, connecting: bool = False, hint: bool = False) -> Iterator[None]:
    """What the library raises, as access that failed; never with an address or a password in it."""
    try:
        yield
    except aiomqtt.MqttCodeError as error:
        if connecting and _code(error.rc) in REFUSED:
            raise AccessDeniedError(f"the broker refuses us ({error.rc})") from None
        raise UnavailableError(f"the broker takes no more ({error.rc})") from None
    except (aiomqtt.MqttError, OSError, ssl.SSLError, socks.ProxyError) as error:
        words = _words(error.__context__ or error.__cause__ or error)
        extra = "; perhaps it wants a client certificate" if hint and words == _NO_ANSWER else ""
        raise UnavailableError(f"{words}{extra}") from None


def _words(error: BaseException) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"the broker's certificate is not valid ({error.verify_message})"
        case ssl.SSLError():
            return f"no secure connection to the broker ({_plain(error)})"
        case socks.ProxyError():
            return "the proxy does not answer or refuses; nothing was sent beside it"
        case socket.gaierror():
            return "the broker's name does not resolve"
        case ConnectionRefusedError():
            return "nobody listens at the broker's address"
        case _:
            return _NO_ANSWER


def _plain(error: OSError) -> str:
    return getattr(error, "reason", None) or error.strerror or type(error).__name__
