"""`GET` and `POST /drafts`: what a page asks and tells about fields with `data-draft`. JSON, of one's own.

No visit: a draft is kept every few seconds, and is nobody's but its writer's; the audit log has the form once
it is sent.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from utility_crm.auth.queries import SignedIn
from utility_crm.kit.errors import Invalid
from utility_crm.live.drafts import LONGEST_KEY, KeptDraft, drafts_of, keep_draft
from utility_crm.web.formats import clock, day_near
from utility_crm.web.visit import open_session, present, signed_in, today

router = APIRouter()
_MOST = 40


class Told(BaseModel):
    """A field's text, made from `version` of its draft."""

    key: str = Field(max_length=LONGEST_KEY)
    text: str
    version: int = Field(ge=0, lt=2**53)


@router.get("/drafts")
def drafts(request: Request, key: Annotated[list[str], Query(max_length=_MOST)] = []) -> Response:  # noqa: B006
    """One's own drafts under these keys."""
    with open_session(request) as session:
        user = _person(request, session)
        if user is None:
            return JSONResponse({}, 401)
        kept = drafts_of(session, user.id, [one.replace("\0", "") for one in key])
    return JSONResponse({one: _document(draft, user) for one, draft in kept.items()})


@router.post("/drafts")
def keep(request: Request, told: Told) -> Response:
    """Keep a text: 200 with its version; 409 with what another page has kept meanwhile."""
    with open_session(request) as session:
        user = _person(request, session)
        if user is None:
            return JSONResponse({}, 401)
        try:
            kept = keep_draft(session, user.id, told.key, told.text, version=told.version, now=present())
        except Invalid as error:
            return JSONResponse(error.document(), 422)
        session.commit()
    return JSONResponse(_document(kept, user), 409 if kept.theirs else 200)


def _person(request: Request, session: Session) -> SignedIn | None:
    user = signed_in(request, session)
    return user if user is not None and user.may("house.enter") else None


def _document(draft: KeptDraft, user: SignedIn) -> dict[str, Any]:
    """at: as it is said, with the day where that is another."""
    said = ""
    if draft.at is not None:
        now = present()
        said = clock(draft.at, user.language)
        if abs(now - draft.at).total_seconds() > 12 * 3600:
            said = f"{day_near(draft.at, today(now), user.language)} {said}"
    return {"text": draft.text, "version": draft.version, "at": said}
