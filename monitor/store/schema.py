"""Tables of the state store, the same on SQLite and PostgreSQL.

Times are whole microseconds since 1970-01-01T00:00:00Z (UTC), so that they sort and compare the same everywhere.
Lists of regions are codes with a space on both sides (` KZ-75 KZ-10 `), so that one code can be looked for. What is
only ever read back whole is JSON in a text column.

Two rules keep a damaged file readable (see `salvage.py`): a new column goes to the end of its table and may be NULL,
and no two tables have columns of the same types in the same order.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata: Final = MetaData()

Sequence: Final = BigInteger().with_variant(Integer, "sqlite")
"""A number given by the database. SQLite only counts by itself in columns of type INTEGER."""

UNWIPED_TEXT: Final = text("text IS NOT NULL")
UNWIPED_WORDS: Final = text("words IS NOT NULL")
OUTSTANDING: Final = text("state IN ('owed', 'claimed')")
UNRESOLVED: Final = text("state <> 'resolved'")
UNCLOSED: Final = text("state <> 'closed'")

reports: Final = Table(
    "reports",
    metadata,
    Column("id", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("origin", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("latest", String, nullable=False),
    Column("versions", Integer, nullable=False),
    Column("deleted_at", BigInteger),
    Index("reports_at", "at"),
    Index("reports_source_at", "source", "at"),
    Index("reports_seen_at", "seen_at"),
)
"""One row per post: which wording is the latest, how many there were, and whether it is gone."""

report_versions: Final = Table(
    "report_versions",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("version", String, nullable=False, unique=True),
    Column("report", String, ForeignKey("reports.id", ondelete="CASCADE"), nullable=False),
    Column("source", String, nullable=False),
    Column("title", Text),
    Column("text", Text),
    Column("link", Text),
    Column("published_at", BigInteger),
    Column("observed_at", BigInteger, nullable=False),
    Column("edited", Boolean, nullable=False),
    Column("edited_at", BigInteger),
    Column("forwarded_from", Text),
    Column("reply_to", Text),
    Column("views", BigInteger),
    Column("media", Text),
    Column("is_service", Boolean, nullable=False),
    Index("report_versions_report", "report"),
    Index("report_versions_unwiped", "observed_at", sqlite_where=UNWIPED_TEXT, postgresql_where=UNWIPED_TEXT),
)
"""Every wording ever seen, in the order it was stored. Only retention touches a row again."""

signals: Final = Table(
    "signals",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("family", String, nullable=False),
    Column("regions", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("observed_at", BigInteger, nullable=False),
    Column("source", String, nullable=False),
    Column("witness", Text, nullable=False),
    Column("strength", Float, nullable=False),
    Column("tier", Integer, nullable=False),
    Column("denied", Boolean, nullable=False),
    Column("past", Boolean, nullable=False),
    Column("report", String),
    Column("link", Text),
    Column("language", String),
    Column("title", Text),
    Column("details", Text, nullable=False),
    Column("words", Text),
    Index("signals_at", "at"),
    Index("signals_observed_at", "observed_at"),
    Index("signals_report", "report"),
    Index("signals_unwiped", "observed_at", sqlite_where=UNWIPED_WORDS, postgresql_where=UNWIPED_WORDS),
    sqlite_autoincrement=True,
)
"""The journal. `sequence` is never used twice; `words` are the ones of the report, wiped together with its text."""

cursors: Final = Table(
    "cursors", metadata, Column("source", String, primary_key=True), Column("cursor", Text, nullable=False)
)

checkpoints: Final = Table(
    "checkpoints", metadata, Column("reader", String, primary_key=True), Column("sequence", BigInteger, nullable=False)
)

healths: Final = Table(
    "healths",
    metadata,
    Column("subject", String, primary_key=True),
    Column("feeling", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("checked_at", BigInteger, nullable=False),
    Column("last_good_at", BigInteger),
    Column("retry_at", BigInteger),
)

alerts: Final = Table(
    "alerts",
    metadata,
    Column("id", String, primary_key=True),
    Column("family", String, nullable=False),
    Column("region", String, nullable=False),
    Column("state", String, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("last_signal_at", BigInteger, nullable=False),
    Column("incident", String),
    Column("body", Text, nullable=False),
    Index("alerts_started_at", "started_at"),
    Index("alerts_incident", "incident"),
    Index("alerts_unresolved", "started_at", sqlite_where=UNRESOLVED, postgresql_where=UNRESOLVED),
)

incidents: Final = Table(
    "incidents",
    metadata,
    Column("id", String, primary_key=True),
    Column("family", String, nullable=False),
    Column("regions", String, nullable=False),
    Column("state", String, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("body", Text, nullable=False),
    Index("incidents_opened_at", "opened_at"),
    Index("incidents_unclosed", "opened_at", sqlite_where=UNCLOSED, postgresql_where=UNCLOSED),
)

incident_signals: Final = Table(
    "incident_signals",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("incident", String, ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
    Column("signal", String, nullable=False),
    UniqueConstraint("incident", "signal", name="incident_signals_once"),
    Index("incident_signals_signal", "signal"),
)
"""Evidence that an incident ever rested on: retention leaves it, and the reports behind it, alone."""

timeline: Final = Table(
    "timeline",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("incident", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("event", String, nullable=False),
    Column("words", Text, nullable=False),
    Column("refers_to", String),
    Index("timeline_incident", "incident", "at"),
)

notifications: Final = Table(
    "notifications",
    metadata,
    Column("id", String, primary_key=True),
    Column("incident", String, nullable=False),
    Column("alert", String),
    Column("receiver", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("level", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("event_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("short", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claimed_by", String),
    Column("claimed_until", BigInteger),
    Column("sent_at", BigInteger),
    Column("last_error", Text),
    Column("begun_at", BigInteger),
    Index("notifications_incident", "incident"),
    Index("notifications_created_at", "created_at"),
)
Index(
    "notifications_outstanding",
    notifications.c.severity.desc(),
    notifications.c.created_at,
    notifications.c.id,
    sqlite_where=OUTSTANDING,
    postgresql_where=OUTSTANDING,
)

attempts: Final = Table(
    "attempts",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("notification", String, ForeignKey("notifications.id", ondelete="CASCADE"), nullable=False),
    Column("receiver", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("error", Text),
    Column("reference", Text),
    UniqueConstraint("notification", "receiver", "at", name="attempts_once"),
)

agents: Final = Table(
    "agents",
    metadata,
    Column("id", String, primary_key=True),
    Column("key", String, nullable=False),
    Column("vantage", Text, nullable=False),
    Column("sensitive", Text, nullable=False),
    Column("enrolled_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("floor", BigInteger, nullable=False),
    Column("floor_attempt", BigInteger, nullable=False),
    Column("last_heard_at", BigInteger),
    Column("clock_offset_seconds", Float),
    Column("waiting_parcels", BigInteger, nullable=False),
    Column("dropped_rows", BigInteger, nullable=False),
)
"""Agents that were admitted, and how far we are with each."""

agent_parcels: Final = Table(
    "agent_parcels",
    metadata,
    Column("agent", String, ForeignKey("agents.id"), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("attempt", BigInteger, nullable=False),
    Column("digest", String, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("refused_rows", BigInteger, nullable=False),
    Index("agent_parcels_attempt", "agent", "attempt"),
    Index("agent_parcels_received_at", "received_at"),
)
"""Parcels taken in: what tells a repeat from something new."""

commits: Final = Table(
    "commits",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)
"""How many transactions this SQLite file has taken; `damage.py` compares it with a note kept beside the file."""

health_changes: Final = Table(
    "health_changes",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("subject", String, nullable=False),
    Column("feeling", String, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    UniqueConstraint("subject", "since", "feeling", name="health_changes_once"),
    Index("health_changes_since", "since"),
)
"""Each time something began to feel otherwise."""

leases: Final = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String),
    Column("token", BigInteger, nullable=False),
    Column("beats", BigInteger, nullable=False),
)
"""Who of several processes does what only one may do; see `leases.py`."""

measurements: Final = Table(
    "measurements",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("what", String, nullable=False),
    Column("body", Text, nullable=False),
    Index("measurements_at", "at"),
    sqlite_autoincrement=True,
)
"""What vantages measured, whole, as it came: rules that are better tomorrow can be run over it again."""

memories: Final = Table(
    "memories",
    metadata,
    Column("name", String, primary_key=True),
    Column("body", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
)
"""What readers remember from one step to the next, as plain values in JSON."""

audit: Final = Table(
    "audit",
    metadata,
    Column("number", Sequence, primary_key=True, autoincrement=False),
    Column("entry", String, nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("previous_hash", String, nullable=False),
    Column("hash", String, nullable=False),
)
"""Who did what: numbered without gaps, each row carrying the hash of the one before. Triggers refuse any rewriting."""
