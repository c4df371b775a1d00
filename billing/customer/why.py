"""Why is it different? The chosen bill against another, every effect to the minor unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from billing.customer import loads
from billing.customer.spoken import cause_of, detail_of, moving, plain, spoken
from billing.customer.warmth import left_out, warmths
from billing.explaining import Explained, explain_bill
from billing.explaining.kept import Kept
from billing.explaining.right_alone import alone_minor
from billing.queries.bills import BillRow
from billing.wording import (
    bill_label,
    bill_label_year,
    bill_name,
    capitalised,
    is_month,
    labels_apart,
    names_apart,
    say,
)
from utility_crm.customers.room import card_of
from utility_crm.kit.errors import CareError
from utility_crm.kit.parts import Answer, CustomerCall, Sheet
from utility_crm.web.formats import money, month_short, month_year, signed_money

MONTHS = 13
"""Bills shown as columns."""
MOST_ACCOUNTS = 6
"""Accounts offered to choose from; the sheet of what is owed has all."""


def why_answer(call: CustomerCall) -> Answer:
    """From the totals alone: the left column must be cheap."""
    _ = say(call.language)
    bill, other = call.once(loads.chosen), call.once(loads.against)
    if bill is None:
        return Answer(_("no bill yet"))
    if other is None:
        return Answer(money(bill.total_minor, bill.currency, call.language), _("the first bill"))
    figure = signed_money(bill.total_minor - other.total_minor, bill.currency, call.language)
    before = next(iter(call.once(loads.earlier)), None)
    if other == before and not is_month(other.starts_on, other.ends_before):
        return Answer(figure, _("on the bill before"))
    return Answer(figure, _("on %(bill)s", bill=bill_name(other, call.language)))


def why_sheet(call: CustomerCall) -> Sheet:
    """The comparison in full; a bill alone where there is nothing to hold it against."""
    bill, other = call.once(loads.chosen), call.once(loads.against)
    if bill is None:
        return Sheet("billing/no_bill.html", {"held": call.once(loads.held)})
    names = names_apart(bill, other, call.language) if other else (bill_name(bill, call.language), "")
    labels = labels_apart(bill, other, call.language) if other else (bill_label(bill, call.language), "")
    context = {
        "bill": bill,
        "account": _account(call, bill),
        "accounts": _accounts(call, bill),
        "other": other,
        "bill_name": names[0],
        "other_name": names[1] if other else "",
        "bill_label": capitalised(labels[0]),
        "other_label": capitalised(labels[1]) if other else "",
        "choices": _choices(call, bill, other),
        "columns": _columns(call, bill, other),
        "year_ago": call.once(loads.year_before),
        "alone": "",
    }
    try:
        kept = _found(call, bill, other)
    except CareError as refused:
        return Sheet("billing/why_not.html", {**context, "refused": refused})
    context["alone"] = estimate_alone(kept, call.language)
    return Sheet("billing/why.html", {**context, **explanation_context(kept.explained, call.language)})


def _found(call: CustomerCall, bill: BillRow, other: BillRow | None) -> Kept:
    """The comparison as it is kept, where that is fresh, else worked out now."""
    kept = call.once(loads.kept)
    if kept is not None:
        return kept
    both = call.once(loads.both)
    found = explain_bill(call.session, bill, other, read=both)
    return Kept(found, alone_minor(found, both))


def estimate_alone(kept: Kept, language: str) -> str:
    """What putting the estimates right comes to by itself, where that is another amount than its effect among
    the others: an effect is what a cause adds on average over every order of the causes."""
    found, alone, _ = kept.explained, kept.alone_minor, say(language)
    effect = next((row.amount_minor for row in found.rows if row.effect == "estimate"), None)
    if alone is None or effect is None or alone == effect:
        return ""
    return _(
        "Putting the estimates right by itself comes to %(alone)s, as a correction does; "
        "beside the other causes it counts for %(effect)s, and the %(apart)s between them is in theirs.",
        alone=signed_money(alone, found.bill.currency, language),
        effect=signed_money(effect, found.bill.currency, language),
        apart=money(abs(alone - effect), found.bill.currency, language),
    )


def _account(call: CustomerCall, bill: BillRow) -> str:
    """The account's number and where it is, where the customer has several."""
    number = call.once(loads.numbers).get(bill.account_id, "")
    return ", ".join(filter(None, (number, _address(call, bill.account_id)))) if number else ""


