"""Webhooks to others: who listens, what was sent, what came of it."""

from __future__ import annotations

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
