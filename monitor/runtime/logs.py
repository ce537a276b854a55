"""Log lines: for people or as JSON, always in UTC, never with a person's name, phone, e-mail or a secret in them."""

import json
import logging
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Literal

_PRIVATE: Final = re.compile(
    r"(?<![\d:])(?:\+\d{10,15}|(?:\+?7|8)[\s(-]*7\d\d[\s)-]*\d{3}[\s-]*\d{2}[\s-]*\d{2})(?!\d)"
    r"|[\w.+-]+@[\w-]+\.[\w.]+|(?<![\w/])@\w{4,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
_Failure = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def masked(text: str) -> str:
    """The text without phones, e-mails, handles and passwords in addresses, control characters as escapes."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", _PRIVATE.sub("[…]", text))


class _Masking(logging.Formatter):
    def __init__(self, mask: Callable[[str], str] | None) -> None:
        super().__init__()
        self._mask = mask

    def private(self, text: str) -> str:
        """The text without private people: what always goes, and what the injected masker knows."""
        return masked(text) if self._mask is None else masked(self._mask(text))

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        trace = f"\n{self._trace(record.exc_info)}" if record.exc_info else ""
        return self.line(when, record, self.private(record.getMessage()) + trace)

    def _trace(self, failure: _Failure) -> str:
        """The trace, each line masked: an error may quote the text that it met."""
        return "\n".join(self.private(line) for line in self.formatException(failure).splitlines())

    def line(self, when: str, record: logging.LogRecord, message: str) -> str:
        return f"{when} {record.levelname.lower():<7} {record.name}: {message}"


class _Json(_Masking):
    def line(self, when: str, record: logging.LogRecord, message: str) -> str:
        fields = {"time": when, "level": record.levelname.lower(), "part": record.name, "message": message}
        return json.dumps(fields, ensure_ascii=False)


def set_up(level: str, form: Literal["text", "json"] | str, mask: Callable[[str], str] | None = None) -> None:
    """Send everything to standard error in this form.

    Args:
        level: the least severe level that is written.
        form: `json` for programs, anything else for people.
        mask: takes private people out of a line; `None`: only phones, e-mails, handles and passwords go.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json(mask) if form == "json" else _Masking(mask))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
