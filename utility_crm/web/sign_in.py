"""The door: signing in and out."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from utility_crm.auth.actions import check_password
from utility_crm.auth.cookies import COOKIE
from utility_crm.auth.events import note_event
from utility_crm.auth.guesses import PASSWORDS
from utility_crm.auth.queries import SignedIn, user_called
from utility_crm.auth.second_factor import prepare_factor
from utility_crm.auth.sign_ins import WaitsFor, Way, begin_sign_in, end_sign_in
from utility_crm.auth.steps import next_step
from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import settings
from utility_crm.web.chrome import home_of, open_rooms
from utility_crm.web.cookies import drop_cookie, put_cookie
from utility_crm.web.visit import (
    as_header,
    here_of,
    know_whether_simulated,
    open_session,
    render,
    signed_in,
    today,
)
from utility_crm.web.words import LANGUAGES

router = APIRouter()
Wanted = Annotated[str, Query(alias="next")]
STEPS: dict[WaitsFor, str] = {
    "factor": "/sign-in/code",
    "password": "/sign-in/new-password",
    "enrolment": "/sign-in/second-step",
}
"""The page of what a sign-in waits for."""
_YEAR = 365 * 24 * 3600
CLEARED = '"cache", "storage"'
"""What a browser clears of ours when somebody leaves: drafts and pages kept for the way back."""


@router.get("/sign-in")
def door(request: Request, wanted: Wanted = "/", language: str = "") -> Response:
    """The form, or for somebody signed in already the way in."""
    if language in LANGUAGES:
        response = Response(
            status_code=303, headers={"Location": f"/sign-in?next={quote(own_address(wanted))}"}
        )
        put_cookie(response, "language", language, seconds=_YEAR)
        return response
    with open_session(request) as session:
        user = signed_in(request, session)
        know_whether_simulated(request, session)
    if user is not None:
        return _enter(request, user, wanted)
    return _form(request, utc_now(), wanted)


async def unhurried(request: Request) -> None:
    """Holds a try back where many are wrong everywhere; waiting takes no thread from anybody."""

    def seconds() -> float:
        with open_session(request) as session:
            return PASSWORDS.wait_seconds(session, utc_now())

    await sleep(await run_in_threadpool(seconds))


@router.post("/sign-in", dependencies=[Depends(unhurried)])
def enter(
    request: Request,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Takes name and password. After five wrong tries from one address a name rests there for a quarter of an
    hour, after fifty an address does (see `auth.guesses`)."""
    now, address = utc_now(), address_of(request)
    who = login.strip().lower()[:200].replace("\0", "")
    with committed(request) as session:
        paused = PASSWORDS.begin(session, who, address, now)
    if paused is not None:
        return _form(request, now, wanted, login=who, until=paused, status=429)
    try:
        with open_session(request) as session:
            user = check_password(session, who, password)
    except Exception:  # nobody learnt anything: the try was none
        with committed(request) as session:
            PASSWORDS.take_back(session, who, address, now, right=False)
        raise
    with committed(request) as session:
        if user is not None:
            PASSWORDS.take_back(session, who, address, now, right=True)
            return begun(request, session, user, now, wanted)
        left, until = PASSWORDS.standing(session, who, address, now)
        whose = user_called(session, who)
        note_event(session, "rests" if until else "wrong_password", now, user_id=whose, address=address)
    return _form(request, now, wanted, login=who, left=left, until=until, status=401)


def begun(
    request: Request,
    session: Session,
    user: SignedIn,
    now: datetime,
    wanted: str,
    *,
    way: Way = "password",
    done: WaitsFor = "",
    proved_at: datetime | None = None,
) -> Response:
    """A new sign-in of this person from this browser, in place of the one it had: on to what it waits for
    after `done` (`auth.steps`), or to the page that was wanted."""
    before = here_of(request, session)
    if before is not None:
        end_sign_in(session, before.id, now, "replaced")
    waits = next_step(session, user, now, way, done)
    if waits == "enrolment":
        prepare_factor(session, user.id, request.app.state.sealer, now)
    address, browser = address_of(request), request.headers.get("user-agent", "")
    token = begin_sign_in(
        session, user.id, now, address=address, browser=browser, way=way, waits_for=waits,
        proved_at=proved_at,
    )  # fmt: skip
    if waits:
        target = f"{STEPS[waits]}?next={quote(own_address(wanted), safe='')}"
        response = Response(status_code=303, headers={"Location": target})
    else:
        note_event(session, "signed_in", now, user_id=user.id, address=address)
        response = _enter(request, user, wanted)
    value = request.app.state.sessions.issue(token)
    put_cookie(response, COOKIE, value, seconds=settings().sign_in_hours * 3600)
    return response


def address_of(request: Request) -> str:
    """Where a request comes from; behind a proxy of ours (setting `trusted_proxies`) whom that names."""
    return request.client.host if request.client else ""


@router.post("/sign-out")
def leave(request: Request) -> Response:
    """Ends the sign-in, here and in the database, and forgets whom they looked at."""
    now = utc_now()
    with committed(request) as session:
        here = here_of(request, session)
        if here is not None and end_sign_in(session, here.id, now, "signed out"):
            note_event(session, "signed_out", now, user_id=here.user.id, address=address_of(request))
    response = Response(status_code=303, headers={"Location": "/sign-in", "Clear-Site-Data": CLEARED})
    for name in (COOKIE, "recent"):
        drop_cookie(response, name)
    return response


@contextmanager
def committed(request: Request) -> Iterator[Session]:
    """A short unit of work of its own."""
    with open_session(request) as session:
        yield session
        session.commit()


def own_address(address: str) -> str:
    """The address if it is one of our paths, else the start: nobody is sent elsewhere from here."""
    ours = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if ours and not address.startswith("/sign-in") else "/"


def _enter(request: Request, user: SignedIn, wanted: str) -> Response:
    target = own_address(wanted)
    if target == "/":
        target = home_of(open_rooms(request, user), user)
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
        wanted=own_address(wanted),
        login=login,
        left=left,
        until=until,
        provider=request.app.state.provider,
    )
