"""`POST /api/v1/payments`: payments taken elsewhere, for machines with the scope `payments:write`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from fastapi import APIRouter, Request
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.responses import Response

from billing.actions.payments import take_payment
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.money_in.entries import minor_of
from billing.queries.accounts import account_named
from utility_crm.auth.tokens import Bearer
from utility_crm.auth.tokens_answers import Answer
from utility_crm.kit.errors import Invalid
from utility_crm.web.openapi import INSTANT, TEXT, documented, object_of, one_of, text_of
from utility_crm.web.pushed import pushed
from utility_crm.web.visit import today

SCOPE = "payments:write"
FIELDS = ("account", "amount", "currency", "reference", "method", "received_at", "pays")
METHODS = ("card", "transfer", "cash", "direct_debit")
BODY = object_of(
    {
        "account": text_of(60, 1),
        "amount": {"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,2})?$"},
        "currency": text_of(3, 3),
        "reference": text_of(200, 1),
        "method": one_of(*METHODS),
        "received_at": INSTANT,
        "pays": {"type": "array", "items": object_of({"bill": TEXT, "amount": TEXT}, "bill", "amount")},
    },
    "account",
    "amount",
    "reference",
)
router = APIRouter()


@router.post("/api/v1/payments", openapi_extra=documented(SCOPE, BODY, keyed=True))
async def take(request: Request) -> Response:
    """Book one payment; docs/payments.md says how it is written. The same Idempotency-Key and body again is
    answered as before, and books nothing."""
    return await pushed(request, SCOPE, "payment", push_payment)


def push_payment(session: Session, _sender: Bearer, told: dict[str, Any], now: datetime) -> Answer:
    """Book a payment. Raises Invalid with the path of the field, NotFound, Conflict."""
    _check(told)
    account = str(told["account"])
    account_id = account_named(session, account)
    currency = session.scalar(text("select currency from accounts where id = :id"), {"id": account_id})
    assert isinstance(currency, str)
    if told.get("currency", currency) != currency:
        _refuse("currency", f"The account is in {currency}.", "$.currency")
    taken = take_payment(
        session,
        account_id,
        _amount(told["amount"], currency, "$.amount"),
        reference=str(told["reference"]).strip(),
        received_at=_instant(told.get("received_at"), now),
        posted_on=today(now),
        method=str(told.get("method", "transfer")),
        pays=_pays(told.get("pays", []), currency),
    )
    balance = session.scalar(
        text("select balance_minor from account_balances where account_id = :id"), {"id": account_id}
    )
    document = {
        "payment": taken.id,
        "account": account,
        "repeated": taken.repeated,
        "balance": amount_text(balance or 0, default_decimals(currency)),
        "currency": currency,
    }
    return Answer(200 if taken.repeated else 201, json.dumps(document))


def _check(told: Mapping[str, Any]) -> None:
    for name in told:
        if name not in FIELDS:
            _refuse(
                "unknown_field", f"There is no field {name!r}; there are {', '.join(FIELDS)}.", f"$.{name}"
            )
    for name in ("account", "amount", "reference"):
        if not isinstance(told.get(name), str) or not told[name].strip():
            _refuse("missing_field", f"{name} is needed, as text.", f"$.{name}")
    if told.get("method", "transfer") not in METHODS:
        _refuse("method", f"A payment is made by {', '.join(METHODS)}.", "$.method")


def _amount(value: Any, currency: str, where: str) -> int:
    """Positive, as text, so that nobody rounds it on the way."""
    minor = minor_of(value, currency, where) if isinstance(value, str) else 0
    if minor <= 0:
        _refuse("amount", 'An amount is a text such as "43.17", above nothing.', where)
    return minor


def _pays(value: Any, currency: str) -> list[tuple[str, int]]:
    """[{"bill": number, "amount": text}, ...]"""
    if not isinstance(value, list):
        _refuse("shape", "pays is a list of bills and amounts.", "$.pays")
    found = []
    for place, one in enumerate(value):
        where = f"$.pays[{place}]"
        if not isinstance(one, dict) or set(one) != {"bill", "amount"} or not isinstance(one["bill"], str):
            _refuse("shape", 'Each of pays is {"bill": ..., "amount": ...}.', where)
        found.append((one["bill"], _amount(one["amount"], currency, f"{where}.amount")))
    return found


def _instant(value: Any, now: datetime) -> datetime:
    if value is None:
        return now
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None or found > now:
            raise ValueError
    except (TypeError, ValueError) as error:
        words = "received_at is a past instant with its offset, such as 2026-11-20T14:42:00Z."
        raise Invalid("instant", words, "$.received_at") from error
    return found


def _refuse(code: str, message: str, where: str) -> NoReturn:
    raise Invalid(code, message, where)
