"""The steps of signing in beyond the password, and showing again who one is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Form, Query, Request
from markupsafe import Markup
from sqlalchemy.orm import Session
from starlette.responses import Response

from utility_crm.auth.events import note_event
from utility_crm.auth.guesses import FACTORS, PROOFS
from utility_crm.auth.own import choose_password, own_password
from utility_crm.auth.second_factor import (
    check_factor,
    confirm_factor,
    factor_standing,
    prepared_secret,
    provisioning,
)
from utility_crm.auth.sign_ins import Here, WaitsFor, note_proof
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import CareError
from utility_crm.kit.settings import settings
from utility_crm.web.forms import Form as Shown
from utility_crm.web.sign_in import address_of, begun, committed, own_address
from utility_crm.web.visit import SignInNeeded, Visit, as_header, here_of, render, today, visit
from utility_crm.web.words import said_in

router = APIRouter()
Wanted = Annotated[str, Query(alias="next")]
WantedForm = Annotated[str, Form(alias="next")]
Typed = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody who knows the password and is not in yet."""

    request: Request
    session: Session
    here: Here
    now: datetime

    def page(self, template: str, wanted: str, status: int = 200, **context: Any) -> Response:
        """The page of a step."""
        return render(
            self.request, template, status, user=None, now=self.now, today=today(self.now),
            wanted=own_address(wanted), login=self.here.user.login, **context,
        )  # fmt: skip

    def shown_again(self, template: str, wanted: str, error: CareError, **context: Any) -> Response:
        """The page with what is wrong about its one field."""
        words = self.request.app.state.templates
        said = said_in(
            lambda one: str(words.gettext(self.here.user.language, one)), error, self.here.user.language
        )
        self.request.state.form = Shown("step", {}, {error.where or "": said})
        return self.page(template, wanted, 422, **context)


@contextmanager
def step_of(request: Request, waits_for: WaitsFor) -> Iterator[Step]:
    """A unit of work of a sign-in that waits for this. Raises SignInNeeded where there is none."""
    with committed(request) as session:
        here = here_of(request, session)
        if here is None or here.waits_for != waits_for:
            raise SignInNeeded
        request.state.language = here.user.language
        yield Step(request, session, here, utc_now())


@router.get("/sign-in/code")
def code_page(request: Request, wanted: Wanted = "/") -> Response:
    """Asks for the code of the second step."""
    with step_of(request, "factor") as step:
        return step.page("people/code.html", wanted)


@router.post("/sign-in/code")
def code(
    request: Request, typed: Annotated[str, Form(alias="code")] = "", wanted: WantedForm = "/"
) -> Response:
    """Takes the code, or a recovery code. After five wrong ones nobody signs in under this name for a quarter
    of an hour: who asks here knows the password already."""
    with step_of(request, "factor") as step:
        user, session, now = step.here.user, step.session, step.now
        paused = FACTORS.begin(session, str(user.id), "", now)
        if paused is not None:
            return step.page("people/code.html", wanted, 429, until=paused)
        session.commit()  # it counts before the code is looked at, whatever becomes of it
        taken = check_factor(session, user.id, request.app.state.sealer, typed, now)
        if taken:
            FACTORS.take_back(session, str(user.id), "", now, right=True)
            if taken == "recovery":
                note_event(session, "recovery_used", now, user_id=user.id, address=address_of(request))
            return begun(request, session, user, now, wanted, way=step.here.way, done="factor")
        left, until = FACTORS.standing(session, str(user.id), "", now)
        note_event(session, "wrong_code", now, user_id=user.id, address=address_of(request))
        return step.page("people/code.html", wanted, 401, left=left, until=until)


@router.get("/sign-in/second-step")
def enrolment_page(request: Request, wanted: Wanted = "/") -> Response:
    """Shows the secret of a second step that this role has to have."""
    with step_of(request, "enrolment") as step:
        return step.page("people/enrolment.html", wanted, **setting_up(request, step.session, step.here))


