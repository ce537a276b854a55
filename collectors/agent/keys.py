"""Keys of agents and of the core: Ed25519 to sign, and the same pair to seal for. PyNaCl (libsodium) does the work.

A key file holds 64 hexadecimal digits, is made with mode 0600 and is refused if others may read it.
"""

import os
import stat
from pathlib import Path

from nacl.encoding import HexEncoder
from nacl.exceptions import CryptoError
from nacl.public import SealedBox
from nacl.signing import SigningKey, VerifyKey

from monitor.domain.errors import AccessDeniedError


class Secret:
    """A private key. It never shows itself.

    Attributes:
        public: the public key, 64 hexadecimal digits.
    """

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self._unsealing = SealedBox(key.to_curve25519_private_key())
        self.public = key.verify_key.encode(HexEncoder).decode()

    def sign(self, data: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._key.sign(data).signature

    def unseal(self, sealed: bytes) -> bytes:
        """What was sealed for us.

        Raises:
            ValueError: it was not sealed for us, or was changed.
        """
        try:
            return self._unsealing.decrypt(sealed)
        except CryptoError:
            raise ValueError("cannot be unsealed with this key") from None

    def __repr__(self) -> str:
        return f"Secret(public={fingerprint(self.public)})"


def is_signed(data: bytes, signature: bytes, public: str) -> bool:
    """Whether the holder of that key signed this."""
    try:
        VerifyKey(public.encode(), HexEncoder).verify(data, signature)
    except (CryptoError, ValueError):
        return False
    return True


def sealed_for(public: str, data: bytes) -> bytes:
    """The data so that only the holder of that key can read it; not even whoever sealed it."""
    return SealedBox(VerifyKey(public.encode(), HexEncoder).to_curve25519_public_key()).encrypt(data)


def fingerprint(public: str) -> str:
    """A public key as people compare it: four groups of four digits."""
    return "-".join(public[start : start + 4] for start in range(0, 16, 4))


def is_public_key(text: str) -> bool:
    """Whether this text is a public key that can be used."""
    try:
        VerifyKey(text.encode(), HexEncoder).to_curve25519_public_key()
    except (CryptoError, ValueError, TypeError):
        return False
    return len(text) == 64 and text == text.lower()


def checked_public_key(text: str) -> str:
    """The text, if it is a public key that can be used.

    Raises:
        ValueError: it is none.
    """
    if not is_public_key(text):
        message = "no public key: 64 hexadecimal digits are needed"
        raise ValueError(message)
    return text


def make_key(path: Path) -> Secret:
    """A new key in a new file.

    Raises:
        AccessDeniedError: the file is there already, or cannot be written.
    """
    key = SigningKey.generate()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(key.encode(HexEncoder) + b"\n")
            out.flush()
            os.fsync(out.fileno())
    except FileExistsError:
        raise AccessDeniedError(f"{path}: there is a key already; it is never overwritten") from None
    except OSError as error:
        raise AccessDeniedError(f"{path}: cannot be written ({error.strerror})") from None
    return Secret(key)


def read_key(path: Path) -> Secret:
    """The key of a file.

    Raises:
        AccessDeniedError: there is none, others may read it, or it is no key.
    """
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise AccessDeniedError(f"{path}: others may read this key; say: chmod 600 {path}")
        return key_of(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        raise AccessDeniedError(f"{path}: there is no key") from None
    except (OSError, ValueError):
        raise AccessDeniedError(f"{path}: cannot be read as a key") from None


def key_of(text: str) -> Secret:
    """The key that this text is.

    Raises:
        ValueError: it is none; the text is not repeated.
    """
    try:
        return Secret(SigningKey(text.strip().encode(), HexEncoder))
    except (CryptoError, TypeError, ValueError):
        raise ValueError("no key: 64 hexadecimal digits are needed") from None
