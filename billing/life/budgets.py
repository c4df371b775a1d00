"""Budget billing: plans, the line on each bill, the settlement, and the next amount.

A bill's charges stay what they are; its last line leaves the fixed amount to pay and carries the rest. What
is carried is kept by nobody: it is the sum of these lines over the account's issued bills, so that a
corrected bill corrects it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from psycopg.errors import ExclusionViolation
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billing.cycles import month_of_cycle
from billing.domain.accounts.budgets import carried, proposed_amount, settled, share_of
from billing.domain.tariffs.file import default_decimals
from billing.drafting import Draft
from billing.tables import BudgetPlan
from utility_crm.customers.noting import note_account_change
from utility_crm.customers.tables import Account
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class BudgetState:
    """An account at the end of a bill. plan_id None: no plan, only something carried. ends: nothing is
    supplied after the bill. accrued_minor: what its bills have carried so far; positive is owed."""

    account_id: int
    cycle_day: int
    plan_id: int | None
    amount_minor: int
    settles_on: date | None
    ends: bool
    accrued_minor: int

    def settles(self, ends_before: date) -> bool:
        """Whether a bill up to a day settles: the year is over, the supply, or the plan."""
        return self.settles_on is None or self.ends or ends_before >= self.settles_on


_STATES = text(
    """
    select a.id, a.cycle_day, p.id, coalesce(p.amount_minor, 0), p.settles_on,
           not exists (select from agreements g where g.account_id = a.id
                       and (g.ends_before is null or g.ends_before > d.ends_before)),
           coalesce((select cast(-sum(l.amount_minor) as bigint)
                     from bills b join bill_lines l on l.bill_id = b.id and l.charge = 'budget'
                     where b.account_id = a.id and b.status = 'issued'), 0)
    from unnest(cast(:accounts as bigint[]), cast(:ends as date[])) as d(account_id, ends_before)
    join accounts a on a.id = d.account_id
    left join budget_plans p on p.account_id = a.id and p.starts_on < d.ends_before
         and (p.ends_before is null or p.ends_before >= d.ends_before)
    where exists (select from budget_plans o where o.account_id = a.id)
    """
)


FIXED = mark("fixed amount")


def budget_states(session: Session, drafts: Sequence[Draft]) -> dict[int, BudgetState]:
    """By account, of those that have or had a plan; one statement."""
    values = {
        "accounts": [draft.account_id for draft in drafts],
        "ends": [draft.ends_before for draft in drafts],
    }
    return {row[0]: BudgetState(*tuple(row)) for row in session.execute(_STATES, values)}


def budgeted(session: Session, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts, those under a plan with the line that leaves its amount to pay, or settles."""
    states = budget_states(session, drafts) if drafts else {}
    return [
        _with_line(draft, states[draft.account_id]) if draft.account_id in states else draft
        for draft in drafts
    ]


def _with_line(draft: Draft, state: BudgetState) -> Draft:
    decimals = default_decimals(draft.currency)
    days = (draft.starts_on, draft.ends_before)
    if state.settles(draft.ends_before):
        if not state.accrued_minor:
            return draft
        line = settled(state.accrued_minor, *days, draft.currency, decimals)
    else:
        cycle = month_of_cycle(draft.ends_before - timedelta(days=1), state.cycle_day).cycle(state.cycle_day)
        amount = share_of(state.amount_minor, (days[1] - days[0]).days, (cycle[1] - cycle[0]).days)
        line = carried(draft.total_minor, amount, *days, draft.currency, decimals)
    return replace(draft, others=(*draft.others, line))


def renew_budgets(session: Session, drafts: Sequence[Draft]) -> None:
    """After these bills were issued: plans that settled end, and go on for another year at the amount that
    the past year proposes, unless the supply has ended."""
    states = budget_states(session, drafts) if drafts else {}
    for draft in drafts:
        state = states.get(draft.account_id)
        if state is None or state.plan_id is None or not state.settles(draft.ends_before):
            continue
        plan = session.get_one(BudgetPlan, state.plan_id, populate_existing=True)
        plan.ends_before = draft.ends_before
        session.flush()
        if not state.ends:
            amount, basis = propose_budget(session, draft.account_id, draft.ends_before)
            start_budget(session, draft.account_id, amount, draft.ends_before, basis_minor=basis)


