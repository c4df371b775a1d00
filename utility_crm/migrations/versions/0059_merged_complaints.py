"""A complaint that goes on with another ticket, or turned out to be none, says so: nobody took it back.

What was settled as withdrawn by the merge of its ticket, or because its ticket became one of another kind, is
told by the event of the same instant.
"""

from __future__ import annotations

from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

OUTCOMES = "outcome in ('', 'upheld', 'partly', 'not_upheld', 'withdrawn', 'merged', 'none')"
OUTCOMES_BEFORE = "outcome in ('', 'upheld', 'partly', 'not_upheld', 'withdrawn')"
NEW = (
    "alter table complaints drop constraint ck_complaints_outcome",
    f"alter table complaints add constraint ck_complaints_outcome check ({OUTCOMES})",
    """
    update complaints c set outcome = case when e.kind = 'merged' then 'merged' else 'none' end
    from ticket_events e
    where c.outcome = 'withdrawn' and e.ticket_id = c.ticket_id and e.at = c.closed_at
      and (e.kind = 'merged' or (e.kind = 'changed' and e.before ->> 'kind' = 'complaint'))
    """,
)
OLD = (
    "alter table complaints drop constraint ck_complaints_outcome",
    "update complaints set outcome = 'withdrawn' where outcome in ('merged', 'none')",
    f"alter table complaints add constraint ck_complaints_outcome check ({OUTCOMES_BEFORE})",
)


def upgrade() -> None:
    for statement in NEW:
        op.execute(statement)


def downgrade() -> None:
    for statement in OLD:
        op.execute(statement)
