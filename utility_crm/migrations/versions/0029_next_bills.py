"""The next bill of each account, foretold once and kept."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table next_bills (
            account_id bigint not null constraint pk_next_bills primary key
                constraint fk_next_bills_account_id references accounts (id) on delete cascade,
            reason text,
            currency text,
            forecast_minor bigint,
            low_minor bigint,
            high_minor bigint,
            starts_on date,
            ends_before date,
            document jsonb not null,
            basis text not null,
            reckoned_at timestamptz not null,
            looked_at timestamptz not null,
            constraint ck_next_bills_told_or_why_not check ((reason is null) = (forecast_minor is not null)),
            constraint ck_next_bills_between
                check (low_minor <= forecast_minor and forecast_minor <= high_minor),
            constraint ck_next_bills_days check (ends_before > starts_on)
        )
        """
    )
    op.execute("create index ix_next_bills_looked_at on next_bills (looked_at)")


def downgrade() -> None:
    op.execute("drop table next_bills")
