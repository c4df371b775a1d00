"""Money that goes back: a refund, a payment that the bank took back; forms of the question what is owed."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from billing.actions.payments import refund, reverse_payment
from billing.money_in.telephone import account_of, left_words, owe_page
from billing.money_in.typed import typed_minor
from billing.queries.accounts import standing
from billing.queries.money_in import payments_of
from billing.wording import say
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.web.formats import day_year, money
from utility_crm.web.forms import beside
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import visit
from utility_crm.web.words import mark

router = APIRouter()


@router.post("/customers/{customer_id}/refunds")
def give_back(request: Request, customer_id: int, posted: Posting) -> Response:
    """Book that what is held was given back. Asked back: money that has left does not return by a click."""
    with visit(request, "money.arrange") as v:
        _, path, number = say(v.user.language), f"/customers/{customer_id}", posted.text("account")

        def act() -> Response:
            one = account_of(v, customer_id, number)
            shown = partial(money, currency=one.currency, language=v.user.language)
            amount = posted.field(
                "amount", partial(typed_minor, currency=one.currency, language=v.user.language)
            )
            reference = posted.must("reference", mark("A refund needs a reference: it is booked once by it."))
            posted.check()
            with beside("reference"):
                held = max(-one.balance_minor, 0)
                done = refund(
                    v.session, one.id, amount.value, reference=reference.value, paid_at=v.now,
                    posted_on=v.today,
                )  # fmt: skip
            if done.repeated:
                words = _("This was given back before: nothing was booked twice.")
                return v.done(words, path, nothing=True, ask="owe")
            named = {"amount": shown(amount.value), "held": shown(held), "left": shown(held - amount.value)}
            doubt = _(
                "%(amount)s of the %(held)s held on account %(account)s goes back to them; %(left)s is still "
                "held for bills to come.",
                **named,
                account=one.number,
            )
            posted.sure(doubt, do=_("Give it back"))
            return v.done(_("%(amount)s given back; %(left)s is still held.", **named), path, ask="owe")

        page = partial(owe_page, v, customer_id)
        return handled(v, posted, f"refund-{number}", act, page, back=f"{path}?ask=owe")


@router.post("/customers/{customer_id}/returns")
def take_back(request: Request, customer_id: int, posted: Posting) -> Response:
    """Book that the bank has taken a payment back: what it paid is open again. Asked back."""
    with visit(request, "money.decide") as v:
        _, path = say(v.user.language), f"/customers/{customer_id}"

        def act() -> Response:
            mine = {one.id: one for one in standing(v.session, customer_id, v.today)}
            known = {str(one.id): one for one in payments_of(v.session, list(mine))}
            payment = known.get(posted.text("payment"))
            if payment is None:
                raise NotFound("payment", mark("This customer has no such payment."), posted.text("payment"))
            reference = posted.must("reference", mark("The bank's reference is needed."))
            posted.check()
            if reference.value == payment.reference:
                words = mark("This is the payment's own reference: the bank's is another.")
                raise Invalid("reference", words, "reference")
            one = mine[payment.account_id]
            with beside("reference"):
                done = reverse_payment(
                    v.session, payment.id, reference=reference.value, reversed_at=v.now, posted_on=v.today
                )
            if done.repeated:
                words = _("This payment was taken back before: nothing was booked twice.")
                return v.done(words, path, nothing=True, ask="owe")
            after = account_of(v, customer_id, one.number)
            shown = partial(money, currency=one.currency, language=v.user.language)
            named = {
                "amount": shown(payment.amount_minor),
                "day": day_year(payment.received_at, v.user.language),
            }
            doubt = _(
                "The payment of %(amount)s of %(day)s counts no more. The balance of account %(account)s "
                "goes from %(before)s to %(after)s, and %(late)s of it is late.",
                **named,
                account=one.number,
                before=shown(one.balance_minor),
                after=shown(after.balance_minor),
                late=shown(after.overdue_minor),
            )
            posted.sure(doubt, do=_("Book it as taken back"))
            words = _(
                "Payment of %(amount)s of %(day)s taken back by the bank; %(left)s.",
                **named,
                left=left_words(v, after),
            )
            return v.done(words, path, ask="owe")

        return handled(v, posted, "return", act, lambda: owe_page(v, customer_id), back=f"{path}?ask=owe")
