"""A QUIC handshake, by aioquic where it is installed (`pip install dabyl[quic]`): its own step, its own interference."""

import asyncio
import importlib.util
import ssl
from collections.abc import Callable
from typing import Any, Final

from collectors.probes.failures import of_os_error
from collectors.probes.settings import ProberSettings
from collectors.probes.steps import endpoint, version_of
from monitor.domain.measurements import Failure, QuicStep
from monitor.domain.ports import Clock

INSTALLED: Final = importlib.util.find_spec("aioquic") is not None
_TLS_ALERT: Final = 0x100
_CERTIFICATE_ALERTS: Final = range(_TLS_ALERT + 42, _TLS_ALERT + 49)
"""QUIC carries TLS alerts as 0x100 + alert; 42 to 48 speak of certificates (RFC 9001, RFC 8446)."""


async def shake(
    address: str, port: int, host: str, settings: ProberSettings, clock: Clock, *, zero: float = 0.0
) -> QuicStep | None:
    """Try one handshake; `None` where aioquic is not installed."""
    if not INSTALLED:
        return None
    began = clock.monotonic()
    ended: list[float] = []
    failure = await _try(address, port, host, settings, lambda: ended.append(clock.monotonic()))
    return QuicStep(
        host=host,
        sni=host,
        address=endpoint(address, port),
        family=version_of(address),
        started_seconds=began - zero,
        took_seconds=(ended or [clock.monotonic()])[0] - began,
        failure=failure,
    )


async def _try(
    address: str, port: int, host: str, settings: ProberSettings, ended: Callable[[], None]
) -> Failure | None:
    """The handshake; `ended` is called when it is decided, before the goodbye that takes its time."""
    client = importlib.import_module("aioquic.asyncio.client")
    verified = settings.trusted.verify_mode is ssl.CERT_REQUIRED
    wanted = importlib.import_module("aioquic.quic.configuration").QuicConfiguration(
        is_client=True,
        alpn_protocols=["h3"],
        server_name=host,
        verify_mode=ssl.CERT_REQUIRED if verified else ssl.CERT_NONE,
        cafile=settings.roots,
        idle_timeout=settings.tls_seconds,
    )
    settled: asyncio.Future[Failure | None] = asyncio.get_running_loop().create_future()
    try:
        async with asyncio.timeout(settings.tls_seconds):
            async with client.connect(
                address, port, configuration=wanted, create_protocol=_protocol(settled), wait_connected=False
            ) as connection:
                connection.transmit()
                failure = await settled
                ended()
                return failure
    except OSError as error:  # TimeoutError is one
        return of_os_error(error)


def _protocol(settled: "asyncio.Future[Failure | None]") -> Any:
    """Aioquic's protocol, telling us how the handshake ended."""
    base = importlib.import_module("aioquic.asyncio.protocol").QuicConnectionProtocol
    events = importlib.import_module("aioquic.quic.events")

    class Shaking(base):  # type: ignore[misc, valid-type]
        def quic_event_received(self, event: Any) -> None:
            if settled.done():
                return
            if isinstance(event, events.HandshakeCompleted):
                settled.set_result(None)
            elif isinstance(event, events.ConnectionTerminated):
                settled.set_result(_ended(event.error_code, event.reason_phrase))

    return Shaking


def _ended(code: int, reason: str) -> Failure:
    """Why the handshake ended, by the code that QUIC carries; an idle time-out has none."""
    if code in _CERTIFICATE_ALERTS:
        return Failure.SSL_INVALID_HOSTNAME if "hostname" in reason.lower() else Failure.SSL_INVALID_CERTIFICATE
    return Failure.SSL_FAILED_HANDSHAKE if code >= _TLS_ALERT else Failure.TIMEOUT
