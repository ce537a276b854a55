"""Reports, signals, alerts, incidents and owed messages."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _what_was_said()
    _what_it_means()
    _bookmarks()
    _alerts_and_incidents()
    _owed_messages()


def _what_was_said() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("latest", sa.String, nullable=False),
        sa.Column("versions", sa.Integer, nullable=False),
        sa.Column("deleted_at", sa.BigInteger),
    )
    op.create_index("reports_at", "reports", ["at"])
    op.create_index("reports_source_at", "reports", ["source", "at"])
    op.create_index("reports_seen_at", "reports", ["seen_at"])
    op.create_table(
        "report_versions",
        sa.Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("version", sa.String, nullable=False, unique=True),
        sa.Column("report", sa.String, sa.ForeignKey("reports.id", ondelete="CASCADE"), nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("text", sa.Text),
        sa.Column("link", sa.Text),
        sa.Column("published_at", sa.BigInteger),
        sa.Column("observed_at", sa.BigInteger, nullable=False),
        sa.Column("edited", sa.Boolean, nullable=False),
        sa.Column("edited_at", sa.BigInteger),
        sa.Column("forwarded_from", sa.Text),
        sa.Column("reply_to", sa.Text),
        sa.Column("views", sa.BigInteger),
        sa.Column("media", sa.Text),
        sa.Column("is_service", sa.Boolean, nullable=False),
    )
    op.create_index("report_versions_report", "report_versions", ["report"])
    _partial_index("report_versions_unwiped", "report_versions", ["observed_at"], "text IS NOT NULL")


def _what_it_means() -> None:
    op.create_table(
        "signals",
        sa.Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String, nullable=False, unique=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("family", sa.String, nullable=False),
        sa.Column("regions", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("observed_at", sa.BigInteger, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("witness", sa.Text, nullable=False),
        sa.Column("strength", sa.Float, nullable=False),
        sa.Column("tier", sa.Integer, nullable=False),
        sa.Column("denied", sa.Boolean, nullable=False),
        sa.Column("past", sa.Boolean, nullable=False),
        sa.Column("report", sa.String),
        sa.Column("link", sa.Text),
        sa.Column("language", sa.String),
        sa.Column("title", sa.Text),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("words", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("signals_at", "signals", ["at"])
    op.create_index("signals_observed_at", "signals", ["observed_at"])
    op.create_index("signals_report", "signals", ["report"])
    _partial_index("signals_unwiped", "signals", ["observed_at"], "words IS NOT NULL")


def _bookmarks() -> None:
    op.create_table(
        "cursors", sa.Column("source", sa.String, primary_key=True), sa.Column("cursor", sa.Text, nullable=False)
    )
    op.create_table(
        "checkpoints",
        sa.Column("reader", sa.String, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "healths",
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("feeling", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("checked_at", sa.BigInteger, nullable=False),
        sa.Column("last_good_at", sa.BigInteger),
        sa.Column("retry_at", sa.BigInteger),
    )
    commits = op.create_table(
        "commits",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(commits, [{"id": 1, "number": 0}])


def _alerts_and_incidents() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("family", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("last_signal_at", sa.BigInteger, nullable=False),
        sa.Column("incident", sa.String),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("alerts_started_at", "alerts", ["started_at"])
    op.create_index("alerts_incident", "alerts", ["incident"])
    _partial_index("alerts_unresolved", "alerts", ["started_at"], "state <> 'resolved'")
    op.create_table(
        "incidents",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("family", sa.String, nullable=False),
        sa.Column("regions", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("incidents_opened_at", "incidents", ["opened_at"])
    _partial_index("incidents_unclosed", "incidents", ["opened_at"], "state <> 'closed'")
    _evidence_and_timeline()


def _evidence_and_timeline() -> None:
    op.create_table(
        "incident_signals",
        sa.Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("incident", sa.String, sa.ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
        sa.Column("signal", sa.String, nullable=False),
        sa.UniqueConstraint("incident", "signal", name="incident_signals_once"),
    )
    op.create_index("incident_signals_signal", "incident_signals", ["signal"])
    op.create_table(
        "timeline",
        sa.Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String, nullable=False, unique=True),
        sa.Column("incident", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("refers_to", sa.String),
    )
    op.create_index("timeline_incident", "timeline", ["incident", "at"])


def _owed_messages() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("incident", sa.String, nullable=False),
        sa.Column("alert", sa.String),
        sa.Column("receiver", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("event_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("short", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("claimed_by", sa.String),
        sa.Column("claimed_until", sa.BigInteger),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("last_error", sa.Text),
    )
    op.create_index("notifications_incident", "notifications", ["incident"])
    op.create_index("notifications_created_at", "notifications", ["created_at"])
    order: list[str | sa.TextClause] = [sa.text("severity DESC"), "created_at", "id"]
    _partial_index("notifications_outstanding", "notifications", order, "state IN ('owed', 'claimed')")
    op.create_table(
        "attempts",
        sa.Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("notification", sa.String, sa.ForeignKey("notifications.id", ondelete="CASCADE"), nullable=False),
        sa.Column("receiver", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("succeeded", sa.Boolean, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("reference", sa.Text),
        sa.UniqueConstraint("notification", "receiver", "at", name="attempts_once"),
    )


def _partial_index(name: str, table: str, columns: list[str | sa.TextClause], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
