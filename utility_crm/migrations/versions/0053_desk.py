"""The desk: what reviewers of tickets and doors found."""

from __future__ import annotations

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whom a person verified is looked for on pages that show many customers."""
    op.execute("create index ix_verifications_by_user_until on verifications (by_user, until)")


def downgrade() -> None:
    """Without the index."""
    op.execute("drop index ix_verifications_by_user_until")
