"""Fixed amounts begun and ended on the telephone; forms of the question whether one can pay the same each
month."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from billing.life.budgets import end_budget, propose_budget, start_budget
from billing.life.fixed import read_terms
from billing.money_in.telephone import account_of
from billing.money_in.typed import typed_minor
from billing.queries.accounts import AccountStanding
from billing.queries.fixed import FixedAmount, fixed_amounts
from billing.wording import say
from utility_crm.customers.pages import customer_page
from utility_crm.web.formats import day_year, money
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit

router = APIRouter()
FAR_OFF = 5
"""A fixed amount that is more than one part in so many from the proposal is asked about."""


@router.post("/customers/{customer_id}/fixed/begin")
def begin(request: Request, customer_id: int, posted: Posting) -> Response:
    """Begin a fixed amount, as proposed or as typed."""
    with visit(request, "money.arrange") as v:
        _, path, number = say(v.user.language), f"/customers/{customer_id}", posted.text("account")

        def act() -> Response:
            one = account_of(v, customer_id, number)
            amount = posted.field(
                "amount", partial(typed_minor, currency=one.currency, language=v.user.language)
            )
            starts_on, settles_on = read_terms(posted, v.today)
            runs = _running(v, one)
            if runs is not None and (runs.amount_minor, runs.starts_on) == (amount.value, starts_on):
                words = _("This fixed amount is kept already.")
                return v.done(words, path, nothing=True, ask="fixed", account=number)
            proposed, basis = propose_budget(v.session, one.id, starts_on)
            start_budget(
                v.session, one.id, amount.value, starts_on, settles_on=settles_on, basis_minor=basis,
                by=v.user.id,
            )  # fmt: skip
            posted.sure(_far(v, one, amount.value, proposed), do=_("Begin it all the same"))
            words = _(
                "%(amount)s is to pay on each bill from %(day)s; it settles on %(settles)s.",
                amount=money(amount.value, one.currency, v.user.language),
                day=day_year(starts_on, v.user.language),
                settles=day_year(settles_on, v.user.language),
            )
            return v.done(words, path, ask="fixed", account=number)

        given = {name: posted.text(name) for name in ("account", "starts_on", "settles_on")}
        page = partial(customer_page, v, customer_id, "fixed", params={"ask": "fixed", **given})
        return handled(v, posted, "fixed", act, page, back=f"{path}?ask=fixed")


def _running(v: Visit, one: AccountStanding) -> FixedAmount | None:
    return next((each for each in fixed_amounts(v.session, [one.id]) if each.runs_on(v.today)), None)


def _far(v: Visit, one: AccountStanding, amount_minor: int, proposed_minor: int) -> str:
    """What a year like the past one would leave for the settlement, where the amount is far from it."""
    apart = proposed_minor - amount_minor
    if abs(apart) * FAR_OFF <= proposed_minor:
        return ""
    _, shown = say(v.user.language), partial(money, currency=one.currency, language=v.user.language)
    named = {
        "amount": shown(amount_minor), "proposed": shown(proposed_minor), "year": shown(abs(apart) * 12)
    }  # fmt: skip
    if apart > 0:
        return _(
            "The past year proposes %(proposed)s. At %(amount)s, %(year)s would be left to pay with the "
            "settlement after a year like it.",
            **named,
        )
    return _(
        "The past year proposes %(proposed)s. At %(amount)s, %(year)s too much would be paid in a year like "
        "it, and given back with the settlement.",
        **named,
    )


@router.post("/customers/{customer_id}/fixed/end")
def end(request: Request, customer_id: int, posted: Posting) -> Response:
    """End a fixed amount. Asked back: what was carried falls due."""
    with visit(request, "money.arrange") as v:
        _, path, number = say(v.user.language), f"/customers/{customer_id}", posted.text("account")

        def act() -> Response:
            one = account_of(v, customer_id, number)
            ends_before = posted.day("ends_before")
            posted.check()
            runs = _running(v, one)
            if runs is not None and runs.ends_before == ends_before.value:
                words = _("The fixed amount ends that day already.")
                return v.done(words, path, nothing=True, ask="fixed", account=number)
            end_budget(v.session, one.id, ends_before.value, now=v.now, by=v.user.id)
            assert runs is not None  # else there was nothing to end
            day = day_year(ends_before.value, v.user.language)
            posted.sure(_settled_words(v, one, runs.carried_minor, day), do=_("End it"))
            words = _("No fixed amount from %(day)s on.", day=day)
            return v.done(words, path, ask="fixed", account=number)

        page = partial(customer_page, v, customer_id, "fixed", params={"ask": "fixed", "account": number})
        return handled(v, posted, "fixed-end", act, page, back=f"{path}?ask=fixed")


def _settled_words(v: Visit, one: AccountStanding, carried_minor: int, day: str) -> str:
    _, shown = say(v.user.language), partial(money, currency=one.currency, language=v.user.language)
    named = {"day": day, "amount": shown(abs(carried_minor))}
    if carried_minor > 0:
        return _("The first bill that reaches beyond %(day)s charges what is used and %(amount)s more, which "
                 "was carried so far.", **named)  # fmt: skip
    if carried_minor < 0:
        return _("The first bill that reaches beyond %(day)s charges what is used less %(amount)s, which was "
                 "paid too much so far.", **named)  # fmt: skip
    return _("Bills that reach beyond %(day)s charge what is used; nothing was carried.", day=day)
