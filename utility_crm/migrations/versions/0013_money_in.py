"""Payment files, direct debit, plans, promises and disputes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _files()
    _suspense()
    _direct_debit()
    _plans()
    _disputes()


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True)


def _of(name: str, target: str, *, needed: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, sa.ForeignKey(f"{target}.id"), nullable=not needed)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _minor(name: str = "amount_minor") -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _files() -> None:
    op.create_table(
        "payment_files",
        _key(),
        _text("name"),
        _text("sha256"),
        _text("format"),
        sa.Column("received_at", INSTANT, nullable=False),
        _of("received_by", "users", needed=False),
        sa.Column("entries", sa.BigInteger, nullable=False),
        sa.Column("booked", sa.BigInteger, nullable=False),
        sa.Column("repeated", sa.BigInteger, nullable=False),
        sa.Column("suspended", sa.BigInteger, nullable=False),
        sa.Column("reversed", sa.BigInteger, nullable=False),
        sa.Column("ignored", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("sha256"),
        sa.CheckConstraint("format in ('csv', 'camt.053', 'pain.002')", name="format"),
        sa.CheckConstraint(
            "entries = booked + repeated + suspended + reversed + ignored", name="every_entry_counted"
        ),
    )


def _suspense() -> None:
    op.create_table(
        "suspense_items",
        _key(),
        _of("file_id", "payment_files"),
        _text("place"),
        _text("bank_reference"),
        sa.Column("booked_on", sa.Date, nullable=False),
        _minor(),
        _text("currency"),
        _text("payer"),
        _text("payer_account"),
        _text("remittance"),
        _text("code"),
        sa.Column("state", sa.Text, nullable=False, server_default="waiting"),
        _of("payment_id", "payments", needed=False),
        sa.Column("decided_at", INSTANT),
        _of("decided_by", "users", needed=False),
        sa.UniqueConstraint("bank_reference"),
        sa.UniqueConstraint("payment_id"),
        sa.CheckConstraint("state in ('waiting', 'assigned', 'returned')", name="state"),
        sa.CheckConstraint("(state = 'assigned') = (payment_id is not null)", name="assigned_is_paid"),
        sa.CheckConstraint("amount_minor <> 0", name="not_nothing"),
    )
    op.create_index(
        "ix_suspense_items_waiting",
        "suspense_items",
        ["booked_on"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.add_column(
        "ledger_entries", sa.Column("suspense_id", sa.BigInteger, sa.ForeignKey("suspense_items.id"))
    )
    op.alter_column("ledger_entries", "account_id", nullable=True)
    op.drop_constraint(op.f("ck_ledger_entries_one_cause"), "ledger_entries")
    op.create_check_constraint(
        "one_cause", "ledger_entries", "num_nonnulls(bill_id, payment_id, adjustment_id, suspense_id) = 1"
    )
    op.create_check_constraint(
        "nobodys_is_suspense",
        "ledger_entries",
        "(account_id is null) = (suspense_id is not null)"
        " and (account_id is not null or 'receivable' not in (debit, credit))",
    )


def _direct_debit() -> None:
    op.create_table(
        "creditors",
        sa.Column("currency", sa.Text, primary_key=True),
        _text("name"),
        _text("iban"),
        _text("bic"),
        _text("creditor_id"),
        sa.Column("return_fee_minor", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_table(
        "mandates",
        _key(),
        _of("account_id", "accounts"),
        _text("reference"),
        sa.Column("signed_on", sa.Date, nullable=False),
        _text("name"),
        _text("iban"),
        _text("bic"),
        sa.Column("state", sa.Text, nullable=False, server_default="active"),
        sa.Column("ended_on", sa.Date),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint("state in ('active', 'ended')", name="state"),
        sa.CheckConstraint("(state = 'ended') = (ended_on is not null)", name="ended_on_a_day"),
    )
    op.create_index(
        "ix_mandates_active",
        "mandates",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "collections",
        _key(),
        _text("message_id"),
        sa.Column("collect_on", sa.Date, nullable=False),
        _text("currency"),
        sa.Column("created_at", INSTANT, nullable=False),
        _text("creditor_name"),
        _text("creditor_iban"),
        _text("creditor_bic"),
        _text("creditor_id"),
        sa.UniqueConstraint("message_id"),
    )
    op.create_table(
        "direct_debits",
        _key(),
        _of("collection_id", "collections"),
        _of("mandate_id", "mandates"),
        _of("account_id", "accounts"),
        _of("bill_id", "bills"),
        _minor(),
        _text("end_to_end_id"),
        _text("sequence"),
        sa.Column("state", sa.Text, nullable=False, server_default="sent"),
        _of("payment_id", "payments", needed=False),
        sa.Column("reason_code", sa.Text),
        sa.UniqueConstraint("end_to_end_id"),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.CheckConstraint("sequence in ('FRST', 'RCUR')", name="sequence"),
        sa.CheckConstraint("state in ('sent', 'paid', 'returned')", name="state"),
        sa.CheckConstraint("state <> 'paid' or payment_id is not null", name="paid_by_a_payment"),
        sa.CheckConstraint("(state = 'returned') = (reason_code is not null)", name="returned_for_a_reason"),
    )
    op.create_index(
        "ix_direct_debits_sent",
        "direct_debits",
        ["bill_id"],
        unique=True,
        postgresql_where=sa.text("state = 'sent'"),
    )
    op.create_index(op.f("ix_direct_debits_collection_id"), "direct_debits", ["collection_id"])
    op.create_index(op.f("ix_direct_debits_account_id"), "direct_debits", ["account_id"])


def _plans() -> None:
    op.create_table(
        "payment_plans",
        _key(),
        _of("account_id", "accounts"),
        sa.Column("agreed_on", sa.Date, nullable=False),
        _minor("total_minor"),
        sa.Column("state", sa.Text, nullable=False, server_default="running"),
        sa.Column("ended_on", sa.Date),
        _of("made_by", "users", needed=False),
        sa.CheckConstraint("total_minor > 0", name="positive"),
        sa.CheckConstraint("state in ('running', 'kept', 'broken', 'cancelled')", name="state"),
        sa.CheckConstraint("(state = 'running') = (ended_on is null)", name="ended_on_a_day"),
    )
    op.create_index(
        "ix_payment_plans_running",
        "payment_plans",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "plan_instalments",
        sa.Column("plan_id", sa.BigInteger, sa.ForeignKey("payment_plans.id"), primary_key=True),
        sa.Column("position", sa.SmallInteger, primary_key=True),
        sa.Column("due_on", sa.Date, nullable=False),
        _minor(),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
    )
    op.create_table(
        "plan_bills",
        sa.Column("plan_id", sa.BigInteger, sa.ForeignKey("payment_plans.id"), primary_key=True),
        sa.Column("bill_id", sa.BigInteger, sa.ForeignKey("bills.id"), primary_key=True),
        _minor(),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
    )
    op.create_index(op.f("ix_plan_bills_bill_id"), "plan_bills", ["bill_id"])
    op.create_table(
        "promises",
        _key(),
        _of("account_id", "accounts"),
        _minor(),
        sa.Column("promised_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("after_payment_id", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="open"),
        sa.Column("ended_on", sa.Date),
        _of("made_by", "users", needed=False),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.CheckConstraint("due_on >= promised_on", name="due_after"),
        sa.CheckConstraint("state in ('open', 'kept', 'broken')", name="state"),
        sa.CheckConstraint("(state = 'open') = (ended_on is null)", name="ended_on_a_day"),
    )
    op.create_index(
        "ix_promises_open",
        "promises",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def _disputes() -> None:
    op.create_table(
        "disputes",
        _key(),
        _of("account_id", "accounts"),
        _of("bill_id", "bills"),
        _minor(),
        _text("reason"),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="open"),
        sa.Column("closed_on", sa.Date),
        _of("adjustment_id", "adjustments", needed=False),
        _of("opened_by", "users", needed=False),
        _of("closed_by", "users", needed=False),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.CheckConstraint("state in ('open', 'won', 'lost')", name="state"),
        sa.CheckConstraint("(state = 'open') = (closed_on is null)", name="closed_on_a_day"),
        sa.CheckConstraint("(state = 'won') = (adjustment_id is not null)", name="won_is_credited"),
    )
    op.create_index(
        "ix_disputes_open", "disputes", ["bill_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(op.f("ix_disputes_account_id"), "disputes", ["account_id"])


def downgrade() -> None:
    for table in (
        "disputes", "promises", "plan_bills", "plan_instalments", "payment_plans", "direct_debits",
        "collections", "mandates", "creditors",
    ):  # fmt: skip
        op.drop_table(table)
    op.execute("alter table ledger_entries disable trigger ledger_entries_stay")
    op.execute("delete from ledger_entries where suspense_id is not null")
    op.execute("alter table ledger_entries enable trigger ledger_entries_stay")
    op.drop_constraint(op.f("ck_ledger_entries_nobodys_is_suspense"), "ledger_entries")
    op.drop_constraint(op.f("ck_ledger_entries_one_cause"), "ledger_entries")
    op.drop_column("ledger_entries", "suspense_id")
    op.alter_column("ledger_entries", "account_id", nullable=False)
    op.create_check_constraint(
        "one_cause", "ledger_entries", "num_nonnulls(bill_id, payment_id, adjustment_id) = 1"
    )
    op.drop_table("suspense_items")
    op.drop_table("payment_files")