@router.post("/sign-in/second-step")
def enrolment(
    request: Request, typed: Annotated[str, Form(alias="code")] = "", wanted: WantedForm = "/"
) -> Response:
    """Takes the first code: the second step counts from now on, and its recovery codes are shown once."""
    with step_of(request, "enrolment") as step:
        user, session = step.here.user, step.session
        try:
            codes = confirm_factor(session, user.id, request.app.state.sealer, typed, step.now)
        except CareError as error:
            shown = setting_up(request, session, step.here)
            return step.shown_again("people/enrolment.html", wanted, error, **shown)
        note_event(session, "factor_on", step.now, user_id=user.id, address=address_of(request))
        response = begun(request, session, user, step.now, wanted, done="enrolment")
        page = step.page("people/codes.html", wanted, codes=codes, onward=response.headers["location"])
        page.headers["set-cookie"] = response.headers["set-cookie"]
        return page


@router.get("/sign-in/new-password")
def password_page(request: Request, wanted: Wanted = "/") -> Response:
    """Asks for an own password in place of one that was given."""
    with step_of(request, "password") as step:
        return step.page("people/new_password.html", wanted)


@router.post("/sign-in/new-password")
def new_password(request: Request, new: Typed = "", wanted: WantedForm = "/") -> Response:
    """Takes the own password."""
    with step_of(request, "password") as step:
        user = step.here.user
        try:
            choose_password(step.session, user.id, new, step.now)
        except CareError as error:
            return step.shown_again("people/new_password.html", wanted, error)
        note_event(step.session, "password_changed", step.now, user_id=user.id, address=address_of(request))
        return begun(request, step.session, user, step.now, wanted, done="password")


@router.get("/sign-in/again")
def again_page(request: Request, wanted: Wanted = "/") -> Response:
    """Asks somebody signed in to show once more who they are."""
    with visit(request, "house.enter") as v:
        return _again(v, wanted)


@router.post("/sign-in/again")
def again(
    request: Request, typed: Annotated[str, Form(alias="code")] = "", wanted: WantedForm = "/"
) -> Response:
    """Takes the code of the second step, or the password of who has none."""
    with visit(request, "house.enter") as v:
        now, who = utc_now(), str(v.user.id)
        paused = PROOFS.begin(v.session, who, "", now)
        if paused is not None:
            return _again(v, wanted, 429, until=paused)
        v.session.commit()
        if factor_standing(v.session, v.user.id).since is not None:
            right = bool(check_factor(v.session, v.user.id, request.app.state.sealer, typed, now))
        else:
            right = own_password(v.session, v.user.id, typed)
        if not right:
            left, until = PROOFS.standing(v.session, who, "", now)
            note_event(v.session, "wrong_code", now, user_id=v.user.id, address=address_of(request))
            return _again(v, wanted, 401, left=left, until=until)
        PROOFS.take_back(v.session, who, "", now, right=True)
        note_proof(v.session, request.state.here.id, now)
        note_event(v.session, "proved", now, user_id=v.user.id, address=address_of(request))
        return Response(status_code=303, headers={"Location": as_header(own_address(wanted))})


def _again(v: Visit, wanted: str, status: int = 200, **context: Any) -> Response:
    has = factor_standing(v.session, v.user.id).since is not None
    return v.render(
        "people/again.html", status, wanted=own_address(wanted), has_factor=has,
        provider=v.request.app.state.provider, outside=v.request.state.here.way == "outside", **context,
    )  # fmt: skip


def setting_up(request: Request, session: Session, here: Here) -> dict[str, Any]:
    """What the page of setting up shows: the secret in groups of four, and its QR code as an inline drawing.

    Raises SignInNeeded where nothing is being set up.
    """
    secret = prepared_secret(session, here.user.id, request.app.state.sealer)
    if secret is None:
        raise SignInNeeded
    drawn = segno.make(provisioning(secret, here.user.login, settings().utility_name), micro=False)
    svg = drawn.svg_inline(scale=4, border=4, light="#fff", dark="#000")
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return {"secret": groups, "qr": Markup(svg)}  # noqa: S704 - drawn by segno: a path and numbers
