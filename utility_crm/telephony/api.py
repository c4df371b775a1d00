"""`POST /api/v1/telephony/events`: what the telephone system tells, with a token or signed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Invalid
from utility_crm.kit.settings import settings
from utility_crm.kit.signature import SIGNATURE, is_signed
from utility_crm.telephony.actions import take_event
from utility_crm.telephony.reading import Event, read_event
from utility_crm.web.bearer import BearerRefused, bearer
from utility_crm.web.bodies import schema_of
from utility_crm.web.openapi import documented
from utility_crm.web.visit import open_session, present

SCOPE = "telephony:write"
MOST_BYTES = 16 * 2**10
router = APIRouter()


@router.post("/api/v1/telephony/events", openapi_extra=documented(SCOPE, schema_of(Event), signed=True))
async def take(request: Request) -> Response:
    """Keep one event; docs/telephony.md says how it is written. 201 for a new one, 200 for one that is known:
    the provider's ids of call and event name it, so that telling it again changes nothing."""
    if SIGNATURE in request.headers:
        body = await _body(request)
        _check_signature(request, body)
    else:
        await run_in_threadpool(bearer, request, SCOPE)  # before the body is read
        body = await _body(request)
    return await run_in_threadpool(_taken, request, _document(body))


def _taken(request: Request, told: dict[str, Any]) -> Response:
    real, now = utc_now(), present()
    event = read_event(told, real)
    # Where a demo pretends a date, what happens now happens on that date; moved by whole seconds, so that all
    # events of a call are moved alike.
    moved = timedelta(seconds=round((now - real).total_seconds()))
    event = replace(event, happened=replace(event.happened, at=event.happened.at + moved))
    with open_session(request) as session:
        taken = take_event(session, event, country=settings().country, now=now)
        session.commit()
    document = {"call": taken.call_id, "state": taken.state, "known": taken.known}
    return JSONResponse(document, 200 if taken.known else 201)


def _check_signature(request: Request, body: bytes) -> None:
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not is_signed(body, headers, settings().telephony_secret or "", utc_now()):
        words = "The signature is not that of this body under our secret, or its time is not now."
        raise BearerRefused(401, "bad_signature", words, {"WWW-Authenticate": "Signature"})


async def _body(request: Request) -> bytes:
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise HTTPException(413, f"An event may have {MOST_BYTES >> 10} kB.")
    return body


def _document(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise Invalid("not_json", "The body is no JSON.", "$") from error
    if not isinstance(told, dict):
        raise Invalid("shape", "The body has to be one event: an object.", "$")
    return told
