"""How each part, source, agent and receiver feels, since when. Our own blindness is a fact that rules can see."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Feeling(StrEnum):
    """States of a part, source or receiver. Only `OK` is green; `UNKNOWN` never is. `DEGRADED` works, and not always."""

    UNKNOWN = "unknown"
    OK = "ok"
    LATE = "late"
    DEGRADED = "degraded"
    THROTTLED = "throttled"
    SILENT = "silent"
    UNREACHABLE = "unreachable"
    DENIED = "denied"
    BROKEN = "broken"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How something feels.

    Attributes:
        subject: `source:<id>`, `part:<name>`, `receiver:<id>`, `line` (our own way to the internet), `store`.
        feeling: the state.
        reason: one sentence for a person, without names of people, addresses or tokens.
        since: when this state began.
        checked_at: when we last looked.
        last_good_at: when it last worked; `None` if never.
        retry_at: when we try again; `None` if not planned.
    """

    subject: str
    feeling: Feeling
    reason: str
    since: datetime
    checked_at: datetime
    last_good_at: datetime | None = None
    retry_at: datetime | None = None
