"""What went wrong, in OONI's words: from errno, from OpenSSL's verify codes, from DNS answer codes. Never from texts."""

import errno
import ssl
from typing import Final

from monitor.domain.measurements import Failure

_ERRNO: Final = {
    errno.ECONNREFUSED: Failure.CONNECTION_REFUSED,
    errno.ECONNRESET: Failure.CONNECTION_RESET,
    errno.EPIPE: Failure.CONNECTION_RESET,
    errno.ECONNABORTED: Failure.CONNECTION_ABORTED,
    errno.EHOSTUNREACH: Failure.HOST_UNREACHABLE,
    errno.ENETUNREACH: Failure.NETWORK_UNREACHABLE,
    errno.ENETDOWN: Failure.NETWORK_DOWN,
    errno.ENETRESET: Failure.NETWORK_RESET,
    errno.ETIMEDOUT: Failure.TIMEOUT,
    errno.EACCES: Failure.PERMISSION_DENIED,
    errno.EPERM: Failure.PERMISSION_DENIED,
    errno.EADDRNOTAVAIL: Failure.ADDRESS_NOT_AVAILABLE,
    errno.EAFNOSUPPORT: Failure.ADDRESS_NOT_AVAILABLE,
}
_VERIFY: Final = {
    **dict.fromkeys((9, 10, 13, 14), Failure.SSL_INVALID_CERTIFICATE),  # not yet valid, expired, bad times
    **dict.fromkeys((62, 63, 64), Failure.SSL_INVALID_HOSTNAME),  # host, e-mail, address mismatch
    **dict.fromkeys(
        (2, 18, 19, 20, 21, 24, 27), Failure.SSL_UNKNOWN_AUTHORITY
    ),  # issuer unknown or another of that name, self-signed, untrusted
}
"""OpenSSL's X509_V_ERR codes (openssl-verification-options(1))."""
_RCODE: Final = {
    1: Failure.DNS_SERVER_MISBEHAVING,
    2: Failure.DNS_SERVFAIL,
    3: Failure.DNS_NXDOMAIN,
    5: Failure.DNS_REFUSED,
}


def of_os_error(error: OSError) -> Failure:
    """The failure behind a socket's error."""
    if isinstance(error, TimeoutError):
        return Failure.TIMEOUT
    return _ERRNO.get(error.errno or 0, Failure.UNKNOWN)


def of_tls_error(error: ssl.SSLError) -> Failure:
    """The failure behind an error of the handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY.get(error.verify_code, Failure.SSL_INVALID_CERTIFICATE)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return Failure.EOF
    return Failure.SSL_FAILED_HANDSHAKE


def of_rcode(rcode: int) -> Failure | None:
    """The failure that a DNS answer code means; `None` for no error."""
    return _RCODE.get(rcode, Failure.DNS_SERVER_MISBEHAVING) if rcode else None
