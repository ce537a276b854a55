"""Reading rows out of the pages of a SQLite file that SQLite itself no longer opens. Writes nothing.

Method: the file format as SQLite documents it (www.sqlite.org/fileformat2.html). Rows live in table leaf pages (type
13); every such page is read by itself, so damage elsewhere (the root, an inner page, a neighbour) costs nothing. A page
in the write-ahead log replaces the one in the file if its checksum holds and its transaction was committed.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

Value = int | float | str | bytes | None
Record = tuple[int, tuple[Value, ...]]
"""A row's number and its columns."""

PAGE_BYTES: Final = 4096
TABLE_LEAF: Final = 13
INTEGER_BYTES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
LOG_HEADER_BYTES: Final = 32
FRAME_HEADER_BYTES: Final = 24
LOG_MAGIC: Final = {0x377F0682: "<", 0x377F0683: ">"}
"""First number of a log, and the byte order of its checksums."""


class UnreadableError(ValueError):
    """These bytes are no row."""


@dataclass(frozen=True, slots=True)
class Image:
    """The pages of a database, by number from 1, log included."""

    main: bytes
    log_pages: dict[int, bytes]
    page_bytes: int

    @classmethod
    def of(cls, main: bytes, log: bytes) -> "Image":
        """The pages of this file and its write-ahead log."""
        page_bytes = _page_bytes(main)
        return cls(main, _committed(log, page_bytes), page_bytes)

    def page(self, number: int) -> bytes:
        """That page; empty where there is none."""
        found = self.log_pages.get(number)
        if found is None:
            found = self.main[(number - 1) * self.page_bytes : number * self.page_bytes]
        return found if len(found) == self.page_bytes else b""

    @property
    def count(self) -> int:
        """Number of the last page."""
        return max(-(-len(self.main) // self.page_bytes), max(self.log_pages, default=0))


def records(image: Image) -> Iterator[Record]:
    """Every row that can be read. The first page holds the schema and is left out."""
    for number in range(2, image.count + 1):
        page = image.page(number)
        if page and page[0] == TABLE_LEAF:
            yield from _page_records(image, page)


def _page_records(image: Image, page: bytes) -> Iterator[Record]:
    cells = int.from_bytes(page[3:5], "big")
    for index in range(min(cells, image.page_bytes // 4)):
        start = int.from_bytes(page[8 + 2 * index : 10 + 2 * index], "big")
        try:
            yield _cell(image, page, start)
        except (UnreadableError, IndexError, struct.error):
            continue


def _cell(image: Image, page: bytes, start: int) -> Record:
    length, start = _varint(page, start)
    row, start = _varint(page, start)
    local = _local_bytes(length, image.page_bytes)
    payload = page[start : start + min(local, length)]
    if length > local:
        following = int.from_bytes(page[start + local : start + local + 4], "big")
        payload += _overflow(image, following, length - local)
    if len(payload) != length:
        raise UnreadableError
    return row, _columns(payload)


def _local_bytes(length: int, usable: int) -> int:
    """How much of a row stands in the leaf page itself."""
    most = usable - 35
    if length <= most:
        return length
    least = (usable - 12) * 32 // 255 - 23
    wanted = least + (length - least) % (usable - 4)
    return wanted if wanted <= most else least


def _overflow(image: Image, number: int, length: int) -> bytes:
    parts: list[bytes] = []
    while length > 0:
        page = image.page(number) if number > 1 else b""
        if not page or len(parts) > image.count:
            raise UnreadableError
        parts.append(page[4 : 4 + length])
        length -= len(parts[-1])
        number = int.from_bytes(page[:4], "big")
    return b"".join(parts)


def _columns(payload: bytes) -> tuple[Value, ...]:
    header_bytes, at = _varint(payload, 0)
    if header_bytes > len(payload):
        raise UnreadableError
    kinds: list[int] = []
    while at < header_bytes:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Value] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise UnreadableError
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in INTEGER_BYTES:
        end = at + INTEGER_BYTES[kind]
        return int.from_bytes(payload[at:end], "big", signed=True), end
    if kind == 7:
        return struct.unpack_from(">d", payload, at)[0], at + 8
    if kind in {8, 9}:
        return kind - 8, at
    if kind < 12:
        raise UnreadableError
    end = at + (kind - 12) // 2
    data = payload[at:end]
    return (data.decode("utf-8", "replace") if kind % 2 else data), end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """SQLite's variable-length integer: seven bits a byte, eight in the ninth."""
    value = 0
    for index in range(9):
        byte = data[at + index]
        if index == 8:
            value = (value << 8) | byte
            break
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            break
    signed = value - 2**64 if value >= 2**63 else value
    return signed, at + index + 1


def _page_bytes(main: bytes) -> int:
    """The page size that the header says, or SQLite's usual one where the header is lost."""
    said = int.from_bytes(main[16:18], "big")
    said = 65536 if said == 1 else said
    sound = main.startswith(b"SQLite format 3\0") and 512 <= said <= 65536 and said & (said - 1) == 0
    return said if sound else PAGE_BYTES


def _committed(log: bytes, page_bytes: int) -> dict[int, bytes]:
    """The newest sound page for each number, up to the last commit in the log."""
    order = LOG_MAGIC.get(int.from_bytes(log[:4], "big"))
    if order is None or len(log) < LOG_HEADER_BYTES:
        return {}
    committed: dict[int, bytes] = {}
    pending: dict[int, bytes] = {}
    for number, ends_transaction, page in _frames(log, page_bytes, order):
        if page is not None:
            pending[number] = page
        if ends_transaction:
            committed |= pending
            pending = {}
    return committed


def _frames(log: bytes, page_bytes: int, order: str) -> Iterator[tuple[int, bool, bytes | None]]:
    """Page number, whether its transaction was committed with it, and the page (`None` where its checksum fails)."""
    salts, sums = log[16:24], struct.unpack(">II", log[24:32])
    step = FRAME_HEADER_BYTES + page_bytes
    for start in range(LOG_HEADER_BYTES, len(log) - step + 1, step):
        header = log[start : start + FRAME_HEADER_BYTES]
        page = log[start + FRAME_HEADER_BYTES : start + step]
        if header[8:16] != salts:
            # Left over from an earlier round of the log.
            return
        number, pages_after_commit = struct.unpack(">II", header[:8])
        said = struct.unpack(">II", header[16:24])
        sound = _checksum(header[:8] + page, sums, order) == said
        # The next checksum builds on the one that is written here, so each frame can be judged by itself.
        sums = said
        yield number, pages_after_commit != 0, page if sound else None


def _checksum(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for index in range(0, len(words), 2):
        first = (first + words[index] + second) & 0xFFFFFFFF
        second = (second + words[index + 1] + first) & 0xFFFFFFFF
    return first, second
