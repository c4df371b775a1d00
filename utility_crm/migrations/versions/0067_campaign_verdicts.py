"""What was judged of a campaign, once and for good, and how its groups stood then."""

from __future__ import annotations

from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

VERDICTS = """
    create table campaign_verdicts (
        campaign_id bigint not null
            constraint fk_campaign_verdicts_campaign_id references campaigns (id) on delete cascade,
        outcome text not null
            constraint ck_campaign_verdicts_outcome check (outcome in ('taken', 'lost', 'margin')),
        arm text not null,
        segment text not null,
        count bigint not null,
        of_arm integer not null,
        control bigint not null,
        of_control integer not null,
        difference double precision,
        low double precision,
        high double precision,
        level double precision not null,
        verdict text not null constraint ck_campaign_verdicts_verdict
            check (verdict in ('works', 'harms', 'none', 'counted', 'unseen')),
        source text default '' not null constraint ck_campaign_verdicts_source
            check ((outcome = 'margin') = (source in ('brought', 'billed'))),
        judged_on date not null,
        judged_at timestamptz not null,
        checked_on date not null,
        moved jsonb,
        constraint ck_campaign_verdicts_group
            check (arm in ('', 'A', 'B', 'C') and (arm = '' or segment = '')),
        constraint ck_campaign_verdicts_effect check (num_nulls(difference, low, high) in (0, 3)),
        constraint pk_campaign_verdicts primary key (campaign_id, outcome, arm, segment))
"""
COUNTS = """
    create table campaign_counts (
        campaign_id bigint not null
            constraint fk_campaign_counts_campaign_id references campaigns (id) on delete cascade,
        counted_on date not null,
        spent_minor bigint not null,
        groups jsonb not null,
        constraint pk_campaign_counts primary key (campaign_id))
"""


def upgrade() -> None:
    """The clock's next round judges what is due."""
    op.execute(VERDICTS)
    op.execute(COUNTS)


def downgrade() -> None:
    """What was judged is known no more."""
    op.execute("drop table campaign_counts")
    op.execute("drop table campaign_verdicts")
