"""What is done to a supply from the customer page; each was planned there before."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, cast

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from billing.actions.agreements import EndReason, change_tariff
from billing.life.customer import REASONS, read_day
from billing.life.moving import move_in, move_out, unbilled_cycles
from billing.life.previews import SuppliedHere, plan_move_in, supplied_here
from billing.life.settling import settle_account
from billing.queries.accounts import standing
from billing.queries.tariffs import TariffRow, all_tariffs
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.web.visit import Visit, visit

router = APIRouter()
Text = Annotated[str, Form()]


@router.post("/customers/{customer_id}/supply/end")
def end(
    request: Request,
    customer_id: int,
    agreement: Text = "",
    last_on: Text = "",
    reason: Text = "moved",
    correct: Text = "",
    settle: Text = "",
) -> Response:
    """End a supply, bill its last days where they are over, and settle the account where asked."""
    with visit(request, "agent") as v:
        here = _theirs(v, customer_id, agreement)
        if reason not in REASONS:
            raise Invalid("reason", "Say why the supply ends.", "reason")
        ends_before = read_day(last_on, "last_on") + timedelta(days=1)
        done = move_out(
            v.session, here.id, ends_before, cast("EndReason", reason), today=v.today, now=v.now,
            correct=bool(correct),
        )  # fmt: skip
        said = "held" if done.holds else "billed" if done.bill_ids else "ended"
        unbilled = unbilled_cycles(v.session, here.account_id, here.cycle_day, ends_before)
        if settle and not correct and not done.holds and not unbilled and ends_before <= v.today:
            settled = settle_account(v.session, here.account_id, today=v.today, now=v.now, by=v.user.id)
            said = "settled" if settled.closed else "owed"
        return v.redirect(f"/customers/{customer_id}", ask="supply", done=said)


@router.post("/customers/{customer_id}/supply/tariff")
def tariff(
    request: Request,
    customer_id: int,
    agreement: Text = "",
    tariff: Text = "",
    starts_on: Text = "",
    correct: Text = "",
) -> Response:
    """Another tariff from a day on."""
    with visit(request, "agent") as v:
        here, other = _theirs(v, customer_id, agreement), _tariff(v, tariff)
        change_tariff(v.session, here.id, other.id, read_day(starts_on, "starts_on"), correct=bool(correct))
        return v.redirect(f"/customers/{customer_id}", ask="supply", done="changed")


@router.post("/customers/{customer_id}/supply/begin")
def begin(
    request: Request,
    customer_id: int,
    account: Text = "",
    point: Text = "",
    tariff: Text = "",
    starts_on: Text = "",
) -> Response:
    """Supply begins at a place."""
    with visit(request, "agent") as v:
        mine = {one.number: one for one in standing(v.session, customer_id, v.today) if one.holds}
        if account not in mine:
            raise NotFound("account", f"This customer has no account {account}.", account)
        one, other, day = mine[account], _tariff(v, tariff), read_day(starts_on, "starts_on")
        plan = plan_move_in(v.session, one.id, one.number, one.cycle_day, point, other.name, day)
        if plan.supplied is not None:
            raise Conflict("supplied", f"Account {plan.supplied} is supplied there: end that first.", point)
        move_in(v.session, one.id, plan.service_point_id, other.id, day)
        return v.redirect(f"/customers/{customer_id}", ask="supply", done="began")


def _theirs(v: Visit, customer_id: int, agreement: str) -> SuppliedHere:
    """One of the customer's own agreements. Raises NotFound."""
    mine = supplied_here(v.session, customer_id, v.today)
    found = next((one for one in mine if str(one.id) == agreement), None)
    if found is None:
        raise NotFound("agreement", "This customer has no such agreement.")
    return found


def _tariff(v: Visit, code: str) -> TariffRow:
    found = next((one for one in all_tariffs(v.session, v.today) if one.code == code), None)
    if found is None:
        raise NotFound("tariff", f"There is no tariff {code}.", code)
    return found
