"""Bills taken back whole, many at once: what a credit note books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.allocating import settle
from billing.announcing import announce_credited


@dataclass(frozen=True, slots=True)
class BillCredit:
    """A bill's credit note: its number, and the tax in the bill and what a fixed amount carries (minor units,
    with the bill's sign)."""

    bill_id: int
    reference: str
    tax_minor: int
    budget_minor: int = 0


_ADJUST = text(
    """
    insert into adjustments
        (account_id, kind, amount_minor, open_minor, currency, posted_on, reference, reason, bill_id)
    select b.account_id, 'credit', -b.total_minor, -b.total_minor, b.currency, :posted_on, c.reference,
           :reason, b.id
    from unnest(cast(:bills as bigint[]), cast(:references as text[])) as c(bill_id, reference)
    join bills b on b.id = c.bill_id where b.total_minor <> 0 order by b.id
    """
)
_POST = text(
    """
    insert into ledger_entries
        (account_id, posted_on, debit, credit, amount_minor, currency, adjustment_id)
    select a.account_id, a.posted_on, case when m.amount > 0 then m.other else 'receivable' end,
           case when m.amount > 0 then 'receivable' else m.other end, abs(m.amount), a.currency, a.id
    from unnest(cast(:references as text[]), cast(:taxes as bigint[]),
                cast(:budgets as bigint[])) as c(reference, tax, budget)
    join adjustments a on a.reference = c.reference
    cross join lateral (values ('revenue', -a.amount_minor - c.tax - c.budget), ('tax', c.tax),
                               ('budget', c.budget)) as m(other, amount)
    where m.amount <> 0 order by a.id, m.other
    """
)
_RELEASE = text(
    """
    insert into allocations (account_id, from_payment_id, from_adjustment_id, from_bill_id,
                             to_bill_id, to_adjustment_id, to_payment_id, amount_minor)
    select account_id, from_payment_id, from_adjustment_id, from_bill_id, to_bill_id, to_adjustment_id,
           to_payment_id, -sum(amount_minor)
    from allocations
    where account_id = any(:accounts) and (to_bill_id = any(:bills) or from_bill_id = any(:bills))
    group by 1, 2, 3, 4, 5, 6, 7 having sum(amount_minor) <> 0
    """
)
_ALLOCATE = text(
    """
    insert into allocations
        (account_id, from_adjustment_id, to_bill_id, from_bill_id, to_adjustment_id, amount_minor)
    select account_id, case when amount_minor < 0 then id end, case when amount_minor < 0 then bill_id end,
           case when amount_minor > 0 then bill_id end, case when amount_minor > 0 then id end,
           abs(amount_minor)
    from adjustments where reference = any(:references) order by id
    """
)


def credit_bills(session: Session, notes: Sequence[BillCredit], posted_on: date, reason: str) -> None:
    """Take bills back whole, each under its own reference, not booked before. The accounts are locked by the
    caller.

    The credit pays the bill, in place of all that had paid it: that pays the oldest open bills, and what is
    left waits for the next.
    """
    bills = [one.bill_id for one in notes]
    accounts = list(
        session.scalars(
            text("select distinct account_id from bills where id = any(:bills)"), {"bills": bills}
        )
    )
    references = [one.reference for one in notes]
    told = {"bills": bills, "references": references, "posted_on": posted_on, "reason": reason}
    session.execute(_ADJUST, told)
    taxes, budgets = [one.tax_minor for one in notes], [one.budget_minor for one in notes]
    session.execute(_POST, {"references": references, "taxes": taxes, "budgets": budgets})
    session.execute(_RELEASE, {"accounts": accounts, "bills": bills})
    session.execute(_ALLOCATE, {"references": references})
    settle(session, accounts)
    announce_credited(session, bills)
