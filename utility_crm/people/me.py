"""A person's own page: how their pages look, where they are signed in, their password and second step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.auth.events import events_of, note_event
from utility_crm.auth.guesses import PROOFS
from utility_crm.auth.outsiders import identities_of
from utility_crm.auth.own import choose_password, own_password, set_look
from utility_crm.auth.second_factor import (
    confirm_factor,
    drop_factor,
    factor_standing,
    new_recovery_codes,
    prepare_factor,
)
from utility_crm.auth.sign_ins import end_sign_in, end_sign_ins_of, note_proof, open_sign_ins
from utility_crm.auth.steps import needs_factor
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Invalid, NotFound, Refused
from utility_crm.people.browsers import browser_named
from utility_crm.people.queries import own_extension
from utility_crm.people.steps import setting_up
from utility_crm.web.cookies import drop_cookie
from utility_crm.web.forms import Posted
from utility_crm.web.fresh import is_fresh, need_fresh_factor
from utility_crm.web.posting import Posting, handled
from utility_crm.web.sign_in import address_of
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import LANGUAGES, mark

router = APIRouter()
PATH = "/me"
ASKED = ("look", "places", "password", "step", "door")


@router.get("/me")
def me(request: Request, ask: str = "look") -> Response:
    """One of the questions a person has about themselves."""
    with visit(request, "house.enter") as v:
        return me_page(v, ask)


def me_page(v: Visit, ask: str, **context: Any) -> Response:
    """The page with one question open."""
    real = utc_now()
    standing = factor_standing(v.session, v.user.id)
    asked = ask if ask in ASKED else "look"
    prepares = bool(context.pop("prepared", False)) and standing.since is None
    shown = setting_up(v.request, v.session, v.request.state.here) if prepares else {}
    places = open_sign_ins(v.session, v.user.id, real)
    return v.render(
        "people/me.html",
        ask=asked,
        real=real,
        here=v.request.state.here,
        places=[replace(one, browser=browser_named(one.browser)) for one in places],
        events=events_of(v.session, v.user.id),
        standing=standing,
        identities=identities_of(v.session, v.user.id),
        provider=v.request.app.state.provider,
        must_have=needs_factor(v.session, v.user.role),
        fresh=is_fresh(v),
        extension=own_extension(v.session, v.user.id),
        choices=list(LANGUAGES.items()),
        prepared=prepares,
        **{"codes": (), **shown, **context},
    )


@router.post("/me/look")
def look(request: Request, posted: Posting) -> Response:
    """Keeps how their pages look."""
    with visit(request, "house.enter") as v:

        def act() -> Response:
            language = posted.one_of("language", LANGUAGES)
            theme = posted.one_of("theme", ("", "light", "dark"))
            density = posted.one_of("density", ("", "easy"))
            letters = posted.text("letters")
            set_look(
                v.session, v.user.id, language=language.value, theme=theme.value, density=density.value,
                letters=bool(letters), letters_by="alt" if letters == "alt" else "",
                own_keys=posted.text("own_keys"), extension=posted.text("extension"),
            )  # fmt: skip
            spoken = replace(v, user=replace(v.user, language=language.value))
            response = spoken.done(spoken.text(mark("Kept: your pages look like this from now on.")), PATH)
            drop_cookie(response, "theme")  # what this device chose gives way
            return response

        return handled(v, posted, "look", act, lambda: me_page(v, "look"))


@router.post("/me/places/{sign_in_id}/end")
def end_place(request: Request, sign_in_id: int) -> Response:
    """Signs out somewhere else."""
    with visit(request, "house.enter") as v:
        need_fresh_factor(v)
        now = utc_now()
        if sign_in_id not in {one.id for one in open_sign_ins(v.session, v.user.id, now)}:
            raise NotFound("no_such_sign_in", mark("This sign-in has ended already."))
        end_sign_in(v.session, sign_in_id, now, "from the list")
        note_event(v.session, "ended", now, user_id=v.user.id, address=address_of(request))
        if sign_in_id == request.state.here.id:
            return v.redirect("/sign-in")
        return v.done(v.text(mark("Signed out there.")), PATH, ask="places")


@router.post("/me/places/end")
def end_other_places(request: Request) -> Response:
    """Signs out everywhere else."""
    with visit(request, "house.enter") as v:
        need_fresh_factor(v)
        now, here = utc_now(), request.state.here
        ended = end_sign_ins_of(v.session, v.user.id, now, "from the list", but=here.id)
        note_event(v.session, "ended", now, user_id=v.user.id, address=address_of(request), detail=str(ended))
        words = v.text(mark("Signed out everywhere else. Sign-ins that ended: %(count)s."))
        return v.done(words % {"count": ended}, PATH, nothing=not ended, ask="places")


@router.post("/me/password")
def password(request: Request, posted: Posting) -> Response:
    """A new password, for who knows the old one."""
    with visit(request, "house.enter") as v:
        now, who = utc_now(), str(v.user.id)
        paused = PROOFS.begin(v.session, who, "", now)
        v.session.commit()  # the try counts, whatever becomes of it
        before, after = _as_typed(posted, "before"), _as_typed(posted, "new")
        right = paused is None and own_password(v.session, v.user.id, before)
        if right:
            PROOFS.take_back(v.session, who, "", now, right=True)

        def act() -> Response:
            if paused is not None:
                raise Refused("rests", mark("Too many tries. Wait a quarter of an hour."), "before")
            if not right:
                raise Invalid("wrong_password", mark("That is not your password."), "before")
            ended = choose_password(v.session, v.user.id, after, now, keep=request.state.here.id)
            note_proof(v.session, request.state.here.id, now)
            note_event(v.session, "password_changed", now, user_id=v.user.id, address=address_of(request))
            words = v.text(mark("Your password is new. Sign-ins elsewhere that ended: %(count)s."))
            return v.done(words % {"count": ended}, PATH, ask="password")

        return handled(v, posted, "password", act, lambda: me_page(v, "password"))


@router.post("/me/step")
def step(request: Request, posted: Posting) -> Response:
    """Begins to set up a second step; takes its first code; makes new recovery codes; takes it off."""
    with visit(request, "house.enter") as v:
        need_fresh_factor(v)
        now, does, sealer = utc_now(), posted.text("does"), request.app.state.sealer
        shown: dict[str, Any] = {"prepared": does in ("begin", "confirm")}

        def act() -> Response:
            if does == "begin":
                prepare_factor(v.session, v.user.id, sealer, now)
                return me_page(v, "step", **shown)
            if does == "confirm":
                codes = confirm_factor(v.session, v.user.id, sealer, posted.text("code"), now)
                note_event(v.session, "factor_on", now, user_id=v.user.id, address=address_of(request))
                return me_page(v, "step", codes=codes)
            if does == "codes" and factor_standing(v.session, v.user.id).since is not None:
                note_event(v.session, "recovery_codes", now, user_id=v.user.id, address=address_of(request))
                return me_page(v, "step", codes=new_recovery_codes(v.session, v.user.id))
            if does == "drop":
                return _drop(v)
            raise Invalid("does", mark("Choose one of what is offered."))

        return handled(v, posted, "step", act, lambda: me_page(v, "step", **shown))


def _drop(v: Visit) -> Response:
    if needs_factor(v.session, v.user.role):
        raise Refused("factor_needed", mark("Your role signs in with a second step; it cannot be taken off."))
    was = drop_factor(v.session, v.user.id)
    if was:
        note_event(v.session, "factor_off", utc_now(), user_id=v.user.id, address=address_of(v.request))
    return v.done(v.text(mark("No second step is asked any more.")), PATH, nothing=not was, ask="step")


def _as_typed(posted: Posted, name: str) -> str:
    """A password exactly as it was typed, blanks at its ends too."""
    return posted.values.get(name, ("",))[-1]
