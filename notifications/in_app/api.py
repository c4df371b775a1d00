"""`GET /api/v1/customers/{number}/notices` and `POST .../{notice}/read`, for the supplier's own app.

The app signs its customers in by itself and asks with a token of its own: `notices:read` to show them,
`notices:write` to say that one was read. docs/channels.md says how answers are written.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from notifications.in_app.reading import MOST, AppNotice, inbox, read
from notifications.sender import this_sender
from utility_crm.web.bearer import bearer, machine_acts
from utility_crm.web.openapi import documented
from utility_crm.web.visit import open_session, present

READS, SAYS_READ = "notices:read", "notices:write"
router = APIRouter()


@router.get("/api/v1/customers/{number}/notices", openapi_extra=documented(READS))
def notices(
    request: Request,
    number: str,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """What went out to a customer, newest first, by whatever way it went."""
    bearer(request, READS)
    with open_session(request) as session:
        found = inbox(session, number, this_sender(session), limit=limit, before=before)
    document = {
        "customer": number,
        "unread": found.unread,
        "notices": [_document(one) for one in found.notices],
        "next_before": found.next_before,
    }
    return JSONResponse(document, headers={"Cache-Control": "no-store"})


@router.post("/api/v1/customers/{number}/notices/{notice}/read", openapi_extra=documented(SAYS_READ))
def mark_read(request: Request, number: str, notice: int) -> Response:
    """Keep that the customer read one; saying it again changes nothing."""
    sender = bearer(request, SAYS_READ)
    with open_session(request) as session:
        now = present()
        machine_acts(request, session, sender, now)
        new = read(session, number, notice, now)
        session.commit()
    return JSONResponse({"notice": notice, "read": True, "known": not new})


def _document(one: AppNotice) -> dict[str, Any]:
    return {
        "notice": one.id,
        "kind": one.kind,
        "channel": one.channel,
        "purpose": one.purpose,
        "urgent": one.urgent,
        "language": one.language,
        "sent_at": one.sent_at.isoformat(),
        "read_at": one.read_at and one.read_at.isoformat(),
        "subject": one.subject,
        "text": one.text,
    }
