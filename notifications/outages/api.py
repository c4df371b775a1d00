"""`POST /api/v1/outages`: outages as machines tell of them, with the scope `outages:write`."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256

from fastapi import APIRouter, HTTPException, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from notifications.outages.incidents import By
from notifications.outages.reports import keep_report, read_report
from utility_crm.auth.tokens import Bearer
from utility_crm.auth.tokens_answers import Answer, answered_before, keep_answer
from utility_crm.kit.errors import Invalid
from utility_crm.web.bearer import bearer
from utility_crm.web.visit import open_session, present

SCOPE = "outages:write"
MOST_BYTES = 64 * 2**10
LONGEST_KEY = 200
router = APIRouter()


@router.post("/api/v1/outages")
async def take(request: Request) -> Response:
    """Keep one report; docs/outages.md says how it is written. The same Idempotency-Key and body again is
    answered as before, and does nothing."""
    sender = await run_in_threadpool(bearer, request, SCOPE)
    key = request.headers.get("idempotency-key", "").strip()
    if not key or len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        words = (
            f"Name the report by a header Idempotency-Key of 1 to {LONGEST_KEY} letters, another for each."
        )
        raise Invalid("key_needed", words, "Idempotency-Key")
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise HTTPException(413, f"A report may have {MOST_BYTES >> 10} kB.")
    answer = await run_in_threadpool(_taken, request, sender, key, body)
    return Response(answer.body, answer.status, media_type="application/json")


def _taken(request: Request, sender: Bearer, key: str, body: bytes) -> Answer:
    with open_session(request) as session:
        answer = push_outage(session, sender, key, body, present())
        session.commit()
    return answer


def push_outage(session: Session, sender: Bearer, key: str, body: bytes, now: datetime) -> Answer:
    """Keep a report once a key: 201 for a new incident, else 200. Raises Invalid, NotFound, Conflict."""
    digest = sha256(body).hexdigest()
    before = answered_before(session, sender.token_id, key, digest)
    if before is not None:
        return before
    try:
        told = json.loads(body)
    except ValueError:
        raise Invalid("not_json", "The body has to be JSON.", "$") from None
    if not isinstance(told, dict):
        raise Invalid("not_an_object", "The body has to be one object.", "$")
    by = By(source="api", note=f"token {sender.name}")
    taken = keep_report(session, read_report(told, "$."), by, now)
    document = {"outage": taken.outage_id, "became": taken.became, "state": taken.state}
    answer = Answer(201 if taken.became == "opened" else 200, json.dumps(document))
    keep_answer(session, sender.token_id, key, digest, answer, now)
    return answer
