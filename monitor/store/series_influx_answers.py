"""What InfluxDB's refusals mean: https://docs.influxdata.com/influxdb/v2/write-data/troubleshoot/.

Promises that no message holds our token; the text of a refused line stands only in `RefusedError.named`.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from monitor.domain.errors import AccessDeniedError, UnavailableError

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_NAMED: Final = re.compile(r"unable to parse '(.*?)': ([^\n]*)", re.DOTALL)
_NUMBER: Final = re.compile(r"\bline (\d+)\b")
_DROPPED: Final = re.compile(r"\bdropped=(\d+)\b")


class RefusedError(Exception):
    """The server refused lines for good.

    Attributes:
        reason: what it said, in one line.
        named: the lines that it names, as text, each with what is wrong with it.
        number: the number of the line that it names, 1 is the first; `None` if it gives none.
        dropped: how many lines it says that it dropped; `None` if it does not say.
    """

    def __init__(self, message: str) -> None:
        super().__init__(plain(message))
        self.reason = plain(_NAMED.sub(r"unable to parse: \2", message))
        self.named = {text: plain(reason) for text, reason in _NAMED.findall(message)}
        number, dropped = _NUMBER.search(self.reason), _DROPPED.search(self.reason)
        self.number = int(number.group(1)) if number else None
        self.dropped = int(dropped.group(1)) if dropped else None


class TooLargeError(Exception):
    """The body is more than the server takes at once."""


def judged(status: int, headers: Mapping[str, str], text: str, now: datetime) -> Exception:
    """What to raise for an answer that is no success."""
    message = _message(text)
    said = plain(message)
    if status in {400, 422}:
        return RefusedError(message)
    if status == 413:
        return TooLargeError(said)
    if status in {401, 403}:
        return AccessDeniedError(f"InfluxDB refuses our token ({status}): it must read and write our buckets")
    if status == 404:
        return AccessDeniedError(f"InfluxDB does not know what we ask for ({said}): run dabyl influx setup")
    if 300 <= status < 400:
        return AccessDeniedError("InfluxDB's address redirects elsewhere: give the final one as DABYL_INFLUXDB_URL")
    return UnavailableError(f"InfluxDB answers {status} ({said})", _retry_after_seconds(headers, now))


def plain(message: str) -> str:
    """A message as one line of bounded length."""
    return _CONTROL.sub(" ", message)[:500].strip() or "no reason given"


def _message(text: str) -> str:
    with suppress(ValueError):
        answer = json.loads(text)
        if isinstance(answer, dict):
            return str(answer.get("message") or answer.get("error") or answer.get("code") or "")
    return text[:2000]


def _retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return max(0.0, (at.astimezone(UTC) - now).total_seconds()) if at.tzinfo else None
