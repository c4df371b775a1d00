"""`GET /api/v1/accounts/{account}/answers/{question}`, for machines with the scope `answers:read`."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from billing.answers.asking import answered
from billing.answers.registry import answers
from billing.wording import say
from utility_crm.kit.errors import Invalid
from utility_crm.web.bearer import bearer
from utility_crm.web.openapi import documented
from utility_crm.web.visit import open_session, present, today
from utility_crm.web.words import LANGUAGES

SCOPE = "answers:read"
router = APIRouter()


@router.get("/api/v1/accounts/{account}/answers", openapi_extra=documented(SCOPE))
def questions(request: Request, account: str, language: str = "en") -> Response:
    """The questions that can be asked."""
    bearer(request, SCOPE)
    _ = say(_language(language))
    return JSONResponse(
        {
            "account": account,
            "questions": [
                {"question": one.key, "title": _(one.title), "takes": [takes.name for takes in one.takes]}
                for one in answers()
            ],
        }
    )


@router.get("/api/v1/accounts/{account}/answers/{question}", openapi_extra=documented(SCOPE))
def answer(request: Request, account: str, question: str, language: str = "en") -> Response:
    """One answer; further query parameters are what the question takes, such as `bill` and `against`."""
    bearer(request, SCOPE)
    language = _language(language)
    now = present()
    with open_session(request) as session:
        document = answered(
            session,
            account,
            question,
            now=now,
            today=today(now),
            language=language,
            params={name: value for name, value in request.query_params.items() if name != "language"},
        )
    return JSONResponse(document)


def _language(language: str) -> str:
    if language not in LANGUAGES:
        words = f"There is no language '{language}'; there are {', '.join(LANGUAGES)}."
        raise Invalid("language", words, "language")
    return language
