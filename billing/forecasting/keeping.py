"""Next bills foretold and newest bills explained beforehand: kept by the clock, and used while nothing they
were made from has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.domain.rating.forecast import Spread
from billing.explaining import explain_bill, of_readings_alone, read_both
from billing.explaining.hours import laid, stretch_of
from billing.explaining.kept import Kept, keep_explanation, may_be_kept
from billing.explaining.right_alone import alone_minor
from billing.forecasting.basis import BASES, Basis, bases
from billing.forecasting.documents import document_of, of_document
from billing.forecasting.foretold import NextBill, Untold
from billing.forecasting.next_bill import LEVEL, next_bill
from billing.queries.bills import BillRow, bills_of
from billing.queries.spreads import spreads_for
from billing.tables import KeptExplanation, KeptNextBill
from utility_crm.kit.database import asked
from utility_crm.kit.errors import CareError

AFTER_THE_END = timedelta(days=730)
"""For so long after its last supply has ended an account may have a bill to come, and its last one asked
about."""

_KEPT = text(
    f"""
    select (select n.document from next_bills n where n.account_id = b.id and n.basis = b.next_bill),
           (select cast(k.document as text) from kept_explanations k
            where k.bill_id = cast(:bill as bigint) and k.against_id = cast(:against as bigint)
              and k.basis = b.explanation)
    from ({BASES}) as b(id, next_bill, explanation, since)
    """
)
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
    """How many accounts were looked at; of how many the next bill was foretold, and the newest explained,
    anew."""

    looked_at: int
    foretold: int
    explained: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Fresh:
    """What is kept of an account, where it would be found just so again, else None. explanation: the document
    of a pair of its bills (`explaining.kept.explanation_of`)."""

    next_bill: NextBill | Untold | None = None
    explanation: str | None = None


def kept_of(session: Session, account_id: int, today: date, pair: tuple[int, int] | None = None) -> Fresh:
    """What is fresh of the account, and of a bill held against another one; one statement."""
    bill, against = pair or (None, None)
    values = {"accounts": [account_id], "today": today, "bill": bill, "against": against}
    row = asked(session, _KEPT, values).one_or_none()
    return Fresh() if row is None else Fresh(None if row[0] is None else of_document(row[0]), row[1])


def kept_next_bill(session: Session, account_id: int, today: date) -> NextBill | Untold | None:
    """What was foretold, if it would be foretold again just so; None where it is not kept, or what it was
    made from has changed. One statement."""
    return kept_of(session, account_id, today).next_bill


def refresh_next_bills(session: Session, today: date, now: datetime, most: int) -> Refreshed:
    """Look at the accounts whose turn it is, at most so many, and foretell anew what has changed.

    Their newest bills are explained anew, too, where that has changed. What is kept is kept under the digest
    taken before anything was read: what changes meanwhile makes it stale at once.
    """
    turn = session.execute(_TURN, {"since": today - AFTER_THE_END, "most": most}).all()
    cycle_days: dict[int, int] = {row[0]: row[1] for row in turn}
    fresh = bases(session, list(cycle_days), today)
    known = select(KeptNextBill.account_id, KeptNextBill.basis)
    rows = session.execute(known.where(KeptNextBill.account_id.in_(cycle_days)))
    kept = {row[0]: row[1] for row in rows}
    stale = [one for one in cycle_days if kept.get(one) != fresh[one].next_bill]
    bills = _issued(session, list(cycle_days))
    made = [
        _row(account_id, fresh[account_id].next_bill, now)
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
    return Refreshed(len(turn), len(stale), _explain(session, bills, fresh, now))


def _explain(
    session: Session, bills: Mapping[int, tuple[BillRow, ...]], fresh: Mapping[int, Basis], now: datetime
) -> int:
    """Explain each account's newest bill against the one before, where what is kept is not fresh; of how
    many accounts."""
    pairs = {account_id: pair for account_id, mine in bills.items() if (pair := _newest_two(mine))}
    kept = select(KeptExplanation.bill_id, KeptExplanation.against_id, KeptExplanation.basis).where(
        KeptExplanation.bill_id.in_([bill.id for bill, _ in pairs.values()])
    )
    known = {(row[0], row[1]): row[2] for row in session.execute(kept)} if pairs else {}
    stale = [
        (bill, against, fresh[account_id])
        for account_id, (bill, against) in pairs.items()
        if known.get((bill.id, against.id)) != fresh[account_id].explanation
    ]
    for bill, against, basis in stale:
        found = _explained(session, bill, against, basis)
        keep_explanation(session, (bill.id, against.id), found, basis.explanation, now)
    return len(stale)


def _newest_two(bills: Sequence[BillRow]) -> tuple[BillRow, BillRow] | None:
    """The newest bill and the one before, as the page holds them against each other."""
    earlier = (one for one in bills[1:] if one.ends_before <= bills[0].starts_on)
    before = next(earlier, None)
    return None if before is None else (bills[0], before)


def _explained(session: Session, bill: BillRow, against: BillRow, basis: Basis) -> Kept | None:
    """None where it is to be worked out at each look: the digest does not watch over all of it, or there is
    nothing but a refusal to keep."""
    if not may_be_kept(bill, against, basis.since):
        return None
    try:
        read = read_both(session, bill, against)
        if not of_readings_alone(bill, against, read):
            return None
        found = explain_bill(session, bill, against, read=read)
    except CareError:
        return None
    hours = laid([item for item in read[-1] if item.part.tariff.metered_unit == "kWh"])
    most = None if hours is None else stretch_of(hours)
    return Kept(found, alone_minor(found, read), hours is not None, most)


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
