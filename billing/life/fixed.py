"""Can I pay the same each month? The fixed amount that runs, or the one that the past year proposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from billing.customer import loads
from billing.domain.accounts.budgets import proposed_amount
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.forecasting import NextBill, next_bill
from billing.life.budgets import a_year_on
from billing.queries.accounts import AccountStanding
from billing.queries.fixed import FixedAmount, PastBill, past_year
from billing.wording import bill_label_year, say
from utility_crm.kit.errors import CareError, Invalid
from utility_crm.kit.parts import Answer, CustomerCall, Question, Sheet, TimelineEntry
from utility_crm.web.formats import day_year, money
from utility_crm.web.forms import FieldsWrong, Form, Posted
from utility_crm.web.words import mark, said_in

FIRST, LAST = timedelta(days=31), timedelta(days=366)
"""How long before today a fixed amount may begin, and how long after."""
A_YEAR_NEARLY = 330
"""Days billed of a year that say enough of all of it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A fixed amount before it is begun. bills: of the year before, the oldest first, each with what would
    have been carried after it (positive is owed)."""

    amount_minor: int
    basis_minor: int
    starts_on: date
    settles_on: date
    bills: tuple[tuple[PastBill, int], ...]

    @property
    def days(self) -> int:
        return sum(one.days for one, _ in self.bills)

    @property
    def is_short(self) -> bool:
        return self.days < A_YEAR_NEARLY


def propose(bills: Sequence[PastBill], decimals: int, starts_on: date, settles_on: date) -> Proposal | None:
    """As `life.budgets.propose_budget` does it, with each bill; None where nothing was billed."""
    basis, days = sum(one.charges_minor for one in bills), sum(one.days for one in bills)
    if not days:
        return None
    amount, carried, rows = proposed_amount(basis, days, decimals), 0, []
    for one in bills:
        carried += one.charges_minor - amount
        rows.append((one, carried))
    return Proposal(amount, basis, starts_on, settles_on, tuple(rows))


def of_all(call: CustomerCall) -> tuple[FixedAmount, ...]:
    """The fixed amounts of all their accounts."""
    return call.once(loads.in_view).fixed


def account(call: CustomerCall) -> AccountStanding | None:
    """The one asked about, else the first that they pay."""
    known, wanted = call.once(loads.accounts), call.params.get("account", "")
    named = [one for one in known if one.number == wanted]
    return next(iter([*named, *(one for one in known if one.pays), *known]), None)


def running(call: CustomerCall) -> FixedAmount | None:
    """What runs on the account, or is booked to begin."""
    one = call.once(account)
    mine = (plan for plan in call.once(of_all) if one is not None and plan.account_id == one.id)
    return next((plan for plan in mine if plan.runs_on(call.today)), None)


def fixed_answer(call: CustomerCall) -> Answer:
    """The fixed amount, or that there could be one."""
    _, one, plan = say(call.language), call.once(account), call.once(running)
    if one is None:
        return Answer(_("no account"))
    if plan is not None:
        until = _("until %(day)s", day=day_year(plan.settles_by, call.language))
        return Answer(money(plan.amount_minor, one.currency, call.language), until)
    billed = any(bill.account_id == one.id for bill in call.once(loads.bills))
    return Answer(_("Yes"), _("from the past year's bills")) if billed else Answer(_("no bill yet"))


def asked_for(call: CustomerCall) -> tuple[Proposal | None, Form]:
    """The proposal for the days asked about; or its form with the reason why there is none."""
    one = call.once(account)
    names = [name for name in ("starts_on", "settles_on") if name in call.params]
    asked = Posted({name: (call.params[name],) for name in names})
    if one is None:
        return None, Form("terms")
    try:
        starts_on, settles_on = read_terms(asked, call.today) if names else _usual(call.today)
    except FieldsWrong as refused:
        wrong: dict[str, CareError] = refused.errors
        said = {where: said_in(say(call.language), error, call.language) for where, error in wrong.items()}
        return None, Form("terms", asked.values, said)
    found = past_year(call.session, one.id, starts_on)
    return propose(found, default_decimals(one.currency), starts_on, settles_on), Form("terms")


def read_terms(asked: Posted, today: date) -> tuple[date, date]:
    """The first day and the one that settles, as typed. Raises FieldsWrong."""
    starts_on, settles_on = asked.day("starts_on"), asked.day("settles_on")
    first, last = today - FIRST, today + LAST
    if starts_on.read is not None and not first <= starts_on.read <= last:
        words = mark("It begins on a day from %(first)s to %(last)s.")
        asked.errors["starts_on"] = Invalid("starts_on", words, "starts_on", first=first, last=last)
    asked.check()
    if not starts_on.value < settles_on.value <= starts_on.value + 2 * LAST:
        words = mark("It settles after its first day, two years later at the latest.")
        asked.errors["settles_on"] = Invalid("settles_on", words, "settles_on")
    asked.check()
    return starts_on.value, settles_on.value


def _usual(today: date) -> tuple[date, date]:
    return today, a_year_on(today)


def fixed_sheet(call: CustomerCall) -> Sheet:
    """What runs and how far it has carried; else the proposal with the bills it is made of."""
    one, plan = call.once(account), call.once(running)
    proposal, terms = asked_for(call) if plan is None else (None, Form("terms"))
    usual = _usual(call.today)
    names = {bill.number: bill_label_year(bill, call.language) for bill in call.once(loads.bills)}
    accounts = call.once(loads.accounts)
    return Sheet(
        "billing/fixed.html",
        {
            "account": one,
            "accounts": accounts,
            "plan": plan,
            "proposal": proposal,
            "typed": amount_text(proposal.amount_minor, default_decimals(one.currency))
            if proposal is not None and one is not None
            else "",
            "terms": terms,
            "usual": {"starts_on": usual[0], "settles_on": usual[1]},
            "next_bill": _next(call, one),
            "names": names,
            "past_plans": [
                each for each in call.once(of_all)
                if one is not None and each.account_id == one.id and each is not plan
            ],
        },
    )  # fmt: skip


def _next(call: CustomerCall, one: AccountStanding | None) -> dict[str, Any] | None:
    """What the next bill is expected to charge and to leave to pay."""
    if one is None:
        return None
    issued = [
        bill for bill in call.once(loads.bills) if bill.account_id == one.id and bill.status == "issued"
    ]
    bills = sorted(issued, key=lambda bill: bill.ends_before, reverse=True)
    found = next_bill(call.session, one.id, bills, one.cycle_day, call.today, lambda: None)
    if not isinstance(found, NextBill):
        return None
    return {
        "last_on": found.last_on,
        "minor": found.minor,
        "charges_minor": found.minor - found.carried_minor,
    }


def timeline(call: CustomerCall) -> Sequence[TimelineEntry]:
    """Fixed amounts begun and ended, each when it was told, by whom."""
    _, found = say(call.language), []
    currencies = {one.id: one.currency for one in call.once(loads.accounts)}
    for plan in call.once(of_all):
        amount = money(plan.amount_minor, currencies[plan.account_id], call.language)
        words = _(
            "Fixed amount of %(amount)s a month from %(day)s",
            amount=amount, day=day_year(plan.starts_on, call.language),
        )  # fmt: skip
        href = f"/customers/{call.customer_id}?ask=fixed"
        by = _("told to %(name)s", name=plan.made_by) if plan.made_by else ""
        found.append(TimelineEntry(plan.made_at, mark("Payments"), words, by, "", href))
        if plan.ended_at is not None and plan.ends_before is not None:
            ended = _("No fixed amount from %(day)s on", day=day_year(plan.ends_before, call.language))
            by = _("told to %(name)s", name=plan.ended_by) if plan.ended_by else ""
            found.append(TimelineEntry(plan.ended_at, mark("Payments"), ended, by, "", href))
    return found


QUESTION = Question("fixed", mark("Can I pay the same each month?"), 28, fixed_answer, fixed_sheet)
