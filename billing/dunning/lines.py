"""What happened in cases of dunning, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.gathering import listed
from utility_crm.kit.settings import settings


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a case. notice: the state of its notice in the outbox, "" for none; how: as a person told of
    its delivery."""

    id: int
    account_id: int
    account: str
    step: str
    posted_on: date
    reason: str
    source: str
    debt_minor: int
    currency: str
    notice: str
    notice_id: int | None
    sent_on: date | None
    delivered_on: date | None
    how: str
    by: str


_LINES = """
    select s.id, s.account_id, a.number, s.step, s.posted_on, s.reason, s.source, s.debt_minor, s.currency,
           coalesce(o.state, ''), o.id, cast(o.sent_at at time zone :zone as date),
           coalesce(v.delivered_on, case when o.receipt in ('delivered', 'read')
                                         then cast(o.receipt_at at time zone :zone as date) end),
           coalesce(v.how, ''), coalesce(u.name, '')
    from dunning_steps s join accounts a on a.id = s.account_id
    left join outbox o on o.key = s.notice_key
    left join dunning_deliveries v on v.step_id = s.id
    left join users u on u.id = s.made_by
"""
_OF_CASES = text(f"{_LINES} where s.case_id = any(:cases) order by s.id desc limit 60")
OF_ACCOUNTS = listed(f"{_LINES} where s.account_id = any(:accounts) order by s.id desc limit 60", Line)
"""Of `:accounts`, the newest first, days as in `:zone`."""


def lines_of(session: Session, case_ids: Sequence[int]) -> tuple[Line, ...]:
    """The lines of cases, the newest first."""
    values = {"cases": list(case_ids), "zone": settings().timezone}
    return tuple(Line(*row) for row in session.execute(_OF_CASES, values))
