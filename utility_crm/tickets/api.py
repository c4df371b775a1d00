"""`/api/v1/tickets`: tickets that other systems open, read and write on; docs/tickets.md.

Opening and writing want the scope `tickets:write` and a header Idempotency-Key, reading `tickets:read`. What
callers are asked is covered in what people wrote, unless the token has `personal:read`. No file is given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from utility_crm.auth.tokens import PERSONAL, Bearer
from utility_crm.auth.tokens_answers import Answer
from utility_crm.customers.tables import Account, Customer
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.masking import Known, covered_text
from utility_crm.tickets.actions import add_message, open_ticket, ticket_of
from utility_crm.tickets.domain.life import KINDS, PRIORITIES
from utility_crm.tickets.domain.numbers import id_of, number_of
from utility_crm.tickets.tables import Ticket, TicketMessage
from utility_crm.web.bearer import bearer
from utility_crm.web.bodies import Body, OneOf, Text, read_body, schema_of
from utility_crm.web.openapi import documented
from utility_crm.web.pushed import pushed
from utility_crm.web.visit import open_session, present, today
from utility_crm.web.words import LANGUAGES

router = APIRouter()
SCOPE = "tickets:write"
Knowing = Callable[[Session, int, datetime, date], Known]
"""What must not stand in texts about a customer (`customers.knowing`)."""
Line = Annotated[str, Text(400)]
Words = Annotated[str, Text(50_000, least=1)]


class Opening(Body):
    """A ticket that another system opens; customer and account by their numbers."""

    subject: Annotated[str, Text(400, least=1)]
    text: Words
    kind: Annotated[str, OneOf(KINDS)] = "other"
    customer: Annotated[str, Text(400, least=1)] | None = None
    account: Annotated[str, Text(400, least=1)] | None = None
    priority: Annotated[str, OneOf(PRIORITIES)] = "normal"
    sender: Line = ""
    language: Annotated[str, OneOf(("", *LANGUAGES))] = ""
    tags: list[Line] = Field([], max_length=20)
    external_id: Line = ""


class Writing(Body):
    """A word of the customer's on a ticket."""

    text: Words
    sender: Line = ""
    external_id: Line = ""


@router.post("/api/v1/tickets", openapi_extra=documented(SCOPE, schema_of(Opening), keyed=True))
async def opened(request: Request) -> Response:
    """Open a ticket. The same Idempotency-Key and body again is answered as before, and opens nothing."""
    return await pushed(request, SCOPE, "ticket", partial(push_ticket, request.app.state.known))


@router.post(
    "/api/v1/tickets/{number}/messages",
    openapi_extra=documented(SCOPE, schema_of(Writing), keyed=True),
)
async def written(request: Request, number: str) -> Response:
    """A word of the customer's on a ticket."""
    return await pushed(request, SCOPE, "message", partial(push_message, number))


@router.get("/api/v1/tickets/{number}", openapi_extra=documented("tickets:read"))
def shown(request: Request, number: str) -> Response:
    """A ticket with its conversation; notes among us are never in it."""
    sender = bearer(request, "tickets:read")
    with open_session(request) as session:
        document = told_to(sender, session, _row(number), request.app.state.known, present())
        return JSONResponse(document)


def push_ticket(
    known: Knowing, session: Session, sender: Bearer, told: Mapping[str, Any], now: datetime
) -> Answer:
    """Open a ticket. Raises Invalid with the path of the field, NotFound."""
    asked = read_body(Opening, told)
    customer_id, account_id = _whose(session, asked)
    ticket_id = open_ticket(
        session,
        kind=asked.kind,
        subject=asked.subject,
        text=asked.text,
        channel="api",
        now=now,
        customer_id=customer_id,
        account_id=account_id,
        sender=asked.sender or sender.name,
        language=asked.language,
        priority=asked.priority,
        external_id=_named(sender, asked.external_id),
        tags=asked.tags,
    )
    return Answer(201, json.dumps(told_to(sender, session, ticket_id, known, now)))


def push_message(
    number: str, session: Session, sender: Bearer, told: Mapping[str, Any], now: datetime
) -> Answer:
    """Write the customer's word on a ticket; it may land on another (docs/tickets.md)."""
    word = read_body(Writing, told)
    message_id = add_message(
        session, _row(number), direction="in", text=word.text, channel="api", now=now,
        sender=word.sender or sender.name, external_id=_named(sender, word.external_id),
    )  # fmt: skip
    landed = ticket_of(session, message_id)
    return Answer(201, json.dumps({"ticket": number_of(landed), "message": message_id}))


def told_to(
    sender: Bearer, session: Session, ticket_id: int, known: Knowing, now: datetime
) -> dict[str, Any]:
    """A ticket as this machine may see it. Nobody who reads there has verified a caller: of what people wrote
    what would be asked is covered, also where nobody has said yet whose it is. NotFound."""
    document = document_of(session, ticket_id)
    if PERSONAL in sender.scopes:
        return document
    whose = session.scalar(select(Ticket.customer_id).where(Ticket.id == ticket_id))
    theirs = known(session, whose, now, today(now)) if whose is not None else None
    messages = [
        one | {"sender": covered_text(one["sender"], theirs), "text": covered_text(one["text"], theirs)}
        for one in document["messages"]
    ]
    tags = [covered_text(one, theirs) for one in document["tags"]]
    subject = covered_text(document["subject"], theirs)
    return document | {"subject": subject, "tags": tags, "messages": messages}


def document_of(session: Session, ticket_id: int) -> dict[str, Any]:
    """A ticket whole: two statements. NotFound."""
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


def _named(sender: Bearer, name: str) -> str | None:
    """The message's name on this channel: each token has names of its own, so that what one system calls 1 is
    not what another does, and nobody is answered with a ticket that somebody else opened."""
    return f"tickets {sender.token_id} {name}" if name else None


def _row(number: str) -> int:
    found = id_of(number)
    if found is None:
        raise NotFound("no_such_ticket", f"There is no ticket {number}.", "number")
    return found


def _whose(session: Session, asked: Opening) -> tuple[int | None, int | None]:
    """The customer and the account by their numbers. Raises Invalid."""
    customer_id = account_id = None
    if asked.customer is not None:
        customer_id = session.scalar(select(Customer.id).where(Customer.number == asked.customer))
        if customer_id is None:
            raise Invalid("no_such_customer", f"There is no customer {asked.customer}.", "$.customer")
    if asked.account is not None:
        row = session.execute(
            select(Account.id, Account.customer_id).where(Account.number == asked.account)
        ).one_or_none()
        if row is None or customer_id not in (None, row.customer_id):
            words = f"There is no account {asked.account} of theirs."
            raise Invalid("no_such_account", words, "$.account")
        account_id, customer_id = row.id, row.customer_id
    return customer_id, account_id
