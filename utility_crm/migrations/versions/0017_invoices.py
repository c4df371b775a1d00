"""Invoice numbers, tax identities and documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Numbers that were given out stay as they are. They were made one after another under a lock, but nothing
# forbade a hole, so each follows the one before it that is there.
_ADOPT = """
insert into invoices (number, entity, series, period, sequence, follows, adopted, bill_id, customer_id,
                      issued_on, due_on, currency, net_minor, tax_minor, gross_minor, taxes, addressee)
select b.number, '', 'bill', substr(b.number, 1, 7), n.sequence,
       lag(n.sequence) over (partition by substr(b.number, 1, 7) order by n.sequence),
       true, b.id, a.payer_id, b.issued_on, b.due_on, b.currency,
       b.total_minor - coalesce(t.tax, 0), coalesce(t.tax, 0), b.total_minor, coalesce(t.taxes, '[]'),
       jsonb_build_object('name', c.name, 'customer', c.number, 'account', a.number, 'language', c.language,
                          'method', a.payment_method)
from bills b
join accounts a on a.id = b.account_id
join customers c on c.id = a.payer_id
cross join lateral (select cast(substr(b.number, 9) as int) as sequence) n
left join lateral (
    select cast(sum(tax_minor) as bigint) as tax,
           jsonb_agg(jsonb_build_object('label', label, 'rate_ppm', rate_ppm, 'base_micro', base_micro,
                                        'tax_minor', tax_minor) order by place) as taxes
    from (select label, price_micro as rate_ppm, sum(quantity_micro) as base_micro,
                 sum(amount_minor) as tax_minor, min(position) as place
          from bill_lines l where l.bill_id = b.id and l.charge = 'tax' group by label, price_micro) by_rate
) t on true
where b.number ~ '^[0-9]{4}-[0-9]{2}-[0-9]{6,9}$' and n.sequence > 0
"""
_COUNT = """
insert into number_series (entity, series, period, last_number)
select entity, series, period, max(sequence) from invoices group by entity, series, period
"""


def upgrade() -> None:
    op.create_table(
        "number_series",
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("series", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("last_number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("entity", "series", "period"),
        sa.CheckConstraint("last_number > 0", name="positive"),
    )
    op.create_table(
        "suppliers",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False, unique=True),
        sa.Column("identity", JSONB, nullable=False),
    )
    op.create_table(
        "tax_identities",
        sa.Column(
            "customer_id", sa.BigInteger, sa.ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
    )
    _create_invoices()
    op.create_table(
        "gathered_bills",
        sa.Column("bill_id", sa.BigInteger, sa.ForeignKey("bills.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("invoice_id", sa.BigInteger, sa.ForeignKey("invoices.id"), nullable=False),
    )
    op.create_index("ix_gathered_bills_invoice_id", "gathered_bills", ["invoice_id"])
    op.execute(_ADOPT)
    op.execute(_COUNT)


def _create_invoices() -> None:
    series = ("entity", "series", "period")
    op.create_table(
        "invoices",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("number", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in series),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("follows", sa.Integer),
        sa.Column("adopted", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("bill_id", sa.BigInteger, sa.ForeignKey("bills.id", ondelete="CASCADE"), unique=True),
        sa.Column("customer_id", sa.BigInteger, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("net_minor", sa.BigInteger, nullable=False),
        sa.Column("tax_minor", sa.BigInteger, nullable=False),
        sa.Column("gross_minor", sa.BigInteger, nullable=False),
        sa.Column("taxes", JSONB, nullable=False),
        sa.Column("addressee", JSONB, nullable=False),
        sa.Column("supplier_id", sa.BigInteger, sa.ForeignKey("suppliers.id")),
        sa.UniqueConstraint(*series, "sequence"),
        sa.ForeignKeyConstraint(
            (*series, "follows"),
            (*(f"invoices.{name}" for name in series), "invoices.sequence"),
            name="fk_invoices_follows",
        ),
        sa.CheckConstraint("net_minor + tax_minor = gross_minor", name="adds_up"),
        sa.CheckConstraint("sequence > 0 and coalesce(follows, 0) < sequence", name="counts_up"),
        sa.CheckConstraint("adopted or coalesce(follows, 0) = sequence - 1", name="without_a_gap"),
    )
    op.create_index("ix_invoices_customer_id", "invoices", ["customer_id"])


def downgrade() -> None:
    for table in ("gathered_bills", "invoices", "tax_identities", "suppliers", "number_series"):
        op.drop_table(table)
