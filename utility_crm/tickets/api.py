"""`/api/v1/tickets`: tickets that other systems open, read and write on; docs/tickets.md.

Opening and writing want the scope `tickets:write` and a header Idempotency-Key, reading `tickets:read`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NoReturn

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from utility_crm.auth.tokens import Bearer
from utility_crm.auth.tokens_answers import Answer
from utility_crm.customers.tables import Account, Customer
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.tickets.actions import add_message, open_ticket, ticket_of
from utility_crm.tickets.domain.life import KINDS, PRIORITIES
from utility_crm.tickets.domain.numbers import id_of, number_of
from utility_crm.tickets.tables import Ticket, TicketMessage
from utility_crm.web.bearer import bearer
from utility_crm.web.pushed import pushed
from utility_crm.web.visit import open_session
from utility_crm.web.words import LANGUAGES

router = APIRouter()
OPENING = (
    "subject",
    "text",
    "kind",
    "customer",
    "account",
    "priority",
    "sender",
    "language",
    "tags",
    "external_id",
)
WRITING = ("text", "sender", "external_id")


@router.post("/api/v1/tickets")
async def opened(request: Request) -> Response:
    """Open a ticket. The same Idempotency-Key and body again is answered as before, and opens nothing."""
    return await pushed(request, "tickets:write", "ticket", push_ticket)


@router.post("/api/v1/tickets/{number}/messages")
async def written(request: Request, number: str) -> Response:
    """A word of the customer's on a ticket."""
    return await pushed(request, "tickets:write", "message", partial(push_message, number))


@router.get("/api/v1/tickets/{number}")
def shown(request: Request, number: str) -> Response:
    """A ticket with its conversation; notes among us are never in it."""
    bearer(request, "tickets:read")
    with open_session(request) as session:
        return JSONResponse(document_of(session, _row(number)))


def push_ticket(session: Session, sender: Bearer, told: Mapping[str, Any], now: datetime) -> Answer:
    """Open a ticket. Raises Invalid with the path of the field, NotFound."""
    _known(told, OPENING)
    customer_id, account_id = _whose(session, told)
    ticket_id = open_ticket(
        session,
        kind=_one_of(told, "kind", KINDS, "other"),
        subject=_text(told, "subject"),
        text=_text(told, "text"),
        channel="api",
        now=now,
        customer_id=customer_id,
        account_id=account_id,
        sender=_text(told, "sender", sender.name),
        language=_one_of(told, "language", ("", *LANGUAGES), ""),
        priority=_one_of(told, "priority", PRIORITIES, "normal"),
        external_id=_named(sender, told),
        tags=_texts(told, "tags"),
    )
    return Answer(201, json.dumps(document_of(session, ticket_id)))


def push_message(
    number: str, session: Session, sender: Bearer, told: Mapping[str, Any], now: datetime
) -> Answer:
    """Write the customer's word on a ticket; it may land on another (docs/tickets.md)."""
    _known(told, WRITING)
    message_id = add_message(
        session, _row(number), direction="in", text=_text(told, "text"), channel="api", now=now,
        sender=_text(told, "sender", sender.name), external_id=_named(sender, told),
    )  # fmt: skip
    landed = ticket_of(session, message_id)
    return Answer(201, json.dumps({"ticket": number_of(landed), "message": message_id}))


def document_of(session: Session, ticket_id: int) -> dict[str, Any]:
    """A ticket as other systems see it: three statements. NotFound."""
    row = session.execute(
        select(Ticket, Customer.number)
        .outerjoin(Customer, Customer.id == Ticket.customer_id)
        .where(Ticket.id == ticket_id)
    ).one_or_none()
    if row is None:
        raise NotFound("no_such_ticket", f"There is no ticket {number_of(ticket_id)}.", "number")
    ticket, customer = row
    messages = session.execute(
        select(
            TicketMessage.at,
            TicketMessage.direction,
            TicketMessage.channel,
            TicketMessage.sender,
            TicketMessage.text,
        )
        .where(TicketMessage.ticket_id == ticket_id, TicketMessage.direction != "note")
        .order_by(TicketMessage.at, TicketMessage.id)
    )
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "kind": ticket.kind,
        "status": ticket.status,
        "priority": ticket.priority,
        "channel": ticket.channel,
        "customer": customer,
        "tags": list(ticket.tags),
        "opened_at": ticket.opened_at.isoformat(),
        "first_answered_at": _at(ticket.first_answered_at),
        "solved_at": _at(ticket.solved_at),
        "merged_into": None if ticket.merged_into_id is None else number_of(ticket.merged_into_id),
        "messages": [
            {"at": at.isoformat(), "direction": direction, "channel": channel, "sender": sender, "text": text}
            for at, direction, channel, sender, text in messages
        ],
    }


def _at(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat()


def _named(sender: Bearer, told: Mapping[str, Any]) -> str | None:
    """The message's name on this channel: each token has names of its own, so that what one system calls 1 is
    not what another does, and nobody is answered with a ticket that somebody else opened."""
    name = _text(told, "external_id", "")
    return f"tickets {sender.token_id} {name}" if name else None


def _row(number: str) -> int:
    found = id_of(number)
    if found is None:
        raise NotFound("no_such_ticket", f"There is no ticket {number}.", "number")
    return found


def _whose(session: Session, told: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """The customer and the account by their numbers. Raises Invalid."""
    customer_id = account_id = None
    if told.get("customer") is not None:
        number = _text(told, "customer")
        customer_id = session.scalar(select(Customer.id).where(Customer.number == number))
        if customer_id is None:
            _refuse("no_such_customer", f"There is no customer {number}.", "$.customer")
    if told.get("account") is not None:
        number = _text(told, "account")
        row = session.execute(
            select(Account.id, Account.customer_id).where(Account.number == number)
        ).one_or_none()
        if row is None or customer_id not in (None, row.customer_id):
            _refuse("no_such_account", f"There is no account {number} of theirs.", "$.account")
        account_id, customer_id = row.id, row.customer_id
    return customer_id, account_id


def _known(told: Mapping[str, Any], names: Sequence[str]) -> None:
    for name in told:
        if name not in names:
            _refuse(
                "unknown_field", f"There is no field {name!r}; there are {', '.join(names)}.", f"$.{name}"
            )


def _text(told: Mapping[str, Any], name: str, otherwise: str | None = None) -> str:
    value = told.get(name, otherwise)
    if not isinstance(value, str) or (otherwise is None and not value.strip()):
        _refuse("missing_field", f"{name} is needed, as text.", f"$.{name}")
    if len(value) > 50_000 or (name != "text" and len(value) > 400):
        _refuse("too_long", f"{name} is too long.", f"$.{name}")
    return value.replace("\0", "")


def _one_of(told: Mapping[str, Any], name: str, allowed: Sequence[str], otherwise: str) -> str:
    value = told.get(name, otherwise)
    if value not in allowed:
        _refuse("choice", f"{name} is one of {', '.join(filter(None, allowed))}.", f"$.{name}")
    return str(value)


def _texts(told: Mapping[str, Any], name: str) -> list[str]:
    value = told.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        _refuse("shape", f"{name} is a list of texts.", f"$.{name}")
    return [str(one) for one in value]


def _refuse(code: str, message: str, where: str) -> NoReturn:
    raise Invalid(code, message, where)
