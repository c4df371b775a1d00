"""What may be reminded of: what is late, less what is disputed, planned, promised or being collected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.accounts.instalments import Instalment, should_be_paid
from billing.queries.agreed_paid import PLAN_PAID, PROMISE_PAID
from utility_crm.kit.gathering import gathered, listed, listed_kinds

DUNNABLE = f"""
late as (
    select b.id, b.account_id, b.number, b.currency, b.due_on,
           case when exists (select from payment_plans p join plan_bills q on q.plan_id = p.id
                             where p.state = 'running' and q.bill_id = b.id) then 0
                else greatest(0, b.open_minor - coalesce(d.amount_minor, 0) - coalesce(s.amount_minor, 0)) end
           as free
    from bills b
    left join disputes d on d.bill_id = b.id and d.state = 'open'
    left join direct_debits s on s.bill_id = b.id and s.state = 'sent'
    where b.status = 'issued' and b.open_minor > 0 and b.due_on <= :due_by
), promised as (
    select p.account_id, greatest(0, p.amount_minor - {PROMISE_PAID}) as amount
    from promises p where p.state = 'open' and p.due_on >= :today
), dunnable as (
    select l.id, l.account_id, l.number, l.currency, l.due_on,
           cast(least(l.free, greatest(0, sum(l.free) over (partition by l.account_id order by l.due_on, l.id)
                - coalesce(p.amount, 0))) as bigint) as amount_minor
    from late l left join promised p on p.account_id = l.account_id
)
"""
"""Common tables of a statement with `:today` and `:due_by`: of each late bill, how much may be reminded of. A
promise holds back the oldest of it first."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan with what has been paid of it and what should have been. put_right: the bills that took the
    place of some of its bills, by number."""

    id: int
    account_id: int
    agreed_on: date
    total_minor: int
    state: str
    ended_on: date | None
    paid_minor: int
    instalments: tuple[Instalment, ...]
    put_right: str = ""

    def states(self, today: date) -> list[str]:
        """Of each instalment: paid, due (its day has not passed) or late."""
        found, until = [], 0
        for one in self.instalments:
            until += one.amount_minor
            found.append("paid" if until <= self.paid_minor else "late" if one.due_on < today else "due")
        return found

    @property
    def next_part(self) -> Instalment | None:
        """The first instalment that is not wholly paid."""
        until = 0
        for one in self.instalments:
            until += one.amount_minor
            if until > self.paid_minor:
                return one
        return None

    @property
    def next_left_minor(self) -> int:
        """What is still to be paid of that."""
        until = 0
        for one in self.instalments:
            until += one.amount_minor
            if until > self.paid_minor:
                return min(one.amount_minor, until - self.paid_minor)
        return 0

    def behind_minor(self, today: date) -> int:
        return max(0, should_be_paid(self.instalments, today) - self.paid_minor)


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """A promise and what has been paid since. state: open, kept, broken or taken_back; of the last when, by
    whom (a name) and why."""

    id: int
    account_id: int
    amount_minor: int
    promised_on: date
    due_on: date
    state: str
    paid_minor: int
    ended_on: date | None = None
    taken_back_at: datetime | None = None
    taken_back_by: str | None = None
    taken_back_because: str = ""


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A dispute of a bill."""

    id: int
    account_id: int
    bill: str
    amount_minor: int
    currency: str
    reason: str
    opened_on: date
    state: str
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class Agreed:
    """All that is agreed on some accounts, the newest first."""

    plans: tuple[PlanRow, ...] = ()
    promises: tuple[PromiseRow, ...] = ()
    disputes: tuple[DisputeRow, ...] = ()

    @property
    def running(self) -> tuple[PlanRow, ...]:
        return tuple(one for one in self.plans if one.state == "running")

    @property
    def promised(self) -> tuple[PromiseRow, ...]:
        return tuple(one for one in self.promises if one.state == "open")

    @property
    def disputed(self) -> tuple[DisputeRow, ...]:
        return tuple(one for one in self.disputes if one.state == "open")


