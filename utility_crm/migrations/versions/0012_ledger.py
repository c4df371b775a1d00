"""The ledger's accounts and causes: adjustments, allocations, and what the database itself watches over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BEFORE = "('receivable', 'revenue', 'tax', 'cash')"
ACCOUNTS = "('receivable', 'revenue', 'tax', 'cash', 'fees', 'bad_debt', 'deposits', 'transfers', 'suspense')"

FUNCTIONS = """
create function ledger_stays() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed or removed: book what puts them right', tg_table_name
        using errcode = 'restrict_violation';
end $$;

create function ledger_keeps_balances() returns trigger language plpgsql as $$
begin
    if exists (select from made m join accounts a on a.id = m.account_id where a.currency <> m.currency) then
        raise exception 'a ledger entry is in another currency than its account'
            using errcode = 'check_violation';
    end if;
    insert into account_balances (account_id, balance_minor)
    select account_id, sum(case when debit = 'receivable' then amount_minor else -amount_minor end)
    from made where 'receivable' in (debit, credit) group by account_id order by account_id
    on conflict (account_id) do update
        set balance_minor = account_balances.balance_minor + excluded.balance_minor;
    return null;
end $$;

create function ledger_follows() returns trigger language plpgsql as $$
begin
    if pg_trigger_depth() < 2 then
        raise exception 'what is owed and open in % follows from entries and allocations alone', tg_table_name
            using errcode = 'restrict_violation';
    end if;
    return null;
end $$;

create function allocations_keep_open() returns trigger language plpgsql as $$
begin
    update bills b set open_minor = b.open_minor + c.change from (
        select id, sum(change) as change from (
            select to_bill_id as id, -amount_minor as change from made where to_bill_id is not null
            union all select from_bill_id, amount_minor from made where from_bill_id is not null
        ) m group by id having sum(change) <> 0
    ) c where b.id = c.id;
    update payments p set open_minor = p.open_minor + c.change from (
        select id, sum(change) as change from (
            select from_payment_id as id, -amount_minor as change from made where from_payment_id is not null
            union all select to_payment_id, amount_minor from made where to_payment_id is not null
        ) m group by id having sum(change) <> 0
    ) c where p.id = c.id;
    update adjustments a set open_minor = a.open_minor + c.change from (
        select id, sum(change) as change from (
            select to_adjustment_id as id, -amount_minor as change
            from made where to_adjustment_id is not null
            union all select from_adjustment_id, amount_minor from made where from_adjustment_id is not null
        ) m group by id having sum(change) <> 0
    ) c where a.id = c.id;
    return null;
end $$;
"""

TRIGGERS = """
create trigger ledger_entries_stay before update or delete or truncate on ledger_entries
    for each statement execute function ledger_stays();
create trigger ledger_entries_balance after insert on ledger_entries
    referencing new table as made for each statement execute function ledger_keeps_balances();
create trigger account_balances_follow before insert or update or delete or truncate on account_balances
    for each statement execute function ledger_follows();
create trigger bills_open_follows before update of open_minor, total_minor on bills
    for each statement execute function ledger_follows();
create trigger payments_open_follows before update of open_minor on payments
    for each statement execute function ledger_follows();
create trigger adjustments_open_follows before update of open_minor on adjustments
    for each statement execute function ledger_follows();
create trigger allocations_stay before update or delete or truncate on allocations
    for each statement execute function ledger_stays();
create trigger allocations_open after insert on allocations
    referencing new table as made for each statement execute function allocations_keep_open();
create trigger payments_stay before delete or truncate or
    update of account_id, amount_minor, currency, reference, reverses_id, received_at on payments
    for each statement execute function ledger_stays();
create trigger adjustments_stay before delete or truncate or
    update of account_id, kind, amount_minor, currency, reference, posted_on, bill_id on adjustments
    for each statement execute function ledger_stays();
"""

# What was paid so far, told bill by bill: money given back comes out first, then the oldest bill is paid.
ALLOCATE_ALL = """
with sink as (
    select account_id, id as bill, null::bigint as payment, open_minor as amount, 1 as turn, due_on as due
    from bills where open_minor > 0
    union all select account_id, null, id, -open_minor, 0, cast(received_at as date)
    from payments where open_minor < 0
), source as (
    select account_id, null::bigint as bill, id as payment, open_minor as amount,
           cast(received_at as date) as since
    from payments where open_minor > 0
    union all select account_id, id, null, -open_minor, issued_on from bills where open_minor < 0
), k as (
    select *, sum(amount) over (partition by account_id order by turn, due, bill, payment) as until from sink
), s as (
    select *, sum(amount) over (partition by account_id order by since, bill, payment) as until from source
)
insert into allocations (account_id, from_payment_id, from_bill_id, to_bill_id, to_payment_id, amount_minor)
select k.account_id, s.payment, s.bill, k.bill, k.payment,
       least(k.until, s.until) - greatest(k.until - k.amount, s.until - s.amount)
