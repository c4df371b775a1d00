"""Findings: what validation doubts, each channel's history in short, limits of meters, rules by segment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_findings()
    op.create_table(
        "channel_profiles",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("shape", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("median_day", sa.BigInteger(), nullable=False),
        sa.Column("longest_run", sa.SmallInteger(), nullable=False),
        sa.Column("zero_days", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("1440 % cardinality(shape) = 0", name=op.f("ck_channel_profiles_whole_day")),
        _of_channel("channel_profiles"),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_channel_profiles")),
    )
    op.create_index(op.f("ix_channel_profiles_as_of"), "channel_profiles", ["as_of"])
    op.create_table(
        "channel_limits",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("micro_an_hour", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("micro_an_hour > 0", name=op.f("ck_channel_limits_positive")),
        _of_channel("channel_limits"),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_channel_limits")),
    )
    op.create_table(
        "validation_rules",
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("parameters", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.CheckConstraint(
            "segment in ('household', 'small_business', 'industry', 'default')",
            name=op.f("ck_validation_rules_segment"),
        ),
        sa.PrimaryKeyConstraint("segment", "rule", name=op.f("pk_validation_rules")),
    )


def downgrade() -> None:
    for table in ("validation_rules", "channel_limits", "channel_profiles", "findings"):
        op.drop_table(table)


def _make_findings() -> None:
    op.create_table(
        "findings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("feed_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_feed_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('open', 'accepted', 'estimated', 'edited', 'superseded')",
            name=op.f("ck_findings_state"),
        ),
        sa.CheckConstraint("severity in ('warn', 'bad')", name=op.f("ck_findings_severity")),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_findings_days")),
        sa.CheckConstraint("(state = 'open') = (decided_at is null)", name=op.f("ck_findings_decided")),
        sa.CheckConstraint(
            "state not in ('accepted', 'estimated', 'edited') or reason is not null",
            name=op.f("ck_findings_reasoned"),
        ),
        _of_channel("findings", ondelete=None),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_findings_decided_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        postgresql.ExcludeConstraint(
            ("rule", "="),
            ("channel_id", "="),
            (sa.text("daterange(first_day, last_day, '[]')"), "&&"),
            name="ex_findings_once",
            using="gist",
            where=sa.text("state = 'open'"),
        ),
    )
    op.create_index(op.f("ix_findings_channel_id_last_day"), "findings", ["channel_id", "last_day"])
    open_ones = sa.text("state = 'open'")
    op.create_index("ix_findings_open", "findings", ["severity", "id"], postgresql_where=open_ones)
    op.create_index(op.f("ix_findings_decided_at"), "findings", ["decided_at"])


def _of_channel(table: str, ondelete: str | None = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_channel_id_channels")
    return sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=name, ondelete=ondelete)
