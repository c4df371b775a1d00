"""What a bill on a tariff that looks back leaves to later ones: demands by month, and the year so far."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLE = """
create table bill_traces (
    bill_id bigint not null constraint fk_bill_traces_bill_id references bills (id),
    agreement_id bigint not null constraint fk_bill_traces_agreement_id references agreements (id),
    kind text not null,
    code text not null,
    label text not null,
    month date not null,
    days bigint not null,
    amount bigint not null,
    constraint pk_bill_traces primary key (bill_id, agreement_id, kind, code, label, month),
    constraint ck_bill_traces_kind check (kind in ('days', 'demand', 'year')),
    constraint ck_bill_traces_days check (days >= 0)
)
"""


def upgrade() -> None:
    op.execute(TABLE)


def downgrade() -> None:
    op.drop_table("bill_traces")