from k join s using (account_id)
where s.until - s.amount < k.until and k.until - k.amount < s.until
order by k.account_id, k.until, s.until
"""


def upgrade() -> None:
    _adjustments()
    _allocations()
    op.add_column("payments", sa.Column("open_minor", sa.BigInteger))
    op.execute("update payments set open_minor = amount_minor")
    op.alter_column("payments", "open_minor", nullable=False)
    op.add_column(
        "payments", sa.Column("reverses_id", sa.BigInteger, sa.ForeignKey("payments.id"), unique=True)
    )
    op.execute("update bills set open_minor = total_minor where open_minor <> total_minor")
    for table, whole in (("bills", "total_minor"), ("payments", "amount_minor")):
        op.create_check_constraint(
            "open_within", table, f"open_minor between least({whole}, 0) and greatest({whole}, 0)"
        )
    op.create_check_constraint("not_nothing", "payments", "amount_minor <> 0")
    op.create_check_constraint(
        "reverses_by_giving_back", "payments", "reverses_id is null or amount_minor < 0"
    )
    _entries()
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)
    op.execute(ALLOCATE_ALL)


def _adjustments() -> None:
    op.create_table(
        "adjustments",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("account_id", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("open_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("posted_on", sa.Date, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("bill_id", sa.BigInteger, sa.ForeignKey("bills.id")),
        sa.Column("made_by", sa.BigInteger, sa.ForeignKey("users.id")),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint("kind in ('credit', 'fee', 'write_off', 'deposit', 'transfer')", name="kind"),
        sa.CheckConstraint("amount_minor <> 0", name="not_nothing"),
        sa.CheckConstraint(
            "case kind when 'fee' then amount_minor > 0 when 'write_off' then amount_minor < 0 else true end",
            name="direction",
        ),
        sa.CheckConstraint(
            "open_minor between least(amount_minor, 0) and greatest(amount_minor, 0)", name="open_within"
        ),
    )
    op.create_index(op.f("ix_adjustments_account_id_posted_on"), "adjustments", ["account_id", "posted_on"])


def _allocations() -> None:
    op.create_table(
        "allocations",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("account_id", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("from_payment_id", sa.BigInteger, sa.ForeignKey("payments.id")),
        sa.Column("from_adjustment_id", sa.BigInteger, sa.ForeignKey("adjustments.id")),
        sa.Column("from_bill_id", sa.BigInteger, sa.ForeignKey("bills.id")),
        sa.Column("to_bill_id", sa.BigInteger, sa.ForeignKey("bills.id")),
        sa.Column("to_adjustment_id", sa.BigInteger, sa.ForeignKey("adjustments.id")),
        sa.Column("to_payment_id", sa.BigInteger, sa.ForeignKey("payments.id")),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(from_payment_id, from_adjustment_id, from_bill_id) = 1", name="one_source"
        ),
        sa.CheckConstraint("num_nonnulls(to_bill_id, to_adjustment_id, to_payment_id) = 1", name="one_sink"),
        sa.CheckConstraint("amount_minor <> 0", name="not_nothing"),
    )
    op.create_index(op.f("ix_allocations_account_id"), "allocations", ["account_id"])
    op.create_index(op.f("ix_allocations_to_bill_id"), "allocations", ["to_bill_id"])


def _entries() -> None:
    op.add_column(
        "ledger_entries", sa.Column("adjustment_id", sa.BigInteger, sa.ForeignKey("adjustments.id"))
    )
    for side in ("debit", "credit"):
        op.drop_constraint(op.f(f"ck_ledger_entries_{side}"), "ledger_entries")
        op.create_check_constraint(side, "ledger_entries", f"{side} in {ACCOUNTS}")
    op.drop_constraint(op.f("ck_ledger_entries_one_cause"), "ledger_entries")
    op.create_check_constraint(
        "one_cause", "ledger_entries", "num_nonnulls(bill_id, payment_id, adjustment_id) = 1"
    )


def downgrade() -> None:
    for trigger in (
        "ledger_entries_stay on ledger_entries",
        "ledger_entries_balance on ledger_entries",
        "account_balances_follow on account_balances",
        "payments_stay on payments",
        "payments_open_follows on payments",
        "bills_open_follows on bills",
    ):
        op.execute(f"drop trigger {trigger}")
    # What only this version can say is let go of; the balances stay what they were with it.
    op.execute("delete from ledger_entries where adjustment_id is not null")
    op.drop_constraint(op.f("ck_ledger_entries_one_cause"), "ledger_entries")
    op.drop_column("ledger_entries", "adjustment_id")
    for side in ("debit", "credit"):
        op.drop_constraint(op.f(f"ck_ledger_entries_{side}"), "ledger_entries")
        op.create_check_constraint(side, "ledger_entries", f"{side} in {BEFORE}")
    op.create_check_constraint("one_cause", "ledger_entries", "num_nonnulls(bill_id, payment_id) = 1")
    op.drop_constraint(op.f("ck_payments_reverses_by_giving_back"), "payments")
    op.drop_constraint(op.f("ck_payments_not_nothing"), "payments")
    for table in ("bills", "payments"):
        op.drop_constraint(op.f(f"ck_{table}_open_within"), table)
    op.execute("update bills set open_minor = 0 where open_minor < 0")
    op.drop_column("payments", "reverses_id")
    op.drop_column("payments", "open_minor")
    op.drop_table("allocations")
    op.drop_table("adjustments")
    for function in (
        "allocations_keep_open", "ledger_follows", "ledger_keeps_balances", "ledger_stays",
    ):  # fmt: skip
        op.execute(f"drop function {function}()")
