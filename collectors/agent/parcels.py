"""What agents and the core say to each other, as bytes: signed, sealed, bounded. PURE.

A transmission is `DBL1`, a signature (64 bytes), the length of the head (2 bytes), the head (JSON), and the sealed
content: zlib-compressed JSON lines that only the core can read. The head says who, which number, which attempt and
when. The signature covers head and content. A broker, a proxy or a seized disk learns counts and times, no content.

An answer is `DBA1`, the core's signature and JSON: which numbers are committed. An agent forgets nothing on any other
word than this.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args

from collectors.agent.keys import Secret, is_signed, sealed_for
from monitor.domain.agents import AGENT_NAME
from monitor.domain.moments import parse_rfc3339, rfc3339

VERSION: Final = 1
MARK: Final = b"DBL1"
ANSWER_MARK: Final = b"DBA1"
SIGNATURE_BYTES: Final = 64
LARGEST_BYTES: Final = 1024 * 1024
"""A transmission larger than this is refused before anything is parsed."""
LARGEST_CONTENT_BYTES: Final = 16 * 1024 * 1024
"""Of the content once it is decompressed."""
MOST_ROWS: Final = 200
LARGEST_NUMBER: Final = 2**53
Way = Literal["wire", "file"]


class ParcelError(ValueError):
    """Bytes that are no transmission or answer of ours; says what is wrong without repeating them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands on the outside of a parcel.

    Attributes:
        core: first 16 digits of the public key of the core it is meant for.
        sequence: number of the parcel.
        attempt: number of this transmission, never used twice by one agent; 0 in a file.
        oldest: smallest number that the agent still holds.
        waiting: parcels that it holds.
        dropped_rows: rows that its buffer cap cost so far.
        sent_at: as the agent believes, its clock mended by what it knows of ours.
        clock_offset_seconds: our clock less its own clock, as it measured; `None` while it could not.
        run: names the life of the agent's process; rows of the same life share its clock's error.
        way: over the wire within minutes, or by hand within weeks.
    """

    agent: str
    core: str
    sequence: int
    attempt: int
    oldest: int
    waiting: int
    rows: int
    sent_at: datetime
    dropped_rows: int = 0
    clock_offset_seconds: float | None = None
    run: str = ""
    way: Way = "wire"


@dataclass(frozen=True, slots=True)
class Transmission:
    """A transmission taken apart, its signature not yet checked."""

    head: Head
    content: bytes
    signature: bytes
    signed: bytes

    def is_by(self, public: str) -> bool:
        """Whether the holder of that key sent it."""
        return is_signed(_context(MARK, self.signed), self.signature, public)

    @property
    def digest(self) -> str:
        """Of its sealed content: the same for every attempt to send one parcel."""
        return digest(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the core says.

    Attributes:
        committed: numbers that are stored for good.
        refused: numbers that never will be, and why; the agent sets them aside.
        attempt: the attempt that is answered; 0 for none in particular.
        received_at: when that one came.
        sent_at: when this answer went.
        late: that attempt said another time than ours; nothing of it was stored, and it may be sent again.
    """

    agent: str
    committed: tuple[int, ...] = ()
    refused: Mapping[int, str]
    attempt: int = 0
    received_at: datetime
    sent_at: datetime
    late: bool = False


