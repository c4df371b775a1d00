"""Deposits asked for and returned on the telephone; forms of the question what is owed."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from billing.life.deposits import return_deposits, take_deposit
from billing.money_in.telephone import account_of, left_words, owe_page
from billing.money_in.typed import typed_minor
from billing.queries.fixed import deposits_of, next_reference
from billing.wording import say
from utility_crm.kit.errors import Conflict, Refused
from utility_crm.web.formats import money
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import visit
from utility_crm.web.words import mark

router = APIRouter()


@router.post("/customers/{customer_id}/deposits")
def ask_for(request: Request, customer_id: int, posted: Posting) -> Response:
    """Ask for a deposit, which bears no interest. Asked back, with what is owed then."""
    with visit(request, "money.arrange") as v:
        _, path, number = say(v.user.language), f"/customers/{customer_id}", posted.text("account")

        def act() -> Response:
            one = account_of(v, customer_id, number)
            amount = posted.field(
                "amount", partial(typed_minor, currency=one.currency, language=v.user.language)
            )
            posted.check()
            known = deposits_of(v.session, [one.id], v.today)
            if any(each.reference == posted.text("reference") for each in known):
                words = _("This deposit was asked for before: nothing was booked twice.")
                return v.done(words, path, nothing=True, ask="owe")
            if posted.text("reference") != next_reference(one.number, len(known)):
                raise Conflict("reference", mark("A deposit was booked meanwhile: look at it again."), None)
            shown = partial(money, currency=one.currency, language=v.user.language)
            take_deposit(
                v.session, one.id, amount.value, reference=posted.text("reference"), taken_on=v.today,
                by=v.user.id,
            )  # fmt: skip
            after = account_of(v, customer_id, one.number)
            named = {"amount": shown(amount.value), "account": one.number}
            doubt = _(
                "A deposit of %(amount)s is owed on account %(account)s from now on, without interest: "
                "%(left)s. It stays theirs, and pays their last bills when it is returned.",
                left=left_words(v, after),
                **named,
            )
            posted.sure(doubt, do=_("Ask for it"))
            said = _("Deposit of %(amount)s asked for; %(left)s.", left=left_words(v, after), **named)
            return v.done(said, path, ask="owe")

        page = partial(owe_page, v, customer_id)
        return handled(v, posted, f"deposit-{number}", act, page, back=f"{path}?ask=owe")


@router.post("/customers/{customer_id}/deposits/back")
def give_back(request: Request, customer_id: int, posted: Posting) -> Response:
    """Return an account's deposits to it, with what interest they bear. Asked back."""
    with visit(request, "money.arrange") as v:
        _, path, number = say(v.user.language), f"/customers/{customer_id}", posted.text("account")

        def act() -> Response:
            one = account_of(v, customer_id, number)
            done = return_deposits(v.session, one.id, v.today, by=v.user.id)
            if not done:
                if any(each.returned_on for each in deposits_of(v.session, [one.id], v.today)):
                    words = _("This deposit was returned before: nothing was booked twice.")
                    return v.done(words, path, nothing=True, ask="owe")
                raise Refused("no_deposit", mark("No deposit of theirs is kept."))
            after = account_of(v, customer_id, number)
            shown = partial(money, currency=one.currency, language=v.user.language)
            interest = sum(each.interest_minor for each in done)
            named = {
                "amount": shown(sum(each.amount_minor for each in done)), "interest": shown(interest),
                "account": number, "before": shown(one.balance_minor), "after": shown(after.balance_minor),
            }  # fmt: skip
            doubt = (
                _("%(amount)s and %(interest)s of interest go back to account %(account)s; its balance goes "
                  "from %(before)s to %(after)s.", **named)
                if interest
                else _("%(amount)s goes back to account %(account)s; its balance goes from %(before)s to "
                       "%(after)s.", **named)
            )  # fmt: skip
            posted.sure(doubt, do=_("Return it"))
            said = _("Deposit of %(amount)s returned; %(left)s.", left=left_words(v, after), **named)
            return v.done(said, path, ask="owe")

        page = partial(owe_page, v, customer_id)
        return handled(v, posted, f"deposit-back-{number}", act, page, back=f"{path}?ask=owe")
