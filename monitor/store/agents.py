"""Agents and their parcels as rows: whom we admitted, what we took in, how far we are with each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, case, delete, func, select, update

from monitor.domain.agents import Agent, Parcel, Standing
from monitor.domain.measurements import Vantage
from monitor.store.retention import STEP, Limits
from monitor.store.schema import agent_parcels
from monitor.store.schema import agents as agent_table
from monitor.store.upserts import add_new
from monitor.store.values import compact_json, microseconds, moment, optional_microseconds, optional_moment, readable

VANTAGE: Final = TypeAdapter(Vantage)
WHERE: Final = TypeAdapter(dict[str, Any])
PLACE: Final = TypeAdapter(tuple[float, float] | None)
NAMES: Final = TypeAdapter(tuple[str, ...])


def all_agents(connection: Connection) -> Sequence[tuple[Agent, Standing]]:
    """All of them, by id."""
    return list(readable(connection.execute(select(agent_table).order_by(agent_table.c.id)), _both))


def one_agent(connection: Connection, name: str) -> tuple[Agent, Standing] | None:
    """The agent of that name; `None` if there never was one."""
    row = connection.execute(select(agent_table).where(agent_table.c.id == name)).first()
    return None if row is None else _both(row)


def admit(connection: Connection, agent: Agent) -> bool:
    """Add it, or leave it as it is where it is known with this key; `False` where the name has another key."""
    standing = Standing()
    row = {
        "id": agent.id,
        "key": agent.key,
        "vantage": compact_json(VANTAGE.dump_python(agent.vantage, mode="json") | {"place": agent.place}),
        "sensitive": compact_json(agent.sensitive),
        "enrolled_at": microseconds(agent.enrolled_at),
        "revoked_at": optional_microseconds(agent.revoked_at),
        **_standing_values(standing),
    }
    add_new(connection, agent_table, [row])
    return connection.scalar(select(agent_table.c.key).where(agent_table.c.id == agent.id)) == agent.key


def revoke(connection: Connection, name: str, at: datetime) -> bool:
    """Mark it; `False` where there is nothing to mark."""
    trusted = (agent_table.c.id == name) & agent_table.c.revoked_at.is_(None)
    return connection.execute(update(agent_table).where(trusted).values(revoked_at=microseconds(at))).rowcount == 1


def add_parcels(connection: Connection, taken: Sequence[Parcel]) -> None:
    """Store them, and what they say about their agents; a known number is left as it is."""
    for parcel in taken:
        add_new(connection, agent_parcels, [_parcel_values(parcel)])
        values = _standing_values(parcel.standing)
        # Ways overtake each other: what an older transmission says must not undo what a newer one said.
        newer = parcel.standing.floor_attempt >= agent_table.c.floor_attempt
        wanted = {name: case((newer, value), else_=agent_table.c[name]) for name, value in values.items()}
        connection.execute(update(agent_table).where(agent_table.c.id == parcel.agent).values(**wanted))


def digests(connection: Connection, agent: str, sequences: Collection[int]) -> Mapping[int, str]:
    """Digest of each of these parcels that is stored, by sequence."""
    mine = (agent_parcels.c.agent == agent) & agent_parcels.c.sequence.in_(sorted(sequences))
    rows = connection.execute(select(agent_parcels.c.sequence, agent_parcels.c.digest).where(mine))
    return {row.sequence: row.digest for row in rows}


def attempt_seen(connection: Connection, agent: str, attempt: int) -> bool:
    """Whether a stored parcel came with this attempt."""
    mine = (agent_parcels.c.agent == agent) & (agent_parcels.c.attempt == attempt)
    return connection.scalar(select(func.count()).select_from(agent_parcels).where(mine)) != 0


def drop_parcels(connection: Connection, limits: Limits) -> int:
    """Numbers of parcels taken in long ago that their agents hold no more."""
    floor = select(agent_table.c.floor).where(agent_table.c.id == agent_parcels.c.agent).scalar_subquery()
    old = (agent_parcels.c.received_at < limits.raw_text) & (agent_parcels.c.sequence <= floor)
    columns = select(agent_parcels.c.agent, agent_parcels.c.sequence).where(old).limit(STEP)
    chosen = connection.execute(columns).all()
    for agent, sequence in chosen:
        mine = (agent_parcels.c.agent == agent) & (agent_parcels.c.sequence == sequence)
        connection.execute(delete(agent_parcels).where(mine))
    return len(chosen)


def _parcel_values(parcel: Parcel) -> dict[str, Any]:
    return {
        "agent": parcel.agent,
        "sequence": parcel.sequence,
        "attempt": parcel.attempt,
        "digest": parcel.digest,
        "received_at": microseconds(parcel.received_at),
        "rows": parcel.rows,
        "refused_rows": parcel.refused_rows,
    }


def _standing_values(standing: Standing) -> dict[str, Any]:
    return {
        "floor": standing.floor,
        "floor_attempt": standing.floor_attempt,
        "last_heard_at": optional_microseconds(standing.last_heard_at),
        "clock_offset_seconds": standing.clock_offset_seconds,
        "waiting_parcels": standing.waiting_parcels,
        "dropped_rows": standing.dropped_rows,
    }


def _both(row: Row[Any]) -> tuple[Agent, Standing]:
    where = WHERE.validate_json(row.vantage)
    place = PLACE.validate_python(where.pop("place", None))
    agent = Agent(
        id=row.id, key=row.key, vantage=VANTAGE.validate_python(where), place=place, enrolled_at=moment(row.enrolled_at),
        sensitive=NAMES.validate_json(row.sensitive), revoked_at=optional_moment(row.revoked_at),
    )  # fmt: skip
    standing = Standing(
        floor=row.floor, floor_attempt=row.floor_attempt, last_heard_at=optional_moment(row.last_heard_at),
        clock_offset_seconds=row.clock_offset_seconds, waiting_parcels=row.waiting_parcels,
        dropped_rows=row.dropped_rows,
    )  # fmt: skip
    return agent, standing
