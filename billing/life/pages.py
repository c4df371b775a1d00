"""What is done to a supply from the customer page; each was planned there before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import cast

from fastapi import APIRouter, Request
from starlette.responses import Response

from billing.actions.agreements import EndReason
from billing.domain.accounts.doubtful_days import Kind
from billing.life.booking import Telling, begin_supply, end_supply, read_address, switch_tariff
from billing.life.customer import REASONS
from billing.life.moving import MovedOut, unbilled_cycles
from billing.life.previews import SuppliedHere, plan_move_in, supplied_here
from billing.life.settling import settle_account
from billing.life.taking_back import take_back_either
from billing.life.told import far_words
from billing.queries.accounts import standing
from billing.queries.bills import bills_by_id
from billing.queries.tariffs import TariffRow, all_tariffs
from billing.wording import say
from utility_crm.customers.pages import customer_page
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.web.formats import day_year, money
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()


@router.post("/customers/{customer_id}/supply/end")
def end(request: Request, customer_id: int, posted: Posting) -> Response:
    """End a supply, bill its last days where they are over, and settle the account where asked."""
    with visit(request, "supply.change") as v:
        _, back = say(v.user.language), f"/customers/{customer_id}?ask=supply"
        here = _theirs(v, customer_id, posted.text("agreement"))

        def act() -> Response:
            last_on, reason = posted.day("last_on"), posted.one_of("reason", REASONS)
            posted.field("forward_to", lambda typed: read_address(typed) if typed else ())
            ends_before = last_on.value + timedelta(days=1)
            done_before = (here.ends_before, here.end_reason) == (ends_before, reason.value)
            doubts = () if done_before else (
                _far(v, "end", last_on.value),
                _nowhere(v, customer_id, here, reason.value, posted.text("forward_to")),
            )  # fmt: skip
            posted.sure(*doubts, do=_("End the supply all the same"))
            correct = bool(posted.text("correct"))
            done = end_supply(
                v.session, here.id, ends_before, cast("EndReason", reason.value), _told(v), correct=correct,
                forward_to=posted.text("forward_to"),
            )  # fmt: skip
            words = _ended(v, here, ends_before, done)
            unbilled = unbilled_cycles(v.session, here.account_id, here.cycle_day, ends_before)
            if posted.text("settle") and not (correct or done.holds or unbilled) and ends_before <= v.today:
                words = f"{words} {_settled(v, here)}"
            return v.done(words, back)

        page = _page(v, customer_id, act="out", agreement=here.id, last_on=posted.text("last_on"),
                     reason=posted.text("reason"))  # fmt: skip
        return handled(v, posted, "supply-end", act, page, back=back)


@router.post("/customers/{customer_id}/supply/tariff")
def tariff(request: Request, customer_id: int, posted: Posting) -> Response:
    """Another tariff from a day on."""
    with visit(request, "supply.change") as v:
        _, back = say(v.user.language), f"/customers/{customer_id}?ask=supply"
        here = _theirs(v, customer_id, posted.text("agreement"))

        def act() -> Response:
            other = posted.field("tariff", lambda code: _tariff(v, code))
            starts_on = posted.day("from")
            posted.sure(_far(v, "tariff", starts_on.value), do=_("Change it all the same"))
            switch_tariff(
                v.session, here.id, other.value.id, starts_on.value, _told(v),
                correct=bool(posted.text("correct")),
            )  # fmt: skip
            day = day_year(starts_on.value, v.user.language)
            words = _("The tariff changes: %(place)s is on %(tariff)s from %(day)s.",
                      place=_place(here), tariff=other.value.name, day=day)  # fmt: skip
            return v.done(words, back)

        page = _page(v, customer_id, act="tariff", agreement=here.id, tariff=posted.text("tariff"),
                     **{"from": posted.text("from")})  # fmt: skip
        return handled(v, posted, "supply-tariff", act, page, back=back)


@router.post("/customers/{customer_id}/supply/begin")
def begin(request: Request, customer_id: int, posted: Posting) -> Response:
    """Supply begins at a place."""
    with visit(request, "supply.change") as v:
        _, back = say(v.user.language), f"/customers/{customer_id}?ask=supply"
        mine = {one.number: one for one in standing(v.session, customer_id, v.today) if one.holds}
        number = posted.text("account")
        if number not in mine:
            raise NotFound(
                "account", mark("This customer has no account %(account)s."), number, account=number
            )

        def act() -> Response:
            one, point = mine[number], posted.must("point")
            other, starts_on = posted.field("tariff", lambda code: _tariff(v, code)), posted.day("from")
            posted.sure(_far(v, "begin", starts_on.value), do=_("Begin it all the same"))
            plan = plan_move_in(
                v.session, one.id, one.number, one.cycle_day, point.value, other.value.name, starts_on.value
            )
            if plan.supplied is not None:
                words = mark("Account %(number)s is supplied there: end that first")
                raise Conflict("supplied", words, "point", number=plan.supplied)
            begin_supply(v.session, one.id, plan.service_point_id, other.value.id, starts_on.value, _told(v))
            day = day_year(starts_on.value, v.user.language)
            said = _("The supply begins: %(place)s on %(tariff)s from %(day)s.",
                     place=plan.address or plan.service_point, tariff=other.value.name, day=day)  # fmt: skip
            return v.done(said, back)

        page = _page(v, customer_id, act="in", account=number, point=posted.text("point"),
                     tariff=posted.text("tariff"), **{"from": posted.text("from")})  # fmt: skip
        return handled(v, posted, "supply-begin", act, page, back=back)


@router.post("/customers/{customer_id}/supply/back")
def take_back(request: Request, customer_id: int, posted: Posting) -> Response:
    """Take back what is booked, before its day; what was told by a slip, for a day after."""
    with visit(request, "supply.change") as v:
        _, back = say(v.user.language), f"/customers/{customer_id}?ask=supply"
        here = _theirs(v, customer_id, posted.text("agreement"))

        def act() -> Response:
            because = posted.must("because", mark("Say why it is taken back."))
            taken = take_back_either(v.session, here.id, because.value, _told(v))
            day = day_year(taken.effective_on, v.user.language)
            words = _("Taken back: what was booked for %(place)s from %(day)s does not happen.",
                      place=_place(here), day=day)  # fmt: skip
            return v.done(words, back)

        return handled(
            v, posted, "supply-back", act, _page(v, customer_id, act="back", agreement=here.id), back=back
        )


def _page(v: Visit, customer_id: int, **params: object) -> Callable[[], Response]:
    given = {name: str(value) for name, value in params.items()}
    return lambda: customer_page(v, customer_id, "supply", params={"ask": "supply", **given})


def _told(v: Visit) -> Telling:
    """By whoever sits here; a doubtful day was asked about."""
    return Telling(v.today, v.now, v.user.id, sure=True)


def _far(v: Visit, kind: Kind, day: date) -> str:
    return far_words(kind, day, v.today, v.user.language)


def _nowhere(v: Visit, customer_id: int, here: SuppliedHere, reason: str, forward_to: str) -> str:
    """What becomes of the last bill of who moves and says not where to."""
    others = (
        one
        for one in supplied_here(v.session, customer_id, v.today)
        if one.account_id == here.account_id and one.id != here.id and one.runs_on(v.today)
    )
    if reason != "moved" or forward_to or any(others):
        return ""
    _ = say(v.user.language)
    return _("No forwarding address: the final bill goes to the address known so far.")


def _ended(v: Visit, here: SuppliedHere, ends_before: date, done: MovedOut) -> str:
    """What ending a supply did, with its figures."""
    _ = say(v.user.language)
    named = {"place": _place(here), "day": day_year(ends_before - timedelta(days=1), v.user.language)}
    if done.holds:
        words = _("The supply at %(place)s ends on %(day)s; the final bill waits for readings.", **named)
        return f"{words} {done.holds[0].reason}"
    if done.bill_ids:
        last = max(bills_by_id(v.session, done.bill_ids), key=lambda bill: bill.ends_before)
        amount = money(last.total_minor, last.currency, v.user.language)
        return _(
            "The supply at %(place)s ended on %(day)s; the final bill of %(amount)s is issued.",
            **named, amount=amount,
        )  # fmt: skip
    return _("The supply at %(place)s ends on %(day)s.", **named)


def _settled(v: Visit, here: SuppliedHere) -> str:
    _ = say(v.user.language)
    settled = settle_account(v.session, here.account_id, today=v.today, now=v.now, by=v.user.id)
    if not settled.closed:
        amount = money(settled.owed_minor, here.currency, v.user.language)
        return _("%(amount)s is left to pay.", amount=amount)
    if settled.refunded_minor:
        amount = money(settled.refunded_minor, here.currency, v.user.language)
        return _("%(amount)s is returned, and the account is closed.", amount=amount)
    return _("Nothing is left to pay, and the account is closed.")


def _place(here: SuppliedHere) -> str:
    return here.address or here.service_point


def _theirs(v: Visit, customer_id: int, agreement: str) -> SuppliedHere:
    """One of the customer's own agreements. Raises NotFound."""
    mine = supplied_here(v.session, customer_id, v.today)
    found = next((one for one in mine if str(one.id) == agreement), None)
    if found is None:
        raise NotFound("agreement", mark("This customer has no such agreement."))
    return found


def _tariff(v: Visit, code: str) -> TariffRow:
    found = next((one for one in all_tariffs(v.session, v.today) if one.code == code), None)
    if found is None:
        raise NotFound("tariff", mark("There is no tariff %(tariff)s."), "tariff", tariff=code or "–")
    return found
