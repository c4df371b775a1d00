"""What billing lets one do from any question: a payment, a promise or a plan, another tariff.

Each is a form below the strip, posted where the forms of its question are posted, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from billing.customer import loads
from billing.customer.owe import agreeing, previewed, to_pay
from billing.life.customer import asked_of, change_context, places
from billing.life.previews import ChangePlan
from billing.queries.tariffs import all_tariffs
from billing.wording import money_sums
from utility_crm.kit.parts import Act, CustomerCall, Proof
from utility_crm.web.words import mark

PARTS, FIRST_IN = "3", timedelta(days=14)
"""What a plan is proposed as: so many parts, the first one so soon."""


def payment_panel(call: CustomerCall) -> Mapping[str, Any]:
    """What is owed, beside the form that books what they pay now."""
    mine = call.once(to_pay)
    return {
        "accounts": mine,
        "account_choices": [(one.number, one.number) for one in mine],
        "balance": money_sums(((one.currency, one.balance_minor) for one in mine), call.language),
        "late": money_sums(
            ((one.currency, one.overdue_minor) for one in mine if one.overdue_minor), call.language
        )
        if any(one.overdue_minor for one in mine)
        else "",
    }


def promise_panel(call: CustomerCall) -> Mapping[str, Any]:
    """A promise, or a plan as it would be before it is agreed."""
    mine = call.once(to_pay)
    preview, planned = previewed(call, mine)
    return {
        **payment_panel(call),
        **agreeing(call, mine, call.once(loads.bills)),
        "preview": preview,
        "preview_minor": sum(part.amount_minor for part in preview),
        "planned": replace(planned, name="act-parts"),
        "asked": {
            "account": call.params.get("account", ""),
            "parts": call.params.get("parts", PARTS),
            "first_on": call.params.get("first_on", (call.today + FIRST_IN).isoformat()),
        },
    }


def tariff_panel(call: CustomerCall) -> Mapping[str, Any]:
    """The tariffs their supply may be on, what each would have cost, and what changing would do."""
    mine = call.once(places)
    running = [one for one in mine if one.runs_on(call.today) and one.starts_on <= call.today]
    free = [one for one in running if one.last_on is None]
    if not free:
        return {"here": None, "booked": running[0] if running else None}
    here = next((one for one in free if str(one.id) == call.params.get("agreement")), free[0])
    given = {name: call.params.get(name, "") for name in ("tariff", "from")}
    given["from"] = given["from"] or call.today.isoformat()
    asking = replace(call, params={**given, "act": "tariff", "agreement": str(here.id)})
    asked = asked_of(asking, mine, all_tariffs(call.session, call.today))
    context = change_context(asking, asked)
    savings = {one.tariff_code: one for one in call.once(loads.in_view).savings}
    return {
        **context,
        "here": here,
        "free": free,
        "asked": asked,
        "plan": asked.plan if asked is not None and isinstance(asked.plan, ChangePlan) else None,
        "savings": {code: savings[code] for code, _ in context["fitting"] if code in savings},
    }


ACTS = (
    Act(
        "p",
        mark("Promise or plan"),
        "money.arrange",
        "billing/act_promise.html",
        order=30,
        context=promise_panel,
    ),
    Act("r", mark("Payment"), "payments.take", "billing/act_payment.html", order=35, context=payment_panel),
    Act("t", mark("Tariff"), "supply.change", "billing/act_tariff.html", order=40, context=tariff_panel),
)


_LAST_FOUR = text("""
    select distinct right(m.iban, 4)
    from accounts a join mandates m on m.account_id = a.id and m.state = 'active'
    where (a.customer_id = :customer or a.payer_id = :customer) and m.iban <> ''
""")


def proofs(call: CustomerCall) -> Sequence[Proof]:
    """What whoever is collected from knows: where their bank account ends. No amount is asked: the balance
    has to stand on the page before the first word, and of one unpaid bill it is the total."""
    ends = call.session.scalars(_LAST_FOUR, {"customer": call.customer_id}).all()
    return (Proof("bank", mark("last four of the bank account"), tuple(ends)),)
