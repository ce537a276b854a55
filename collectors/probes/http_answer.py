"""An HTTP/1.1 answer as it comes in, in pieces: status, headers, and how much of a body there is. No I/O.

It keeps the beginning of the body for title and fingerprints, counts the rest, and stops at a limit. A server may send
anything: every length is bounded and every error is a failure of the page, not ours.
"""

from typing import Final

from monitor.domain.measurements import Failure

MOST_HEAD_BYTES: Final = 65_536
KEPT_BODY_BYTES: Final = 65_536
_NO_BODY: Final = frozenset({204, 304})


class HttpAnswer:
    """One answer. Feed it until `complete`, or until the stream ends; then ask."""

    __slots__ = (
        "_head",
        "_left",
        "body",
        "chunked",
        "complete",
        "failure",
        "headers",
        "length_bytes",
        "limit",
        "status",
        "truncated",
    )

    def __init__(self, limit_bytes: int) -> None:
        self.limit = limit_bytes
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.length_bytes = 0
        self.complete = False
        self.truncated = False
        self.failure: Failure | None = None
        self.chunked: bytearray | None = None
        self._head: bytearray | None = bytearray()
        self._left: int | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        if self._head is None:
            self._body(data)
            return
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            if len(self._head) > MOST_HEAD_BYTES:
                self._fail()
            return
        head, rest = bytes(self._head[:end]), bytes(self._head[end + 4 :])
        in_body = self._read_head(head)
        if rest and not self.complete:
            (self._body if in_body else self.feed)(rest)

    def end(self) -> None:
        """The stream ended."""
        if self.complete:
            return
        if self._head is not None or self._left or self.chunked is not None:
            self.truncated = self._head is None
            self.failure = Failure.EOF
        self.complete = True

    def _fail(self) -> None:
        self.failure = Failure.HTTP_REQUEST_FAILED
        self.complete = True

    def _read_head(self, head: bytes) -> bool:
        """Read one head; `False` where another head follows (1xx), or nothing does."""
        first, _, rest = head.partition(b"\r\n")
        if not first.startswith(b"HTTP/1.") or not first[9:12].isdigit():
            self._fail()
            return False
        status = int(first[9:12])
        if status < 200 and status != 101:
            self._head = bytearray()
            return False
        self.status = status
        self._head = None
        self._read_headers(rest.decode("latin-1"))
        return True

    def _read_headers(self, text: str) -> None:
        for line in text.split("\r\n", 200)[:200]:
            name, colon, value = line.partition(":")
            if colon:
                self.headers.setdefault(name.strip().lower(), value.strip())
        length = self.headers.get("content-length", "")
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            self.chunked = bytearray()
        elif length.isascii() and length.isdigit() and len(length) < 16:
            self._left = int(length)
        if self.status in _NO_BODY or self._left == 0:
            self.complete = True

    def _body(self, data: bytes) -> None:
        if self.chunked is not None:
            self._chunks(data)
            return
        self._count(data if self._left is None else data[: self._left])
        if self._left is not None:
            self._left = max(0, self._left - len(data))
            self.complete = self.complete or not self._left

    def _count(self, data: bytes) -> None:
        room = KEPT_BODY_BYTES - len(self.body)
        if room > 0:
            self.body += data[:room]
        self.length_bytes += len(data)
        if self.length_bytes >= self.limit and not (self._left is not None and self._left <= len(data)):
            self.truncated = True
            self.complete = True

    def _chunks(self, data: bytes) -> None:
        """Chunks of a body; `_left` counts what the chunk at hand still owes, its line end included."""
        buffer = self.chunked
        assert buffer is not None
        buffer += data
        while buffer and not self.complete:
            if not self._left:
                line, found, _ = buffer.partition(b"\r\n")
                if not found:
                    self.complete = self.complete or len(buffer) > 1024
                    return
                if not self._begin_chunk(bytes(line)):
                    return
                del buffer[: len(line) + 2]
                continue
            part = bytes(buffer[: self._left])
            del buffer[: len(part)]
            self._left -= len(part)
            self._count(part[: len(part) - max(0, 2 - self._left)] if self._left < 2 else part)

    def _begin_chunk(self, line: bytes) -> bool:
        size = line.partition(b";")[0].strip()
        try:
            count = int(size, 16) if len(size) <= 8 else -1
        except ValueError:
            count = -1
        if count < 0:
            self._fail()
        elif count == 0:
            self.complete = True
            self.chunked = None
        else:
            self._left = count + 2
        return count > 0
