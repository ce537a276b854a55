"""Who did what: each entry carries the hash of the one before, so that no row can be changed or taken out unseen.

The chain cannot show that its END was cut off: whoever wants to be sure of that keeps the latest hash (`AuditVerdict.
head`) somewhere else, as `dabyl doctor` prints it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from monitor.domain.changes import AuditEntry
from monitor.domain.ids import content_id
from monitor.store.schema import audit
from monitor.store.upserts import add
from monitor.store.values import microseconds, moment, storable

Values = dict[str, Any]

BEGINNING: Final = "0" * 64
"""What the first entry carries as the hash before it."""

HASHED: Final = ("number", "entry", "at", "actor", "action", "subject", "details", "previous_hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """What a check of the chain found.

    Attributes:
        entries: how many rows were read.
        head: hash of the last sound row.
        broken_at: number of the first row that was changed, or that follows a gap; `None` if the chain holds.
    """

    entries: int
    head: str
    broken_at: int | None = None


def append(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """Add entries to the chain; one that stands there already is left as it is. Needs the writer's lock."""
    fresh = _fresh(connection, {_entry_id(entry): entry for entry in entries})
    if not fresh:
        return
    last = connection.execute(select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)).first()
    number, previous = (last.number, last.hash) if last else (0, BEGINNING)
    rows = []
    for entry_id, entry in fresh.items():
        number += 1
        row = _values(number, entry_id, entry, previous)
        previous = row["hash"]
        rows.append(row)
    add(connection, audit, rows)


def verify(connection: Connection) -> AuditVerdict:
    """Follow the chain from its beginning."""
    number, previous = 0, BEGINNING
    for row in connection.execute(select(audit).order_by(audit.c.number)):
        number += 1
        sound = row.number == number and row.previous_hash == previous and row.hash == _hash(dict(row._mapping))  # noqa: SLF001
        if not sound:
            return AuditVerdict(entries=number, head=previous, broken_at=row.number)
        previous = row.hash
    return AuditVerdict(entries=number, head=previous)


def latest(connection: Connection, limit: int) -> list[AuditEntry]:
    """The last entries, newest first."""
    return [_entry(row) for row in connection.execute(select(audit).order_by(audit.c.number.desc()).limit(limit))]


def _fresh(connection: Connection, entries: dict[str, AuditEntry]) -> dict[str, AuditEntry]:
    if not entries:
        return {}
    known = set(connection.scalars(select(audit.c.entry).where(audit.c.entry.in_(list(entries)))))
    return {entry_id: entry for entry_id, entry in entries.items() if entry_id not in known}


def _entry_id(entry: AuditEntry) -> str:
    return content_id("audit", str(microseconds(entry.at)), entry.actor, entry.action, entry.subject, entry.details)


def _values(number: int, entry_id: str, entry: AuditEntry, previous: str) -> Values:
    row = {
        "number": number,
        "entry": entry_id,
        "at": microseconds(entry.at),
        "actor": storable(entry.actor),
        "action": storable(entry.action),
        "subject": storable(entry.subject),
        "details": storable(entry.details),
        "previous_hash": previous,
    }
    return row | {"hash": _hash(row)}


def _hash(row: Values) -> str:
    digest = hashlib.sha256()
    for name in HASHED:
        data = str(row[name]).encode()
        # The length keeps ("ab", "c") and ("a", "bc") apart.
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(at=moment(row.at), actor=row.actor, action=row.action, subject=row.subject, details=row.details)
