"""Facts of leaving, kept for everybody."""

from __future__ import annotations

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


NEW = (
    """
    create table churn_facts_layouts (
        as_of date not null constraint pk_churn_facts_layouts primary key,
        kept_at timestamptz not null,
        customers integer not null,
        layout jsonb not null
    )
    """,
    """
    create table churn_facts (
        customer_id bigint not null constraint pk_churn_facts primary key
            constraint fk_churn_facts_customer_id_customers references customers (id) on delete cascade,
        facts double precision[] not null
    )
    """,
)


def upgrade() -> None:
    for statement in NEW:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table churn_facts")
    op.execute("drop table churn_facts_layouts")
