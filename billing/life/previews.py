"""What ending, beginning or changing a supply would do, said before it is done. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreements import billed_beyond, billed_until
from billing.cycles import month_of_cycle
from billing.drafting import draft_bills
from billing.drafting.too_old import without_too_old
from billing.life.budgets import budgeted
from billing.life.moving import balance_of, first_unbilled, unbilled_cycles
from billing.queries.supplies import supplies
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.gathering import listed
from utility_crm.web.words import mark

RUN_AFTER_DAYS = 2
"""Days after a cycle's end on which the clock bills it."""


@dataclass(frozen=True, slots=True)
class SuppliedHere:
    """An agreement with its place and tariff, as the page lists it. deposit_minor: kept as security.
    term_last_on: of the term that was agreed, if one was; fixed_before, guaranteed_before: of its price."""

    id: int
    account_id: int
    account: str
    currency: str
    cycle_day: int
    terms_days: int
    service_point: str
    service_point_id: int
    address: str | None
    tariff_id: int
    tariff_code: str
    tariff: str
    kind: str
    starts_on: date
    ends_before: date | None
    end_reason: str | None
    meter: str | None
    deposit_minor: int
    term_last_on: date | None
    fixed_before: date | None
    guaranteed_before: date | None

    @property
    def last_on(self) -> date | None:
        return self.ends_before - timedelta(days=1) if self.ends_before else None

    @property
    def term_before(self) -> date | None:
        return self.term_last_on + timedelta(days=1) if self.term_last_on else None

    def runs_on(self, day: date) -> bool:
        return self.ends_before is None or self.ends_before > day


SUPPLIED = listed(
    """
    select g.id, a.id, a.number, a.currency, a.cycle_day, a.terms_days, s.code, s.id, p.address, t.id, t.code,
           t.name, g.kind, g.starts_on, g.ends_before, g.end_reason,
           (select m.serial from meters m
            where m.service_point_id = s.id and m.removed_before is null limit 1),
           coalesce((select cast(sum(d.amount_minor) as bigint) from deposits d
                     where d.account_id = a.id and d.returned_on is null), 0), g.term_ends_before - 1,
           g.price_fixed_before, g.price_guaranteed_before
    from agreements g
    join accounts a on a.id = g.account_id
    join service_points s on s.id = g.service_point_id
    join tariffs t on t.id = g.tariff_id
    left join premises p on p.id = s.premise_id
    where a.customer_id = :customer
    order by (g.ends_before is not null and g.ends_before <= :today), g.starts_on desc, s.code
    """,
    SuppliedHere,
)
"""Every agreement of the own accounts of `:customer`, those that run on `:today` first."""


