"""Issuing bills: safe to repeat, to run twice at once, and to kill anywhere between two chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.storing import store_bills
from billing.cycles import Month
from billing.drafting import Hold, draft_bills
from billing.queries.supplies import supplies

_LOCK_ACCOUNTS = text("select from accounts where id = any(:ids) order by id for no key update")
_BILLED = text(
    "select account_id from bills where account_id = any(:ids) and status = 'issued' "
    "and starts_on < :ends_before and ends_before > :starts_on"
)
_RELEASED = text(
    "select account_id from held_bills where account_id = any(:ids) and released_at is not null "
    "and starts_on < :ends_before and ends_before > :starts_on"
)
_LOCK_TERMS = text(
    "select from agreements g join tariffs t on t.id = g.tariff_id where g.account_id = any(:ids) "
    "order by g.id for share of g, t"
)


@dataclass(frozen=True, slots=True)
class Issued:
    """What became of some accounts."""

    bill_ids: tuple[int, ...] = ()
    unchanged: int = 0
    held: tuple[Hold, ...] = ()


def issue_cycle(
    session: Session,
    month: Month,
    cycle_day: int,
    account_ids: Sequence[int],
    *,
    issued_on: date,
    known_at: datetime,
    now: datetime,
) -> Issued:
    """Issue, in the caller's transaction, the bills of some accounts of one cycle that ends in `month`.

    The accounts are locked first, in order of id, so that a second run waits and then finds them billed;
    the exclusion of overlapping bills stands behind that. Their agreements and tariffs are locked against
    change, so that nothing ends, or costs something else, on days that are being billed. An account that
    cannot be billed is held with its reason.
    """
    starts_on, ends_before = month.cycle(cycle_day)
    ids = sorted(account_ids)
    lock_accounts(session, ids)
    days = {"starts_on": starts_on, "ends_before": ends_before}
    billed = set(session.scalars(_BILLED, {"ids": ids, **days}))
    open_ids = [account_id for account_id in ids if account_id not in billed]
    if not open_ids:
        return Issued(unchanged=len(billed))
    released = session.scalars(_RELEASED, {"ids": open_ids, **days})
    session.execute(_LOCK_TERMS, {"ids": open_ids})
    found = supplies(session, open_ids, starts_on, ends_before)
    drafts, holds = draft_bills(session, found, known_at, frozenset(released))
    bill_ids = store_bills(session, drafts, month, issued_on, known_at)
    hold_accounts(session, holds, now)
    return Issued(tuple(bill_ids), len(billed), tuple(holds))


def lock_accounts(session: Session, account_ids: Sequence[int]) -> None:
    """Keep others from billing these accounts or booking on them until the transaction ends."""
    session.execute(_LOCK_ACCOUNTS, {"ids": list(account_ids)})


def hold_accounts(session: Session, holds: Sequence[Hold], now: datetime) -> None:
    """Keep why each account could not be billed; a repeat renews the reason, and keeps since when and a
    release."""
    if not holds:
        return
    session.execute(
        text(
            """
            insert into held_bills (account_id, starts_on, ends_before, code, reason, held_at)
            values (:account_id, :starts_on, :ends_before, :code, :reason, :held_at)
            on conflict (account_id, starts_on) do update
                set ends_before = excluded.ends_before, code = excluded.code, reason = excluded.reason
            """
        ),
        [
            {
                "account_id": hold.account_id,
                "starts_on": hold.starts_on,
                "ends_before": hold.ends_before,
                "code": hold.code,
                "reason": hold.reason,
                "held_at": now,
            }
            for hold in holds
        ],
    )
