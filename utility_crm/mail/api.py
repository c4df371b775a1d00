"""Programs that bring messages: a supplier's own website or app by a token, messengers by their signature."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from utility_crm.auth.tokens import Bearer
from utility_crm.auth.tokens_answers import Answer
from utility_crm.customers.reach import normal_form
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Invalid
from utility_crm.kit.settings import settings
from utility_crm.mail.arriving import Told, take
from utility_crm.mail.messengers import Message, adapter
from utility_crm.mail.tables import Arrival
from utility_crm.tickets.domain.life import ENDED, KINDS
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.tables import Ticket
from utility_crm.web.bearer import BearerRefused
from utility_crm.web.openapi import INSTANT, TEXT, documented, object_of, one_of, text_of
from utility_crm.web.pushed import pushed
from utility_crm.web.visit import open_session, present
from utility_crm.web.words import LANGUAGES

MESSAGE = object_of(
    {
        "id": text_of(200, 1),
        "email": text_of(254, 3),
        "name": text_of(120),
        "subject": text_of(200),
        "text": text_of(20_000, 1),
        "kind": one_of(*KINDS),
        "language": one_of(*LANGUAGES),
    },
    "id",
    "email",
    "text",
    closed=False,
)
MESSENGER = object_of(
    {
        "messages": {
            "type": "array",
            "items": object_of(
                {"id": TEXT, "from": TEXT, "name": TEXT, "text": TEXT, "at": INSTANT},
                "id",
                "from",
                "text",
                "at",
            ),
        }
    },
    "messages",
    closed=False,
)
router = APIRouter()
GOES_ON_FOR = timedelta(days=7)
"""So long a messenger's message goes on with the ticket of the one before it."""


@router.post("/api/v1/messages", openapi_extra=documented("messages:write", MESSAGE, keyed=True))
async def message(request: Request) -> Response:
    """A message that somebody wrote on the supplier's own website: scope `messages:write`, docs/mail.md."""
    return await pushed(request, "messages:write", "message", _take_message)


def _take_message(session: Session, sender: Bearer, given: dict[str, Any], now: datetime) -> Answer:
    email = normal_form("email", _text(given, "email", 254), settings().country)
    kind, language = _text(given, "kind", 20, "other"), _text(given, "language", 2, settings().language)
    if kind not in KINDS:
        raise Invalid("kind", f"A message is of {', '.join(KINDS)}.", "$.kind")
    if language not in LANGUAGES:
        raise Invalid("language", f"We speak {', '.join(LANGUAGES)}.", "$.language")
    told = Told(
        channel="api",
        name=f"{sender.token_id} {_text(given, 'id', 200)}",
        sender=email,
        sender_name=_text(given, "name", 120),
        subject=_text(given, "subject", 200, ""),
        text=_text(given, "text", 20_000),
        language=language,
        kind=kind,
    )
    arrival = take(session, told, now)
    number = number_of(arrival.ticket_id) if arrival.ticket_id is not None else ""
    return Answer(201, json.dumps({"ticket": number, "customer_known": arrival.customer_id is not None}))


@router.post("/api/v1/messenger/{name}", openapi_extra=documented("", MESSENGER, signed=True))
async def messenger(request: Request, name: str) -> Response:
    """What a messenger brings, each message once however often it is told."""
    speaks = adapter(name)
    secret = settings().messenger_secrets.get(name) or (
        settings().messenger_secret if name == "generic" else ""
    )
    body, now = await request.body(), utc_now()
    headers = {key.lower(): value for key, value in request.headers.items()}
    if not speaks.is_genuine(body, headers, secret or "", now):
        words = "The signature is not that of this body under our secret, or its time is not now."
        raise BearerRefused(401, "bad_signature", words, {"WWW-Authenticate": "Signature"})
    messages = speaks.read(body, now)
    return JSONResponse(await run_in_threadpool(_taken, request, name, messages))


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
        .join(Arrival, Arrival.ticket_id == Ticket.id)
        .where(
            Arrival.channel == "messenger",
            Arrival.via == via,
            Arrival.sender == sender,
            Arrival.received_at > now - GOES_ON_FOR,
            Ticket.status.not_in(ENDED),
            Ticket.merged_into_id.is_(None),
        )
        .order_by(Arrival.received_at.desc(), Arrival.id.desc())
        .limit(1)
    )
    return session.scalar(statement)


def _text(given: dict[str, Any], name: str, most: int, otherwise: str | None = None) -> str:
    value = given.get(name, otherwise)
    if not isinstance(value, str) or len(value) > most or (otherwise is None and not value.strip()):
        raise Invalid("text", f"{name} has to be a text of 1 to {most} characters.", f"$.{name}")
    if any("\ud800" <= letter <= "\udfff" for letter in value) or "\0" in value:
        raise Invalid("text", f"{name} has half a letter or a null in it.", f"$.{name}")
    return value
