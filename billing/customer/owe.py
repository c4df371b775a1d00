"""What do I owe? The balance, the bills it is made of, and what was paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from billing.actions.agreeing import LONGEST_PROMISE, plan_of
from billing.customer import loads
from billing.domain.accounts.instalments import MOST, Instalment
from billing.dunning.customer import dunning_of
from billing.money_in.words import KIND_WORDS, kind_words
from billing.queries.accounts import AccountStanding
from billing.queries.bills import BillRow
from billing.queries.dunning import PlanRow
from billing.queries.fixed import deposits_of, next_reference
from billing.queries.money_in import PaymentRow, Totals, totals_of
from billing.wording import bill_label_year, method_words, money_sums, say
from utility_crm.kit.errors import CareError
from utility_crm.kit.parts import Answer, CustomerCall, Sheet
from utility_crm.web.formats import day, day_year, money, weekday_long
from utility_crm.web.forms import FieldsWrong, Form, Posted
from utility_crm.web.words import said_in

ROWS = 14
"""Bills and payments shown before all are asked for."""
PLANNED = ("account", "parts", "first_on")


def to_pay(call: CustomerCall) -> tuple[AccountStanding, ...]:
    """The accounts the customer pays; those they hold where they pay none."""
    found = call.once(loads.accounts)
    return tuple(account for account in found if account.pays) or found


def owe_answer(call: CustomerCall) -> Answer:
    """The balance, and how much of it is late."""
    _ = say(call.language)
    mine = call.once(to_pay)
    if not mine:
        return Answer(_("no account"))
    balance = money_sums(((one.currency, one.balance_minor) for one in mine), call.language)
    late = [(one.currency, one.overdue_minor) for one in mine if one.overdue_minor > 0]
    if late:
        return Answer(balance, _("%(amount)s late", amount=money_sums(late, call.language)), "bad")
    if sum(one.balance_minor for one in mine) < 0:
        held = money_sums(((one.currency, -one.balance_minor) for one in mine), call.language)
        return Answer(held, _("in their favour"))
    return Answer(balance, _("nothing late") if any(one.balance_minor for one in mine) else "")


def owe_sheet(call: CustomerCall) -> Sheet:
    """Balance, bills and payments."""
    mine = call.once(to_pay)
    whole = bool(call.params.get("all"))
    bills, payments = call.once(loads.bills), call.once(loads.payments)
    totals = totals_of(call.session, [one.id for one in mine]) if mine else Totals(0, 0, 0)
    rows = bills if whole else bills[:ROWS]
    preview, planned = previewed(call, mine)
    asked = call.once(loads.dunnable)
    not_asked = [
        (one.currency, one.overdue_minor - asked.get(one.id, 0))
        for one in mine
        if one.overdue_minor > asked.get(one.id, 0)
    ]
    return Sheet(
        "billing/owe.html",
        {
            "accounts": mine,
            "account_choices": [(one.number, one.number) for one in mine],
            "balance": money_sums(((one.currency, one.balance_minor) for one in mine), call.language),
            "credit": money_sums(((one.currency, -one.balance_minor) for one in mine), call.language),
            "balance_minor": sum(one.balance_minor for one in mine),
            "late": money_sums(
                ((one.currency, one.overdue_minor) for one in mine if one.overdue_minor), call.language
            ),
            "late_minor": sum(one.overdue_minor for one in mine),
            "due_said": due_words(call, mine, bills, sum(one.overdue_minor for one in mine)),
            "late_since": min((one.late_since for one in mine if one.late_since), default=None),
            "open_bills": sum(one.open_bills for one in mine),
            "late_bills": sum(one.late_bills for one in mine),
            "totals": totals,
            "one_currency": mine[0].currency if len({one.currency for one in mine}) == 1 else "",
            "bills": rows,
            "numbers": {one.id: one.number for one in call.once(loads.accounts)},
            "before": _before(bills),
            "names": {bill.id: bill_label_year(bill, call.language) for bill in rows},
            "hidden": len(bills) - len(rows),
            "booked_kinds": {kind: kind_words(kind, call.language) for kind in KIND_WORDS},
            "charged": [
                one for one in call.once(loads.adjustments) if one.open_minor > 0 or one.fee_of is not None
            ],
            "payments": payments if whole else payments[:6],
            "methods": {one.id: method_words(one.method, call.language) for one in payments},
            "not_asked": money_sums(not_asked, call.language) if not_asked else "",
            "held": [(one.number, -one.balance_minor, one.currency) for one in mine if one.balance_minor < 0],
            "currencies": {one.id: one.currency for one in call.once(loads.accounts)},
            "preview": preview,
            "preview_minor": sum(part.amount_minor for part in preview),
            "planned": planned,
            "dunning": dunning_of(call) if any(one.overdue_minor for one in mine) else (),
            "returnable": _returnable(payments, call.language),
            "asked": {
                "account": call.params.get("account", ""),
                "parts": call.params.get("parts", "3"),
                "first_on": call.params.get("first_on", (call.today + timedelta(days=14)).isoformat()),
            },
        }
        | agreeing(call, mine, bills)
        | _deposits(call, mine),
    )


def _deposits(call: CustomerCall, mine: Sequence[AccountStanding]) -> dict[str, object]:
    """What is kept as security, what may go back, and the name of each account's next one."""
    found = deposits_of(call.session, [one.id for one in mine], call.today)
    kept = {each.account_id for each in found if each.returned_on is None}
    return {
        "deposits": found,
        "deposit_names": {
            one.number: next_reference(one.number, sum(each.account_id == one.id for each in found))
            for one in mine
        },
        "returnable_deposits": [one for one in mine if one.id in kept],
    }


