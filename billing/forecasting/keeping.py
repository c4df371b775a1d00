"""Next bills foretold beforehand: kept by the clock, and used while nothing they were made from has
changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.domain.rating.forecast import Spread
from billing.forecasting.basis import bases
from billing.forecasting.documents import document_of, of_document
from billing.forecasting.foretold import NextBill, Untold
from billing.forecasting.next_bill import LEVEL, next_bill
from billing.queries.bills import BillRow, bills_of
from billing.queries.spreads import spreads_for
from billing.tables import KeptNextBill

AFTER_THE_END = timedelta(days=70)
"""For so long after its last supply has ended an account may still have a bill to come."""

# Those never looked at first, then those looked at longest ago.
_TURN = text(
    """
    select a.id, a.cycle_day from accounts a left join next_bills n on n.account_id = a.id
    where exists (select from agreements g where g.account_id = a.id
                  and (g.ends_before is null or g.ends_before > :since))
    order by n.looked_at nulls first, a.id limit :most
    """
)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many accounts were looked at, and of how many the next bill was foretold anew."""

    looked_at: int
    foretold: int


def kept_next_bill(session: Session, account_id: int, today: date) -> NextBill | Untold | None:
    """What was foretold, if it would be foretold again just so; None where it is not kept, or what it was
    made from has changed. One statement, two where one is kept."""
    statement = select(KeptNextBill.basis, KeptNextBill.document).where(KeptNextBill.account_id == account_id)
    row = session.execute(statement).one_or_none()
    if row is None or bases(session, [account_id], today).get(account_id) != row.basis:
        return None
    return of_document(row.document)


def refresh_next_bills(session: Session, today: date, now: datetime, most: int) -> Refreshed:
    """Look at the accounts whose turn it is, at most so many, and foretell anew what has changed.

    What is foretold is kept under the digest taken before anything was read: what changes meanwhile makes it
    stale at once.
    """
    turn = session.execute(_TURN, {"since": today - AFTER_THE_END, "most": most}).all()
    cycle_days: dict[int, int] = {row[0]: row[1] for row in turn}
    fresh = bases(session, list(cycle_days), today)
    known = select(KeptNextBill.account_id, KeptNextBill.basis)
    rows = session.execute(known.where(KeptNextBill.account_id.in_(cycle_days)))
    kept = {row[0]: row[1] for row in rows}
    stale = [account_id for account_id in cycle_days if kept.get(account_id) != fresh[account_id]]
    bills = _issued(session, stale)
    made = [
        _row(account_id, fresh[account_id], now)
        | _figures(
            next_bill(
                session,
                account_id,
                bills.get(account_id, ()),
                cycle_days[account_id],
                today,
                partial(_spread, session, account_id),
            )
        )
        for account_id in stale
    ]
    if made:
        _keep(session, made)
    same = [account_id for account_id in cycle_days if account_id not in set(stale)]
    session.execute(update(KeptNextBill).where(KeptNextBill.account_id.in_(same)).values(looked_at=now))
    return Refreshed(len(turn), len(stale))


def _issued(session: Session, account_ids: Sequence[int]) -> dict[int, tuple[BillRow, ...]]:
    """By account, the newest first; one statement."""
    found: dict[int, list[BillRow]] = {}
    for bill in bills_of(session, account_ids) if account_ids else ():
        if bill.status == "issued":
            found.setdefault(bill.account_id, []).append(bill)
    return {account_id: tuple(bills) for account_id, bills in found.items()}


def _spread(session: Session, account_id: int) -> Spread | None:
    return spreads_for(session, account_id).get(LEVEL)


def _row(account_id: int, basis: str, now: datetime) -> dict[str, Any]:
    return {"account_id": account_id, "basis": basis, "reckoned_at": now, "looked_at": now}


def _figures(found: NextBill | Untold) -> dict[str, Any]:
    told = found if isinstance(found, NextBill) else None
    return {
        "reason": None if told else found.reason if isinstance(found, Untold) else None,
        "currency": told and told.currency,
        "forecast_minor": told and told.minor,
        "low_minor": told and told.low_minor,
        "high_minor": told and told.high_minor,
        "starts_on": told and told.ahead.starts_on,
        "ends_before": told and told.ahead.ends_before,
        "document": document_of(found),
    }


def _keep(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    statement = insert(KeptNextBill)
    put = {name: statement.excluded[name] for name in rows[0] if name != "account_id"}
    session.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=put), rows)
