"""A statement of account: what was charged and paid, what paid what, and what was owed after each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import NotFound
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class PaidPart:
    """How much of a bill, fee or refund a row pays; `name`: its number or reference."""

    name: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One thing booked. amount_minor: positive is charged, negative is in the customer's favour.

    kind: bill, payment, given_back, reversal (of a payment, by the bank), credit, fee, write_off, deposit or
    transfer. words: the method of a payment, the reason of an adjustment. balance_minor: owed after it.
    pays: what it pays, as allocated now; unused_minor: what of it has paid nothing yet. carried_minor: of a
    bill under a fixed amount, what it charged beyond what is to pay.
    """

    posted_on: date
    kind: str
    name: str
    words: str
    amount_minor: int
    balance_minor: int
    pays: tuple[PaidPart, ...]
    unused_minor: int
    carried_minor: int = 0


@dataclass(frozen=True, slots=True)
class Statement:
    """An account from a day until before another; closing = opening + rows, to the minor unit."""

    account_id: int
    account: str
    customer_id: int
    customer: str
    currency: str
    starts_on: date
    ends_before: date
    opening_minor: int
    rows: tuple[StatementRow, ...]

    @property
    def closing_minor(self) -> int:
        return self.opening_minor + sum(row.amount_minor for row in self.rows)

    @property
    def charged_minor(self) -> int:
        return sum(row.amount_minor for row in self.rows if row.amount_minor > 0)

    @property
    def credited_minor(self) -> int:
        return -sum(row.amount_minor for row in self.rows if row.amount_minor < 0)


_SIGNED = "case when debit = 'receivable' then e.amount_minor else -e.amount_minor end"
_OPENING = text(
    f"select coalesce(sum({_SIGNED}), 0) from ledger_entries e where account_id = :account "
    "and posted_on < :starts_on and 'receivable' in (debit, credit)"
)
_ROWS = text(
    f"""
    select e.posted_on, e.bill_id, e.payment_id, e.adjustment_id, min(e.id) as turn, sum({_SIGNED}) as amount,
           coalesce(b.number, p.reference, a.reference) as name,
           coalesce(p.method, a.reason, '') as words,
           case when b.id is not null then 'bill'
                when p.reverses_id is not null then 'reversal'
                when p.id is not null then case when p.amount_minor > 0 then 'payment' else 'given_back' end
                else a.kind end as kind,
           coalesce(-b.open_minor, p.open_minor, -a.open_minor) as unused,
           (select -sum(l.amount_minor) from bill_lines l
            where l.bill_id = e.bill_id and l.charge = 'budget') as carried
    from ledger_entries e
    left join bills b on b.id = e.bill_id
    left join payments p on p.id = e.payment_id
    left join adjustments a on a.id = e.adjustment_id
    where e.account_id = :account and e.posted_on >= :starts_on and e.posted_on < :ends_before
      and 'receivable' in (debit, credit)
    group by e.posted_on, e.bill_id, e.payment_id, e.adjustment_id, b.id, p.id, a.id
    order by e.posted_on, turn
    """
)
_PAID = text(
    """
    select l.from_bill_id, l.from_payment_id, l.from_adjustment_id,
           coalesce(b.number, a.reference, p.reference), sum(l.amount_minor)
    from allocations l
    left join bills b on b.id = l.to_bill_id
    left join adjustments a on a.id = l.to_adjustment_id
    left join payments p on p.id = l.to_payment_id
    where l.account_id = :account
    group by 1, 2, 3, 4 having sum(l.amount_minor) <> 0 order by min(l.id)
    """
)
_ACCOUNT = text(
    "select a.id, a.number, a.currency, a.opened_on, c.id, c.name from accounts a "
    "join customers c on c.id = a.payer_id where a.number = :number"
)


def statement_of(session: Session, account: str, starts_on: date | None, ends_before: date) -> Statement:
    """Four statements of SQL. `starts_on` None: from the first thing booked. Raises NotFound."""
    found = session.execute(_ACCOUNT, {"number": account}).one_or_none()
    if found is None:
        raise NotFound("account", mark("There is no account %(account)s."), account, account=account)
    account_id, number, currency, opened_on, customer_id, customer = found
    begins = min(starts_on or opened_on, ends_before)
    span = {"account": account_id, "starts_on": starts_on or date.min, "ends_before": ends_before}
    balance = opening = int(session.scalar(_OPENING, span) or 0)
    paid: dict[tuple[int | None, int | None, int | None], list[PaidPart]] = {}
    for bill, payment, adjustment, name, amount in session.execute(_PAID, {"account": account_id}):
        paid.setdefault((bill, payment, adjustment), []).append(PaidPart(name, int(amount)))
    rows = []
    for row in session.execute(_ROWS, span):
        amount = int(row.amount)
        balance += amount
        pays = tuple(paid.get((row.bill_id, row.payment_id, row.adjustment_id), ()))
        unused = max(int(row.unused), 0) if amount < 0 else 0
        rows.append(
            StatementRow(
                row.posted_on, row.kind, row.name, row.words, amount, balance, pays, unused,
                int(row.carried or 0),
            )
        )  # fmt: skip
    if starts_on is None and rows:
        begins = min(begins, rows[0].posted_on)
    return Statement(
        account_id, number, customer_id, customer, currency, begins, ends_before, opening, tuple(rows)
    )
