"""A QUIC handshake, by aioquic where it is installed (`pip install dabyl[quic]`): its own step, its own interference."""

import asyncio
import importlib.util
import ssl
from typing import Final

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
    failure = await _try(address, port, host, settings)
    return QuicStep(
        host=host,
        sni=host,
        address=endpoint(address, port),
        family=version_of(address),
        started_seconds=began - zero,
        took_seconds=clock.monotonic() - began,
        failure=failure,
    )


async def _try(address: str, port: int, host: str, settings: ProberSettings) -> Failure | None:
    client = importlib.import_module("aioquic.asyncio.client")
    configuration = importlib.import_module("aioquic.quic.configuration").QuicConfiguration
    verified = settings.trusted.verify_mode is ssl.CERT_REQUIRED
    wanted = configuration(
        is_client=True,
        alpn_protocols=["h3"],
        server_name=host,
        verify_mode=ssl.CERT_REQUIRED if verified else ssl.CERT_NONE,
        cadata=_roots(settings.trusted) or None,
        idle_timeout=settings.tls_seconds,
    )
    try:
        async with asyncio.timeout(settings.tls_seconds):
            async with client.connect(address, port, configuration=wanted, wait_connected=False) as connection:
                await connection.wait_connected()
                return None
    except ConnectionError:
        return _closed(locals().get("connection"))
    except OSError as error:  # TimeoutError is one
        return of_os_error(error)


def _roots(context: ssl.SSLContext) -> bytes:
    """The roots that the context trusts, as PEM: aioquic verifies by itself."""
    return "".join(map(ssl.DER_cert_to_PEM_cert, context.get_ca_certs(binary_form=True))).encode()


def _closed(connection: object) -> Failure:
    """Why the handshake was closed, by the code that QUIC carries."""
    event = getattr(getattr(connection, "_quic", None), "_close_event", None)
    code = getattr(event, "error_code", None)
    if code in _CERTIFICATE_ALERTS:
        return Failure.SSL_INVALID_CERTIFICATE
    return Failure.SSL_FAILED_HANDSHAKE if isinstance(code, int) and code >= _TLS_ALERT else Failure.TIMEOUT
