"""Completeness: what is counted of the days of readings, feeds that come regularly, and mail to staff."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feeds", sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_feeds_uncounted", "feeds", ["id"], postgresql_where=sa.text("counted_at is null"))
    _counts()
    op.create_table(
        "feed_sources",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("every_hours", sa.Integer(), nullable=True),
        sa.Column("set_by_hand", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("last_feed_id", sa.BigInteger(), nullable=False),
        sa.Column("last_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("muted", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("every_hours > 0", name=op.f("ck_feed_sources_forward")),
        sa.CheckConstraint(
            "every_hours is not null or expected_by is null", name=op.f("ck_feed_sources_expected_if_regular")
        ),
        sa.ForeignKeyConstraint(["last_feed_id"], ["feeds.id"], name=op.f("fk_feed_sources_last_feed_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_sources")),
        sa.UniqueConstraint("pattern", name=op.f("uq_feed_sources_pattern")),
    )
    op.create_index("ix_feed_sources_expected_by", "feed_sources", ["expected_by"])
    _staff_mail()


def _counts() -> None:
    op.create_table(
        "channel_spans",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("readings", sa.SmallInteger(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_channel_spans_days")),
        sa.CheckConstraint("1440 % readings = 0", name=op.f("ck_channel_spans_whole_day")),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_channel_spans")),
    )
    op.create_table(
        "odd_days",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("expected", sa.SmallInteger(), nullable=True),
        sa.Column("received", sa.SmallInteger(), nullable=False),
        sa.Column("estimated", sa.SmallInteger(), nullable=False),
        sa.Column("late", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "received >= estimated + late and received <= coalesce(expected, 0)",
            name=op.f("ck_odd_days_adds_up"),
        ),
        sa.PrimaryKeyConstraint("channel_id", "day", name=op.f("pk_odd_days")),
    )
    op.create_index(op.f("ix_odd_days_day"), "odd_days", ["day"])
    op.create_table(
        "completeness_days",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=True),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("expected", "received", "late")),
        sa.Column("estimated", sa.BigInteger(), nullable=False),
        sa.Column("meters", sa.Integer(), nullable=False),
        sa.Column("meters_short", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "received >= estimated + late and received <= expected", name=op.f("ck_completeness_days_adds_up")
        ),
        sa.CheckConstraint("meters_short between 0 and meters", name=op.f("ck_completeness_days_meters")),
        sa.ForeignKeyConstraint(
            ["area_id"], ["network_nodes.id"], name=op.f("fk_completeness_days_area_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_completeness_days")),
        sa.UniqueConstraint(
            "day", "area_id", "segment",
            name=op.f("uq_completeness_days_day_area_id_segment"), postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip


def _staff_mail() -> None:
    op.create_table(
        "staff_mail",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('waiting', 'sent', 'dead')", name=op.f("ck_staff_mail_state")),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at is not null)", name=op.f("ck_staff_mail_sent_has_a_time")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_mail")),
        sa.UniqueConstraint("key", "address", name=op.f("uq_staff_mail_key_address")),
    )
    op.create_index(
        "ix_staff_mail_due", "staff_mail", ["not_before"], postgresql_where=sa.text("state = 'waiting'")
    )


def downgrade() -> None:
    for table in ("staff_mail", "feed_sources", "completeness_days", "odd_days", "channel_spans"):
        op.drop_table(table)
    op.drop_index("ix_feeds_uncounted", table_name="feeds")
    op.drop_column("feeds", "counted_at")
