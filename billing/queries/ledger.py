"""Whether the books agree: what is kept beside the ledger, held against the ledger itself."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Difference:
    """Something kept that is not what the entries or allocations say. Minor units.

    kind: balance (an account's, against its receivable entries), open_items (its balance, against all that is
    open on it), bill / payment / adjustment (what is open, against its amount less what is allocated),
    bill_entries / payment_entries / adjustment_entries (its amount, against the entries it caused),
    allocation (a pair allocated less than nothing), transfers (what is between accounts of a currency),
    suspense (what waits there, against the ledger account of a currency).
    """

    kind: str
    what: str
    kept_minor: int
    found_minor: int


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """How much was looked at, and what differs."""

    accounts: int
    entries: int
    allocations: int
    differences: tuple[Difference, ...]


_POSTED = "sum(case when debit = 'receivable' then amount_minor else -amount_minor end)"


def _open_of(table: str, name: str, amount: str, paid: int, pays: int) -> str:
    """Rows of a table whose open amount is not its amount less what pays it, or what it pays."""
    key = table[:-1]
    return f"""
        select '{key}', {name}, t.open_minor,
               t.{amount} + {paid} * coalesce(c.amount, 0) + {pays} * coalesce(d.amount, 0)
        from {table} t
        left join (select to_{key}_id as id, sum(amount_minor) as amount from allocations group by 1) c
            on c.id = t.id
        left join (select from_{key}_id as id, sum(amount_minor) as amount from allocations group by 1) d
            on d.id = t.id
        where t.open_minor <> t.{amount} + {paid} * coalesce(c.amount, 0) + {pays} * coalesce(d.amount, 0)
    """


def _entries_of(table: str, name: str, amount: str, sign: int) -> str:
    key = table[:-1]
    return f"""
        select '{key}_entries', {name}, {sign} * t.{amount}, coalesce(e.posted, 0)
        from {table} t
        left join (select {key}_id as id, {_POSTED} as posted from ledger_entries
                   where 'receivable' in (debit, credit) group by 1) e on e.id = t.id
        where {sign} * t.{amount} <> coalesce(e.posted, 0)
    """


_CHECKS = (
    f"""
    select 'balance', a.number, coalesce(b.balance_minor, 0), coalesce(e.posted, 0)
    from accounts a left join account_balances b on b.account_id = a.id
    left join (select account_id, {_POSTED} as posted from ledger_entries
               where 'receivable' in (debit, credit) group by 1) e on e.account_id = a.id
    where coalesce(b.balance_minor, 0) <> coalesce(e.posted, 0)
    """,
    """
    select 'open_items', a.number, coalesce(b.balance_minor, 0), coalesce(o.amount, 0)
    from accounts a left join account_balances b on b.account_id = a.id
    left join (
        select account_id, sum(amount) as amount from (
            select account_id, open_minor as amount from bills
            union all select account_id, open_minor from adjustments
            union all select account_id, -open_minor from payments
        ) i group by 1
    ) o on o.account_id = a.id
    where coalesce(b.balance_minor, 0) <> coalesce(o.amount, 0)
    """,
    _open_of("bills", "t.number", "total_minor", -1, 1),
    _open_of("payments", "t.reference", "amount_minor", 1, -1),
    _open_of("adjustments", "t.reference", "amount_minor", -1, 1),
    _entries_of("bills", "t.number", "total_minor", 1),
    _entries_of("payments", "t.reference", "amount_minor", -1),
    _entries_of("adjustments", "t.reference", "amount_minor", 1),
    """
    select 'allocation', a.number, 0, sum(l.amount_minor)
    from allocations l join accounts a on a.id = l.account_id
    group by a.number, l.from_payment_id, l.from_adjustment_id, l.from_bill_id, l.to_bill_id,
             l.to_adjustment_id, l.to_payment_id having sum(l.amount_minor) < 0
    """,
    """
    select 'transfers', currency, 0,
           sum(case when debit = 'transfers' then amount_minor else -amount_minor end)
    from ledger_entries where 'transfers' in (debit, credit) group by currency
    having sum(case when debit = 'transfers' then amount_minor else -amount_minor end) <> 0
    """,
    """
    select 'suspense', currency, sum(waiting), sum(posted) from (
        select currency, amount_minor as waiting, 0 as posted from suspense_items where state = 'waiting'
        union all
        select currency, 0, case when credit = 'suspense' then amount_minor else -amount_minor end
        from ledger_entries where 'suspense' in (debit, credit)
    ) s group by currency having sum(waiting) <> sum(posted)
    """,
)
_COUNTED = text(
    "select (select count(*) from account_balances), (select count(*) from ledger_entries), "
    "(select count(*) from allocations)"
)


def check_ledger(session: Session) -> LedgerCheck:
    """Go over the whole ledger: eleven statements, each over whole tables."""
    counted = session.execute(_COUNTED).one()
    found = [
        Difference(kind, str(what), int(kept), int(there))
        for statement in _CHECKS
        for kind, what, kept, there in session.execute(text(statement + " order by 2"))
    ]
    return LedgerCheck(int(counted[0]), int(counted[1]), int(counted[2]), tuple(found))
