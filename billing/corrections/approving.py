"""What a person decided about corrections: a credit note and a new bill, or the bill stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.actions.issuing import lock_accounts
from billing.actions.late_fees import put_late_fees_right
from billing.actions.storing import store_bills
from billing.corrections.candidates import IssuedBill, issued_bills
from billing.corrections.carrying import carry_over
from billing.corrections.crediting import cancel_bills, credit_bills
from billing.corrections.rerating import Remade, remade
from billing.cycles import Month, month_of_cycle
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.tables import Bill, Correction
from notifications.outbox.queueing import take_back
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class Corrected:
    """What was approved. unchanged: corrections that had been approved before. waiting: bills that take what
    another of these leaves to the next; they are proposed anew when that one is put right."""

    credit_notes: tuple[str, ...] = ()
    new_bill_ids: tuple[int, ...] = ()
    credited_minor: int = 0
    charged_minor: int = 0
    unchanged: int = 0
    waiting: int = 0


def approve_corrections(
    session: Session,
    correction_ids: Sequence[int],
    *,
    user_id: int | None,
    decision: str,
    today: date,
    now: datetime,
    country: str,
    subdivision: str = "",
) -> Corrected:
    """Take the bills back by credit notes and issue those that replace them, all or nothing.

    The new bills are made from the readings that were shown, and must come to what was shown. Accounts are
    locked first, so that a repeat waits and then finds it done. Raises NotFound, Invalid (no reason given),
    Refused (held: it cannot be made again), Conflict (dismissed or superseded meanwhile; another amount than
    shown, since a price or an agreement changed: look again).
    """
    if not decision.strip():
        raise Invalid("decision", mark("Say why the bills are put right."), "decision")
    chosen, unchanged = _locked(session, correction_ids)
    if not chosen:
        return Corrected(unchanged=unchanged)
    made = _made_as_shown(session, chosen, today, country, subdivision)
    later = _later(list(made.values()))
    chosen = [one for one in chosen if one.bill_id not in later]
    old = [made[one.bill_id].bill for one in chosen]
    cancel_bills(session, old)
    # The numbers of bills are taken before those of credit notes, as everywhere.
    new = _issue(session, [made[one.bill_id] for one in chosen], {one.bill_id: one for one in chosen}, today)
    carry_over(session, [one.bill_id for one in chosen], new, today)
    notes = credit_bills(session, {one.bill_id: one.id for one in chosen}, old, today)
    put_late_fees_right(session, today, [one.bill_id for one in chosen])
    take_back(session, [f"bill:{bill.number}" for bill in old], now)
    for one in chosen:
        one.state, one.decided_at, one.decided_by = "approved", now, user_id
        one.decision, one.new_bill_id = decision.strip(), new.get(one.bill_id)
    session.flush()
    charged = sum(made[one.bill_id].after_minor for one in chosen)
    ids = tuple(new[one.bill_id] for one in chosen if one.bill_id in new)
    credited = sum(bill.total_minor for bill in old)
    return Corrected(tuple(notes), ids, credited, charged, unchanged, len(later))


def dismiss_corrections(
    session: Session, correction_ids: Sequence[int], *, user_id: int | None, decision: str, now: datetime
) -> int:
    """Let the bills stand, with a reason; how many. They are proposed again only if something more comes in.

    Raises NotFound, Invalid, Conflict (approved meanwhile).
    """
    if not decision.strip():
        raise Invalid("decision", mark("Say why the bills stand."), "decision")
    chosen, approved = _locked(session, correction_ids, held=True)
    if approved:
        raise Conflict("approved", mark("One of these bills has been put right meanwhile; look again."))
    for one in chosen:
        one.state, one.decided_at, one.decided_by, one.decision = "dismissed", now, user_id, decision.strip()
    session.flush()
    return len(chosen)


def _locked(
    session: Session, correction_ids: Sequence[int], *, held: bool = False
) -> tuple[list[Correction], int]:
    """The corrections in the order of their bills, locked with their accounts, and how many were approved
    before."""
    wanted = sorted(set(correction_ids))
    accounts = session.scalars(
        select(Bill.account_id)
        .join(Correction, Correction.bill_id == Bill.id)
        .where(Correction.id.in_(wanted))
        .distinct()
    )
    lock_accounts(session, sorted(accounts))
    statement = (
        select(Correction)
        .where(Correction.id.in_(wanted))
        .order_by(Correction.bill_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = list(session.scalars(statement))
    if len(found) < len(wanted):
        raise NotFound("correction", mark("One of these corrections does not exist."))
    chosen = [one for one in found if one.state != "approved"]
    for one in chosen:
        if one.state in ("dismissed", "superseded"):
            raise Conflict("decided", mark("One of these bills is to be put right no more; look again."))
        if one.state == "held" and not held:
            raise Refused("held", f"A bill cannot be made again: {one.reason}")
    return chosen, len(found) - len(chosen)


def _later(made: Sequence[Remade]) -> set[int]:
    """Bills that were shown with what an earlier one of their account left, which is put right here, too, and
    leaves something else."""
    turns: dict[int, date] = {}
    for one in made:
        if one.leaves_else:
            account, day = one.bill.account_id, one.bill.starts_on
            turns[account] = min(day, turns.get(account, day))
    return {
        one.bill.id for one in made if one.bill.starts_on > turns.get(one.bill.account_id, one.bill.starts_on)
    }


def _made_as_shown(
    session: Session, chosen: Sequence[Correction], today: date, country: str, subdivision: str
) -> dict[int, Remade]:
    """By bill, made again from the readings that were shown."""
    bills = issued_bills(session, {one.bill_id: one.cause for one in chosen})
    known_at = {one.bill_id: one.known_at for one in chosen}
    made: dict[int, Remade] = {}
    ordered = sorted(bills, key=lambda bill: known_at[bill.id])
    for instant, some in groupby(ordered, key=lambda bill: known_at[bill.id]):
        again = remade(session, list(some), instant, today, country, subdivision)
        made |= {one.bill.id: one for one in again}
    for one in chosen:
        found = made[one.bill_id]
        if found.hold is not None or found.after_minor != one.after_minor:
            raise _another(found, one.after_minor)
    return made


def _another(found: Remade, shown_minor: int) -> Conflict:
    """What was shown, and what it would be now: a price or an agreement changed, or a reading is gone."""
    bill, number = found.bill, found.bill.number
    if found.hold is not None:
        words = mark("Bill %(bill)s cannot be made again any more: %(reason)s Look again.")
        return Conflict("changed", words, number, bill=number, reason=found.hold.reason)
    decimals = default_decimals(bill.currency)
    shown, now = (amount_text(minor, decimals) for minor in (shown_minor, found.after_minor))
    words = mark(
        "Bill %(bill)s was shown as %(shown)s %(currency)s and would be %(now)s %(currency)s now. Look "
        "again, then approve."
    )
    return Conflict("changed", words, number, bill=number, shown=shown, now=now, currency=bill.currency)


def _issue(
    session: Session, made: Sequence[Remade], corrections: dict[int, Correction], today: date
) -> dict[int, int]:
    """The new bills by the old; numbers are taken in the order of the months, as everywhere."""

    def batch(one: Remade) -> tuple[Month, datetime]:
        return _month(one.bill), corrections[one.bill.id].known_at

    found: dict[int, int] = {}
    billed = sorted((one for one in made if one.draft is not None), key=lambda one: (batch(one), one.bill.id))
    for (month, known_at), some in groupby(billed, key=batch):
        items = list(some)
        drafts = [one.draft for one in items if one.draft is not None]
        ids = store_bills(session, drafts, month, today, known_at)
        found |= {one.bill.id: new for one, new in zip(items, ids, strict=True)}
    return found


def _month(bill: IssuedBill) -> Month:
    return month_of_cycle(bill.ends_before - timedelta(days=1), bill.cycle_day)
