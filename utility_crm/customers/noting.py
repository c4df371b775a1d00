"""What changes of an account, kept in the audit log under its holder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.auth.audit import note_change
from utility_crm.customers.tables import Account


def note_account_change(
    session: Session,
    account_id: int,
    what: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """As `note_change`, of something of an account; its number stands on the side that is there."""
    holder, number = session.execute(
        select(Account.customer_id, Account.number).where(Account.id == account_id)
    ).one()
    named = {"account": number}
    old = None if before is None else {**before, **({} if after is not None else named)}
    new = None if after is None else {**after, **({} if before is not None else named)}
    note_change(session, holder, what, old, new)