_CHARGES = text(
    """
    select cast(coalesce(sum((select coalesce(sum(l.amount_minor), 0) from bill_lines l
                              where l.bill_id = b.id and l.charge <> 'budget')), 0) as bigint),
           cast(coalesce(sum(b.ends_before - b.starts_on), 0) as int)
    from bills b
    where b.account_id = :account and b.status = 'issued' and b.ends_before > :since
      and b.ends_before <= :until
    """
)


def propose_budget(session: Session, account_id: int, on: date) -> tuple[int, int]:
    """The fixed amount a month for the year from a day, and the charges of the year before that it is
    reckoned from. Raises NotFound; Refused where nothing was billed in that year."""
    currency = session.scalar(select(Account.currency).where(Account.id == account_id))
    if currency is None:
        raise NotFound("account", mark("There is no such account."))
    values = {"account": account_id, "since": on - timedelta(days=365), "until": on}
    charges, days = session.execute(_CHARGES, values).one()
    if not days:
        words = mark("Nothing was billed in the year before, so nothing can be proposed.")
        raise Refused("no_bills", words, "starts_on")
    return proposed_amount(charges, days, default_decimals(currency)), charges


def start_budget(
    session: Session,
    account_id: int,
    amount_minor: int,
    starts_on: date,
    *,
    settles_on: date | None = None,
    basis_minor: int | None = None,
    by: int | None = None,
) -> int:
    """A fixed amount on the bills whose last day is on or after `starts_on`; the id of the plan.

    settles_on: the first bill that reaches it settles; a year on where nothing is said. Raises Invalid,
    Conflict (there is a plan on some of these days).
    """
    ends = settles_on or a_year_on(starts_on)
    if amount_minor <= 0 or ends <= starts_on:
        words = mark("A plan needs an amount above nothing, and a day to settle after its first.")
        raise Invalid("budget", words, "settles_on")
    statement = insert(BudgetPlan).values(
        account_id=account_id, amount_minor=amount_minor, starts_on=starts_on, settles_on=ends,
        basis_minor=basis_minor, made_by=by,
    )  # fmt: skip
    try:
        with session.begin_nested():
            made = session.execute(statement.returning(BudgetPlan.id)).scalar_one()
    except IntegrityError as error:
        if isinstance(error.orig, ExclusionViolation):
            words = mark("The account has a fixed amount on some of these days.")
            raise Conflict("budget", words, "starts_on") from error
        raise
    assert isinstance(made, int)
    told = {"amount_minor": amount_minor, "starts_on": starts_on, "settles_on": ends}
    note_account_change(session, account_id, FIXED, None, told)
    return made


def end_budget(
    session: Session,
    account_id: int,
    ends_before: date,
    *,
    now: datetime | None = None,
    by: int | None = None,
) -> None:
    """No fixed amount from a day on: the first bill that reaches beyond it settles. Raises NotFound; Invalid
    for a day on which it has not begun."""
    running = BudgetPlan.account_id == account_id, BudgetPlan.ends_before.is_(None)
    plan = session.scalar(select(BudgetPlan).where(*running).with_for_update())
    if plan is None:
        raise NotFound("budget", mark("The account has no fixed amount."))
    if ends_before <= plan.starts_on:
        words = mark("It begins on %(day)s only: end it after that.")
        raise Invalid("budget", words, "ends_before", day=plan.starts_on)
    plan.ends_before, plan.ended_at, plan.ended_by = ends_before, now, by
    session.flush()
    told = {"amount_minor": plan.amount_minor, "starts_on": plan.starts_on, "ends_before": None}
    note_account_change(session, account_id, FIXED, told, told | {"ends_before": ends_before})


def a_year_on(day: date) -> date:
    """The same day of the next year; 1 March after 29 February."""
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 3, 1)
    return day.replace(year=day.year + 1)
