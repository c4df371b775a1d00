"""Whom somebody verified is found quickly; keys of one's own (WCAG 2.1.4)."""

from __future__ import annotations

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whom a person verified is looked for on pages that show many customers. Everybody's keys stay as they
    are."""
    op.execute("create index ix_verifications_by_user_until on verifications (by_user, until)")
    op.execute("""
        alter table users
            add letters_by text default '' not null,
            add own_keys text default '' not null,
            add constraint ck_users_letters_by check (letters_by in ('', 'alt'))
    """)


def downgrade() -> None:
    """Keys are everybody's again; without the index. Each may be missing where this revision was smaller."""
    op.execute("alter table users drop column if exists letters_by, drop column if exists own_keys")
    op.execute("drop index if exists ix_verifications_by_user_until")
