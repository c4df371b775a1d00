"""The people of the house, for admins: add, change, give a password, end sign-ins, take a second step off."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.auth.actions import add_user
from utility_crm.auth.audit import note_change
from utility_crm.auth.events import events_of
from utility_crm.auth.guesses import FACTORS, PASSWORDS, PROOFS
from utility_crm.auth.permissions import ROLES
from utility_crm.auth.queries import LANGUAGES
from utility_crm.auth.second_factor import drop_factor
from utility_crm.auth.sign_ins import SignInRow, end_sign_in, end_sign_ins_of, open_sign_ins
from utility_crm.auth.staff import change_person, give_password, staff_rows
from utility_crm.auth.teams import areas, standing_of, teams
from utility_crm.auth.tokens import revoke_tokens_beyond
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Invalid, NotFound, Refused
from utility_crm.people.browsers import browser_named
from utility_crm.people.standing import note_of, stands
from utility_crm.web.fresh import need_fresh_factor
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
PATH = "/people"
_WITHDRAWN = mark("Their tokens are withdrawn, and machines that have them answered no more: %(names)s.")


@router.get("/people")
def people(request: Request, person: int = 0, ask: str = "who") -> Response:
    """Everybody, or one in full, or the teams."""
    with visit(request, "people.write") as v:
        return people_page(v, person, ask=ask)


def people_page(v: Visit, person: int = 0, ask: str = "who", **context: Any) -> Response:
    """The list, and one person beside it where one is chosen. NotFound for nobody."""
    rows = staff_rows(v.session)
    chosen = next((one for one in rows if one.id == person), None)
    if person and chosen is None:
        raise NotFound("no_such_user", mark("There is no user of this name."))
    real = utc_now()
    return v.render(
        "people/people.html",
        rows=rows,
        chosen=chosen,
        real=real,
        roles=list(ROLES),
        places=_places(v, person) if chosen else [],
        standing=standing_of(v.session, person) if chosen else None,
        teams=teams(v.session),
        areas=areas(v.session) if chosen else [],
        events=events_of(v.session, person) if chosen else [],
        ask="teams" if ask == "teams" else "who",
        **{"given": "", "given_to": "", **context},
    )


@router.post("/people")
def add(request: Request, posted: Posting) -> Response:
    """A new person, with a password that is shown once and opens the form for their own."""
    with visit(request, "people.write") as v:
        need_fresh_factor(v)
        now = utc_now()

        def act() -> Response:
            login, name = posted.must("login"), posted.must("name")
            role, language = posted.one_of("role", ROLES), posted.one_of("language", LANGUAGES)
            made = add_user(
                v.session, login=login.value, name=name.value, role=role.value,
                password=secrets.token_urlsafe(24), language=language.value,
            )  # fmt: skip
            note_of(v, "added", made, role.value)
            given = give_password(v.session, made, now, by=v.user.id)
            return people_page(v, made, given=given, given_to=login.value)

        return handled(v, posted, "add", act, lambda: people_page(v))


@router.post("/people/{person}")
def change(request: Request, person: int, posted: Posting) -> Response:
    """Changes one person: what `does` says."""
    with visit(request, "people.write") as v:
        need_fresh_factor(v)
        does = posted.text("does")

        def act() -> Response:
            if does == "keep":
                return _kept(
                    v,
                    posted.text("name"),
                    posted.text("role"),
                    bool(posted.every("active")),
                    person,
                    posted.text("seen"),
                )
            if does == "standing":
                return stands(v, posted, person)
            if does == "password":
                given = give_password(v.session, person, utc_now(), by=v.user.id)
                note_of(v, "password_given", person)
                whose = next(one.login for one in staff_rows(v.session) if one.id == person)
                for kind, name in ((PASSWORDS, whose), (FACTORS, str(person)), (PROOFS, str(person))):
                    kind.clear(v.session, name)
                return people_page(v, person, given=given, given_to=whose)
            if does == "end":
                ended = end_sign_ins_of(v.session, person, utc_now(), "an admin")
                note_of(v, "ended", person, str(ended))
                words = v.text(mark("Signed out everywhere. Sign-ins that ended: %(count)s."))
                return v.done(words % {"count": ended}, PATH, nothing=not ended, person=person)
            if does == "factor":
                if person == v.user.id:
                    raise Refused("own_factor", mark("Take your own second step off on your page."))
                was = drop_factor(v.session, person)
                if was:
                    end_sign_ins_of(v.session, person, utc_now(), "an admin")
                    note_of(v, "factor_off", person)
                words = v.text(mark("No second step is asked of them any more."))
                return v.done(words, PATH, nothing=not was, person=person)
            raise Invalid("does", mark("Choose one of what is offered."))

        return handled(v, posted, does or "keep", act, lambda: people_page(v, person))


@router.post("/people/{person}/places/{sign_in_id}/end")
def end_place(request: Request, person: int, sign_in_id: int) -> Response:
    """Ends one sign-in of a person."""
    with visit(request, "people.write") as v:
        need_fresh_factor(v)
        if sign_in_id not in {one.id for one in open_sign_ins(v.session, person, utc_now())}:
            raise NotFound("no_such_sign_in", mark("That sign-in has ended already."))
        end_sign_in(v.session, sign_in_id, utc_now(), "an admin")
        note_of(v, "ended", person, "1")
        return v.done(v.text(mark("Signed out there.")), PATH, person=person)


def _places(v: Visit, person: int) -> list[SignInRow]:
    rows = open_sign_ins(v.session, person, utc_now())
    return [replace(one, browser=browser_named(one.browser)) for one in rows]


def _kept(v: Visit, name: str, role: str, active: bool, person: int, seen: str) -> Response:
    changed = change_person(
        v.session, person, name=name, role=role, active=active, seen=seen, by=v.user.id, now=utc_now()
    )
    if "active" in changed:
        note_of(v, "activated" if active else "deactivated", person)
    if rest := [one for one in changed if one != "active"]:
        note_of(v, "changed", person, f"{', '.join(rest)}: {name.strip()}, {role}")
    words = v.text(mark("Kept."))
    tokens = revoke_tokens_beyond(v.session, person, utc_now()) if {"active", "role"} & set(changed) else []
    for one in tokens:
        note_of(v, "token_revoked", person, one)
        note_change(v.session, None, mark("token"), {"name": one}, None)
    if tokens:
        words += " " + v.text(_WITHDRAWN) % {"names": ", ".join(tokens)}
    return v.done(words, PATH, nothing=not changed, person=person)
