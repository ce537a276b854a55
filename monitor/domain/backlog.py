"""What waits in an outbox: known to stores, metrics and the command line."""

from datetime import datetime
from typing import NamedTuple


class Backlog(NamedTuple):
    """What waits.

    Attributes:
        lines, bytes: how much, compressed as it lies here.
        oldest_at: when the oldest of it was written; `None` if nothing waits.
        parked: lines that a person must look at.
        delivered: lines handed over since the outbox was made.
    """

    lines: int = 0
    bytes: int = 0
    oldest_at: datetime | None = None
    parked: int = 0
    delivered: int = 0
