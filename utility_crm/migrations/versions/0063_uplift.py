"""Whom a campaign moves: what was learned of each of its outcomes, and the models as plain numbers."""

from __future__ import annotations

from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

NEW = """
    create table campaign_uplift (
        campaign_id bigint not null
            constraint fk_campaign_uplift_campaign_id references campaigns (id) on delete cascade,
        outcome text not null constraint ck_campaign_uplift_outcome check (outcome in ('taken', 'stayed')),
        arm text not null constraint ck_campaign_uplift_arm check (arm in ('', 'A', 'B', 'C')),
        day date not null,
        made_at timestamptz not null,
        state text not null constraint ck_campaign_uplift_state check (state in ('told', 'too_few')),
        figures jsonb not null,
        model jsonb default '{}'::jsonb not null,
        constraint pk_campaign_uplift primary key (campaign_id, outcome, arm))
"""


def upgrade() -> None:
    """A table that is filled by the clock."""
    op.execute(NEW)


def downgrade() -> None:
    """What was learned can be learned again."""
    op.execute("drop table campaign_uplift")
