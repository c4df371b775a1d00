"""What a customer sees who follows the link in our offer: nobody signs in, no cookie, no name.

Looking writes nothing and counts nothing: mail programs and their scanners look, too. An answer is what a
button sends; the same again changes nothing.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from churn.campaigns.answering import answer
from churn.campaigns.opened import Opened, opened
from churn.campaigns.tokens import PATH
from utility_crm.auth.doors import OFFERS
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import CareError, NotFound
from utility_crm.kit.runtime import secret_key, signing_keys
from utility_crm.kit.settings import settings
from utility_crm.web.chrome import chrome
from utility_crm.web.posting import Posting
from utility_crm.web.visit import know_whether_simulated, open_session, present, today
from utility_crm.web.words import best_language, said_in

router = APIRouter()
SAID = ("accepted", "declined")


@router.get("/offer/{token}")
def offered(request: Request, token: str, thanks: str = "") -> Response:
    """The offer with what it stands on, and two buttons."""
    with open_session(request) as session:
        know_whether_simulated(request, session)
        try:
            found = opened(session, signing_keys(), token, today(present()))
        except NotFound:
            return _none(request)
    return _page(request, found, token, 200 if found.open or found.answer else 410, thanks=bool(thanks))


@router.post("/offer/{token}")
def answered(request: Request, token: str, posted: Posting) -> Response:
    """Keep the answer and do what was accepted, then lead to the page that says so."""
    now = present()
    with open_session(request) as session:
        know_whether_simulated(request, session)
        try:
            found = opened(session, signing_keys(), token, today(now))
        except NotFound:
            return _none(request)
        host = request.client.host if request.client else ""
        opens = OFFERS.knock(session, host, secret_key(), utc_now())
        session.commit()
        if not opens:
            page = _page(request, found, token, 429, too_many=True)
            page.headers["Retry-After"] = "900"
            return page
        said = posted.text("answer")
        if said not in SAID:
            return _page(request, found, token, 422)
        try:
            answer(
                session, found.member_id, "accepted" if said == "accepted" else "declined", via="link",
                today=today(now), now=now,
            )  # fmt: skip
        except CareError as error:
            session.rollback()
            return _page(request, found, token, 410 if error.code == "over" else 409, error=error)
        session.commit()
    return Response(status_code=303, headers={"Location": f"{PATH}{token}?thanks=1"})


def _none(request: Request) -> HTMLResponse:
    language = best_language(request.headers.get("accept-language", ""), settings().language)
    return _drawn(request, language, 404, found=None, token="", wrong="", too_many=False, thanks=False)


def _page(
    request: Request,
    found: Opened,
    token: str,
    status: int,
    *,
    thanks: bool = False,
    too_many: bool = False,
    error: CareError | None = None,
) -> HTMLResponse:
    """In the customer's own language; nobody is signed in, and no cookie is set."""

    def words(message: str) -> str:
        return str(request.app.state.templates.gettext(found.language, message))

    wrong = "" if error is None else said_in(words, error, found.language)
    return _drawn(
        request, found.language, status, found=found, token=token, wrong=wrong, too_many=too_many,
        thanks=thanks and bool(found.answer),
    )  # fmt: skip


def _drawn(request: Request, language: str, status: int, **told: Any) -> HTMLResponse:
    now = present()
    given = chrome(request, None, now, today(now)) | {"layout": "web/base.html", "language": language}
    body = request.app.state.templates.render("campaigns/public.html", language, given | told)
    headers = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "same-origin"}
    return HTMLResponse(body, status, headers=headers)
