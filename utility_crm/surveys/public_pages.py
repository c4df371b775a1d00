"""What a customer sees who clicks a score in our letter: nobody signs in, no cookie, nobody's data.

Looking writes nothing: mail programs and their scanners look, too. An answer is what the button sends.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from utility_crm.kit.errors import CareError, Invalid, Refused
from utility_crm.kit.runtime import signing_keys
from utility_crm.surveys.answering import LONGEST_COMMENT, Opened, answer, opened, tidy_comment
from utility_crm.surveys.tokens import PATH
from utility_crm.surveys.words import CSAT_WORDS
from utility_crm.web.chrome import chrome
from utility_crm.web.forms import FieldsWrong, Form, Posted
from utility_crm.web.posting import Posting
from utility_crm.web.visit import know_whether_simulated, open_session, present, today
from utility_crm.web.words import mark, said_in

router = APIRouter()


@router.get("/survey/{token}")
def asked(request: Request, token: str, thanks: str = "") -> Response:
    """The question, with the score of the link chosen; what was answered before stands there."""
    with open_session(request) as session:
        know_whether_simulated(request, session)
        found = opened(session, signing_keys(), token, present())
    return _page(
        request, found, token, 200 if found.open or found.score is not None else 410, thanks=bool(thanks)
    )


@router.post("/survey/{token}")
def answered(request: Request, token: str, posted: Posting) -> Response:
    """Keep the answer, then lead to the page that thanks for it."""
    with open_session(request) as session:
        know_whether_simulated(request, session)
        found = opened(session, signing_keys(), token, present())
        try:
            _keep(session, found, posted)
        except FieldsWrong as wrong:
            return _refused(request, found, token, posted, dict(wrong.errors), 422)
        except Refused as error:
            status = 429 if error.code == "too_often" else 410
            return _refused(request, found, token, posted, {"": error}, status)
        session.commit()
    return Response(status_code=303, headers={"Location": f"{PATH}{token}?thanks=1"})


def _keep(session: Session, found: Opened, posted: Posted) -> None:
    score = posted.field("score", lambda typed: _score(found, typed))
    comment = posted.field("comment", tidy_comment)
    posted.check()
    answer(session, found.id, score.value, comment.value, present())


def _score(found: Opened, typed: str) -> int:
    if not typed.isascii() or not typed.isdecimal() or len(typed) > 2 or int(typed) not in found.scores:
        raise Invalid("score", mark("Choose a number first."), "score")
    return int(typed)


def _refused(
    request: Request, found: Opened, token: str, posted: Posted, errors: dict[str, CareError], status: int
) -> Response:
    def words(message: str) -> str:
        return str(request.app.state.templates.gettext(found.language, message))

    said = {where: said_in(words, error, found.language) for where, error in errors.items()}
    request.state.form = Form("survey", dict(posted.values), said)
    return _page(request, found, token, status)


def _page(request: Request, found: Opened, token: str, status: int, *, thanks: bool = False) -> Response:
    """In the customer's own language; nobody is signed in, and no cookie is set."""
    now = present()
    given = chrome(request, None, now, today(now)) | {"layout": "web/base.html", "language": found.language}
    told = {
        "survey": found, "token": token, "path_of_it": f"{PATH}{token}", "longest": LONGEST_COMMENT,
        "csat_words": CSAT_WORDS, "thanks": thanks and found.score is not None,
    }  # fmt: skip
    body = request.app.state.templates.render("surveys/public.html", found.language, given | told)
    headers = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "same-origin"}
    return HTMLResponse(body, status, headers=headers)
