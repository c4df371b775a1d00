"""`POST /api/v1/receipts/{provider}`: what a provider tells of messages it took, signed with its secret."""

from __future__ import annotations

from typing import get_args

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from notifications.domain.provider_events import (
    KINDS,
    LONGEST,
    MOST_EVENTS,
    ProviderEvent,
    Unreadable,
    read_events,
)
from notifications.outbox.receipts import Kind, Told, take_receipts
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.settings import Settings, settings
from utility_crm.kit.signature import is_signed
from utility_crm.web.bearer import BearerRefused
from utility_crm.web.openapi import INSTANT, TEXT, documented, object_of, one_of, text_of
from utility_crm.web.visit import open_session

BODY = object_of(
    {
        "events": {
            "type": "array",
            "maxItems": MOST_EVENTS,
            "items": object_of(
                {
                    "event": text_of(LONGEST, 1),
                    "key": text_of(LONGEST, 1),
                    "kind": one_of(*KINDS),
                    "at": INSTANT,
                    "detail": TEXT,
                },
                "event",
                "key",
                "kind",
                "at",
            ),
        }
    },
    "events",
)
router = APIRouter()


@router.post("/api/v1/receipts/{provider}", openapi_extra=documented("", BODY, signed=True))
async def receipts(request: Request, provider: str) -> Response:
    """Take up to 500 events, each once however often it is told; docs/permission.md says how they are
    written."""
    secret = secret_of(settings(), provider)
    body = await request.body()
    now = utc_now()
    if not is_signed(body, {name.lower(): value for name, value in request.headers.items()}, secret, now):
        words = "The signature is not that of this body under our secret, or its time is not now."
        raise BearerRefused(401, "bad_signature", words, {"WWW-Authenticate": "Signature"})
    try:
        events = read_events(body, now)
    except Unreadable as error:
        raise Invalid("unreadable_events", str(error), error.where) from error
    return JSONResponse(await run_in_threadpool(_taken, request, provider, events))


def secret_of(given: Settings, provider: str) -> str:
    """The secret a provider signs with. Raises `NotFound` for one nobody knows."""
    secrets = {"gateway": given.gateway_secret, "messenger": given.messenger_secret}
    if provider not in secrets:
        raise NotFound("no_such_provider", f"The providers here are {' and '.join(secrets)}.", provider)
    return secrets[provider] or ""


def _taken(request: Request, provider: str, events: list[ProviderEvent]) -> dict[str, int]:
    with open_session(request) as session:
        counts = take_receipts(session, provider, [_told(one) for one in events], utc_now())
        session.commit()
    return {"taken": counts["new"], "known": counts["known"], "of_no_notice": counts["of_no_notice"]}


def _told(one: ProviderEvent) -> Told:
    kind = next(kind for kind in get_args(Kind) if kind == one.kind)
    return Told(one.event, one.key, kind, one.at, one.detail)
