"""Feed profiles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_profiles",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("format", sa.Text, server_default="auto", nullable=False),
        sa.Column("columns", JSONB, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("timezone", sa.Text),
        sa.Column("sheet", sa.Text),
        sa.Column("created_by", sa.BigInteger, sa.ForeignKey("users.id")),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.UniqueConstraint("name", name="uq_feed_profiles_name"),
    )


def downgrade() -> None:
    op.drop_table("feed_profiles")
