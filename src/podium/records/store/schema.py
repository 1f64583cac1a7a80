"""The tables: one row a task in `decisions`, one row a call in `attempts`, one row a kept answer in `responses`.

Rows are small because the ledger is kept for ever: durations are whole microseconds, money is whole billionths of
a dollar, lists are compact JSON, and whatever is absent is NULL. An unknown cost is NULL and never 0.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

metadata = MetaData()

VERSION_TABLE = "podium_version"
"""Not Alembic's default name: a database shared with another application would collide there."""


def _usage_columns() -> list[Column[int] | Column[bool]]:
    """Tokens of one call or one task, as in `core.usage.Usage`."""
    return [
        Column("input", Integer, nullable=False),
        Column("output", Integer, nullable=False),
        Column("cached", Integer, nullable=False),
        Column("cache_write", Integer, nullable=False),
        Column("reasoning", Integer, nullable=False),
        Column("audio_input", Integer, nullable=False),
        Column("audio_output", Integer, nullable=False),
        Column("estimated", Boolean, nullable=False),
    ]


decisions = Table(
    "decisions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),  # when the task came in: microseconds since 1970, UTC
    Column("route", Text, nullable=False),
    Column("requested_model", Text, nullable=False),
    Column("task_type", Text, nullable=False),
    Column("task_type_confidence", Float, nullable=False),
    Column("complexity", SmallInteger, nullable=False),
    Column("domain", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("sensitivity", Text, nullable=False),
    Column("findings", Text),  # JSON list: kinds of private data seen
    Column("modality", Text, nullable=False),  # joined with commas
    Column("input_tokens_est", Integer, nullable=False),
    Column("priority", Text, nullable=False),
    Column("source", Text, nullable=False),
    # Not `user`: in PostgreSQL an unquoted `user` silently means the database's own user.
    Column("user_id", Text),
    Column("team_id", Text),
    Column("tags", Text),  # JSON object
    Column("requirements", Text),  # JSON object: only what was required
    Column("rules", Text),  # JSON list
    Column("warnings", Text),  # JSON list
    Column("why", Text, nullable=False),
    Column("candidates", Text, nullable=False),  # JSON list of [deployment, nano-dollars, quality in thousandths, ms]
    Column("candidate_count", SmallInteger, nullable=False),  # all of them; `candidates` keeps the first few
    Column("rejected_count", SmallInteger, nullable=False),
    Column("chosen_provider", Text),
    Column("chosen_model", Text),
    Column("chosen_tier", SmallInteger),
    Column("served_provider", Text),
    Column("served_model", Text),
    Column("served_tier", SmallInteger),
    Column("status", Text, nullable=False),
    Column("error", Text),
    Column("attempt_count", SmallInteger, nullable=False),
    Column("streamed", Boolean, nullable=False),
    Column("verdict_score", Float),
    Column("verdict_accepted", Boolean),
    Column("verdict_check", Text),
    Column("verdict_reason", Text),
    Column("latency_us", BigInteger, nullable=False),
    Column("first_token_us", BigInteger),
    *_usage_columns(),
    Column("cost_nanos", BigInteger),  # NULL where the cost of any attempt is unknown
    Column("partial_nanos", BigInteger),  # the known part, only where the whole is unknown
    Column("unpriced", SmallInteger, nullable=False),  # attempts whose cost is unknown
    Column("question", Text),
    Column("answer", Text),
    Index("ix_decisions_at", "at"),
)
# Partial: most installations have no users or teams, and an index of NULLs answers no question.
Index(
    "ix_decisions_user_at",
    decisions.c.user_id,
    decisions.c.at,
    sqlite_where=decisions.c.user_id.is_not(None),
    postgresql_where=decisions.c.user_id.is_not(None),
)
Index(
    "ix_decisions_team_at",
    decisions.c.team_id,
    decisions.c.at,
    sqlite_where=decisions.c.team_id.is_not(None),
    postgresql_where=decisions.c.team_id.is_not(None),
)

attempts = Table(
    "attempts",
    metadata,
    Column("decision_id", Text, primary_key=True),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("latency_us", BigInteger, nullable=False),
    Column("first_token_us", BigInteger),
    Column("failure", Text),
    Column("error", Text),
    Column("status", SmallInteger),
    Column("request_id", Text),
    *_usage_columns(),
    Column("cost_nanos", BigInteger),
    sqlite_with_rowid=False,  # stores the long key once instead of twice
)

responses = Table(
    "responses",
    metadata,
    # The provider's own where its answer was relayed, so two callers may meet the same one.
    Column("id", Text, primary_key=True),
    Column("owner", Text, primary_key=True),  # the user who asked; empty where none was named
    Column("items", LargeBinary, nullable=False),  # the input, compressed (zlib)
    Column("body", LargeBinary, nullable=False),  # the answer, compressed (zlib)
    Column("provider", Text, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),  # microseconds since 1970, UTC
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_responses_expires_at", "expires_at"),
)
