"""Explanations kept beforehand: why a bill differs from the one before, while nothing of it has changed."""

from __future__ import annotations

from alembic import op

revision = "0047"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table."""
    op.execute(
        """
        create table kept_explanations (
            bill_id bigint not null,
            against_id bigint not null,
            basis text not null,
            document json,
            reckoned_at timestamptz not null,
            constraint pk_kept_explanations primary key (bill_id, against_id),
            constraint fk_kept_explanations_bill_id_bills
                foreign key (bill_id) references bills (id) on delete cascade,
            constraint fk_kept_explanations_against_id_bills
                foreign key (against_id) references bills (id) on delete cascade
        )
        """
    )


def downgrade() -> None:
    """Explanations are worked out at each look again."""
    op.execute("drop table kept_explanations")
