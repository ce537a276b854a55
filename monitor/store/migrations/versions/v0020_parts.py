"""Several processes over one store: leases with tokens, and when the handing over of a message began."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("holder", sa.String),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("beats", sa.BigInteger, nullable=False),
    )
    op.add_column("notifications", sa.Column("begun_at", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("notifications", "begun_at")
    op.drop_table("leases")