def supplied_here(session: Session, customer_id: int, today: date) -> tuple[SuppliedHere, ...]:
    """Every agreement of a customer's own accounts, those that run first."""
    rows = session.execute(text(SUPPLIED.sql), {"customer": customer_id, "today": today})
    return tuple(SuppliedHere(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class FinalBill:
    """The bill of the last days. total_minor: what it comes to on the readings known now, None where they
    are not all there yet. billed_on: when it will be issued at the earliest."""

    starts_on: date
    ends_before: date
    billed_on: date
    total_minor: int | None
    waits: str = ""

    @property
    def last_on(self) -> date:
        return self.ends_before - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MoveOutPlan:
    """What ending a supply would do. bills: those to come, the final one last.

    at_once: they are issued with it. goes_on: the account has other supply, so it stays open. corrects: the
    first issued bill that charges for days after, which would be put right. left_minor: what is owed in the
    end on what is known now, negative is refunded; None where the final bill is not known.
    """

    here: SuppliedHere
    ends_before: date
    bills: tuple[FinalBill, ...]
    at_once: bool
    goes_on: bool
    corrects: str | None
    balance_minor: int
    deposit_minor: int

    @property
    def last_on(self) -> date:
        return self.ends_before - timedelta(days=1)

    @property
    def left_minor(self) -> int | None:
        totals = [bill.total_minor for bill in self.bills]
        known = [total for total in totals if total is not None]
        if self.goes_on or self.corrects or len(known) < len(totals):
            return None
        return self.balance_minor + sum(known) - self.deposit_minor


def plan_move_out(
    session: Session, here: SuppliedHere, all_here: tuple[SuppliedHere, ...], last_on: date, today: date
) -> MoveOutPlan:
    """The bills that follow, made as a run would make them from the readings known now. Raises Invalid."""
    ends_before = last_on + timedelta(days=1)
    if ends_before <= here.starts_on:
        words = mark("Supply began on %(day)s; it cannot end before.")
        raise Invalid("period", words, "last_on", day=here.starts_on)
    corrects = billed_beyond(session, here.id, ends_before)
    goes_on = any(
        one.account_id == here.account_id and one.id != here.id and one.runs_on(ends_before)
        for one in all_here
    )
    at_once = ends_before <= today and not goes_on
    bills: list[FinalBill] = []
    if corrects is None:
        first = first_unbilled(session, here.account_id) or here.starts_on
        for month in unbilled_cycles(session, here.account_id, here.cycle_day, ends_before):
            starts_on, cycle_ends = month.cycle(here.cycle_day)
            starts_on = max(starts_on, first)
            ends = cycle_ends if goes_on else min(ends_before, cycle_ends)
            billed_on = today if at_once else max(cycle_ends + timedelta(days=RUN_AFTER_DAYS), today)
            bills.append(_final(session, here, starts_on, ends, billed_on, today))
    return MoveOutPlan(
        here, ends_before, tuple(bills), at_once, goes_on, corrects,
        balance_of(session, here.account_id), here.deposit_minor,
    )  # fmt: skip


def _final(
    session: Session, here: SuppliedHere, starts_on: date, ends_before: date, billed_on: date, today: date
) -> FinalBill:
    """Priced on what is known now; nothing is said of days to come, or that cannot be billed yet."""
    if ends_before > today:
        return FinalBill(starts_on, ends_before, billed_on, None, "days to come")
    found = supplies(session, [here.account_id], starts_on, ends_before)
    drafts, holds = draft_bills(session, found, None)
    drafts = budgeted(session, without_too_old(session, drafts, found, None, billed_on))
    if holds:
        return FinalBill(starts_on, ends_before, billed_on, None, holds[0].reason)
    total = drafts[0].total_minor if drafts else 0
    return FinalBill(starts_on, ends_before, billed_on, total)


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """What another tariff from a day would do. splits: the bill of that period has two parts, cut at the
    day; corrects: the first issued bill that charges for days from it on."""

    here: SuppliedHere
    tariff_id: int
    tariff: str
    starts_on: date
    period_starts_on: date
    period_ends_before: date
    corrects: str | None

    @property
    def splits(self) -> bool:
        return self.period_starts_on < self.starts_on

    @property
    def period_last_on(self) -> date:
        return self.period_ends_before - timedelta(days=1)


def plan_change(
    session: Session, here: SuppliedHere, tariff_id: int, tariff: str, starts_on: date
) -> ChangePlan:
    """Raises Invalid where the supply begins only on that day, or later."""
    if starts_on <= here.starts_on:
        words = mark("Supply began on %(day)s; change it from a later day.")
        raise Invalid("period", words, "from", day=here.starts_on)
    cycle = month_of_cycle(starts_on, here.cycle_day).cycle(here.cycle_day)
    corrects = billed_beyond(session, here.id, starts_on)
    return ChangePlan(here, tariff_id, tariff, starts_on, max(cycle[0], here.starts_on), cycle[1], corrects)


@dataclass(frozen=True, slots=True)
class MoveInPlan:
    """What beginning a supply would do. supplied: who is supplied there on that day under a contract, by
    account, so that it cannot begin; deemed: whose deemed contract would end. billed_before: the account is
    billed for all before that day, so it cannot begin earlier."""

    account_id: int
    account: str
    service_point_id: int
    service_point: str
    address: str | None
    tariff: str
    starts_on: date
    supplied: str | None
    deemed: str | None
    billed_before: date | None
    first_bill_ends_before: date

    @property
    def possible(self) -> bool:
        late = self.billed_before is not None and self.starts_on < self.billed_before
        return self.supplied is None and not late and self.address is not None


_POINT = text(
    """
    select s.id, s.code, p.address,
           (select a.number from agreements g join accounts a on a.id = g.account_id
            where g.service_point_id = s.id and (g.ends_before is null or g.ends_before > :starts_on)
              and not (g.kind = 'deemed' and g.starts_on < :starts_on) limit 1),
           (select a.number from agreements g join accounts a on a.id = g.account_id
            where g.service_point_id = s.id and g.kind = 'deemed' and g.starts_on < :starts_on
              and (g.ends_before is null or g.ends_before > :starts_on) limit 1)
    from service_points s left join premises p on p.id = s.premise_id
    where s.code = :code
    """
)


def plan_move_in(
    session: Session, account_id: int, account: str, cycle_day: int, code: str, tariff: str, starts_on: date
) -> MoveInPlan:
    """Raises NotFound for a service point that there is not."""
    row = session.execute(_POINT, {"code": code, "starts_on": starts_on}).one_or_none()
    if row is None:
        raise NotFound("service_point", mark("There is no service point %(point)s."), "point", point=code)
    point_id, point, address, supplied, deemed = row
    until = billed_until(session, [account_id]).get(account_id)
    ends_before = month_of_cycle(starts_on, cycle_day).cycle(cycle_day)[1]
    return MoveInPlan(
        account_id, account, point_id, point, address, tariff, starts_on, supplied, deemed, until, ends_before
    )
