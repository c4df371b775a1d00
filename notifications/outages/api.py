"""`POST /api/v1/outages`: outages as machines tell of them, with the scope `outages:write`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from notifications.outages.incidents import By
from notifications.outages.reports import keep_report, read_report
from utility_crm.auth.tokens import Bearer
from utility_crm.auth.tokens_answers import Answer
from utility_crm.web.openapi import INSTANT, TEXT, documented, object_of, text_of
from utility_crm.web.pushed import pushed

SCOPE = "outages:write"
BODY = object_of(
    {
        "reference": text_of(200, 1),
        "node": text_of(60, 1),
        "state": TEXT,
        "starts_at": INSTANT,
        "estimated_at": INSTANT,
        "restored_at": INSTANT,
        "reason": text_of(300),
    },
    "reference",
    "node",
    "state",
)
router = APIRouter()


@router.post("/api/v1/outages", openapi_extra=documented(SCOPE, BODY, keyed=True))
async def take(request: Request) -> Response:
    """Keep one report; docs/outages.md says how it is written. The same Idempotency-Key and body again is
    answered as before, and does nothing."""
    return await pushed(request, SCOPE, "report", push_outage)


def push_outage(session: Session, sender: Bearer, told: dict[str, Any], now: datetime) -> Answer:
    """Keep a report: 201 for a new incident, else 200. Raises Invalid, NotFound, Conflict."""
    by = By(source="api", note=f"token {sender.name}")
    taken = keep_report(session, read_report(told, "$."), by, now)
    document = {"outage": taken.outage_id, "became": taken.became, "state": taken.state}
    return Answer(201 if taken.became == "opened" else 200, json.dumps(document))
