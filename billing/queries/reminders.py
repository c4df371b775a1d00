"""Bills whose payers should hear that they are late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.queries.dunning import DUNNABLE


@dataclass(frozen=True, slots=True)
class LateBill:
    """A bill with something open past its day, and who pays for it. open_minor: what may be reminded of, less
    what is disputed, planned, promised or being collected."""

    payer_id: int
    account_id: int
    account: str
    bill: str
    open_minor: int
    currency: str
    due_on: date


_LATE = text(
    f"""
    with {DUNNABLE}
    select a.payer_id, a.id, a.number, b.number, b.amount_minor, b.currency, b.due_on
    from dunnable b join accounts a on a.id = b.account_id
    where b.amount_minor > 0 and b.due_on >= :due_from
      and not exists (select from outbox o where o.key = :kind || b.number || :step)
      and not exists (select from dunning_steps s
                      where s.account_id = a.id and s.posted_on = :today and s.notice_key like 'dunning:%')
    order by b.due_on, b.id
    limit :limit
    """
)


_UNTRUE = text(
    f"""
    with {DUNNABLE}
    select o.about from outbox o
    where (o.state = 'waiting' or o.reason = 'in_digest' and exists (
               select from outbox g where g.id = o.digest_id and g.state = 'waiting'))
      and o.key like 'payment\\_reminder:%' and o.about like 'bill:%'
      and not exists (select from dunnable d where d.number = substr(o.about, 6) and d.amount_minor > 0)
    order by o.id
    """
)


def reminders_no_longer_true(session: Session, today: date) -> tuple[str, ...]:
    """What waiting reminders, and those in a letter that waits, are about that is paid, credited, agreed on,
    disputed or collected by now."""
    values = {"today": today, "due_by": today - timedelta(days=1)}
    return tuple(session.scalars(_UNTRUE, values))


def bills_to_remind(
    session: Session, today: date, *, after_days: int, within_days: int, limit: int = 5000
) -> tuple[LateBill, ...]:
    """Bills late by `after_days` or more and by no more than `within_days`, not reminded of yet."""
    due_by, due_from = today - timedelta(days=after_days), today - timedelta(days=within_days)
    values = {
        "today": today,
        "due_by": due_by,
        "due_from": due_from,
        "limit": limit,
        "kind": "payment_reminder:",
        "step": ":1",
    }
    rows = session.execute(_LATE, values)
    return tuple(LateBill(*row) for row in rows)
