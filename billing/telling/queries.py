"""Who is to be told of a bill, a payment or an instalment, and was not told yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.queries.agreed_paid import PLAN_PAID
from billing.telling.queued import MOST


@dataclass(frozen=True, slots=True)
class BillToTell:
    """A bill, who pays it and how. `open_minor`: what is open of it and not disputed."""

    customer_id: int
    account_id: int
    account: str
    bill: str
    total_minor: int
    open_minor: int
    currency: str
    starts_on: date
    ends_before: date
    due_on: date
    collected: bool


@dataclass(frozen=True, slots=True)
class PaymentToTell:
    """Money received, and the account's balance now (positive: owed)."""

    customer_id: int
    account_id: int
    account: str
    reference: str
    amount_minor: int
    currency: str
    received_at: datetime
    balance_minor: int


@dataclass(frozen=True, slots=True)
class InstalmentToTell:
    """An instalment, `number` of `count`, and what is open of it."""

    customer_id: int
    account_id: int
    account: str
    plan_id: int
    number: int
    count: int
    amount_minor: int
    currency: str
    due_on: date


_COLLECTED = """exists (
    select from mandates m join creditors c on c.currency = b.currency
    where m.account_id = b.account_id and m.state = 'active' and m.signed_on <= b.due_on
)"""
_ISSUED = text(f"""
    select a.payer_id, a.id, a.number, b.number, b.total_minor, b.open_minor, b.currency, b.starts_on,
           b.ends_before, b.due_on, {_COLLECTED}
    from bills b join accounts a on a.id = b.account_id
    where b.status = 'issued' and b.issued_on > :since and b.issued_on <= :today
      and not exists (select from outbox o where o.key = 'bill_ready:' || b.number)
    order by b.id limit :limit
""")
_DUE = text(f"""
    select a.payer_id, a.id, a.number, b.number, b.total_minor, b.open_minor - coalesce(d.amount_minor, 0),
           b.currency, b.starts_on, b.ends_before, b.due_on, {_COLLECTED}
    from bills b join accounts a on a.id = b.account_id
    left join disputes d on d.bill_id = b.id and d.state = 'open'
    where b.status = 'issued' and b.due_on > :today and b.due_on <= :until
      and b.open_minor > coalesce(d.amount_minor, 0)
      and not exists (select from payment_plans p join plan_bills q on q.plan_id = p.id
                      where p.state = 'running' and q.bill_id = b.id)
      and not exists (select from promises p
                      where p.account_id = b.account_id and p.state = 'open' and p.due_on >= :today)
      and not exists (select from outbox o
                      where o.key = 'payment_due:' || b.number || ':' || to_char(b.due_on, 'YYYY-MM-DD'))
    order by b.due_on, b.id limit :limit
""")
_RECEIVED = text("""
    select a.payer_id, a.id, a.number, p.reference, p.amount_minor, p.currency, p.received_at,
           coalesce(s.balance_minor, 0)
    from payments p join accounts a on a.id = p.account_id
    left join account_balances s on s.account_id = a.id
    where p.amount_minor > 0 and p.method <> 'direct_debit'
      and p.received_at <= :now
      and (p.received_at > :since
           or exists (select from suspense_items i
                      where i.payment_id = p.id and i.decided_at > :assigned_since))
      and not exists (select from payments r where r.reverses_id = p.id)
      and not exists (select from outbox o where o.key = 'payment_received:' || p.reference)
    order by p.received_at, p.id limit :limit
""")
_INSTALMENTS = text(f"""
    with running as (
        select p.id, p.account_id, {PLAN_PAID} as paid
        from payment_plans p where p.state = 'running'
    ), planned as (
        select i.plan_id, i.position, i.due_on, i.amount_minor,
               sum(i.amount_minor) over (partition by i.plan_id order by i.position) as until,
               count(*) over (partition by i.plan_id) as count
        from plan_instalments i join running r on r.id = i.plan_id
    )
    select a.payer_id, a.id, a.number, r.id, i.position, i.count,
           cast(least(i.amount_minor, i.until - r.paid) as bigint), a.currency, i.due_on
    from planned i join running r on r.id = i.plan_id join accounts a on a.id = r.account_id
    where i.due_on > :today and i.due_on <= :until and i.until > r.paid
      and not exists (select from outbox o where o.key = 'instalment_due:' || r.id || ':' || i.position)
    order by i.due_on, r.id, i.position limit :limit
""")
_UNTRUE_PLANS = text("""
    select distinct o.about from outbox o
    where o.state = 'waiting' and o.notice = 'instalment_due'
      and not exists (select from payment_plans p where p.state = 'running' and o.about = 'plan:' || p.id)
""")
_UNTRUE_PAYMENTS = text("""
    select distinct o.about from outbox o
    join payments p on o.about = 'payment:' || p.reference
    join payments r on r.reverses_id = p.id
    where o.state = 'waiting' and o.notice = 'payment_received'
""")


def bills_issued(session: Session, today: date, *, within_days: int) -> tuple[BillToTell, ...]:
    """Bills issued in the last days, today among them, whose payers were not told."""
    given = {"since": today - timedelta(days=within_days), "today": today, "limit": MOST}
    return tuple(BillToTell(*row) for row in session.execute(_ISSUED, given))


def bills_due_soon(session: Session, today: date, *, days: int) -> tuple[BillToTell, ...]:
    """Bills that fall due in the next days and are open: neither disputed, nor in a plan, nor promised."""
    given = {"today": today, "until": today + timedelta(days=days), "limit": MOST}
    return tuple(BillToTell(*row) for row in session.execute(_DUE, given))


def payments_received(
    session: Session, now: datetime, *, within: timedelta, assigned_within: timedelta
) -> tuple[PaymentToTell, ...]:
    """Money received lately, or found to be theirs lately, that the bank did not take back. A direct debit is
    left out: it was announced, and nobody did anything that wants an answer."""
    given = {
        "since": now - within,
        "assigned_since": now - assigned_within,
        "now": now,
        "limit": MOST,
    }
    return tuple(PaymentToTell(*row) for row in session.execute(_RECEIVED, given))


def instalments_due_soon(session: Session, today: date, *, days: int) -> tuple[InstalmentToTell, ...]:
    """Instalments of running plans that fall due in the next days and are not covered by what was paid."""
    given = {"today": today, "until": today + timedelta(days=days), "limit": MOST}
    return tuple(InstalmentToTell(*row) for row in session.execute(_INSTALMENTS, given))


def no_longer_true(session: Session) -> tuple[str, ...]:
    """What waiting notices are about that ended meanwhile: plans, and payments that the bank took back. What
    is paid takes its own notices back (`billing.actions.payments`)."""
    return (*session.scalars(_UNTRUE_PLANS), *session.scalars(_UNTRUE_PAYMENTS))
