"""Certificates as verdicts need them, from the bytes that a server showed. A broken one is still evidence."""

import hashlib
from collections.abc import Iterable

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from monitor.domain.measurements import Certificate

MOST_BYTES = 65_536
MOST_NAMES = 50
LONGEST_CHAIN = 10


def chain_of(ders: Iterable[bytes]) -> tuple[Certificate, ...]:
    """The chain, the server's own certificate first; cut at `LONGEST_CHAIN`."""
    return tuple(certificate_of(der) for _, der in zip(range(LONGEST_CHAIN), ders, strict=False))


def certificate_of(der: bytes) -> Certificate:
    """One certificate; of one that cannot be read only the digest is known."""
    digest = hashlib.sha256(der).hexdigest()
    try:
        parsed = x509.load_der_x509_certificate(der[:MOST_BYTES])
        return Certificate(
            subject=parsed.subject.rfc4514_string(),
            issuer=parsed.issuer.rfc4514_string(),
            sha256=digest,
            key_sha256=_key_digest(parsed),
            names=_names(parsed),
            valid_from=parsed.not_valid_before_utc,
            valid_until=parsed.not_valid_after_utc,
        )
    except (ValueError, TypeError, OverflowError, x509.ExtensionNotFound):
        return Certificate(subject="", issuer="", sha256=digest)


def _key_digest(parsed: x509.Certificate) -> str:
    try:
        key = parsed.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return ""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _names(parsed: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError, x509.DuplicateExtension):
        return ()
    found = [*extension.get_values_for_type(x509.DNSName), *map(str, extension.get_values_for_type(x509.IPAddress))]
    return tuple(found[:MOST_NAMES])
