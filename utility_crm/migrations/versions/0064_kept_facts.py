"""Whose an account is stands beside what hangs on it, so that a segment asks one table where it asked two.

Agreements, occupancies and balances carry the customer of their account. A foreign key of both columns holds
it true: no row can name another customer than its account does, and an account that changes hands takes its
rows along. Indexes hold what a segment reads of facts and consents without going to the tables.
"""

from __future__ import annotations

from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

FOLLOWING = ("agreements", "occupancies", "account_balances")

OWNER = """
create function customer_of_account() returns trigger language plpgsql as $$
begin
    select customer_id into new.customer_id from accounts where id = new.account_id for key share;
    if not found then
        raise exception 'there is no account %', new.account_id using errcode = 'foreign_key_violation';
    end if;
    return new;
end $$
"""
KEEPS_BALANCES = """
create or replace function ledger_keeps_balances() returns trigger language plpgsql as $$
begin
    if exists (select from made m join accounts a on a.id = m.account_id where a.currency <> m.currency) then
        raise exception 'a ledger entry is in another currency than its account'
            using errcode = 'check_violation';
    end if;
    insert into account_balances (account_id, {customer}balance_minor)
    select m.account_id, {whose}sum(case when debit = 'receivable' then amount_minor else -amount_minor end)
    from made m {accounts}where 'receivable' in (debit, credit)
    group by m.account_id{by} order by m.account_id
    on conflict (account_id) do update
        set balance_minor = account_balances.balance_minor + excluded.balance_minor;
    return null;
end $$
"""
INDEXES = (
    "create index ix_agreements_customer_id on agreements (customer_id)",
    "create index ix_account_balances_customer_id on account_balances (customer_id)",
    "drop index ix_fact_values_value",
    "create index ix_fact_values_value on fact_values (fact, parameter, value) include (customer_id)",
    "create index ix_consents_marketing on consents (customer_id, channel, at, id) include (granted)"
    " where purpose = 'marketing'",
)
BACK = (
    "drop index ix_consents_marketing",
    "drop index ix_fact_values_value",
    "create index ix_fact_values_value on fact_values (fact, parameter, value)",
)


def upgrade() -> None:
    """The customer of every account, copied once and held from then on."""
    op.execute("alter table accounts add constraint uq_accounts_id_customer_id unique (id, customer_id)")
    op.execute(OWNER)
    op.execute("alter table account_balances disable trigger account_balances_follow")
    for table in FOLLOWING:
        op.execute(f"alter table {table} add column customer_id bigint")
        op.execute(
            f"update {table} t set customer_id = a.customer_id from accounts a where a.id = t.account_id"
        )
        op.execute(f"alter table {table} alter column customer_id set not null")
    op.execute("alter table account_balances enable trigger account_balances_follow")
    for table in FOLLOWING:
        op.execute(
            f"alter table {table} add constraint fk_{table}_account_id_customer_id"
            " foreign key (account_id, customer_id) references accounts (id, customer_id) on update cascade"
        )
        if table != "account_balances":  # the ledger says whose balance it is, for a whole run at once
            op.execute(
                f"create trigger {table}_customer before insert or update of account_id, customer_id"
                f" on {table} for each row execute function customer_of_account()"
            )
    _keep_balances(customer="customer_id, ", whose="a.customer_id, ", by=", a.customer_id",
                   accounts="join accounts a on a.id = m.account_id ")  # fmt: skip
    for statement in INDEXES:
        op.execute(statement)


def downgrade() -> None:
    """Without it."""
    for statement in BACK:
        op.execute(statement)
    _keep_balances(customer="", whose="", by="", accounts="")
    for table in FOLLOWING:
        op.execute(f"drop trigger if exists {table}_customer on {table}")
        op.execute(f"alter table {table} drop column customer_id")
    op.execute("drop function customer_of_account()")
    op.execute("alter table accounts drop constraint uq_accounts_id_customer_id")


def _keep_balances(**parts: str) -> None:
    op.execute(KEEPS_BALANCES.format(**parts))
