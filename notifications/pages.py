"""Outages and whom we told, notices on their way, why one was sent or not, what a customer allows, and the
demo's mailbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from notifications.consents.pages import router as consents_router
from notifications.domain.permission import Reason
from notifications.in_app.api import router as in_app_router
from notifications.letters.pages import router as letters_router
from notifications.notice_pages import router as notices_router
from notifications.outages.announcing import plan_outage
from notifications.outages.api import router as outages_router
from notifications.outages.calls import calls
from notifications.outages.no_power import heard
from notifications.outages.pages import router as incidents_router
from notifications.outages.preview import Announced, Draft, preview, read_draft
from notifications.outages.queries import OutageRow, outages_since, places
from notifications.receiving.api import router as receipts_router
from notifications.versions.pages import router as kinds
from utility_crm.kit.errors import CareError
from utility_crm.web.visit import Visit, visit

router = APIRouter()
router.include_router(kinds)  # before /notices/{notice_id}, which would take "kinds" for a number
router.include_router(receipts_router)
router.include_router(in_app_router)
router.include_router(letters_router)
router.include_router(outages_router)
router.include_router(incidents_router)
router.include_router(consents_router)
router.include_router(notices_router)
Text = Annotated[str, Form()]
OUTAGE_QUESTIONS = ("planned", "now", "untold", "before", "announce")
_PAST = timedelta(days=180)


@router.get("/outages")
def outages(
    request: Request, ask: str = "", node: int = 0, starts: str = "", ends: str = "", reason: str = ""
) -> Response:
    """What is off, what will be, whom we told; and the form to announce works, with who would be told."""
    with visit(request, "outages.read") as v:
        draft = Draft(node, starts, ends, reason.strip())
        if ask != "announce":
            return _outages(v, ask)
        seen = preview(v.session, draft, v.now) if draft.complete else None
        return _outages(v, ask, draft=draft, seen=seen)


@router.post("/outages")
def announce(
    request: Request, node: Annotated[int, Form()] = 0, starts: Text = "", ends: Text = "", reason: Text = ""
) -> Response:
    """Keep the outage and queue its notices."""
    draft = Draft(node, starts, ends, reason.strip())
    with visit(request, "outages.run") as v:
        try:
            works = read_draft(v.session, draft)
            done = plan_outage(v.session, works, v.now, created_by=v.user.id)
        except CareError as refused:
            return _outages(v, "announce", draft=draft, seen=Announced(refused=refused), status=422)
        return v.redirect(f"/outages/{done.outage_id}", kept=done.counts["queued"])


def _outages(
    v: Visit, ask: str, *, draft: Draft | None = None, seen: Announced | None = None, status: int = 200
) -> Response:
    found = outages_since(v.session, v.now - _PAST)
    by_question: dict[str, list[OutageRow]] = {
        "now": [one for one in found if one.runs(v.now)],
        "planned": [one for one in found if one.starts_at > v.now],
        "untold": [one for one in found if not one.over(v.now) and one.not_sent],
        "before": [one for one in reversed(found) if one.over(v.now)],
    }
    said = heard(v.session, v.now)
    chosen = ask if ask in OUTAGE_QUESTIONS else "now" if by_question["now"] or said else "planned"
    return v.render(
        "notifications/outages.html",
        status=status,
        chosen=chosen,
        by_question=by_question,
        rows=by_question.get(chosen, []),
        draft=draft or Draft(),
        seen=seen,
        places=places(v.session) if chosen == "announce" else [],
        reasons=Reason,
        heard=said,
        calls_waiting=len(calls(v.session, waiting=True)),
    )
