"""What was measured and what readers of it remember, as rows."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select

from monitor.domain.connectivity import Round, round_from_json, round_json
from monitor.domain.ids import content_id
from monitor.domain.measurements import Measurement, measurement_from_json, measurement_json
from monitor.store.retention import STEP, Limits
from monitor.store.schema import measurements, memories
from monitor.store.upserts import add_new, put
from monitor.store.values import microseconds, readable

MEASUREMENT: Final = "measurement"
ROUND: Final = "round"


def add_measured(connection: Connection, found: Sequence[Measurement | Round]) -> None:
    """Store them; what is known already is left as it is."""
    add_new(connection, measurements, [_values(one) for one in found])


def remember(connection: Connection, kept: Mapping[str, str | None]) -> None:
    """Store what readers remember, and forget what they let go of."""
    rows = [{"name": name, "body": body, "size_bytes": len(body)} for name, body in kept.items() if body is not None]
    put(connection, memories, rows)
    gone = [name for name, body in kept.items() if body is None]
    for start in range(0, len(gone), STEP):
        connection.execute(delete(memories).where(memories.c.name.in_(gone[start : start + STEP])))


def measured(connection: Connection, after: int, limit: int) -> Sequence[tuple[int, Measurement | Round]]:
    """Behind that number, in the order it was stored."""
    asked = select(measurements).where(measurements.c.sequence > after).order_by(measurements.c.sequence).limit(limit)
    return list(readable(connection.execute(asked), lambda row: (row.sequence, _measured(row))))


def measured_between(connection: Connection, since: datetime, until: datetime) -> Sequence[Measurement]:
    """Measurements that began within that interval, oldest first."""
    within = (measurements.c.at >= microseconds(since)) & (measurements.c.at < microseconds(until))
    asked = select(measurements).where(within, measurements.c.what == MEASUREMENT)
    rows = connection.execute(asked.order_by(measurements.c.at, measurements.c.sequence))
    return list(_measurements(rows))


def memories_of(connection: Connection, prefix: str) -> Mapping[str, str]:
    """What readers remember under names that begin so."""
    named = memories.c.name.startswith(prefix, autoescape=True)
    return {row.name: row.body for row in connection.execute(select(memories.c.name, memories.c.body).where(named))}


def drop_measurements(connection: Connection, limits: Limits) -> int:
    """What was measured too long ago to be judged again."""
    old = select(measurements.c.sequence).where(measurements.c.at < limits.measurements).limit(STEP)
    chosen = list(connection.scalars(old))
    if chosen:
        connection.execute(delete(measurements).where(measurements.c.sequence.in_(chosen)))
    return len(chosen)


def _values(found: Measurement | Round) -> dict[str, Any]:
    if isinstance(found, Measurement):
        body, what = measurement_json(found).decode(), MEASUREMENT
        return {"id": found.id, "at": microseconds(found.started_at), "what": what, "body": body}
    body = round_json(found).decode()
    return {"id": content_id(ROUND, body), "at": microseconds(found.at), "what": ROUND, "body": body}


def _measured(row: Row[Any]) -> Measurement | Round:
    return measurement_from_json(row.body) if row.what == MEASUREMENT else round_from_json(row.body)


def _measurements(rows: Any) -> Iterator[Measurement]:
    yield from readable(rows, lambda row: measurement_from_json(row.body))