def digest(content: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def short_key(public: str) -> str:
    """What names a core in a head."""
    return public[:16]


def pack_content(rows: Sequence[bytes], core: str) -> bytes:
    """Rows (each one JSON value on one line), compressed and sealed for the core with that public key."""
    return sealed_for(core, zlib.compress(b"\n".join(rows), 6))


def unpack_content(content: bytes, secret: Secret) -> Iterator[bytes]:
    """The rows again, each to be read on its own.

    Raises:
        ParcelError: not sealed for us, not compressed, or larger than is allowed.
    """
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(secret.unseal(content), LARGEST_CONTENT_BYTES)
    except (ValueError, zlib.error) as error:
        raise ParcelError(str(error) if isinstance(error, ValueError) else "not compressed as it should be") from None
    if not inflate.eof:
        raise ParcelError("larger than is allowed, or cut short")
    return iter(data.split(b"\n")) if data else iter(())


def pack(head: Head, content: bytes, secret: Secret) -> bytes:
    """A transmission."""
    values = {
        "v": VERSION, "agent": head.agent, "core": head.core, "sequence": head.sequence, "attempt": head.attempt,
        "oldest": head.oldest, "waiting": head.waiting, "rows": head.rows, "sent_at": rfc3339(head.sent_at),
        "dropped_rows": head.dropped_rows, "clock_offset_seconds": head.clock_offset_seconds, "way": head.way,
        "run": head.run,
    }  # fmt: skip
    line = json.dumps(values, separators=(",", ":")).encode()
    signed = len(line).to_bytes(2, "big") + line + content
    return MARK + secret.sign(_context(MARK, signed)) + signed


def unpack(data: bytes) -> Transmission:
    """Take a transmission apart.

    Raises:
        ParcelError: it is none.
    """
    signature, signed = _opened(data, MARK)
    size = int.from_bytes(signed[:2], "big")
    line, content = signed[2 : 2 + size], signed[2 + size :]
    if len(line) < size or not content:
        raise ParcelError("cut short")
    return Transmission(_head(_object(line)), content, signature, signed)


def pack_answer(answer: Answer, secret: Secret) -> bytes:
    """An answer."""
    values = {
        "v": VERSION, "agent": answer.agent, "committed": list(answer.committed),
        "refused": {str(number): why for number, why in answer.refused.items()}, "attempt": answer.attempt,
        "received_at": rfc3339(answer.received_at), "sent_at": rfc3339(answer.sent_at), "late": answer.late,
    }  # fmt: skip
    line = json.dumps(values, separators=(",", ":")).encode()
    return ANSWER_MARK + secret.sign(_context(ANSWER_MARK, line)) + line


def unpack_answer(data: bytes, core: str) -> Answer:
    """The answer of the core with that public key.

    Raises:
        ParcelError: it is none, or somebody else's.
    """
    signature, line = _opened(data, ANSWER_MARK)
    if not is_signed(_context(ANSWER_MARK, line), signature, core):
        raise ParcelError("the answer is not signed by the core")
    values = _object(line)
    committed, refused = values.get("committed"), values.get("refused")
    if not isinstance(committed, list) or not isinstance(refused, dict):
        raise ParcelError("an answer without its lists")
    return Answer(
        agent=_name(values),
        committed=tuple(_counted(number) for number in committed),
        refused={_counted(_digits(number)): str(why)[:200] for number, why in refused.items()},
        attempt=_number(values, "attempt"),
        received_at=_moment(values, "received_at"),
        sent_at=_moment(values, "sent_at"),
        late=values.get("late") is True,
    )


def _context(mark: bytes, signed: bytes) -> bytes:
    """What is signed: a signature for one purpose must not serve another."""
    return b"dabyl agent " + mark + b"\0" + signed


def _opened(data: bytes, mark: bytes) -> tuple[bytes, bytes]:
    if len(data) > LARGEST_BYTES:
        raise ParcelError(f"larger than {LARGEST_BYTES // 1024} KiB")
    start = len(mark) + SIGNATURE_BYTES
    if not data.startswith(mark) or len(data) < start + 2:
        raise ParcelError("does not begin as it should")
    return data[len(mark) : start], data[start:]


def _object(line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        raise ParcelError("no JSON where it should stand") from None
    if not isinstance(values, dict):
        raise ParcelError("no JSON object where it should stand")
    if values.get("v") != VERSION:
        raise ParcelError(f"version {VERSION} is spoken here, this says another")
    return values


def _head(values: Mapping[str, Any]) -> Head:
    way, offset = values.get("way"), values.get("clock_offset_seconds")
    if way not in get_args(Way):
        raise ParcelError("'way' must be wire or file")
    if offset is not None and not (isinstance(offset, int | float) and abs(offset) < LARGEST_NUMBER):
        raise ParcelError("'clock_offset_seconds' must be a number")
    core = values.get("core")
    if not isinstance(core, str) or not re.fullmatch("[0-9a-f]{16}", core):
        raise ParcelError("'core' must be 16 hexadecimal digits")
    head = Head(
        agent=_name(values), core=core, sequence=_number(values, "sequence"), attempt=_number(values, "attempt"),
        oldest=_number(values, "oldest"), waiting=_number(values, "waiting"), rows=_number(values, "rows"),
        sent_at=_moment(values, "sent_at"), dropped_rows=_number(values, "dropped_rows"),
        clock_offset_seconds=None if offset is None else float(offset), run=str(values.get("run"))[:40],
        way="file" if way == "file" else "wire",
    )  # fmt: skip
    if not 1 <= head.oldest <= head.sequence or head.rows > MOST_ROWS or (head.attempt == 0) == (way == "wire"):
        raise ParcelError("numbers that do not fit together")
    return head


def _name(values: Mapping[str, Any]) -> str:
    name = values.get("agent")
    if not isinstance(name, str) or not re.fullmatch(AGENT_NAME, name):
        raise ParcelError("'agent' must be a name of an agent")
    return name


def _number(values: Mapping[str, Any], key: str) -> int:
    return _counted(values.get(key))


def _counted(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < LARGEST_NUMBER:
        raise ParcelError("a number that is none")
    return number


def _digits(text: Any) -> int:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 17 else -1


def _moment(values: Mapping[str, Any], key: str) -> datetime:
    try:
        return parse_rfc3339(str(values.get(key)))
    except (ValueError, OverflowError):
        raise ParcelError(f"'{key}' is no time with its zone") from None
