"""Tokens of machines: listed, made and shown once, withdrawn. Who makes them sees their own; admins all."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.auth.audit import note_change
from utility_crm.auth.events import note_event
from utility_crm.auth.tokens import NEEDS, MadeToken, make_token, revoke_token_of, token_rows
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.web.fresh import need_fresh_factor
from utility_crm.web.posting import Posting, handled
from utility_crm.web.sign_in import address_of
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark, translator

router = APIRouter()
PATH: Final = "/tokens"
MAY: Final = "tokens.make"
PACKAGE: Final = "utility_crm.people"
DAYS: Final = ("30", "90", "365", "0")
"""How long a token is valid; 0: until it is withdrawn."""
ASKED: Final = ("use", "gone", "new")
WHAT: Final = {
    "readings:write": mark("send readings"),
    "answers:read": mark("read what explains a bill"),
    "payments:write": mark("book payments"),
    "outages:write": mark("report outages"),
    "notices:read": mark("read notices for an app"),
    "notices:write": mark("say what became of notices"),
    "messages:write": mark("hand in messages of customers"),
    "telephony:write": mark("tell of calls"),
    "tickets:read": mark("read tickets"),
    "tickets:write": mark("open and answer tickets"),
    "personal:read": mark("read personal data in tickets"),
}


@router.get("/tokens")
def tokens(request: Request, ask: str = "use") -> Response:
    """What machines sign in with."""
    with visit(request, MAY) as v:
        return _page(v, ask)


@router.post("/tokens")
def add(request: Request, posted: Posting) -> Response:
    """A new token, shown once."""
    with visit(request, MAY) as v:
        need_fresh_factor(v)

        def chosen(_: str) -> tuple[str, ...]:
            wanted = posted.every("scopes")
            if not wanted or set(wanted) - set(_mine(v)):
                raise Invalid("choice", mark("Choose what it may do."), "scopes")
            return wanted

        def act() -> Response:
            name, scopes = posted.must("name"), posted.field("scopes", chosen)
            days = posted.one_of("days", DAYS)
            posted.check()
            made = _made(v, name.value, scopes.value, int(days.value) or None)
            note_event(
                v.session, "token_made", utc_now(), user_id=v.user.id, address=address_of(request),
                detail=f"{made.name}: {', '.join(made.scopes)}",
            )  # fmt: skip
            note_change(
                v.session, None, mark("token"), None, {"name": made.name, "scopes": list(made.scopes)}
            )
            return _page(v, "use", made)

        return handled(v, posted, "add", act, lambda: _page(v, "new"))


@router.post("/tokens/{token_id:int}/revoke")
def revoke(request: Request, token_id: int, posted: Posting) -> Response:
    """It is answered no more."""
    with visit(request, MAY) as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            name = revoke_token_of(v.session, token_id, _whose(v), utc_now())
            posted.sure(
                _("The machine that has %(name)s is answered no more, from now on and for good.", name=name),
                do=_("Withdraw it"),
            )
            note_event(
                v.session, "token_revoked", utc_now(), user_id=v.user.id, address=address_of(request),
                detail=name,
            )  # fmt: skip
            return v.done(_("%(name)s is withdrawn.", name=name), PATH)

        return handled(v, posted, f"revoke-{token_id}", act, lambda: _page(v, "use"), back=PATH)


def _made(v: Visit, name: str, scopes: tuple[str, ...], days: int | None) -> MadeToken:
    try:
        return make_token(v.session, name, scopes, utc_now(), days=days, created_by=v.user.id)
    except Conflict as error:  # its words name the other token
        raise Conflict("token_taken", mark("A token of this name is in use."), "name") from error


def _whose(v: Visit) -> int | None:
    """Whose tokens this person sees: None is everybody's."""
    return None if v.user.may("tokens.all") else v.user.id


def _mine(v: Visit) -> list[str]:
    """The scopes this person may give."""
    return [scope for scope, permission in NEEDS.items() if v.user.may(permission)]


def _page(v: Visit, ask: str, made: MadeToken | None = None) -> Response:
    real = utc_now()
    rows = token_rows(v.session, _whose(v))
    states: dict[str, list[Any]] = {"valid": [], "expired": [], "revoked": []}
    for row in rows:
        states[row.state(real)].append(row)
    return v.render(
        "people/tokens.html",
        ask=ask if ask in ASKED else "use",
        in_use=states["valid"],
        gone=[row for row in rows if row.state(real) != "valid"],
        scopes=_mine(v),
        what=WHAT,
        days=DAYS,
        made=made,
        real=real,
        everybodys=_whose(v) is None,
    )
