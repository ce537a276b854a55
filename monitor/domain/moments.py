"""Moments in time: always aware, always UTC inside, RFC 3339 at the edges."""

from datetime import UTC, datetime
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def utc(moment: datetime) -> datetime:
    """The same moment in UTC.

    Raises:
        ValueError: the moment has no zone; guessing one would move an event by hours.
    """
    if moment.tzinfo is None:
        message = f"time without a zone: {moment.isoformat()}"
        raise ValueError(message)
    return moment.astimezone(UTC)


def rfc3339(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with a trailing Z, whole seconds where possible; `None` stays `None`."""
    if moment is None:
        return None
    moment = utc(moment)
    text = moment.isoformat(timespec="microseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def parse_rfc3339(text: str) -> datetime:
    """The moment that an RFC 3339 text names, in UTC.

    Raises:
        ValueError: not RFC 3339, or without a zone.
    """
    return utc(datetime.fromisoformat(text))


def from_unix(seconds: float) -> datetime:
    """The moment that many seconds after 1970-01-01T00:00:00Z.

    Raises:
        ValueError: outside the years 1 to 9999.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        message = f"not a time: {seconds}"
        raise ValueError(message) from error
