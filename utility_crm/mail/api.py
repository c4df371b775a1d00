"""Programs that bring messages: a supplier's own website or app by a token, messengers by their signature."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from utility_crm.auth.tokens import Bearer
from utility_crm.auth.tokens_answers import Answer
from utility_crm.customers.reach import normal_form
from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import settings
from utility_crm.mail.arriving import Told, take
from utility_crm.mail.messengers import Message, adapter
from utility_crm.mail.messengers.generic import Brought
from utility_crm.mail.tables import Arrival
from utility_crm.tickets.domain.life import ENDED, KINDS
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.tables import Ticket, TicketMessage
from utility_crm.web.bearer import BearerRefused
from utility_crm.web.bodies import Body, OneOf, Text, read_body, schema_of
from utility_crm.web.openapi import documented
from utility_crm.web.pushed import pushed
from utility_crm.web.visit import open_session, present
from utility_crm.web.words import LANGUAGES


class Written(Body):
    """A message that somebody wrote on the supplier's own website."""

    id: Annotated[str, Text(200, least=1)]
    email: Annotated[str, Text(254, least=3)]
    text: Annotated[str, Text(20_000, least=1)]
    name: Annotated[str, Text(120)] = ""
    subject: Annotated[str, Text(200)] = ""
    kind: Annotated[str, OneOf(KINDS)] = "other"
    language: Annotated[str, OneOf(LANGUAGES)] | None = None


MOST_BYTES = 256 * 2**10
"""Of what a messenger brings at once."""
router = APIRouter()
GOES_ON_FOR = timedelta(days=7)
"""So long a messenger's message goes on with the ticket of the one before it."""


@router.post("/api/v1/messages", openapi_extra=documented("messages:write", schema_of(Written), keyed=True))
async def message(request: Request) -> Response:
    """A message that somebody wrote on the supplier's own website: scope `messages:write`, docs/mail.md."""
    return await pushed(request, "messages:write", "message", _take_message)


def _take_message(session: Session, sender: Bearer, given: dict[str, Any], now: datetime) -> Answer:
    said = read_body(Written, given)
    told = Told(
        channel="api",
        name=f"{sender.token_id} {said.id}",
        sender=normal_form("email", said.email, settings().country),
        sender_name=said.name,
        subject=said.subject,
        text=said.text,
        language=said.language or settings().language,
        kind=said.kind,
    )
    arrival = take(session, told, now)
    number = number_of(arrival.ticket_id) if arrival.ticket_id is not None else ""
    return Answer(201, json.dumps({"ticket": number, "customer_known": arrival.customer_id is not None}))


@router.post("/api/v1/messenger/{name}", openapi_extra=documented("", schema_of(Brought), signed=True))
async def messenger(request: Request, name: str) -> Response:
    """What a messenger brings, each message once however often it is told."""
    speaks = adapter(name)
    secret = settings().messenger_secrets.get(name) or (
        settings().messenger_secret if name == "generic" else ""
    )
    body, now = await _body(request), utc_now()
    headers = {key.lower(): value for key, value in request.headers.items()}
    if not speaks.is_genuine(body, headers, secret or "", now):
        words = "The signature is not that of this body under our secret, or its time is not now."
        raise BearerRefused(401, "bad_signature", words, {"WWW-Authenticate": "Signature"})
    messages = speaks.read(body, now)
    return JSONResponse(await run_in_threadpool(_taken, request, name, messages))


async def _body(request: Request) -> bytes:
    """Too much is refused as it arrives: nobody is known before all of it was read, for the signature."""
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > MOST_BYTES:
            raise HTTPException(413, f"A messenger may bring {MOST_BYTES >> 10} kB at once.")
    return bytes(found)


def _taken(request: Request, name: str, messages: Sequence[Message]) -> dict[str, int]:
    new = 0
    with open_session(request) as session:
        one_at_a_time(session, name, messages)
        for one in sorted(messages, key=lambda one: one.at):
            new += take_messenger(session, name, one, present())
        session.commit()
    return {"taken": new, "known": len(messages) - new}


def one_at_a_time(session: Session, via: str, messages: Sequence[Message]) -> None:
    """Two messages of one sender that are told at once follow each other, so that the second finds the ticket
    of the first; all locks in one order, so that two tellers never wait for each other."""
    for sender in sorted({one.sender for one in messages}):
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{via}\n{sender}", 37))))


def take_messenger(session: Session, via: str, one: Message, now: datetime) -> bool:
    """Into the sender's open ticket of the last days, else a new one; whether it is new."""
    known = select(Arrival.id).where(
        Arrival.channel == "messenger", Arrival.via == via, Arrival.external_id == one.name
    )
    if session.scalar(known) is not None:
        return False
    told = Told(
        channel="messenger", name=one.name, sender=one.sender, sender_name=one.sender_name, text=one.text,
        via=via,
    )  # fmt: skip
    take(session, told, now, ticket_id=_open_with(session, via, one.sender, now))
    return True


def _open_with(session: Session, via: str, sender: str, now: datetime) -> int | None:
    statement = (
        select(Ticket.id)
        .join(TicketMessage, TicketMessage.ticket_id == Ticket.id)  # where it is by now: merged, or split off
        .join(Arrival, Arrival.message_id == TicketMessage.id)
        .where(
            Arrival.channel == "messenger",
            Arrival.via == via,
            Arrival.sender == sender,
            Arrival.received_at > now - GOES_ON_FOR,
            Ticket.status.not_in(ENDED),
        )
        .order_by(Arrival.received_at.desc(), Arrival.id.desc())
        .limit(1)
    )
    return session.scalar(statement)
