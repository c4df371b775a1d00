"""Money taken and given back on the telephone; forms of the question what is owed."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from billing.actions.payments import take_payment
from billing.domain.accounts.plausible import far_beyond
from billing.money_in.telephone import account_of, left_words, owe_page
from billing.money_in.typed import typed_minor
from billing.queries.accounts import AccountStanding
from billing.queries.bills import bills_of
from billing.queries.money_in import reference_known
from billing.wording import say
from utility_crm.web.formats import money
from utility_crm.web.forms import beside
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
METHODS = ("card", "transfer", "cash")
LOOKED_AT = 12
"""Bills that say what is usual."""


@router.post("/customers/{customer_id}/payments")
def pay(request: Request, customer_id: int, posted: Posting) -> Response:
    """Book a payment taken on the telephone."""
    with visit(request, "payments.take") as v:
        _, back = say(v.user.language), f"/customers/{customer_id}?ask=owe"

        def act() -> Response:
            one = account_of(v, customer_id, posted.text("account"))
            amount = posted.field(
                "amount", partial(typed_minor, currency=one.currency, language=v.user.language)
            )
            reference = posted.must(
                "reference", mark("A payment needs a reference: it is booked once by it.")
            )
            method = posted.one_of("method", METHODS)
            posted.check()
            if not reference_known(v.session, reference.value):
                posted.sure(_beyond(v, one, amount.value), do=_("Book it all the same"))
            with beside("reference"):
                taken = take_payment(
                    v.session, one.id, amount.value, reference=reference.value, received_at=v.now,
                    posted_on=v.today, method=method.value,
                )  # fmt: skip
            if taken.repeated:
                words = _("This payment was booked before: nothing was booked twice.")
                return v.done(words, f"/customers/{customer_id}", nothing=True, ask="owe")
            return v.done(
                _(
                    "Payment of %(amount)s taken; %(left)s.",
                    amount=money(amount.value, one.currency, v.user.language),
                    left=left_words(v, account_of(v, customer_id, one.number)),
                ),
                f"/customers/{customer_id}",
                ask="owe",
            )

        return handled(v, posted, "payment", act, lambda: owe_page(v, customer_id), back=back)


def _beyond(v: Visit, one: AccountStanding, amount_minor: int) -> str:
    """What would be kept of a payment far beyond what is owed, and of all that is usual; else nothing."""
    usual = [bill.total_minor for bill in bills_of(v.session, [one.id])[:LOOKED_AT]]
    beyond = far_beyond(amount_minor, one.balance_minor, max(usual, default=0))
    if not beyond:
        return ""
    _ = say(v.user.language)
    words = _(
        "%(owed)s is owed on account %(account)s: %(beyond)s of %(amount)s would be kept for bills to come."
    )
    named = {"owed": max(one.balance_minor, 0), "beyond": beyond, "amount": amount_minor}
    shown = {name: money(minor, one.currency, v.user.language) for name, minor in named.items()}
    return words % {**shown, "account": one.number}
