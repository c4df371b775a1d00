"""Bills with their entries and without their readings, for tests of money alone."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.allocating import settle
from billing.tables import Bill, LedgerEntry

FIRST = date(2020, 1, 1)


def bill(
    session: Session, account_id: int, total_minor: int, *, number: str = "", tax_minor: int = 0
) -> Bill:
    """The account's next month, billed at so much, as a run books it: due fourteen days after its end."""
    place = session.scalar(
        text("select count(*) from bills where account_id = :account"), {"account": account_id}
    )
    assert isinstance(place, int)
    starts_on = date(FIRST.year + place // 12, place % 12 + 1, 1)
    ends_before = (starts_on + timedelta(days=31)).replace(day=1)
    made = Bill(
        number=number or f"B{account_id}-{place:03d}",
        account_id=account_id,
        starts_on=starts_on,
        ends_before=ends_before,
        issued_on=ends_before,
        due_on=ends_before + timedelta(days=14),
        currency="GBP",
        total_minor=total_minor,
        open_minor=total_minor,
        micro_kwh=0,
    )
    session.add(made)
    session.flush()
    for other, amount in (("revenue", total_minor - tax_minor), ("tax", tax_minor)):
        if amount:
            debit, credit = ("receivable", other) if amount > 0 else (other, "receivable")
            session.add(
                LedgerEntry(
                    account_id=account_id, posted_on=ends_before, debit=debit, credit=credit,
                    amount_minor=abs(amount), currency="GBP", bill_id=made.id,
                )
            )  # fmt: skip
    session.flush()
    settle(session, [account_id])
    session.expire_all()
    return made
