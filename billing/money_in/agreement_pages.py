"""What is agreed on the telephone: a promise, a plan, a dispute; forms of the question what is owed."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from billing.actions.agreeing import agree_plan, cancel_plan, take_promise
from billing.actions.disputing import close_dispute, open_dispute
from billing.actions.payments import refund
from billing.money_in.entries import typed_minor
from billing.queries.accounts import AccountStanding, standing
from billing.queries.bills import bill_named
from billing.queries.dunning import Agreed, agreed_on
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.web.visit import Visit, visit

router = APIRouter()
Text = Annotated[str, Form()]


@router.post("/customers/{customer_id}/promises")
def promise(
    request: Request, customer_id: int, account: Text = "", amount: Text = "", due_on: Text = ""
) -> Response:
    """Keep what the customer promises to pay."""
    with visit(request, "agent") as v:
        one = _account(v, customer_id, account)
        take_promise(
            v.session, one.id, typed_minor(amount, one.currency), _day(due_on, "due_on"),
            today=v.today, by=v.user.id,
        )  # fmt: skip
        return _back(v, customer_id, "promise")


@router.post("/customers/{customer_id}/refunds")
def give_back(
    request: Request, customer_id: int, account: Text = "", amount: Text = "", reference: Text = ""
) -> Response:
    """Book that what is held was given back."""
    with visit(request, "agent") as v:
        one = _account(v, customer_id, account)
        refund(
            v.session, one.id, typed_minor(amount, one.currency), reference=reference.strip(), paid_at=v.now,
            posted_on=v.today,
        )  # fmt: skip
        return _back(v, customer_id, "refund")


@router.post("/customers/{customer_id}/plans")
def plan(
    request: Request, customer_id: int, account: Text = "", count: Text = "", first_on: Text = ""
) -> Response:
    """Agree that what is open is paid in parts."""
    with visit(request, "agent") as v:
        one = _account(v, customer_id, account)
        number = int(count) if count.isdecimal() and len(count) < 4 else 0
        agree_plan(v.session, one.id, number, _day(first_on, "first_on"), today=v.today, by=v.user.id)
        return _back(v, customer_id, "plan")


@router.post("/customers/{customer_id}/plans/{plan_id}/cancel")
def cancel(request: Request, customer_id: int, plan_id: int) -> Response:
    """End a plan of the customer."""
    with visit(request, "agent") as v:
        _mine({one.id for one in _agreed(v, customer_id).plans}, plan_id, "plan")
        cancel_plan(v.session, plan_id, v.today)
        return _back(v, customer_id, "cancelled")


@router.post("/customers/{customer_id}/disputes")
def dispute(
    request: Request, customer_id: int, bill: Text = "", amount: Text = "", reason: Text = ""
) -> Response:
    """Keep that the customer disputes a part of a bill."""
    with visit(request, "agent") as v:
        accounts = {one.id for one in standing(v.session, customer_id, v.today)}
        found = bill_named(v.session, bill)
        if found.account_id not in accounts:
            raise NotFound("bill", f"This customer has no bill {bill}.", bill)
        currency = found.currency
        open_dispute(v.session, bill, typed_minor(amount, currency), reason, today=v.today, by=v.user.id)
        return _back(v, customer_id, "dispute")


@router.post("/customers/{customer_id}/disputes/{dispute_id}/close")
def close(request: Request, customer_id: int, dispute_id: int, won: Text = "") -> Response:
    """Decide a dispute: credited where the customer is right."""
    with visit(request, "agent", "ops") as v:
        _mine({one.id for one in _agreed(v, customer_id).disputes}, dispute_id, "dispute")
        close_dispute(v.session, dispute_id, won=won == "1", today=v.today, by=v.user.id)
        return _back(v, customer_id, "won" if won == "1" else "lost")


def _account(v: Visit, customer_id: int, number: str) -> AccountStanding:
    for one in standing(v.session, customer_id, v.today):
        if one.number == number:
            return one
    raise NotFound("account", f"This customer has no account {number}.", number)


def _agreed(v: Visit, customer_id: int) -> Agreed:
    return agreed_on(v.session, [one.id for one in standing(v.session, customer_id, v.today)])


def _mine(ids: set[int], wanted: int, what: str) -> None:
    if wanted not in ids:
        raise NotFound(what, f"This customer has no such {what}.", str(wanted))


def _back(v: Visit, customer_id: int, kept: str) -> Response:
    return v.redirect(f"/customers/{customer_id}", ask="owe", kept=kept)


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid("day", f"“{text}” is no day such as 2026-11-20.", where) from error
