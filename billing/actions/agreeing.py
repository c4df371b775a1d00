"""What is agreed about money owed: payment plans and promises. `judging` says how they end. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from billing.actions.payments import lock_account
from billing.domain.accounts.instalments import MOST, Instalment, split
from billing.tables import Payment, PaymentPlan, PlanBill, PlanInstalment, Promise
from utility_crm.customers.noting import note_account_change
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.web.words import mark

LONGEST_PROMISE = timedelta(days=92)


def plan_of(
    session: Session, account_id: int, count: int, first_on: date, today: date
) -> tuple[Instalment, ...]:
    """The instalments that a plan would have, over all that is open and not disputed. Raises Invalid; Refused
    where nothing is open."""
    if not 2 <= count <= MOST:
        raise Invalid("instalments", mark("A plan has 2 to %(most)s instalments."), "count", most=MOST)
    if not today <= first_on <= today + LONGEST_PROMISE:
        words = mark("The first instalment is due from %(first)s to %(last)s.")
        last = today + LONGEST_PROMISE
        raise Invalid("first_on", words, "first_on", first=today, last=last)
    total = sum(amount for _, amount in _plannable(session, account_id))
    if not total:
        raise Refused("nothing_open", mark("Nothing is open that could be paid in parts."), "account")
    return split(total, count, first_on)


def agree_plan(
    session: Session, account_id: int, count: int, first_on: date, *, today: date, by: int | None = None
) -> int:
    """Agree that all that is open now is paid in instalments; its id. Raises as `plan_of`; Conflict where a
    plan runs already."""
    lock_account(session, account_id)
    running = select(PaymentPlan.id).where(
        PaymentPlan.account_id == account_id, PaymentPlan.state == "running"
    )
    if session.scalar(running) is not None:
        raise Conflict("plan", mark("A plan runs on this account already."), "account")
    instalments = plan_of(session, account_id, count, first_on, today)
    plan = PaymentPlan(
        account_id=account_id, agreed_on=today, total_minor=sum(one.amount_minor for one in instalments),
        made_by=by,
    )  # fmt: skip
    session.add(plan)
    session.flush()
    for position, one in enumerate(instalments, 1):
        session.add(
            PlanInstalment(
                plan_id=plan.id, position=position, due_on=one.due_on, amount_minor=one.amount_minor
            )
        )
    for bill_id, amount in _plannable(session, account_id):
        session.add(PlanBill(plan_id=plan.id, bill_id=bill_id, amount_minor=amount))
    session.flush()
    told = {"total_minor": plan.total_minor, "count": len(instalments), "first_on": first_on}
    note_account_change(session, account_id, mark("payment plan"), None, told)
    return plan.id


def cancel_plan(session: Session, plan_id: int, today: date) -> None:
    """End a plan by agreement: what is open is late as before. Raises NotFound, Conflict."""
    plan = session.get(PaymentPlan, plan_id, with_for_update=True)
    if plan is None:
        raise NotFound("plan", mark("There is no such plan."))
    if plan.state != "running":
        raise Conflict("ended", mark("This plan has ended already."), plan.state)
    plan.state, plan.ended_on = "cancelled", today
    session.flush()
    told = {"total_minor": plan.total_minor, "agreed_on": plan.agreed_on}
    note_account_change(session, plan.account_id, mark("payment plan"), told, None)


def take_promise(
    session: Session, account_id: int, amount_minor: int, due_on: date, *, today: date, by: int | None = None
) -> int:
    """Keep that so much will be paid by a day: nobody is reminded of it until then. Raises Invalid; Conflict
    where a promise is open."""
    lock_account(session, account_id)
    if amount_minor <= 0:
        raise Invalid("amount", mark("A promise needs an amount."), "amount")
    if not today <= due_on <= today + LONGEST_PROMISE:
        words = mark("A promise is for a day from %(first)s to %(last)s.")
        raise Invalid("due_on", words, "due_on", first=today, last=today + LONGEST_PROMISE)
    open_one = select(Promise.id).where(Promise.account_id == account_id, Promise.state == "open")
    if session.scalar(open_one) is not None:
        raise Conflict("promise", mark("A promise is open on this account already."), "account")
    latest = session.scalar(select(func.max(Payment.id)).where(Payment.account_id == account_id))
    made = Promise(
        account_id=account_id, amount_minor=amount_minor, promised_on=today, due_on=due_on,
        after_payment_id=latest or 0, made_by=by,
    )  # fmt: skip
    session.add(made)
    session.flush()
    told = {"amount_minor": amount_minor, "due_on": due_on}
    note_account_change(session, account_id, mark("promise to pay"), None, told)
    return made.id


def _plannable(session: Session, account_id: int) -> Sequence[tuple[int, int]]:
    """Open bills with what is open of them and not disputed, the first due first."""
    rows = session.execute(
        text(
            """
            select b.id, b.open_minor - least(b.open_minor, coalesce(d.amount_minor, 0)) as amount
            from bills b left join disputes d on d.bill_id = b.id and d.state = 'open'
            where b.account_id = :account and b.status = 'issued'
              and b.open_minor > coalesce(d.amount_minor, 0)
            order by b.due_on, b.id
            """
        ),
        {"account": account_id},
    )
    return [(int(bill_id), int(amount)) for bill_id, amount in rows]