def agreeing(
    call: CustomerCall, mine: Sequence[AccountStanding], bills: Sequence[BillRow]
) -> dict[str, object]:
    """What is agreed on, and what can be."""
    agreed = call.once(loads.agreed)
    return {
        "agreed": agreed,
        "running": {plan.account_id: plan for plan in agreed.running},
        "can_plan": [one for one in mine if one.id not in {plan.account_id for plan in agreed.running}],
        "can_promise": [
            one for one in mine if one.id not in {promise.account_id for promise in agreed.promised}
        ],
        "last_promise": call.today + LONGEST_PROMISE,
        "next_week": call.today + timedelta(days=7),
        "disputable": [
            (bill.number, f"{bill_label_year(bill, call.language)}, {bill.number}")
            for bill in bills
            if bill.status == "issued" and bill.total_minor > 0
        ][:ROWS],
    }


def due_words(
    call: CustomerCall, mine: Sequence[AccountStanding], bills: Sequence[BillRow], late_minor: int
) -> str:
    """When what is owed and not yet late is due, as a sentence; nothing where that cannot be said in one.
    What a plan runs over is due by its parts, not as it was billed."""
    _ = say(call.language)
    if len({one.currency for one in mine}) > 1:
        return ""
    plans = [one for one in call.once(loads.agreed).running if one.account_id in {each.id for each in mine}]
    coming, in_parts = _coming(call, mine, bills, plans)
    agreed = _in_parts(call, mine, plans)
    rest = sum(one.balance_minor for one in mine) - late_minor - in_parts
    if rest <= 0:
        return agreed
    unbilled = rest - sum(coming.values())
    at_once = ""
    if unbilled > 0:
        amount = money(unbilled, mine[0].currency, call.language)
        at_once = _("%(amount)s beside bills, a deposit or a fee, is due at once.") % {"amount": amount}
    billed = _of_bills(call, coming, rest, late_minor + in_parts, mine[0].currency) if coming else ""
    return " ".join(filter(None, (agreed, billed, at_once)))


def _coming(
    call: CustomerCall, mine: Sequence[AccountStanding], bills: Sequence[BillRow], plans: Sequence[PlanRow]
) -> tuple[dict[date, int], int]:
    """What is open on bills that are not late, by due day, without what plans run over; and how much that is.
    The bills of a plan are the oldest that were open: what is left of it is on the oldest now."""
    left = {one.account_id: one.total_minor - one.paid_minor for one in plans}
    ids, coming, in_parts = {one.id for one in mine}, dict[date, int](), 0
    for bill in sorted(bills, key=lambda one: one.due_on):
        if bill.account_id not in ids or bill.status != "issued" or bill.open_minor <= 0:
            continue
        planned = min(bill.open_minor, left.get(bill.account_id, 0))
        left[bill.account_id] = left.get(bill.account_id, 0) - planned
        if bill.due_on < call.today:
            continue
        in_parts += planned
        if bill.open_minor > planned:
            coming[bill.due_on] = coming.get(bill.due_on, 0) + bill.open_minor - planned
    return coming, in_parts


