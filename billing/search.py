"""Bills found by their number in the search box."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.tables import Bill
from utility_crm.customers.tables import Account
from utility_crm.kit.parts import SearchHit
from utility_crm.web.words import mark

SHORTEST = 5


def find_bills(session: Session, words: str, limit: int) -> Sequence[SearchHit]:
    """Customers whose bill's number begins with what was typed, once enough of it was."""
    typed = words.strip()
    if len(typed) < SHORTEST or not typed[:4].isdigit() or "%" in typed or "_" in typed:
        return []
    rows = session.execute(
        select(Account.customer_id, Bill.number)
        .join(Account, Account.id == Bill.account_id)
        .where(Bill.number.like(f"{typed}%"))
        .order_by(Bill.number)
        .limit(limit)
    )
    return [
        SearchHit(
            customer_id, number, opens=f"/bills/{number}" if number == typed else "", called=mark("Bill"),
            permission="bills.read", first=True,
        )
        for customer_id, number in rows
    ]  # fmt: skip
