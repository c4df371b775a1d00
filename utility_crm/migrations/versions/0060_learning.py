"""Registry of models, champion and challenger, watch over drift."""

from __future__ import annotations

from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

NEW = (
    """
    alter table churn_models
        add column state text default 'retired' not null,
        add column why text default '' not null,
        add column fingerprint text default '' not null,
        add column rows integer default 0 not null,
        add column leavers integer default 0 not null,
        add column versions jsonb default '{}' not null,
        add column features jsonb default '[]' not null,
        add column feature_version text default '' not null,
        add column twin jsonb default '{}' not null,
        add column watched jsonb default '{}' not null,
        add column champion_since timestamptz,
        add column retired_at timestamptz,
        add column retired_why text default '' not null,
        add constraint ck_churn_models_state
            check (state in ('champion', 'challenger', 'retired', 'refused')),
        add constraint ck_churn_models_champion_since
            check (state <> 'champion' or champion_since is not null)
    """,
    "create unique index uq_churn_models_champion on churn_models (state) where state = 'champion'",
    """
    create table churn_runs (
        as_of date not null constraint pk_churn_runs primary key,
        model_id bigint not null constraint fk_churn_runs_model_id_churn_models references churn_models (id),
        scored_at timestamptz not null,
        customers integer not null,
        usual double precision not null,
        drift jsonb default '{}' not null
    )
    """,
    "create index ix_churn_runs_model_id on churn_runs (model_id)",
)
KEPT = (
    # What was scored with stays in use until the clock has learned a model that knows its own data.
    """
    update churn_models m set state = 'champion', why = 'unregistered', champion_since = m.fitted_at
    where m.id = (select max(model_id) from churn_scores)
    """,
    """
    update churn_models m set state = 'refused', why = m.figures->>'status'
    where m.state = 'retired' and m.figures->>'status' in ('too_few', 'too_short')
    """,
    """
    update churn_models m set rows = coalesce(cast(m.figures#>>'{fit,rows}' as integer), 0),
           leavers = coalesce(cast(m.figures#>>'{fit,leavers}' as integer), 0)
    """,
    """
    insert into churn_runs (as_of, model_id, scored_at, customers, usual)
    select m.as_of, m.id, m.fitted_at, (select count(*) from churn_scores),
           coalesce(cast(m.figures->>'usual' as double precision), 0)
    from churn_models m where m.state = 'champion'
    """,
)
OLD = (
    "drop table churn_runs",
    "drop index uq_churn_models_champion",
    """
    alter table churn_models
        drop constraint ck_churn_models_state,
        drop constraint ck_churn_models_champion_since,
        drop column state, drop column why, drop column fingerprint, drop column rows, drop column leavers,
        drop column versions, drop column features, drop column feature_version, drop column twin,
        drop column watched, drop column champion_since, drop column retired_at, drop column retired_why
    """,
)


def upgrade() -> None:
    """What is scored with stays the model in use; what was only tried is refused."""
    for statement in (*NEW, *KEPT):
        op.execute(statement)


def downgrade() -> None:
    """As it was before; what the registry knew is lost."""
    for statement in OLD:
        op.execute(statement)