def _in_parts(call: CustomerCall, mine: Sequence[AccountStanding], plans: Sequence[PlanRow]) -> str:
    """What is agreed to be paid in parts, and the next of them."""
    _, left = say(call.language), sum(one.total_minor - one.paid_minor for one in plans)
    behind = sum(one.behind_minor(call.today) for one in plans)
    parts = [(part.due_on, one.next_left_minor) for one in plans if (part := one.next_part) is not None]
    if left <= 0 or not parts:
        return ""
    due_on, next_minor = min(parts)
    sums = {"amount": left, "behind": behind, "next": next_minor}
    named = {name: money(minor, mine[0].currency, call.language) for name, minor in sums.items()}
    named["day"] = _due_day(call, due_on)
    if behind:
        return _("%(amount)s is agreed to be paid in parts, of which %(behind)s is behind.") % named
    if left >= sum(one.balance_minor for one in mine):
        return _("It is agreed to be paid in parts: the next, %(next)s, is due %(day)s.") % named
    return _("Of it, %(amount)s is agreed to be paid in parts: the next, %(next)s, is due %(day)s.") % named


def _of_bills(call: CustomerCall, coming: dict[date, int], rest: int, late_minor: int, currency: str) -> str:
    """When the first of the bills that are not late is due."""
    _, first = say(call.language), min(coming)
    named = {"amount": money(rest, currency, call.language), "day": _due_day(call, first)}
    if rest <= coming[first]:
        words = _("The other %(amount)s is due %(day)s.") if late_minor else _("It is due %(day)s.")
        return words % named
    named["first"] = money(coming[first], currency, call.language)
    if late_minor:
        return _("Of the other %(amount)s, %(first)s is due %(day)s.") % named
    return _("Of it, %(first)s is due %(day)s.") % named


def _due_day(call: CustomerCall, due_on: date) -> str:
    _ = say(call.language)
    if due_on == call.today:
        return _("today")
    # Russian would need the weekday in another case than the calendar gives.
    shown = weekday_long if call.language == "en" else day
    return _("on %(day)s", day=shown(due_on, call.language))


def previewed(call: CustomerCall, mine: tuple[AccountStanding, ...]) -> tuple[tuple[Instalment, ...], Form]:
    """The plan asked for, before it is agreed; or its form with the reason why there cannot be one."""
    asked = Posted({name: (call.params[name],) for name in PLANNED if name in call.params})
    one = next(
        (one for one in mine if one.number == asked.text("account") or not asked.text("account")), None
    )
    if not asked.text("parts") or one is None:
        return (), Form("parts")
    count, first_on = asked.whole("parts", 2, MOST), asked.day("first_on")
    try:
        return plan_of(call.session, one.id, count.value, first_on.value, call.today), Form("parts")
    except FieldsWrong as refused:
        wrong = refused.errors
    except CareError as error:
        wrong = {error.where or "": error}
    said = {where: said_in(say(call.language), error, call.language) for where, error in wrong.items()}
    return (), Form("parts", asked.values, said)


def _returnable(payments: tuple[PaymentRow, ...], language: str) -> list[tuple[int, str]]:
    """Payments that a bank can still take back, the newest first."""
    gone = {one.reverses_id for one in payments}
    found = [one for one in payments if one.amount_minor > 0 and one.id not in gone]
    return [
        (one.id, f"{money(one.amount_minor, one.currency, language)}, {day_year(one.received_at, language)}")
        for one in found
    ][:ROWS]


def _before(bills: tuple[BillRow, ...]) -> dict[int, int]:
    """Each bill's total less that of its account's bill before."""
    issued = [bill for bill in bills if bill.status == "issued"]
    found = {}
    for place, bill in enumerate(issued):
        earlier = next((one for one in issued[place + 1 :] if one.account_id == bill.account_id), None)
        if earlier is not None:
            found[bill.id] = bill.total_minor - earlier.total_minor
    return found
