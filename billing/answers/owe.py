"""What do I owe, and when? The page's part is `billing/customer/owe.py`; here it is told of one account."""

from __future__ import annotations

from collections.abc import Sequence

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
from billing.customer.owe import due_words, owe_answer, owe_sheet
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.queries.accounts import AccountStanding
from billing.queries.bills import BillRow
from billing.queries.money_in import AdjustmentRow
from billing.wording import say
from utility_crm.kit.parts import CustomerCall
from utility_crm.web.formats import day, money
from utility_crm.web.words import mark


def owe_told(call: CustomerCall) -> Told:
    """The balance of the account asked about: its open bills and when each is due, less what is paid
    ahead."""
    _, wanted = say(call.language), call.params.get("account", "")
    mine = [one for one in call.once(loads.accounts) if not wanted or one.number == wanted]
    if not mine:
        return Told(_("There is no account."))
    one = mine[0]
    open_bills = sorted(
        (
            bill
            for bill in call.once(loads.bills)
            if bill.account_id == one.id and bill.status == "issued" and bill.open_minor > 0
        ),
        key=lambda bill: bill.due_on,
    )
    others = [
        each for each in call.once(loads.adjustments) if each.account_id == one.id and each.open_minor > 0
    ]
    sentence = _sentence(call, one, open_bills, others)
    late_fees = sum(each.open_minor for each in others if each.fee_of)
    parts = [(f"bill {bill.number}", bill.open_minor) for bill in open_bills]
    parts += [(f"{each.kind} of {each.posted_on}: {each.reason}", each.open_minor) for each in others]
    ahead = one.balance_minor - sum(amount for _name, amount in parts)
    if ahead:
        parts.append(("paid ahead and not yet set against a bill", ahead))
    figures = [
        money_figure("balance", one.balance_minor, one.currency),
        money_figure("overdue", one.overdue_minor, one.currency),
        Figure("open_bills", str(one.open_bills)),
        money_figure("late_fees", late_fees, one.currency),
    ]
    if open_bills:
        figures.append(date_figure("next_due_on", open_bills[0].due_on))
    decimals = default_decimals(one.currency)
    points = tuple((bill.due_on.isoformat(), amount_text(bill.open_minor, decimals)) for bill in open_bills)
    return Told(
        sentence,
        figures=tuple(figures),
        adds_up=Sum(tuple(parts), one.balance_minor, one.currency),
        chart=Chart("columns", one.currency, (Series("due", points),)) if points else None,
        evidence=tuple(bill_evidence(bill) for bill in open_bills),
    )


def _sentence(
    call: CustomerCall,
    one: AccountStanding,
    open_bills: Sequence[BillRow],
    others: Sequence[AdjustmentRow],
) -> str:
    """What is owed, when it is due, and how much of it is for paying late."""
    _ = say(call.language)
    balance = money(abs(one.balance_minor), one.currency, call.language)
    if one.balance_minor < 0:
        sentence = _("%(amount)s is in your favour.", amount=balance)
    elif not open_bills and not others:
        sentence = _("Nothing is owed.")
    elif one.overdue_minor:
        sentence = _(
            "%(amount)s is owed, of which %(late)s has been late since %(day)s, the day after it was due.",
            amount=balance,
            late=money(one.overdue_minor, one.currency, call.language),
            day=day(one.late_since or call.today, call.language),
        )
        due = due_words(call, [one], call.once(loads.bills), one.overdue_minor)
        sentence = " ".join(filter(None, (sentence, due)))
    elif not open_bills or one.id in {plan.account_id for plan in call.once(loads.agreed).running}:
        due = due_words(call, [one], call.once(loads.bills), 0) if open_bills else ""
        sentence = " ".join(filter(None, (_("%(amount)s is owed.", amount=balance), due)))
    else:
        due = day(open_bills[0].due_on, call.language)
        sentence = _("%(amount)s is owed, the first of it by %(day)s.", amount=balance, day=due)
    late_fees = sum(each.open_minor for each in others if each.fee_of)
    if late_fees and one.balance_minor > 0:
        fees = money(late_fees, one.currency, call.language)
        sentence += " " + _("%(fees)s of it is for paying late.", fees=fees)
    return sentence


ANSWER = AccountAnswer("owe", mark("What do I owe?"), 12, owe_answer, owe_sheet, owe_told)
