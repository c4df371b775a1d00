"""Lineage: where in a file a day stands, what a feed says beside its values, and feeds that are no files.

An edit and an estimate are feeds as well, with their author, rule and reason. So history, usage as known at
an instant and the way back from a reading to whoever said it are one thing for all of them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feeds", sa.Column("source", sa.Text(), server_default="file", nullable=False))
    op.add_column("feeds", sa.Column("rule", sa.Text(), nullable=True))
    op.add_column("feeds", sa.Column("reason", sa.Text(), nullable=True))
    words = postgresql.ARRAY(sa.Text())
    op.add_column("feeds", sa.Column("members", words, server_default="{}", nullable=False))
    op.create_check_constraint(
        op.f("ck_feeds_source"), "feeds", "source in ('file', 'push', 'edit', 'estimate')"
    )
    for table in ("blocks", "block_history"):
        op.add_column(table, sa.Column("line", sa.Integer(), nullable=True))
        op.add_column(table, sa.Column("member", sa.SmallInteger(), nullable=True))
    op.create_table(
        "block_remarks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("feed_id", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.SmallInteger(), nullable=False),
        sa.Column("end", sa.SmallInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint('0 <= first and first < "end" and "end" <= 1440', name="ck_block_remarks_span"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_remarks")),
    )
    op.create_index(op.f("ix_block_remarks_channel_id_day"), "block_remarks", ["channel_id", "day"])


def downgrade() -> None:
    op.drop_table("block_remarks")
    for table in ("block_history", "blocks"):
        op.drop_column(table, "member")
        op.drop_column(table, "line")
    op.drop_constraint(op.f("ck_feeds_source"), "feeds", type_="check")
    for column in ("members", "reason", "rule", "source"):
        op.drop_column("feeds", column)