def _address(call: CustomerCall, account_id: int) -> str:
    return next((one.address for one in call.once(card_of).accounts if one.id == account_id), "")


def explanation_context(found: Explained, language: str) -> dict[str, Any]:
    """What the templates of an explanation need: the words in runs, and the rows of the waterfall."""
    said, asked_on = spoken(found, language)
    names = found.names.get(language, {})
    return {
        "found": found,
        "spoken": said,
        "asked_on": asked_on,
        "warmths": warmths(found, language),
        "left_out": left_out(found, language),
        "copied": " ".join(filter(None, (plain(said), plain(asked_on)))),
        "effects": [
            (capitalised(cause_of(found, row, language)), row.amount_minor, detail_of(row, language, names))
            for row in moving(found)
        ],
    }


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """The latest bill of one of the customer's accounts."""

    number: str
    account: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A bill the chosen one may be held against. figure: by how much it differs, where it is not shown."""

    number: str
    name: str
    current: bool
    figure: str


def _accounts(call: CustomerCall, bill: BillRow) -> tuple[AccountChoice, ...]:
    """The latest bill of each account, the account looked at always among them; nothing where there is but
    one."""
    latest: dict[int, BillRow] = {}
    for one in call.once(loads.bills):
        if one.status == "issued":
            latest.setdefault(one.account_id, one)
    numbers = call.once(loads.numbers)
    others = [account_id for account_id in numbers if account_id in latest and account_id != bill.account_id]
    shown = {bill.account_id, *others[: MOST_ACCOUNTS - 1]}
    if len(shown) < 2:
        return ()
    return tuple(
        AccountChoice(latest[one].number, numbers[one], _address(call, one), one == bill.account_id)
        for one in numbers
        if one in shown
    )


def _choices(call: CustomerCall, bill: BillRow, other: BillRow | None) -> tuple[Choice, ...]:
    """The bill before, the same one a year ago, and the one looked at if it is another."""
    wanted = [*call.once(loads.earlier)[:1], call.once(loads.year_before), other]
    shown = dict.fromkeys(one for one in wanted if one is not None)
    near = {one.id for one in call.once(loads.earlier)[:1]}

    def choice(one: BillRow) -> Choice:
        current = other is not None and one.id == other.id
        name = _choice_name(call, one) if one.id in near else bill_label_year(one, call.language)
        figure = signed_money(bill.total_minor - one.total_minor, bill.currency, call.language)
        return Choice(one.number, name, current, "" if current else figure)

    return tuple(choice(one) for one in shown)


def _choice_name(call: CustomerCall, before: BillRow) -> str:
    if is_month(before.starts_on, before.ends_before):
        return bill_label(before, call.language)
    _ = say(call.language)
    return _("the bill before")


@dataclass(frozen=True, slots=True)
class Columns:
    """kWh by bill, oldest first, and which of them are compared."""

    values: tuple[tuple[str, float], ...]
    strong: tuple[int, ...]


def _columns(call: CustomerCall, bill: BillRow, other: BillRow | None) -> Columns:
    mine = [one for one in call.once(loads.bills) if one.account_id == bill.account_id]
    shown: Sequence[BillRow] = [one for one in mine if one.status == "issued"][:MONTHS][::-1]
    compared = {bill.id} | ({other.id} if other else set())
    alike = other is not None and other.last_on.month == bill.last_on.month
    return Columns(
        tuple(
            (
                (month_year if one.id in compared and alike else month_short)(one.last_on, call.language),
                one.micro_kwh / 1_000_000,
            )
            for one in shown
        ),
        tuple(place for place, one in enumerate(shown) if one.id in compared),
    )