_PLANS = listed_kinds(
    f"""
    select p.id, p.account_id, p.agreed_on, p.total_minor, p.state, p.ended_on,
           {PLAN_PAID} as paid,
           (select json_agg(json_build_array(i.due_on, i.amount_minor) order by i.position)
            from plan_instalments i where i.plan_id = p.id) as instalments,
           (select string_agg(n.number, ', ' order by n.number) from plan_bills q
            join corrections c on c.new_bill_id = q.bill_id and cast(c.decided_at as date) > p.agreed_on
            join bills n on n.id = q.bill_id where q.plan_id = p.id) as put_right
    from payment_plans p where p.account_id = any(:accounts) order by p.id desc limit 5
    """,
    int, int, date, int, str, date, int, list, str,
)  # fmt: skip
_PROMISES = listed(
    f"""
    select p.id, p.account_id, p.amount_minor, p.promised_on, p.due_on, p.state,
           {PROMISE_PAID}, p.ended_on, p.taken_back_at, u.name, p.taken_back_because
    from promises p left join users u on u.id = p.taken_back_by
    where p.account_id = any(:accounts) order by p.id desc limit 5
    """,
    PromiseRow,
)
_DISPUTES = listed(
    """
    select d.id, d.account_id, b.number, d.amount_minor, b.currency, d.reason, d.opened_on, d.state,
           d.closed_on
    from disputes d join bills b on b.id = d.bill_id
    where d.account_id = any(:accounts) order by d.id desc limit 10
    """,
    DisputeRow,
)
DUNNABLE_OF = listed_kinds(
    "with "
    + DUNNABLE.replace("where b.status", "where b.account_id = any(:accounts) and b.status", 1)
    + " select account_id, sum(amount_minor) from dunnable group by account_id",
    int, int,
)  # fmt: skip
"""Of `:accounts`, on `:today` and with `:due_by` the day before: how much each may be reminded of."""
AGREED = (_PLANS, _PROMISES, _DISPUTES)
"""Of `:accounts`, the newest first: what `agreed_of` takes."""


def agreed_on(session: Session, account_ids: Sequence[int]) -> Agreed:
    """The newest plans, promises and disputes; one statement."""
    return agreed_of(*gathered(session, AGREED, {"accounts": list(account_ids)}))


def agreed_of(plans: list[list[Any]], promises: list[list[Any]], disputes: list[list[Any]]) -> Agreed:
    """What is agreed, from the rows of AGREED."""
    return Agreed(
        tuple(_plan(*row) for row in plans),
        tuple(
            replace(one, state=_by_now(one.state, one.paid_minor, one.amount_minor))
            for one in (PromiseRow(*row) for row in promises)
        ),
        tuple(DisputeRow(*row) for row in disputes),
    )


def _plan(
    plan_id: int,
    account_id: int,
    agreed: date,
    total_minor: int,
    state: str,
    ended_on: date | None,
    paid_minor: int | None,
    instalments: list[tuple[str, int]],
    put_right: str | None,
) -> PlanRow:
    paid = paid_minor or 0
    parts = tuple(Instalment(date.fromisoformat(due_on), amount) for due_on, amount in instalments)
    standing = _by_now(state, paid, total_minor)
    return PlanRow(plan_id, account_id, agreed, total_minor, standing, ended_on, paid, parts, put_right or "")


def _by_now(state: str, paid_minor: int, whole_minor: int) -> str:
    """kept, where all is paid and the clock has not judged it yet."""
    return "kept" if state in ("running", "open") and paid_minor >= whole_minor else state


def disputed_minor(session: Session, account_id: int) -> int:
    """How much of an account's open bills is disputed."""
    found = session.scalar(
        text(
            "select sum(least(d.amount_minor, greatest(b.open_minor, 0))) from disputes d "
            "join bills b on b.id = d.bill_id where d.account_id = :account and d.state = 'open'"
        ),
        {"account": account_id},
    )
    return int(found or 0)


def dunnable_minor(session: Session, account_id: int, today: date) -> int:
    """How much an account may be reminded of: late, and neither disputed, planned, promised nor collected."""
    return dunnable_of(session, [account_id], today).get(account_id, 0)


def dunnable_of(session: Session, account_ids: Sequence[int], today: date) -> dict[int, int]:
    """The same of several accounts at once; those with nothing late are left out."""
    values = {"accounts": list(account_ids), "today": today, "due_by": today - timedelta(days=1)}
    rows = session.execute(text(DUNNABLE_OF.sql), values)
    return {int(account_id): int(amount) for account_id, amount in rows}
