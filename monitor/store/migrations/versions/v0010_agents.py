"""Agents in the field: whom we admitted, and which parcels we took in."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("vantage", sa.Text, nullable=False),
        sa.Column("sensitive", sa.Text, nullable=False),
        sa.Column("enrolled_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("floor", sa.BigInteger, nullable=False),
        sa.Column("floor_attempt", sa.BigInteger, nullable=False),
        sa.Column("last_heard_at", sa.BigInteger),
        sa.Column("clock_offset_seconds", sa.Float),
        sa.Column("waiting_parcels", sa.BigInteger, nullable=False),
        sa.Column("dropped_rows", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "agent_parcels",
        sa.Column("agent", sa.String, sa.ForeignKey("agents.id"), primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("attempt", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("refused_rows", sa.BigInteger, nullable=False),
    )
    op.create_index("agent_parcels_attempt", "agent_parcels", ["agent", "attempt"])
    op.create_index("agent_parcels_received_at", "agent_parcels", ["received_at"])


def downgrade() -> None:
    op.drop_table("agent_parcels")
    op.drop_table("agents")
