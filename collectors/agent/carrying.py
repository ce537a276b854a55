"""Parcels in a file, carried by hand when no way is left; and the receipt that may be carried back.

The file begins with `DABYL-PARCELS 1`, then each transmission behind its length (4 bytes). What is inside is signed
and sealed as on the wire: who finds the file learns the agent's name, counts and times, and no content.
A receipt is an answer of the core as on the wire, behind `DABYL-RECEIPT 1`.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from collectors.agent.parcels import LARGEST_BYTES

PARCELS: Final = b"DABYL-PARCELS 1\n"
RECEIPT: Final = b"DABYL-RECEIPT 1\n"


class CarriedFileError(ValueError):
    """A file that cannot be read as what it should be; says what is wrong."""


def write_parcels(path: Path, transmissions: Iterable[bytes]) -> int:
    """Put them into a new file, on the disk when it returns; how many there were.

    Raises:
        OSError: the file is there already, or cannot be written; nothing is left of it.
    """
    count = 0
    file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as out:
            out.write(PARCELS)
            for transmission in transmissions:
                out.write(len(transmission).to_bytes(4, "big") + transmission)
                count += 1
            out.flush()
            os.fsync(out.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return count


def read_parcels(path: Path) -> Iterator[bytes]:
    """The transmissions, one after the other, never the whole file at once.

    Raises:
        CarriedFileError: no such file of ours, or cut short; what stood before has been given.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(PARCELS)) != PARCELS:
                raise CarriedFileError(f"{path}: no parcels: it does not begin with {PARCELS.decode().strip()}")
            yield from _entries(path, file)
    except OSError as error:
        raise CarriedFileError(f"{path}: cannot be read ({error.strerror})") from None


def _entries(path: Path, file: BinaryIO) -> Iterator[bytes]:
    number = 0
    while head := file.read(4):
        number += 1
        size = int.from_bytes(head, "big")
        if size > LARGEST_BYTES:
            raise CarriedFileError(f"{path}: entry {number} is larger than is allowed")
        data = file.read(size)
        if len(head) < 4 or len(data) < size:
            raise CarriedFileError(f"{path}: entry {number} is cut short; the {number - 1} before it were read")
        yield data


def is_receipt(path: Path) -> bool:
    """Whether a file begins as a receipt does."""
    try:
        with path.open("rb") as file:
            return file.read(len(RECEIPT)) == RECEIPT
    except OSError as error:
        raise CarriedFileError(f"{path}: cannot be read ({error.strerror})") from None


def read_receipt(path: Path) -> list[bytes]:
    """The core's answers in a receipt, one a line."""
    if path.stat().st_size > 64 * LARGEST_BYTES:
        raise CarriedFileError(f"{path}: larger than a receipt can be")
    lines = path.read_bytes().removeprefix(RECEIPT).splitlines()
    try:
        return [bytes.fromhex(line.decode("ascii")) for line in lines if line]
    except (ValueError, UnicodeDecodeError):
        raise CarriedFileError(f"{path}: the receipt was changed or cut short") from None


def write_receipt(path: Path, answers: Iterable[bytes]) -> None:
    """Put the core's answers into a file."""
    path.write_bytes(RECEIPT + b"".join(answer.hex().encode() + b"\n" for answer in answers))
