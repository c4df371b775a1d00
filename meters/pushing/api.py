"""`POST /api/v1/readings`: the door of head-ends. Who sends is asked before the body is read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter, HTTPException, Request
from psycopg.errors import LockNotAvailable, QueryCanceled
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from meters.pushing.pushing import Batch, push_readings, record_refusal
from utility_crm.auth.tokens_answers import Answer, checked_key
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Invalid
from utility_crm.web.bearer import BearerRefused, bearer, machine_acts
from utility_crm.web.openapi import INSTANT, TEXT, documented, object_of, one_of, text_of
from utility_crm.web.visit import open_session, present

SCOPE = "readings:write"
MOST_BYTES = 16 * 2**20
LOCK_SECONDS = 10
"""How long a batch waits for a lock of others, each time; a thread and a connection wait with it."""
RETRY_SECONDS = 30

NUMBER = {"type": ["number", "string", "null"]}
BODY = object_of(
    {
        "readings": {
            "type": "array",
            "items": object_of(
                {
                    "service_point": text_of(60, 1),
                    "channel": TEXT,
                    "starts_at": INSTANT,
                    "interval_minutes": {"type": "integer", "minimum": 1, "maximum": 1440},
                    "value": NUMBER,
                    "values": {"type": "array", "items": NUMBER},
                    "unit": one_of("Wh", "kWh", "MWh", "varh", "kVArh", "m3", "l"),
                    "direction": one_of("import", "export"),
                    "quality": one_of("actual", "estimated", "substituted", "final", "forward"),
                },
                "service_point",
                "starts_at",
                "interval_minutes",
            ),
        }
    },
    "readings",
)
router = APIRouter(max_body_size=sys.maxsize)  # too much is refused here, as a document


class Busy(BearerRefused):
    """A machine that is to come again: what it would write to is held by others."""

    def __init__(self) -> None:
        words = "Others are writing to these channels. Nothing was taken; send the batch again under its key."
        super().__init__(503, "busy", words, {"Retry-After": str(RETRY_SECONDS)})


@router.post("/api/v1/readings", openapi_extra=documented(SCOPE, BODY, keyed=True))
async def push(request: Request) -> Response:
    """Take a batch of readings in; docs/api-readings.md says how it is written."""
    sender = await run_in_threadpool(bearer, request, SCOPE)
    key = checked_key(request.headers.get("idempotency-key", ""), "batch")
    _check_content(request)
    batch = Batch(sender, key, await _body(request))
    answer = await run_in_threadpool(_pushed, request, batch)
    return Response(answer.body, answer.status, media_type="application/json")


def _check_content(request: Request) -> None:
    """Raises Invalid for a body that says of itself that it is no JSON."""
    content = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content != "application/json":
        raise Invalid(
            "not_json", f"The body has to be application/json, not {content[:40]!r}.", "Content-Type"
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Invalid("encoded", "The body has to come as it is, not compressed.", "Content-Encoding")


async def _body(request: Request) -> bytes:
    """The whole body, counted as it arrives."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            words = f"A batch may have {MOST_BYTES >> 20} MB. Nothing was taken; send several."
            raise HTTPException(413, words)
    return bytes(body)


def _pushed(request: Request, batch: Batch) -> Answer:
    """One unit of work; a batch of no shape is one of its own, which keeps the reason."""
    try:
        with _unit_of_work(request) as session:
            machine_acts(request, session, batch.sender, present())
            return push_readings(session, batch, utc_now())
    except Invalid as refused:
        with _unit_of_work(request) as session:
            record_refusal(session, batch, refused)
        raise


@contextmanager
def _unit_of_work(request: Request) -> Iterator[Session]:
    """A session that waits LOCK_SECONDS for a lock, committed at the end. Raises Busy."""
    try:
        with open_session(request) as session:
            session.execute(
                text("select set_config('lock_timeout', :wait, true)"), {"wait": f"{LOCK_SECONDS}s"}
            )
            yield session
            session.commit()
    except (LockNotAvailable, QueryCanceled, OperationalError) as error:
        cause = error.orig if isinstance(error, OperationalError) else error
        if isinstance(cause, LockNotAvailable | QueryCanceled):
            raise Busy from error
        raise
