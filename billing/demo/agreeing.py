"""What was agreed with a few simulated customers who are late, and a file of their bank of the day before."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreeing import agree_plan, take_promise
from billing.actions.disputing import open_dispute
from billing.money_in.taking import take_file

_LATE = text(
    """
    select b.account_id, min(b.number) as bill, cast(sum(b.open_minor) as bigint) as late
    from bills b where b.open_minor > 0 and b.due_on < :today and b.account_id > 12
    group by b.account_id having sum(b.open_minor) > 2000 order by b.account_id desc limit 3
    """
)
"""Not the first accounts, whose stories are told by hand."""


def agree(session: Session, as_of: date) -> None:
    """A plan, a promise and a dispute of the day before, as far as there are late accounts; and two payments
    that nobody can match."""
    day = as_of - timedelta(days=1)
    late = session.execute(_LATE, {"today": day}).all()
    if late:
        agree_plan(session, late[0].account_id, 3, as_of + timedelta(days=12), today=day)
    if len(late) > 1:
        take_promise(session, late[1].account_id, late[1].late, as_of + timedelta(days=7), today=day)
    if len(late) > 2:
        said = "Half of it is for days on which nobody was at home."
        open_dispute(session, late[2].bill, min(late[2].late, 2000), said, today=day)
    rows = (
        "date,amount,reference,text,payer",
        f"{day},61.40,DEMO-1,energy november,simulated payer 1",
        f"{day},38.05,DEMO-2,,simulated payer 2",
    )
    at = datetime.combine(day, time(7), UTC)
    take_file(session, f"bank-{day}.csv", "\n".join(rows).encode(), now=at, currency="GBP")
