"""Kinds of notice that speak of use, contracts, visits and offers: the term of an agreement."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

ADD = """
alter table agreements
    add column term_ends_before date,
    add constraint ck_agreements_term check (term_ends_before > starts_on),
    add constraint ck_agreements_term_was_agreed check (term_ends_before is null or kind = 'contract');
create index ix_agreements_term on agreements (term_ends_before) where term_ends_before is not null;
"""
DROP = "alter table agreements drop column term_ends_before"


def upgrade() -> None:
    """No agreement has a term yet."""
    op.execute(ADD)


def downgrade() -> None:
    """The terms are gone."""
    op.execute(DROP)
