"""Customers of the demo with several sites have them on one invoice."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.invoices.gathering import TAG, customers_asking, gather_bills

SITES, MONTHS = 2, 3

_TAG = text(
    """
    update customers set tags = tags || array[:tag]
    where id in (select payer_id from accounts group by payer_id having count(*) >= :sites)
    """
)
_MONTHS = text(
    """
    select period, max(issued_on) from invoices where series = 'bill'
    group by period order by period desc limit :months
    """
)


def gather(session: Session) -> int:
    """Tag those with at least two sites, and gather the last three months, each on the day of its last
    bill. How many invoices that made."""
    session.execute(_TAG, {"tag": TAG, "sites": SITES})
    made = 0
    for period, issued_on in reversed(session.execute(_MONTHS, {"months": MONTHS}).all()):
        for customer in customers_asking(session, period):
            gather_bills(session, customer, period, issued_on)
            made += 1
    return made
