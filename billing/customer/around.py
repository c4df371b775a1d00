"""What billing puts around the questions: figures of the strip, what is to be said, what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from billing.corrections.crediting import REASON
from billing.customer import loads, promised
from billing.customer.owe import to_pay
from billing.dunning.words import reason_words, step_words
from billing.life import endings, fixed, told
from billing.money_in.words import kind_words
from billing.queries.bills import BillRow
from billing.queries.money_in import PaymentRow
from billing.wording import Say, bill_label, method_words, money_sums, say
from utility_crm.kit.parts import Cell, CustomerCall, TimelineEntry, Todo
from utility_crm.kit.settings import settings
from utility_crm.web.formats import day, money, signed_money
from utility_crm.web.words import mark

LATELY = timedelta(days=30)
"""What was broken longer ago is not spoken about again."""
TOLD_WITHIN_DAYS = 30
"""How long a bill that was put right is something to tell them of."""


def cells(call: CustomerCall) -> Sequence[Cell]:
    """Balance and what is late of it."""
    mine = call.once(to_pay)
    if not mine:
        return ()
    _ = say(call.language)
    late = [(one.currency, one.overdue_minor) for one in mine if one.overdue_minor]
    balance = money_sums(((one.currency, one.balance_minor) for one in mine), call.language)
    found = [Cell(mark("Balance"), balance, order=10)]
    if late:
        since = min(one.late_since for one in mine if one.late_since)
        # The due day itself was on time: a bill due yesterday is late for one day.
        days = _("%(days)s days", days=(call.today - since).days + 1)
        found.append(Cell(mark("Overdue"), money_sums(late, call.language), days, "bad", 20))
    return found


def todos(call: CustomerCall) -> Sequence[Todo]:
    """A late amount to speak about, and periods that wait for readings."""
    _ = say(call.language)
    found = []
    asked = call.once(loads.dunnable)
    late = [one for one in call.once(to_pay) if asked.get(one.id) and one.late_since]
    if late:
        amount = money_sums(((one.currency, asked[one.id]) for one in late), call.language)
        oldest = min(one.late_since for one in late if one.late_since)
        since = _("since %(day)s", day=day(oldest, call.language))
        words = _("%(amount)s is late: ask when it will be paid", amount=amount)
        found.append(Todo(words, since, f"/customers/{call.customer_id}?ask=owe#pay", tone="bad", order=20))
    found += _broken(call)
    for held in call.once(loads.held):
        words = _(
            "Not billed yet: %(first)s to %(last)s",
            first=day(held.starts_on, call.language),
            last=day(held.last_on, call.language),
        )
        found.append(Todo(words, held.reason, tone="warn", order=60))
    for one in call.once(loads.corrections):
        if one.state != "approved" or one.decided_at is None or one.new_bill is None:
            continue
        if (call.now - one.decided_at).days <= TOLD_WITHIN_DAYS:
            difference = signed_money(one.difference_minor, one.currency, call.language)
            words = _(
                "The bill to %(day)s was put right: %(amount)s",
                day=day(one.last_on, call.language),
                amount=difference,
            )
            found.append(Todo(words, one.decision, f"/bills/{one.new_bill}", order=50))
    return [*found, *endings.todos(call)]


def _broken(call: CustomerCall) -> list[Todo]:
    """What was agreed and lately not kept, and what is disputed and waits for us."""
    _ = say(call.language)
    agreed = call.once(loads.agreed)
    currencies = {one.id: one.currency for one in call.once(loads.accounts)}
    href = f"/customers/{call.customer_id}?ask=owe#agreed"
    found = []
    for plan in agreed.plans[:1]:
        recent = plan.ended_on is not None and plan.ended_on > call.today - LATELY
        if plan.state == "broken" and recent:
            words = _("Their payment plan was broken: ask what they can pay")
            paid = money(plan.paid_minor, currencies[plan.account_id], call.language)
            found.append(Todo(words, _("%(paid)s paid", paid=paid), href, tone="bad", order=25))
    for promise in agreed.promises[:1]:
        if promise.state == "broken" and promise.due_on > call.today - LATELY:
            amount = money(promise.amount_minor, currencies[promise.account_id], call.language)
            words = _("They promised %(amount)s and did not pay it", amount=amount)
            found.append(Todo(words, day(promise.due_on, call.language), href, tone="bad", order=26))
    for dispute in agreed.disputed:
        amount = money(dispute.amount_minor, dispute.currency, call.language)
        words = _("They dispute %(amount)s of bill %(bill)s", amount=amount, bill=dispute.bill)
        since = _("since %(day)s", day=day(dispute.opened_on, call.language))
        found.append(Todo(words, since, href, tone="warn", order=30))
    return found


def timeline(call: CustomerCall) -> Sequence[TimelineEntry]:
    """Bills, credit notes, payments, and what was told of supplies."""
    return [
        *(_billed(call, bill) for bill in call.once(loads.bills)),
        *_credit_notes(call),
        *(_paid(call, payment) for payment in call.once(loads.payments)),
        *_adjusted(call),
        *_dunned(call),
        *promised.timeline(call),
        *fixed.timeline(call),
        *told.timeline(call),
    ]


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time(), ZoneInfo(settings().timezone))


def _billed(call: CustomerCall, bill: BillRow) -> TimelineEntry:
    _ = say(call.language)
    return TimelineEntry(
        _midnight(bill.issued_on),
        mark("Bills"),
        _(
            "Bill %(bill)s, %(amount)s",
            bill=bill_label(bill, call.language),
            amount=money(bill.total_minor, bill.currency, call.language),
        ),
        ", ".join(_state_words(_, bill, call)),
        "bad" if bill.state(call.today) == "late" else "",
        f"/bills/{bill.number}",
        whole_day=True,
    )


def _credit_notes(call: CustomerCall) -> list[TimelineEntry]:
    _ = say(call.language)
    return [
        TimelineEntry(
            one.decided_at,
            mark("Bills"),
            _(
                "Credit note %(amount)s",
                amount=money(-one.before_minor, one.currency, call.language),
            ),
            _(
                "takes back the bill to %(day)s: %(words)s",
                day=day(one.last_on, call.language),
                words=one.decision,
            ),
            "",
            f"/bills/{one.new_bill or one.bill}",
        )
        for one in call.once(loads.corrections)
        if one.credit_note is not None and one.decided_at is not None
    ]


def _paid(call: CustomerCall, payment: PaymentRow) -> TimelineEntry:
    _ = say(call.language)
    return TimelineEntry(
        payment.received_at,
        mark("Payments"),
        _("Payment %(amount)s", amount=money(payment.amount_minor, payment.currency, call.language)),
        f"{method_words(payment.method, call.language)}, {payment.reference}",
    )


def _adjusted(call: CustomerCall) -> list[TimelineEntry]:
    _ = say(call.language)
    return [
        TimelineEntry(
            _midnight(one.posted_on),
            mark("Payments"),
            _(
                "%(what)s %(amount)s",
                what=kind_words(one.kind, call.language),
                amount=signed_money(one.amount_minor, one.currency, call.language),
            ),
            one.reason,
            whole_day=True,
        )
        for one in call.once(loads.adjustments)
        # A credit note stands there already, with the bill that it takes back.
        if (one.kind, one.reason) != ("credit", REASON)
    ]


def _dunned(call: CustomerCall) -> list[TimelineEntry]:
    _ = say(call.language)
    return [
        TimelineEntry(
            _midnight(one.posted_on),
            mark("Payments"),
            _("Dunning: %(step)s", step=step_words(one.step, call.language)),
            reason_words(one.reason, call.language) or money(one.debt_minor, one.currency, call.language),
            whole_day=True,
        )
        for one in call.once(loads.dunned)
        if one.step != "reminder"  # its notice stands there already
    ]


def _state_words(_: Say, bill: BillRow, call: CustomerCall) -> list[str]:
    """Whose bill it is where there are several accounts, and what is to be known of it."""
    words = list(filter(None, [call.once(loads.numbers).get(bill.account_id, "")]))
    if bill.state(call.today) == "late":
        amount = money(bill.open_minor, bill.currency, call.language)
        words.append(_("%(amount)s late", amount=amount))
    if bill.estimated_readings:
        words.append(_("in part estimated"))
    return words
