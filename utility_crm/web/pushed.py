"""Small documents that machines send, each taken once for its key.

A route of machines hands over what takes the document; the rest is the same for all: the token is asked
before the body is read, the key and the size are checked, the same key and body again is answered as before
and does nothing, and answer and effect are kept in one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from fastapi import HTTPException, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from utility_crm.auth.tokens import Bearer
from utility_crm.auth.tokens_answers import Answer, answered_before, checked_key, keep_answer
from utility_crm.kit.errors import Invalid
from utility_crm.web.bearer import bearer, machine_acts
from utility_crm.web.visit import open_session, present

MOST_BYTES = 64 * 2**10

Push = Callable[[Session, Bearer, dict[str, Any], datetime], Answer]
"""Takes one document, numbers with a point in it as Decimal, and says what became of it."""


async def pushed(request: Request, scope: str, what: str, push: Push) -> Response:
    """The answer to a request; `what` names its document in refusals: "payment"."""
    sender = await run_in_threadpool(bearer, request, scope)
    key = checked_key(request.headers.get("idempotency-key", ""), what)
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise HTTPException(413, f"A {what} may have {MOST_BYTES >> 10} kB.")

    def taken() -> Answer:
        with open_session(request) as session:
            now = present()
            machine_acts(request, session, sender, now)
            answer = push_once(session, sender, key, body, now, what, push)
            session.commit()
        return answer

    answer = await run_in_threadpool(taken)
    return Response(answer.body, answer.status, media_type="application/json")


def push_once(
    session: Session, sender: Bearer, key: str, body: bytes, now: datetime, what: str, push: Push
) -> Answer:
    """Take a document once for its key. Raises Conflict where the key was used for another body, Invalid for
    what is no JSON object, and what `push` raises: nothing is taken then, and the key stays free."""
    digest = sha256(body).hexdigest()
    before = answered_before(session, sender.token_id, key, digest)
    if before is not None:
        return before
    answer = push(session, sender, _told(body, what), now)
    keep_answer(session, sender.token_id, key, digest, answer, now)
    return answer


def _told(body: bytes, what: str) -> dict[str, Any]:
    try:
        told = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise Invalid("not_json", "The body is no JSON.", "$") from error
    if not isinstance(told, dict):
        raise Invalid("shape", f"The body has to be one {what}: an object.", "$")
    return told
