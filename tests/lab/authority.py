"""Certificates made at run time: a root that everybody trusts, roots that look like the state's, and what is signed by them.

The state-like roots copy only the names of the real ones (Mozilla bugs 1229827, 1567114, 1680927); their keys are made here
and forgotten with the process.
"""

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
STATE_ROOTS = {
    "state-2015": (("KZ", None, "НЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ"), 0),
    "state-2016": (("KZ", None, "Qaznet Trust Network"), 0),
    "state-2020": (("KZ", "ISCA", "Information Security Certification Authority"), 1),
}
"""Names of the known interception roots, and how many intermediates stand between them and a site."""


@dataclass(frozen=True)
class Signed:
    """A certificate with its key, and the certificates above it (its root left out)."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    above: tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> bytes:
        """Certificate, those above it, and key, as servers load them."""
        chain = (self.certificate, *self.above)
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain) + key


def named(country: str | None, organization: str | None, common: str) -> x509.Name:
    """A name, without the parts that are `None`."""
    parts = (
        (NameOID.COUNTRY_NAME, country),
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.COMMON_NAME, common),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


class Root:
    """An authority that signs what it is asked to."""

    def __init__(self, name: x509.Name, *, intermediates: int = 0) -> None:
        self.root = _sign(name, None, authority=True, days=3650)
        self._signer = self.root
        for number in range(1, intermediates + 1):
            below = x509.Name([*list(name)[:-1], x509.NameAttribute(NameOID.COMMON_NAME, f"{_common(name)} {number}")])
            self._signer = _sign(below, self._signer, authority=True, days=75)

    @property
    def pem(self) -> bytes:
        """The root itself, as clients trust it."""
        return self.root.certificate.public_bytes(serialization.Encoding.PEM)

    def site(self, name: str, *others: str, flaw: str | None = None) -> Signed:
        """A certificate for a site.

        Args:
            name: the site's name.
            others: more names on the same certificate, as CDNs have them.
            flaw: `expired`, `wrong-name`, or nothing.
        """
        shown = "other.example" if flaw == "wrong-name" else name
        names = [shown] if flaw == "wrong-name" else [name, *others]
        return _sign(
            named(None, None, shown), self._signer, names=names, days=90, ended=20 if flaw == "expired" else None
        )


def self_signed(name: str) -> Signed:
    """A certificate that nobody else signed."""
    return _sign(named(None, None, name), None, names=[name], days=90)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _common(name: x509.Name) -> str:
    return str(name.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _sign(
    name: x509.Name, by: Signed | None, *, names: list[str] | None = None, authority: bool = False, days: int,
    ended: int | None = None,
) -> Signed:  # fmt: skip
    key = ec.generate_private_key(ec.SECP256R1())
    until = datetime.now(UTC) + (-ended * DAY if ended is not None else days * DAY)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(by.certificate.subject if by else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - (days + 2) * DAY)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(one) for one in names]), False)
    certificate = builder.sign(by.key if by else key, hashes.SHA256())
    above = (by.certificate, *by.above) if by and by.certificate.issuer != by.certificate.subject else ()
    return Signed(certificate, key, above)


@cache
def public_root() -> Root:
    """The one root that browsers of this internet trust."""
    return Root(named("XX", "Lab", "Lab Public Root"))


@cache
def interception_root(name: str) -> Root:
    """A root of whoever reads along: one of `STATE_ROOTS`, or `unknown`."""
    if name == "unknown":
        return Root(named(None, "Web Filter", "Web Filter Gateway"))
    parts, intermediates = STATE_ROOTS[name]
    return Root(named(*parts), intermediates=intermediates)


def serving(signed: Signed) -> ssl.SSLContext:
    """A server's context with this certificate; nothing touches the disk."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    fd = os.memfd_create("certificate")
    try:
        os.write(fd, signed.pem)
        context.load_cert_chain(f"/proc/self/fd/{fd}")
    finally:
        os.close(fd)
    return context


def roots_file(*roots: Root) -> str:
    """Path of a file with these roots, for as long as this process and its children live."""
    fd = os.memfd_create("roots")
    os.set_inheritable(fd, True)
    os.write(fd, b"".join(root.pem for root in roots))
    return f"/proc/self/fd/{fd}"
