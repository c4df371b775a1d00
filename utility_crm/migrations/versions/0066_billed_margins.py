"""What members of campaigns earned since they were drawn, and in the year before, by their own bills."""

from __future__ import annotations

from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two amounts a member, and the day they were reckoned."""
    op.execute("alter table campaign_members add column billed_minor bigint, add column before_minor bigint")
    op.execute("alter table campaigns add column margins_on date")


def downgrade() -> None:
    op.execute("alter table campaigns drop column margins_on")
    op.execute("alter table campaign_members drop column before_minor, drop column billed_minor")
