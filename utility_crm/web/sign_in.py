"""The door: signing in and out."""

from __future__ import annotations

from asyncio import sleep
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import Response

from utility_crm.auth.actions import check_password
from utility_crm.auth.cookies import COOKIE, HOURS
from utility_crm.auth.queries import SignedIn
from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import settings
from utility_crm.web.chrome import home_of
from utility_crm.web.visit import as_header, know_whether_simulated, open_session, render, signed_in, today
from utility_crm.web.words import LANGUAGES

router = APIRouter()
Wanted = Annotated[str, Query(alias="next")]
_YEAR = 365 * 24 * 3600


@router.get("/sign-in")
def door(request: Request, wanted: Wanted = "/", language: str = "") -> Response:
    """The form, or for somebody signed in already the way in."""
    if language in LANGUAGES:
        response = Response(status_code=303, headers={"Location": f"/sign-in?next={quote(_own(wanted))}"})
        response.set_cookie(
            "language", language, max_age=_YEAR, samesite="lax", secure=settings().secure_cookies
        )
        return response
    with open_session(request) as session:
        user = signed_in(request, session)
        know_whether_simulated(request, session)
    if user is not None:
        return _enter(request, user, wanted)
    return _form(request, utc_now(), wanted)


async def unhurried(request: Request) -> None:
    """Holds a try back where many are wrong everywhere; waiting takes no thread from anybody."""
    await sleep(request.app.state.guesses.wait_seconds(utc_now()))


@router.post("/sign-in", dependencies=[Depends(unhurried)])
def enter(
    request: Request,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Takes name and password. After five wrong tries from one address a name rests there for a quarter of an
    hour, after fifty an address does (see `auth.guesses`)."""
    now, guesses = utc_now(), request.app.state.guesses
    who = login.strip().lower()[:200]
    address = request.client.host if request.client else ""
    paused = guesses.begin(who, address, now)
    if paused is not None:
        return _form(request, now, wanted, login=who, until=paused, status=429)
    try:
        with open_session(request) as session:
            user = check_password(session, who, password)
    except Exception:  # nobody learnt anything: the try was none
        guesses.take_back(who, address, now, right=False)
        raise
    if user is None:
        left, until = guesses.left(who, address, now), guesses.until(who, address, now)
        return _form(request, now, wanted, login=who, left=left, until=until, status=401)
    guesses.take_back(who, address, now, right=True)
    response = _enter(request, user, wanted)
    response.set_cookie(
        COOKIE,
        request.app.state.sessions.issue(user.id, user.seal),
        max_age=HOURS * 3600,
        httponly=True,
        samesite="lax",
        secure=settings().secure_cookies,
    )
    return response


@router.post("/sign-out")
def leave() -> Response:
    """Forgets who is signed in, and whom they looked at."""
    response = Response(status_code=303, headers={"Location": "/sign-in"})
    for name in (COOKIE, "recent"):
        response.delete_cookie(name)
    return response


def _own(address: str) -> str:
    """The address if it is one of our paths, else the start: nobody is sent elsewhere from here."""
    ours = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if ours and not address.startswith("/sign-in") else "/"


def _enter(request: Request, user: SignedIn, wanted: str) -> Response:
    target = _own(wanted)
    if target == "/":
        target = home_of(request.app.state.rooms, user)
    return Response(status_code=303, headers={"Location": as_header(target)})


def _form(
    request: Request,
    now: datetime,
    wanted: str,
    *,
    login: str = "",
    left: int | None = None,
    until: datetime | None = None,
    status: int = 200,
) -> Response:
    return render(
        request,
        "web/sign_in.html",
        status,
        user=None,
        now=now,
        today=today(now),
        wanted=_own(wanted),
        login=login,
        left=left,
        until=until,
    )
