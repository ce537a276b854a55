"""Owed messages and the tries to hand them over as rows."""

from typing import Any

from sqlalchemy import Row

from monitor.domain.alerts import Attempt, Level, Notification, NotificationState, Reason, Severity
from monitor.store.values import (
    microseconds,
    moment,
    optional_microseconds,
    optional_moment,
    optional_storable,
    storable,
)

Values = dict[str, Any]


def notification_values(message: Notification) -> Values:
    """The row of a message."""
    return {
        "id": message.id,
        "incident": message.incident,
        "alert": message.alert,
        "receiver": message.receiver,
        "reason": message.reason.value,
        "severity": int(message.severity),
        "level": message.level.value,
        "created_at": microseconds(message.created_at),
        "event_at": microseconds(message.event_at),
        "due_at": microseconds(message.due_at),
        "subject": storable(message.subject),
        "short": storable(message.short),
        "body": storable(message.body),
        "state": message.state.value,
        "attempts": message.attempts,
        "claimed_by": message.claimed_by,
        "claimed_until": optional_microseconds(message.claimed_until),
        "sent_at": optional_microseconds(message.sent_at),
        "last_error": optional_storable(message.last_error),
        "begun_at": optional_microseconds(message.begun_at),
    }


def notification(row: Row[Any]) -> Notification:
    """The message of a row."""
    return Notification(
        id=row.id,
        incident=row.incident,
        alert=row.alert,
        receiver=row.receiver,
        reason=Reason(row.reason),
        severity=Severity(row.severity),
        level=Level(row.level),
        created_at=moment(row.created_at),
        event_at=moment(row.event_at),
        due_at=moment(row.due_at),
        subject=row.subject,
        short=row.short,
        body=row.body,
        state=NotificationState(row.state),
        attempts=row.attempts,
        claimed_by=row.claimed_by,
        claimed_until=optional_moment(row.claimed_until),
        sent_at=optional_moment(row.sent_at),
        last_error=row.last_error,
        begun_at=optional_moment(row.begun_at),
    )


def attempt_values(attempt: Attempt) -> Values:
    """The row of one try."""
    return {
        "notification": attempt.notification,
        "receiver": attempt.receiver,
        "at": microseconds(attempt.at),
        "succeeded": attempt.succeeded,
        "error": optional_storable(attempt.error),
        "reference": optional_storable(attempt.reference),
    }


def attempt(row: Row[Any]) -> Attempt:
    """The try of a row."""
    return Attempt(
        notification=row.notification,
        receiver=row.receiver,
        at=moment(row.at),
        succeeded=row.succeeded,
        error=row.error,
        reference=row.reference,
    )
