"""Promises and plans: what was taken back stays written, with when, by whom and why."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

NEW = (
    "alter table promises drop constraint ck_promises_state",
    """
    alter table promises
        add taken_back_at timestamptz,
        add taken_back_by bigint constraint fk_promises_taken_back_by references users (id),
        add taken_back_because text default '' not null,
        add constraint ck_promises_state check (state in ('open', 'kept', 'broken', 'taken_back')),
        add constraint ck_promises_taken_back check ((state = 'taken_back') = (taken_back_at is not null))
    """,
    "alter table disputes drop constraint ck_disputes_state",
    """
    alter table disputes
        add closed_because text default '' not null,
        add constraint ck_disputes_state check (state in ('open', 'won', 'lost', 'settled')),
        add constraint ck_disputes_settled check ((state = 'settled') = (closed_because <> ''))
    """,
    """
    alter table budget_plans
        add ended_at timestamptz,
        add ended_by bigint constraint fk_budget_plans_ended_by references users (id)
    """,
)
OLD = (
    "alter table budget_plans drop column ended_at, drop column ended_by",
    "update disputes set state = 'lost', closed_because = '' where state = 'settled'",
    "alter table disputes drop constraint ck_disputes_state, drop column closed_because",
    "alter table disputes add constraint ck_disputes_state check (state in ('open', 'won', 'lost'))",
    "delete from promises where state = 'taken_back'",
    """
    alter table promises drop constraint ck_promises_state,
        drop column taken_back_at, drop column taken_back_by, drop column taken_back_because
    """,
    "alter table promises add constraint ck_promises_state check (state in ('open', 'kept', 'broken'))",
)


def upgrade() -> None:
    for statement in NEW:
        op.execute(statement)


def downgrade() -> None:
    for statement in OLD:
        op.execute(statement)
