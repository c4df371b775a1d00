"""What is said on a day is found by its day: the board counts it."""

from __future__ import annotations

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index."""
    op.execute("create index ix_contacts_at on contacts (at)")


def downgrade() -> None:
    """Without it."""
    op.execute("drop index ix_contacts_at")
