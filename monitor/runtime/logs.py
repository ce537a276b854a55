"""Log lines: for people or as JSON, always in UTC, never with a person's name, phone, e-mail or a secret in them."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Final, Literal

_PRIVATE: Final = re.compile(
    r"(?<![\d:])(?:\+\d{10,15}|(?:\+?7|8)[\s(-]*7\d\d[\s)-]*\d{3}[\s-]*\d{2}[\s-]*\d{2})(?!\d)"
    r"|[\w.+-]+@[\w-]+\.[\w.]+|(?<![\w/])@\w{4,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def masked(text: str) -> str:
    """The text without phones, e-mails, handles and passwords in addresses, control characters as escapes."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", _PRIVATE.sub("[…]", text))


class _Masking(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return self.line(when, record, masked(record.getMessage()) + trace)

    def line(self, when: str, record: logging.LogRecord, message: str) -> str:
        return f"{when} {record.levelname.lower():<7} {record.name}: {message}"


class _Json(_Masking):
    def line(self, when: str, record: logging.LogRecord, message: str) -> str:
        fields = {"time": when, "level": record.levelname.lower(), "part": record.name, "message": message}
        return json.dumps(fields, ensure_ascii=False)


def set_up(level: str, form: Literal["text", "json"] | str) -> None:
    """Send everything to standard error in this form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Masking())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
