"""Figures of a customer for texts with blanks: what is owed, their last bill, when the next one comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from billing.answers.why import why_told
from billing.customer import loads
from billing.queries.accounts import AccountStanding
from billing.wording import money_sums
from utility_crm.kit.parts import CustomerCall, Figure
from utility_crm.web.formats import day_year, money


def _paid(call: CustomerCall) -> list[AccountStanding]:
    return [one for one in call.once(loads.accounts) if one.pays]


def balance(call: CustomerCall) -> str | None:
    """Of all accounts they pay; None where they pay none."""
    mine = _paid(call)
    return money_sums(((one.currency, one.balance_minor) for one in mine), call.language) if mine else None


def overdue(call: CustomerCall) -> str | None:
    """What is late; None where nothing is, so that nobody is reminded of nothing."""
    late = [(one.currency, one.overdue_minor) for one in _paid(call) if one.overdue_minor > 0]
    return money_sums(late, call.language) if late else None


def last_bill(call: CustomerCall) -> str | None:
    """Amount and day of the newest bill that stands."""
    found = next((bill for bill in call.once(loads.bills) if bill.status == "issued"), None)
    if found is None:
        return None
    amount = money(found.total_minor, found.currency, call.language)
    return f"{amount}, {day_year(found.issued_on, call.language)}"


def last_bill_due(call: CustomerCall) -> str | None:
    """By when the newest bill is to be paid."""
    found = next((bill for bill in call.once(loads.bills) if bill.status == "issued"), None)
    return None if found is None else day_year(found.due_on, call.language)


def bill_compared(call: CustomerCall) -> str | None:
    """Why the newest bill of their only account is another than the one before it, as it is said aloud."""
    if len(call.once(loads.accounts)) != 1 or call.once(loads.against) is None:
        return None
    told = why_told(call)
    return " ".join(filter(None, (told.sentence, told.if_asked_on)))


def next_bill(call: CustomerCall) -> str | None:
    """The last day of the period that the next bill is about, of their only account."""
    mine = call.once(loads.accounts)
    if len(mine) != 1:
        return None
    return day_year(_period_ends(call.today, mine[0].cycle_day), call.language)


def _period_ends(today: date, cycle_day: int) -> date:
    """The day before the next billing period begins."""
    begins = today.replace(day=cycle_day)
    if begins <= today:
        begins = (begins.replace(day=1) + timedelta(days=32)).replace(day=cycle_day)
    return begins - timedelta(days=1)


FIGURES: Mapping[str, Figure] = {
    "balance": balance,
    "overdue": overdue,
    "last bill": last_bill,
    "last bill due": last_bill_due,
    "bill compared": bill_compared,
    "next bill": next_bill,
}
