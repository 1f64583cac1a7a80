"""The ledger's two tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _usage_columns() -> list[sa.Column[int] | sa.Column[bool]]:
    kinds = ("input", "output", "cached", "cache_write", "reasoning", "audio_input", "audio_output")
    return [
        *(sa.Column(kind, sa.Integer, nullable=False) for kind in kinds),
        sa.Column("estimated", sa.Boolean, nullable=False),
    ]


def upgrade() -> None:
    """Create `decisions` and `attempts`."""
    op.create_table(
        "decisions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("task_id", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("requested_model", sa.Text, nullable=False),
        sa.Column("task_type", sa.Text, nullable=False),
        sa.Column("task_type_confidence", sa.Float, nullable=False),
        sa.Column("complexity", sa.SmallInteger, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("sensitivity", sa.Text, nullable=False),
        sa.Column("findings", sa.Text),
        sa.Column("modality", sa.Text, nullable=False),
        sa.Column("input_tokens_est", sa.Integer, nullable=False),
        sa.Column("priority", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("team_id", sa.Text),
        sa.Column("tags", sa.Text),
        sa.Column("requirements", sa.Text),
        sa.Column("rules", sa.Text),
        sa.Column("warnings", sa.Text),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("candidates", sa.Text, nullable=False),
        sa.Column("candidate_count", sa.SmallInteger, nullable=False),
        sa.Column("rejected_count", sa.SmallInteger, nullable=False),
        sa.Column("chosen_provider", sa.Text),
        sa.Column("chosen_model", sa.Text),
        sa.Column("chosen_tier", sa.SmallInteger),
        sa.Column("served_provider", sa.Text),
        sa.Column("served_model", sa.Text),
        sa.Column("served_tier", sa.SmallInteger),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("attempt_count", sa.SmallInteger, nullable=False),
        sa.Column("streamed", sa.Boolean, nullable=False),
        sa.Column("verdict_score", sa.Float),
        sa.Column("verdict_accepted", sa.Boolean),
        sa.Column("verdict_check", sa.Text),
        sa.Column("verdict_reason", sa.Text),
        sa.Column("latency_us", sa.BigInteger, nullable=False),
        sa.Column("first_token_us", sa.BigInteger),
        *_usage_columns(),
        sa.Column("cost_nanos", sa.BigInteger),
        sa.Column("partial_nanos", sa.BigInteger),
        sa.Column("unpriced", sa.SmallInteger, nullable=False),
        sa.Column("question", sa.Text),
        sa.Column("answer", sa.Text),
    )
    op.create_index("ix_decisions_at", "decisions", ["at"])
    for who in ("user", "team"):
        named = sa.text(f"{who}_id IS NOT NULL")
        op.create_index(
            f"ix_decisions_{who}_at",
            "decisions",
            [f"{who}_id", "at"],
            sqlite_where=named,
            postgresql_where=named,
        )
    op.create_table(
        "attempts",
        sa.Column("decision_id", sa.Text, primary_key=True),
        sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("latency_us", sa.BigInteger, nullable=False),
        sa.Column("first_token_us", sa.BigInteger),
        sa.Column("failure", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("status", sa.SmallInteger),
        sa.Column("request_id", sa.Text),
        *_usage_columns(),
        sa.Column("cost_nanos", sa.BigInteger),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop both tables and everything recorded in them."""
    op.drop_table("attempts")
    op.drop_table("decisions")
