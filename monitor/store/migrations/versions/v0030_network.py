"""What vantages measured, and what readers of it remember from one step to the next."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0020"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "measurements",
        sa.Column("sequence", number, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String, nullable=False, unique=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Index("measurements_at", "at"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "memories",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("memories")
    op.drop_table("measurements")
