"""Surveys: what was asked after a ticket closed, and what was answered."""

from __future__ import annotations

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
