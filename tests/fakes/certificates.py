"""Certificates made for a test: good, expired, of another name, self-signed, and signed by a root that looks like the state's."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

STATE = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "KZ"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ISCA"),
        x509.NameAttribute(NameOID.COMMON_NAME, "Information Security Certification Authority"),
    ]
)
UNKNOWN = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nobody's root")])
HONEST = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test root")])


class Authority:
    """A root that signs."""

    def __init__(self, name: x509.Name) -> None:
        self.name = name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(name, self.key, None, -1, 30)

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, host: str | None, begins: int, ends: int
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=begins))
            .not_valid_after(now + timedelta(days=ends))
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        )
        if host is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, place: Path, host: str, *, begins: int = -1, ends: int = 20) -> Path:
        """A PEM file with certificate, key and root for that host; days are counted from today."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), key, host, begins, ends)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        place.write_bytes(private + _pem(leaf) + _pem(self.certificate))
        return place

    def root(self, place: Path) -> Path:
        """The root alone, to be trusted."""
        place.write_bytes(_pem(self.certificate))
        return place


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
