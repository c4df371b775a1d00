"""Money that nobody could tell whose it is: kept, then assigned to an account or returned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.actions.payments import TakenPayment, lock_account, take_payment
from billing.money_in.entries import BankEntry
from billing.tables import LedgerEntry, SuspenseItem
from utility_crm.kit.errors import Conflict, NotFound, Refused
from utility_crm.web.words import mark


def suspend(session: Session, file_id: int, waiting: Sequence[tuple[BankEntry, str]]) -> None:
    """Keep entries with the code of why they are nobody's; the ledger has them in suspense."""
    for entry, code in waiting:
        item = SuspenseItem(
            file_id=file_id, place=entry.place, bank_reference=entry.bank_reference,
            booked_on=entry.booked_on, amount_minor=entry.amount_minor, currency=entry.currency,
            payer=entry.payer, payer_account=entry.payer_account,
            remittance=" ".join((*entry.structured, *entry.end_to_end_ids, entry.text)).strip(), code=code,
        )  # fmt: skip
        session.add(item)
        session.flush()
        _post(session, item, item.amount_minor, item.booked_on)
    session.flush()


def assign_suspense(
    session: Session, item_id: int, account_id: int, *, now: datetime, posted_on: date, by: int | None
) -> TakenPayment:
    """Book what waited as a payment of an account. Raises NotFound; Conflict where it was decided otherwise;
    Refused for an account in another currency."""
    currency = lock_account(session, account_id)
    item = _waiting(session, item_id)
    if currency != item.currency:
        raise Refused(
            "currency",
            mark("The account is in %(account)s, the money in %(money)s."),
            "account",
            account=currency,
            money=item.currency,
        )
    taken = take_payment(
        session,
        account_id,
        item.amount_minor,
        reference=f"bank:{item.bank_reference}",
        received_at=datetime.combine(item.booked_on, time(), UTC),
        posted_on=posted_on,
        through="suspense",
    )
    item.state, item.payment_id, item.decided_at, item.decided_by = "assigned", taken.id, now, by
    session.flush()
    return taken


def return_suspense(
    session: Session, item_id: int, *, now: datetime, posted_on: date, by: int | None
) -> None:
    """What waited has been sent back to whom it came from. Raises NotFound, Conflict."""
    item = _waiting(session, item_id)
    item.state, item.decided_at, item.decided_by = "returned", now, by
    _post(session, item, -item.amount_minor, posted_on)
    session.flush()


def _waiting(session: Session, item_id: int) -> SuspenseItem:
    item = session.scalar(select(SuspenseItem).where(SuspenseItem.id == item_id).with_for_update())
    if item is None:
        raise NotFound("suspense", mark("There is nothing of this number in suspense."))
    if item.state != "waiting":
        raise Conflict("decided", mark("Somebody has decided about this money already."), item.state)
    return item


def _post(session: Session, item: SuspenseItem, amount_minor: int, posted_on: date) -> None:
    into, out_of = ("cash", "suspense") if amount_minor > 0 else ("suspense", "cash")
    session.add(
        LedgerEntry(
            account_id=None, posted_on=posted_on, debit=into, credit=out_of,
            amount_minor=abs(amount_minor), currency=item.currency, suspense_id=item.id,
        )
    )  # fmt: skip
