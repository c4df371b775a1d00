"""Kinds of errors as status codes and pages: the only place that knows both.

A page says what happened, what was kept and what to do; the code comes last. A fragment says it in the place
that failed; `/api` answers with a problem document.
"""

from __future__ import annotations

import logging
import re
from datetime import date
from functools import partial
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DatabaseError, DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from utility_crm.kit.errors import MET, CareError, Conflict, Invalid, NotFound, Refused, have_met
from utility_crm.web.bearer import BearerRefused
from utility_crm.web.chrome import language_of
from utility_crm.web.forms import DRAFT, ONCE
from utility_crm.web.fresh import ProofNeeded
from utility_crm.web.visit import SignInNeeded, WrongRole, present, render, today, wants_fragment
from utility_crm.web.words import mark, said_in

STATUS: dict[type[CareError], int] = {NotFound: 404, Conflict: 409, Refused: 403, Invalid: 422}
TITLES = {
    403: mark("This is not allowed"),
    404: mark("There is nothing at this address"),
    405: mark("There is nothing at this address"),
    409: mark("It clashes with what is already there"),
    413: mark("This is too large"),
    422: mark("This could not be read"),
    500: mark("Something went wrong here"),
    503: mark("The database does not answer"),
}
MACHINE_TITLES = {401: "Who asks is not known", 415: "This cannot be read", 429: "Too many tries"}
"""Of problem documents that no page has."""
_SECRET = re.compile("password|secret|code")
"""Names of fields that are not written into a page again."""
log = logging.getLogger("utility_crm.web")


def status_of(error: CareError) -> int:
    """The status of an error's kind, whatever its own class."""
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def add_error_pages(app: FastAPI) -> None:
    """Gives the application an answer to everything a route may raise."""
    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(ProofNeeded, _again)
    app.add_exception_handler(BearerRefused, _no_machine)
    app.add_exception_handler(CareError, _known)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _unreadable)
    for away in (OperationalError, InterfaceError, NoConnection):
        app.add_exception_handler(away, _no_database)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(DataError, _no_such_value)
    app.add_exception_handler(DatabaseError, _erased_meanwhile)
    app.add_exception_handler(Exception, _unknown)


async def _sign_in(request: Request, _error: Exception) -> Response:
    if request.url.path.startswith("/api"):
        return _problem(401, "sign_in_needed", "Sign in first.", None)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET" or wants_fragment(request):
        wanted = "/"
    door = "/sign-in" if wanted == "/" else "/sign-in?next=" + quote(wanted, safe="")
    if wants_fragment(request):
        return Response(status_code=204, headers={"HX-Redirect": door})
    return Response(status_code=303, headers={"Location": door})


