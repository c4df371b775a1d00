"""Everybody's agreements: what outcomes and lives of customers are told from."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.tables import Agreement
from churn.domain.label import Supply
from utility_crm.customers.tables import Account


def supplies(session: Session) -> dict[int, list[Supply]]:
    """Every agreement of everybody, by customer."""
    rows = session.execute(
        select(Account.customer_id, Agreement.starts_on, Agreement.ends_before, Agreement.end_reason).join(
            Account, Account.id == Agreement.account_id
        )
    )
    found: dict[int, list[Supply]] = {}
    for customer_id, starts_on, ends_before, end_reason in rows:
        found.setdefault(customer_id, []).append(Supply(starts_on, ends_before, end_reason))
    return found
