"""Can I pay in parts? What is open, split over months, before anything is agreed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from billing.actions.agreeing import LONGEST_PROMISE, plan_of
from billing.answers.parameters import whole
from billing.answers.running_plan import Running, running_answer, running_sentence, running_told
from billing.answers.told import (
    AccountAnswer,
    Chart,
    Figure,
    Series,
    Sum,
    Told,
    bill_evidence,
    date_figure,
    money_figure,
)
from billing.customer import loads
from billing.domain.accounts.instalments import Instalment, split
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.queries.accounts import AccountStanding
from billing.wording import say
from utility_crm.kit.errors import Refused
from utility_crm.kit.parts import Answer, CustomerCall, Sheet
from utility_crm.web.formats import day, money
from utility_crm.web.words import counting, mark

COUNTS = (2, 3, 4, 6, 12)
COUNT = whole("count", "how many monthly parts", COUNTS)
USUAL = 3
FIRST_AFTER = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Preview:
    """A plan that could be agreed."""

    account: AccountStanding
    instalments: tuple[Instalment, ...]

    @property
    def total_minor(self) -> int:
        return sum(one.amount_minor for one in self.instalments)


def mine(call: CustomerCall) -> AccountStanding | None:
    """The account asked about, else that of the chosen bill, else the first that they pay."""
    known, wanted = call.once(loads.accounts), call.params.get("account", "")
    bill = call.once(loads.chosen)
    named = [one for one in known if one.number == wanted]
    billed = [one for one in known if bill is not None and one.id == bill.account_id]
    paid = [one for one in known if one.pays]
    return next(iter([*named, *billed, *paid, *known]), None)


def count_of(call: CustomerCall) -> int:
    """How many parts are asked for."""
    asked = call.params.get("count", "")
    return int(asked) if asked.isdecimal() and int(asked[:3]) in COUNTS else USUAL


def first_on(call: CustomerCall) -> date:
    """In two weeks: there is time to arrange it. Nothing is asked for before it is due: where all that is
    open falls due later, on the first of those days."""
    one = call.once(mine)
    due = [
        bill.due_on
        for bill in call.once(loads.bills)
        if one is not None and bill.account_id == one.id and bill.status == "issued" and bill.open_minor > 0
    ]
    return min(max([call.today + FIRST_AFTER, *([min(due)] if due else [])]), call.today + LONGEST_PROMISE)


def shape(parts: Sequence[Instalment], currency: str, language: str) -> str:
    """How many of which amount, so that it adds up: 3 × £27.03 + 1 × £27.02."""
    counts = Counter(one.amount_minor for one in parts)
    return " + ".join(f"{count} × {money(minor, currency, language)}" for minor, count in counts.items())


def running(call: CustomerCall) -> Running | None:
    """The plan that runs on the account already."""
    one = call.once(mine)
    plans = [
        plan for plan in call.once(loads.agreed).running if one is not None and plan.account_id == one.id
    ]
    return Running(one, plans[0], call.today) if one is not None and plans else None


def preview(call: CustomerCall) -> Preview | None:
    """The plan over all that is open and not disputed; None where nothing is."""
    one = call.once(mine)
    if one is None or one.plannable_minor <= 0 or one.planned:
        return None
    try:
        found = plan_of(call.session, one.id, count_of(call), first_on(call), call.today)
    except Refused:
        return None
    return Preview(one, found)


def parts_answer(call: CustomerCall) -> Answer:
    """The plan that runs; else three parts of what is open and not disputed, as the sheet has them."""
    _, one, runs = say(call.language), call.once(mine), call.once(running)
    if runs is not None:
        return running_answer(runs, call.language)
    if one is None or one.open_minor <= 0:
        return Answer(_("Nothing is open"))
    if not one.plannable_minor:
        return Answer(_("No"), _("all of it is disputed"))
    first = split(one.plannable_minor, USUAL, first_on(call))
    if first[0].amount_minor != first[-1].amount_minor:
        return Answer(_("Yes"), shape(first, one.currency, call.language))
    amount = money(first[0].amount_minor, one.currency, call.language)
    return Answer(_("Yes"), _("%(count)s times %(amount)s", count=len(first), amount=amount))


def parts_sheet(call: CustomerCall) -> Sheet:
    """The instalments, and how many; or the plan that runs."""
    runs = call.once(running)
    if runs is not None:
        words = running_sentence(runs, call.language)
        return Sheet("billing/plan_runs.html", {"runs": runs, "sentence": words})
    return Sheet(
        "billing/in_parts.html",
        {
            "one": call.once(preview),
            "account": call.once(mine),
            "counts": COUNTS,
            "count": count_of(call),
            "first_on": first_on(call),
            "sentence": sentence(call),
        },
    )


def sentence(call: CustomerCall) -> str:
    """The plan said aloud."""
    _, one, account = say(call.language), call.once(preview), call.once(mine)
    if one is None and account is not None and account.open_minor > 0:
        disputed = money(account.disputed_minor, account.currency, call.language)
        return _("Not now: all that is open, %(amount)s, is disputed.", amount=disputed)
    if one is None:
        return _("Nothing is open that could be paid in parts.")
    ngettext = counting(call.language, "billing")
    words = {
        "total": money(one.total_minor, one.account.currency, call.language),
        "amount": money(one.instalments[-1].amount_minor, one.account.currency, call.language),
        "day": day(one.instalments[0].due_on, call.language),
    }
    if one.instalments[0].amount_minor == one.instalments[-1].amount_minor:
        said = ngettext(
            "Yes: %(total)s by %(day)s.",
            "Yes: %(total)s in %(num)s monthly parts of %(amount)s, the first by %(day)s.",
            len(one.instalments),
            **words,
        )
    else:
        words["shape"] = shape(one.instalments, one.account.currency, call.language)
        said = ngettext(
            "Yes: %(total)s in %(num)s monthly part (%(shape)s), the first by %(day)s.",
            "Yes: %(total)s in %(num)s monthly parts (%(shape)s), the first by %(day)s.",
            len(one.instalments),
            **words,
        )
    if not one.account.disputed_minor:
        return said
    disputed = money(one.account.disputed_minor, one.account.currency, call.language)
    return said + " " + _("%(amount)s more is disputed and stays out of it.", amount=disputed)


def parts_told(call: CustomerCall) -> Told:
    """The instalments, which add up to what is open; or the plan that runs."""
    runs = call.once(running)
    if runs is not None:
        return running_told(runs, call.language)
    one = call.once(preview)
    if one is None:
        return Told(sentence(call))
    currency = one.account.currency
    decimals = default_decimals(currency)
    parts = tuple((each.due_on.isoformat(), each.amount_minor) for each in one.instalments)
    points = tuple((label, amount_text(minor, decimals)) for label, minor in parts)
    open_bills = [
        bill
        for bill in call.once(loads.bills)
        if bill.account_id == one.account.id and bill.status == "issued" and bill.open_minor > 0
    ]
    return Told(
        sentence(call),
        figures=(
            money_figure("open", one.total_minor, currency),
            money_figure("disputed", one.account.disputed_minor, currency),
            Figure("count", str(len(parts))),
            date_figure("first_on", one.instalments[0].due_on),
        ),
        adds_up=Sum(parts, one.total_minor, currency),
        chart=Chart("columns", currency, (Series("instalments", points),)),
        evidence=tuple(bill_evidence(bill) for bill in open_bills),
    )


ANSWER = AccountAnswer(
    "parts", mark("Can I pay in parts?"), 26, parts_answer, parts_sheet, parts_told, (COUNT,)
)
