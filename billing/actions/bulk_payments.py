"""Many payments at once, for bank files and for a simulated past: the same books as one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.allocating import settle
from billing.actions.judging import judge_agreed
from billing.actions.payments import forget_reminders
from billing.actions.storing import copy_rows
from billing.announcing import announce_paid


@dataclass(frozen=True, slots=True)
class Received:
    """One payment of a batch; see `take_payment`. pays: bills by number, paid before others while it lasts,
    in this order and as far as they are open."""

    account_id: int
    amount_minor: int
    currency: str
    reference: str
    received_at: datetime
    posted_on: date
    method: str = "transfer"
    pays: tuple[str, ...] = ()


# Payments one after another, each paying the bills it names in turn: of a bill, what those before it left;
# of a payment, what the bills before it left.
_TOLD = text(
    """
    insert into allocations (account_id, from_payment_id, to_bill_id, amount_minor)
    select account_id, payment_id, bill_id, amount from (
        select t.*, least(
            greatest(0, paid - coalesce(sum(still) over (
                partition by payment_id order by place rows between unbounded preceding and 1 preceding), 0)),
            greatest(0, still - coalesce(sum(paid) over (
                partition by bill_id order by place rows between unbounded preceding and 1 preceding), 0))
        ) as amount
        from (
            select p.account_id, p.id as payment_id, b.id as bill_id, p.amount_minor as paid,
                   b.open_minor as still, c.place
            from unnest(cast(:references as text[]), cast(:numbers as text[]))
                 with ordinality as c(reference, number, place)
            join payments p on p.reference = c.reference and p.amount_minor > 0
            join bills b on b.number = c.number and b.account_id = p.account_id and b.open_minor > 0
        ) t
    ) m where amount > 0
    """
)
_PAYMENT = "account_id received_at amount_minor open_minor currency method reference"
_PAYMENT_TYPES = "int8 timestamptz int8 int8 text text text"


def take_payments(session: Session, batch: Sequence[Received]) -> int:
    """Book a batch by COPY and return how many were new. References known already are left alone.

    The accounts are locked in order of id. Amounts must not be zero; a reference stands in a batch once.
    """
    accounts = sorted({payment.account_id for payment in batch})
    session.execute(
        text("select id from accounts where id = any(:ids) order by id for no key update"), {"ids": accounts}
    )
    known = set(
        session.scalars(
            text("select reference from payments where reference = any(:references)"),
            {"references": [payment.reference for payment in batch]},
        )
    )
    fresh = [payment for payment in batch if payment.reference not in known]
    if not fresh:
        return 0
    copy_rows(
        session,
        "payments",
        _PAYMENT,
        _PAYMENT_TYPES,
        (
            (p.account_id, p.received_at, p.amount_minor, p.amount_minor, p.currency, p.method, p.reference)
            for p in fresh
        ),
    )
    session.execute(
        text(
            """
            insert into ledger_entries (account_id, posted_on, debit, credit, amount_minor, currency,
            payment_id) select p.account_id, c.posted_on,
                   case when p.amount_minor > 0 then 'cash' else 'receivable' end,
                   case when p.amount_minor > 0 then 'receivable' else 'cash' end,
                   abs(p.amount_minor), p.currency, p.id
            from unnest(cast(:references as text[]), cast(:posted as date[])) as c(reference, posted_on)
            join payments p on p.reference = c.reference
            order by p.id
            """
        ),
        {"references": [p.reference for p in fresh], "posted": [p.posted_on for p in fresh]},
    )
    told = [(payment.reference, number) for payment in fresh for number in payment.pays]
    if told:
        session.execute(
            _TOLD, {"references": [one for one, _ in told], "numbers": [number for _, number in told]}
        )
    settle(session, accounts)
    judge_agreed(session, max(payment.posted_on for payment in fresh), accounts)
    forget_reminders(session, accounts, max(payment.received_at for payment in fresh))
    announce_paid(session, [payment.reference for payment in fresh])
    return len(fresh)