async def _again(request: Request, _error: Exception) -> Response:
    """They show once more who they are, and come back: after a form that was sent, to the page it was on."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET" or wants_fragment(request):
        came = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer", ""))
        wanted = came.path + (f"?{came.query}" if came.query else "") or "/"
    door = "/sign-in/again?next=" + quote(wanted, safe="")
    if wants_fragment(request):
        return Response(status_code=204, headers={"HX-Redirect": door})
    return Response(status_code=303, headers={"Location": door})


async def _no_machine(_request: Request, error: Exception) -> Response:
    assert isinstance(error, BearerRefused)
    answer = _problem(error.status, error.code, error.message, None)
    answer.headers.update(error.headers)
    return answer


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, CareError)
    message = error.message
    user = getattr(request.state, "user", None)
    if user is not None and not request.url.path.startswith("/api"):
        if isinstance(error, WrongRole):
            message = error.said(user.language)
        else:
            words = partial(request.app.state.templates.gettext, user.language)
            message = said_in(words, error, user.language)
    return _answer(request, status_of(error), error.code, message, error.where)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code in (404, 405):
        return _answer(
            request, error.status_code, "no_such_page", mark("The address may be old or mistyped."), None
        )
    return _answer(request, error.status_code, "http", str(error.detail), None)


async def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    if first["loc"][0] == "path":
        return await _http(request, HTTPException(404))
    return _answer(request, 422, "unreadable", first["msg"], where or None)


async def _gone(_request: Request, _error: Exception) -> Response:
    """Whoever sent a form went away before it was whole: nothing was done, and nobody reads the answer."""
    return Response(status_code=400)


async def _no_such_value(request: Request, error: Exception) -> Response:
    """A text with a NUL or a number beyond bigint, which no column holds: asked for, it is not there; sent,
    it cannot be kept. Any other fault of a value is our own."""
    assert isinstance(error, DataError)
    beyond = isinstance(error.orig, psycopg.errors.NumericValueOutOfRange)
    if not beyond and "NUL (0x00)" not in str(error.orig):
        return await _unknown(request, error)
    if request.method in ("GET", "HEAD"):
        return await _http(request, HTTPException(404))
    words = mark("A number in it is too large, or a text holds a character that is none. Nothing was saved.")
    return _answer(request, 422, "unreadable", words, None)


async def _erased_meanwhile(request: Request, error: Exception) -> Response:
    """What was written of a customer waited for their erasure, and the database refused it then (migration
    0054). Any other fault is our own."""
    assert isinstance(error, DatabaseError)
    cause = error.orig
    if not isinstance(cause, psycopg.Error) or cause.sqlstate != "UC410":
        raise error
    day = date.fromisoformat(str(cause.diag.message_detail))
    return await _known(request, Conflict("erased", mark("This customer was erased on %(day)s."), day=day))


async def _no_database(request: Request, error: Exception) -> Response:
    met = have_met(error)
    if met:
        log.warning("two at the same rows at the same moment, one is to send it again", exc_info=error)
    else:
        log.error("the database does not answer", exc_info=error)
    typed: dict[str, list[str]] | None = getattr(request.state, "typed_in", None)
    to_people = not (wants_fragment(request) or request.url.path.startswith("/api"))
    if request.method == "POST" and typed and to_people and not _SECRET.search(" ".join(typed)):
        return _not_sent(request, typed, met)
    if met:
        words = mark("Somebody else was at it at the same moment. Nothing was done: send it again.")
        return _answer(request, 409, MET, words, None)
    return _answer(request, 503, "no_database", mark("Nothing was saved. Try again in a moment."), None)


def _not_sent(request: Request, typed: dict[str, list[str]], met: bool) -> Response:
    """All that was typed, to be sent again as it was: its token says that it is the same."""
    now = present()
    query = f"?{request.url.query}" if request.url.query else ""
    return render(
        request,
        "web/away.html",
        409 if met else 503,
        user=getattr(request.state, "user", None),
        now=now,
        today=today(now),
        error_code=MET if met else "no_database",
        met=met,
        action=request.url.path + query,
        typed=sorted(typed.items()),
        unseen=(ONCE, DRAFT, "ask", "do"),
        files="multipart/form-data" in request.headers.get("content-type", ""),
    )


async def _unknown(request: Request, error: Exception) -> Response:
    reference = uuid4().hex[:8]
    log.error("unexpected error %s at %s", reference, quote(request.url.path), exc_info=error)  # one line
    message = mark(
        "Nothing was saved. Whoever runs this system finds the cause in the log under the code below."
    )
    return _answer(request, 500, reference, message, None)


def _answer(request: Request, status: int, code: str, message: str, where: str | None) -> Response:
    if request.url.path.startswith("/api"):
        return _problem(status, code, message, where)
    now = present()
    user = getattr(request.state, "user", None)
    return render(
        request,
        "web/error.html",
        status,
        user=user,
        now=now,
        today=today(now),
        error_title=TITLES.get(status, TITLES[500]),
        error_text=request.app.state.templates.gettext(language_of(request, user), message),
        error_code=code,
        error_where=where,
        error_status=status,
    )


def _problem(status: int, code: str, message: str, where: str | None) -> Response:
    title = TITLES.get(status) or MACHINE_TITLES.get(status, "")
    body = {"type": "about:blank", "title": title, "status": status, "detail": message}
    return JSONResponse(body | {"code": code, "where": where}, status, media_type="application/problem+json")
