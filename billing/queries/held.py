"""Accounts that wait for something before they can be billed, and what the runs did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.gate import Figures
from billing.drafting.parts import KNOWN_AT, RELEASABLE
from utility_crm.kit.errors import NotFound
from utility_crm.kit.gathering import listed
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A held account. `released_by`: who let its gap be filled; it stays here until a run has billed it.
    known_at: up to when readings counted in the draft that waits."""

    id: int
    account_id: int
    account: str
    cycle_day: int
    customer_id: int
    customer: str
    starts_on: date
    ends_before: date
    code: str
    reason: str
    held_at: datetime
    released_at: datetime | None
    released_by: str | None
    codes: tuple[str, ...]
    total_minor: int | None
    currency: str
    figures: Figures | None
    known_at: datetime | None = None

    @property
    def last_on(self) -> date:
        return self.ends_before - timedelta(days=1)

    @property
    def seen(self) -> str:
        """What a page shows of it, in sixteen letters: another once a run has made the draft anew."""
        shown = (self.id, self.codes, self.total_minor, self.known_at, self.reason)
        return sha256(repr(shown).encode()).hexdigest()[:16]

    @property
    def releasable(self) -> bool:
        """Whether somebody's word is all that is missing."""
        drafted = self.total_minor is not None and set(self.codes) <= set(RELEASABLE)
        return drafted and self.released_at is None


@dataclass(frozen=True, slots=True)
class RunRow:
    """One month of bills, named by its first day: how many, how much, with how many estimated."""

    month: date
    currency: str
    bills: int
    total_minor: int
    estimated_bills: int
    issued_first: date
    issued_last: date

    @property
    def average_minor(self) -> int:
        return round(self.total_minor / self.bills)


_HELD = """
    select h.id, a.id, a.number, a.cycle_day, c.id, c.name, h.starts_on, h.ends_before, h.code, h.reason,
           h.held_at, h.released_at, u.name, h.codes, h.total_minor, a.currency, h.figures
    from held_bills h
    join accounts a on a.id = h.account_id
    join customers c on c.id = a.customer_id
    left join users u on u.id = h.released_by
    where not exists (select from bills b where b.account_id = h.account_id and b.status = 'issued'
                      and b.starts_on < h.ends_before and b.ends_before > h.starts_on)
"""
HELD_OF = listed(_HELD + " and h.account_id = any(:accounts) order by h.starts_on", HeldRow, but=1)
"""Of `:accounts`, the oldest days first: what `held_row` takes."""
_RUNS = text(
    """
    select cast(date_trunc('month', ends_before - 1) as date), currency, count(*),
           cast(sum(total_minor) as bigint),
           count(*) filter (where estimated_readings > 0), min(issued_on), max(issued_on)
    from bills where status = 'issued' and ends_before > cast(:since as date)
    group by 1, 2 order by 1 desc, 2 limit :limit
    """
)
_NEWEST = text("select max(ends_before) - 1 from bills where status = 'issued'")


def held_accounts(session: Session, limit: int = 500, account: str = "") -> tuple[HeldRow, ...]:
    """The queue: what is held and not billed yet, the oldest days first; of one account where it is named."""
    only = " and (:account = '' or a.number = :account)"
    statement = text(f"{_HELD}{only} order by h.starts_on, a.number limit :limit")
    return tuple(held_row(row) for row in session.execute(statement, {"limit": limit, "account": account}))


def held_by_id(session: Session, held_id: int) -> HeldRow:
    """One of the queue. Raises NotFound."""
    row = session.execute(text(_HELD + " and h.id = :id"), {"id": held_id}).one_or_none()
    if row is None:
        raise NotFound("held", mark("This account is no longer held."))
    return held_row(row)


def held_row(row: Sequence[Any]) -> HeldRow:
    """What a select of the queue gives, as a row."""
    *first, codes, total_minor, currency, figures = row
    if not figures:
        return HeldRow(*(*first, tuple(codes), total_minor, currency, None))
    instant = figures.get(KNOWN_AT)
    known_at = None if instant is None else datetime.fromisoformat(instant)
    return HeldRow(*(*first, tuple(codes), total_minor, currency, Figures.of(figures), known_at))


def bill_runs(session: Session, limit: int = 24) -> tuple[RunRow, ...]:
    """Bills by the month of their last day, the newest first."""
    return _by_month(session, date.min, limit)


def newest_bills(session: Session) -> tuple[RunRow, ...]:
    """The same of the newest month alone: of one month's bills, a fraction of the work."""
    newest = session.scalar(_NEWEST)
    return () if newest is None else _by_month(session, newest.replace(day=1), 9)


def _by_month(session: Session, since: date, limit: int) -> tuple[RunRow, ...]:
    return tuple(RunRow(*row) for row in session.execute(_RUNS, {"since": since, "limit": limit}))
