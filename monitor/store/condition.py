"""How a store feels, known without asking it: one that refuses cannot be asked to remember that it refuses."""

from datetime import datetime
from typing import Final

from monitor.domain.health import Feeling, Health
from monitor.domain.ports import Clock

CALM_SECONDS: Final = 30.0
"""A store that refused nothing for this long is well again."""


class Condition:
    """Remembers refusals. Used from the event loop only.

    Args:
        clock: for since-when.

    Attributes:
        subject: what it is called where health is shown, such as `part:store`.
        refusals: how often it refused since the start.
    """

    def __init__(self, subject: str, clock: Clock) -> None:
        self.subject = subject
        self._clock = clock
        self._well_since = clock.now()
        self._ill_since: datetime | None = None
        self._refused_at = 0.0
        self._reason = ""
        self.refusals = 0

    def refused(self, reason: str) -> None:
        """It could not do what was asked."""
        if not self._is_ill():
            self._ill_since = self._clock.now()
        self._refused_at, self._reason = self._clock.monotonic(), reason
        self.refusals += 1

    def health(self) -> Health:
        """How it feels now: degraded while it refuses, and until it has been calm for a while."""
        now = self._clock.now()
        if self._is_ill() and self._ill_since is not None:
            return Health(
                subject=self.subject, feeling=Feeling.DEGRADED, since=self._ill_since, checked_at=now,
                reason=f"refused something of late: {self._reason}",
            )  # fmt: skip
        return Health(
            subject=self.subject, feeling=Feeling.OK, reason="takes what it is given", since=self._well_since,
            checked_at=now,
        )  # fmt: skip

    def _is_ill(self) -> bool:
        if self._ill_since is not None and self._clock.monotonic() - self._refused_at >= CALM_SECONDS:
            self._ill_since, self._well_since = None, self._clock.now()
        return self._ill_since is not None
