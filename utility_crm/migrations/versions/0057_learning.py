"""Models that learn who may leave: registry, champion and challenger, watch over drift."""

from __future__ import annotations

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
