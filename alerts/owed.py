"""What is owed to whom, and why. PURE.

A first message always goes at once; so does one that says that things grew worse. Everything else about one incident
goes at most every half hour, so that what flaps does not shout.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from alerts.incidents import Step
from alerts.message import Composer, Subject
from alerts.routes import Destination, wants
from monitor.domain.alerts import Incident, Level, Notification, Reason, Severity
from monitor.domain.ids import content_id
from monitor.domain.moments import rfc3339
from monitor.domain.signals import Signal

QUIET: Final = timedelta(minutes=30)
"""Least time between two messages about one incident that are neither first nor worse."""


@dataclass(frozen=True, slots=True)
class Untold:
    """A destination that was not told, and why; for time lines and for people who ask."""

    receiver: str
    incident: str
    because: str


@dataclass(slots=True)
class Ledger:
    """When each destination was last told of each incident."""

    destinations: Sequence[Destination]
    composer: Composer
    mark: str = ""
    _told: dict[tuple[str, str], tuple[datetime, Severity, Level]] = field(default_factory=dict)

    def restore(self, notifications: Iterable[Notification]) -> None:
        """Remember what was owed before a restart, and nothing else."""
        self._told.clear()
        for note in sorted(notifications, key=lambda note: note.created_at):
            self._told[note.incident, note.receiver] = (note.created_at, note.severity, note.level)

    def owed(self, step: Step, signals: Sequence[Signal], now: datetime) -> tuple[list[Notification], list[Untold]]:
        """Messages that a step makes owed, and who is left out."""
        notes: list[Notification] = []
        untold: list[Untold] = []
        for destination in self.destinations:
            reason = self._reason(step, destination, now)
            if not wants(destination, step.incident, step.turn.rule):
                if step.cause in {"opened", "severity"}:
                    untold.append(
                        Untold(destination.id, step.incident.id, "asked for other severities, regions or families")
                    )
            elif reason is not None:
                notes.append(self._note(step, destination, reason, signals, now))
                self._told[step.incident.id, destination.id] = (now, step.incident.severity, step.incident.level)
        if step.cause == "closed":
            self._told = {key: value for key, value in self._told.items() if key[0] != step.incident.id}
        return notes, untold

    def _reason(self, step: Step, destination: Destination, now: datetime) -> Reason | None:
        told = self._told.get((step.incident.id, destination.id))
        if step.cause == "folded":
            return None
        if told is None:
            return Reason.FIRST if step.cause != "closed" else None
        at, severity, level = told
        if step.cause == "closed":
            return Reason.RESOLVED
        if step.incident.severity > severity:
            return Reason.ESCALATED
        return None if now - at < QUIET else _milder(step, level)

    def _note(
        self, step: Step, destination: Destination, reason: Reason, signals: Sequence[Signal], now: datetime
    ) -> Notification:
        since = step.turn.alert.started_at if reason is Reason.FIRST else _began(step.incident, signals)
        subject = Subject(
            incident=step.incident, rule=step.turn.rule, reason=reason, signals=signals, since=since,
            restored=step.cause == "cleared", mark=self.mark,
        )  # fmt: skip
        words = self.composer.words(subject, destination)
        mark = content_id("notification", step.incident.id, destination.id, reason.value, rfc3339(now) or "")
        return Notification(
            id=mark, incident=step.incident.id, alert=step.turn.alert.id, receiver=destination.id, reason=reason,
            severity=step.incident.severity, level=step.incident.level, created_at=now, event_at=since, due_at=now,
            subject=words.subject, short=words.short, body=words.body,
        )  # fmt: skip


def _milder(step: Step, level: Level) -> Reason | None:
    """A reason that can wait half an hour."""
    if step.incident.level.rank > level.rank:
        return Reason.LEVEL_CHANGED
    return Reason.NEW_EVIDENCE if step.cause in {"joined", "cleared", "again"} else None


def _began(incident: Incident, signals: Sequence[Signal]) -> datetime:
    return min((signal.at for signal in signals if not signal.past), default=incident.opened_at)
