"""Disputes of bills: opened by what a customer says, ended by a decision. Never commits."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from billing.actions.adjustments import Reason, credit
from billing.actions.judging import judge_agreed
from billing.actions.late_fees import put_late_fees_right
from billing.actions.payments import lock_account
from billing.domain.money import Rounding, div_round
from billing.tables import Bill, BillLine, Dispute
from utility_crm.customers.noting import note_account_change
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.web.words import mark

_STANDS = """
    b.total_minor + least(0, coalesce(
        (select sum(a.amount_minor) from adjustments a where a.bill_id = b.id and a.kind = 'credit'), 0)
    ) - coalesce(
        (select sum(l.amount_minor) from allocations l
         join adjustments w on w.id = l.from_adjustment_id and w.kind = 'write_off'
         where l.to_bill_id = b.id), 0
    )
"""


def open_dispute(
    session: Session, bill: str, amount_minor: int, reason: str, *, today: date, by: int | None = None
) -> int:
    """The customer says that so much of a bill is not owed: at most what stands of it, so that nothing is
    credited twice. Raises NotFound, Invalid; Conflict where a dispute of the bill is open."""
    found = session.execute(
        select(Bill.id, Bill.account_id, Bill.total_minor, Bill.status).where(Bill.number == bill)
    ).one_or_none()
    if found is None:
        raise NotFound("bill", mark("There is no bill %(bill)s."), bill, bill=bill)
    lock_account(session, found.account_id)
    if not 0 < amount_minor <= stands_of_bill(session, found.id) or found.status != "issued":
        words = mark("A dispute is about a bill that stands, and no more than it charges.")
        raise Invalid("amount", words, "amount")
    if not reason.strip():
        raise Invalid("reason", mark("A dispute needs the customer's reason."), "reason")
    open_one = select(Dispute.id).where(Dispute.bill_id == found.id, Dispute.state == "open")
    if session.scalar(open_one) is not None:
        raise Conflict("dispute", mark("A dispute of bill %(bill)s is open already."), bill, bill=bill)
    made = Dispute(
        account_id=found.account_id, bill_id=found.id, amount_minor=amount_minor, reason=reason.strip(),
        opened_on=today, opened_by=by,
    )  # fmt: skip
    session.add(made)
    session.flush()
    told = {"bill": bill, "amount_minor": amount_minor, "reason": made.reason, "state": "open"}
    note_account_change(session, found.account_id, mark("dispute of a bill"), None, told)
    return made.id


def close_dispute(
    session: Session, dispute_id: int, *, won: bool, today: date, by: int | None = None
) -> None:
    """End a dispute. Won by the customer, its amount is credited as far as the bill still stands, with its
    part of the bill's tax, and the late fees on it are taken back; lost, the bill is late as before. Raises
    NotFound; Conflict where it has ended, its bill has been replaced, or nothing stands of it any more."""
    account_id = session.scalar(select(Dispute.account_id).where(Dispute.id == dispute_id))
    if account_id is None:
        raise NotFound("dispute", mark("There is no such dispute."))
    lock_account(session, account_id)
    dispute = session.get_one(Dispute, dispute_id, with_for_update=True, populate_existing=True)
    if dispute.state != "open":
        raise Conflict("ended", mark("This dispute has ended already."), dispute.state)
    if won:
        bill = session.get_one(Bill, dispute.bill_id, populate_existing=True)
        if bill.status != "issued":
            words = mark("Bill %(bill)s has been taken back; close the dispute as lost.")
            raise Conflict("replaced", words, bill.number, bill=bill.number)
        amount = min(dispute.amount_minor, stands_of_bill(session, bill.id))
        if amount <= 0:
            words = mark("Bill %(bill)s has been taken back; close the dispute as lost.")
            raise Conflict("credited", words, bill.number, bill=bill.number)
        reason = Reason(f"dispute:{dispute_id}", f"dispute won: {dispute.reason}", today, by)
        done = credit(
            session,
            dispute.account_id,
            amount,
            reason,
            tax_minor=_tax_in(session, bill, amount),
            bill_id=bill.id,
            judged=False,  # while it counts as open, a plan is held to less
        )
        dispute.adjustment_id = done.id
    dispute.state, dispute.closed_on, dispute.closed_by = "won" if won else "lost", today, by
    session.flush()
    told = {"amount_minor": dispute.amount_minor, "reason": dispute.reason}
    note_account_change(
        session,
        account_id,
        mark("dispute of a bill"),
        told | {"state": "open"},
        told | {"state": dispute.state},
    )
    if won:
        put_late_fees_right(session, today, [dispute.bill_id])
        judge_agreed(session, today, [account_id])


def stands_of_bill(session: Session, bill_id: int) -> int:
    """What a bill still charges: its total less what was credited of it, and what of it was written off."""
    return int(
        session.scalar(text(f"select {_STANDS} from bills b where b.id = :bill"), {"bill": bill_id}) or 0
    )


def stands_of_bills(session: Session, account_id: int, bill_id: int | None = None) -> int:
    """The same of one bill of an account, or of all that are issued. A bill of another account: nothing."""
    which = "b.status = 'issued'" if bill_id is None else "b.id = :bill"
    words = f"select sum({_STANDS}) from bills b where b.account_id = :account and {which}"
    return int(session.scalar(text(words), {"account": account_id, "bill": bill_id}) or 0)


def _tax_in(session: Session, bill: Bill, amount_minor: int) -> int:
    """The tax in a part of a bill, as much as in the whole; half a minor unit goes up."""
    tax = session.scalar(
        select(func.sum(BillLine.amount_minor)).where(BillLine.bill_id == bill.id, BillLine.charge == "tax")
    )
    return div_round(int(tax or 0) * amount_minor, bill.total_minor, Rounding.HALF_UP)
