"""One request of a signed-in person: a session, who asks, what time it is, and how to answer.

    @router.get("/feeds")
    def feeds(request: Request) -> Response:
        with visit(request, "feeds.run") as v:
            return v.render("meters/feeds.html", feeds=recent_feeds(v.session, v.now))

Routes are plain `def`: one hop to a thread, one connection, no waiting for a second thread while holding it.
The block commits when it ends well and rolls back when it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from babel.lists import format_list
from fastapi import Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from utility_crm.auth.audit import acts
from utility_crm.auth.cookies import COOKIE
from utility_crm.auth.permissions import roles_with
from utility_crm.auth.queries import SignedIn
from utility_crm.auth.sign_ins import Here, who_is_here
from utility_crm.kit.clock import today_in, utc_now
from utility_crm.kit.errors import CareError, NotFound, Refused
from utility_crm.kit.installation import is_simulated
from utility_crm.kit.masking import Reader, reader_now, reading
from utility_crm.kit.settings import settings
from utility_crm.web.banners import COOKIE as BANNER
from utility_crm.web.banners import JustDone, put_banner
from utility_crm.web.chrome import chrome
from utility_crm.web.cookies import cookie_of, drop_cookie, named
from utility_crm.web.formats import locale
from utility_crm.web.watched import Watched
from utility_crm.web.words import said_in, translator


class SignInNeeded(Exception):
    """Nobody is signed in: the edge sends the browser to /sign-in and back."""


class WrongRole(Refused):
    """The person is signed in, but this is not their room; it names who may enter."""

    def __init__(self, role: str, allowed: tuple[str, ...]) -> None:
        self.role = role
        self.allowed = allowed
        super().__init__("wrong_role", self.said("en"))

    def said(self, language: str) -> str:
        """The sentence in the person's language."""
        _ = translator(language)
        roles = {
            "agent": _("agents"),
            "supervisor": _("supervisors"),
            "marketer": _("marketers"),
            "ops": _("the operations team"),
            "admin": _("admins"),
        }
        allowed = format_list([roles.get(role, role) for role in self.allowed], locale=locale(language))
        sentence = _("This page is for %(roles)s; you are signed in as %(role)s.")
        return sentence % {"roles": allowed, "role": _(self.role)}


@dataclass(frozen=True, slots=True)
class Visit:
    """What a route needs, and nothing it must fetch itself. `hx`: a fragment is wanted, not the page."""

    request: Request
    session: Session
    user: SignedIn
    now: datetime
    today: date
    hx: bool

    def render(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """The template as a whole page, or for htmx its `sheet` block alone."""
        return render(
            self.request, template, status, user=self.user, now=self.now, today=self.today, **context
        )

    def fragment(self, template: str, **context: Any) -> str:
        """A template as text, to be put into another."""
        given = chrome(self.request, self.user, self.now, self.today) | context
        return str(self.request.app.state.templates.render(template, self.user.language, given))

    def about(self, customer_id: int | None) -> None:
        """The page is about one customer: what is known of them is covered in its texts until their caller is
        verified (`kit.masking`)."""
        reader = reader_now()
        if customer_id is not None and reader is not None:
            known = self.request.app.state.known
            reader.about(customer_id, lambda: known(self.session, customer_id, self.now, self.today))

    def whose(self) -> int | None:
        """The customer of what the address names; None where it is nobody's."""
        found: int | None = self.request.app.state.whose.customer_of(self.session, self.request)
        return found

    def text(self, message: str) -> str:
        """A message in the person's language, for words made in Python."""
        return str(self.request.app.state.templates.gettext(self.user.language, message))

    def said(self, error: CareError) -> str:
        """An error's sentence in the person's language, its days as they are written there."""
        return said_in(self.text, error, self.user.language)

    def done(self, words: str, path: str, *, nothing: bool = False, **query: object) -> Response:
        """Look there next, where `words` say once what was done, with its figures. `nothing`: it was done
        before, and nothing changed. Who did it from below the strip of a customer's page stays over their
        question."""
        self.request.state.done = (words, nothing)
        came = getattr(self.request.state, "came_from", None)
        if came is not None and path.startswith("/customers/"):
            path, query = path.partition("?")[0], {"ask": came.ask} if came.ask else {}
        response = self.redirect(path, **query)
        put_banner(response, self.request, self.user.id, JustDone(words, "now" if nothing else "ok"))
        return response

    def redirect(self, path: str, **query: object) -> Response:
        """Look there next (303), after a form was taken. htmx is told to go, not to swap."""
        address = path + ("?" + urlencode(query) if query else "")
        if self.hx:
            return Response(status_code=204, headers={"HX-Redirect": as_header(address)})
        return Response(status_code=303, headers={"Location": as_header(address)})


@contextmanager
def visit(request: Request, permission: str) -> Iterator[Visit]:
    """A unit of work of a person who has this permission (`auth.permissions`) and may see what the address
    and the form name (`customers.whose`). What they looked at or changed is written down (`web.watched`).

    Raises SignInNeeded, WrongRole, Refused for a page of the whole utility and NotFound for what is not
    theirs to see; what the block raises rolls it back and goes on to the error pages.
    """
    now = present()
    with open_session(request) as session:  # closing it rolls back what was not committed
        user, watched = admitted(request, session, permission, now)
        try:
            with reading(_reader(request, session, user, now)):
                yield Visit(request, session, user, now, today(now), wants_fragment(request))
        except NotFound as error:
            raise watched.as_if_foreign(error) from error
        watched.write_down(session)
        session.commit()


def _reader(request: Request, session: Session, user: SignedIn, now: datetime) -> Reader:
    """Whom they verified is asked once, and only for a page that shows what it matters for."""
    every = not settings().caller_verification and user.may("callers.verify")
    return Reader(user.may, lambda: request.app.state.verified(session, user.id, now), every=every)


def admitted(request: Request, session: Session, permission: str, now: datetime) -> tuple[SignedIn, Watched]:
    """Who asks, if they may; a refusal is written down. For routes that ask before a body is read."""
    user = signed_in(request, session)
    if user is None:
        raise SignInNeeded
    request.state.user = user
    know_whether_simulated(request, session)
    watched = Watched.of(request, user, now)
    acts(session, watched.acting)
    try:
        if not user.may(permission):
            raise WrongRole(user.role, roles_with(permission))
        watched.admit(session)
    except (Refused, NotFound):
        watched.refuse(session)
        session.commit()
        raise
    return user, watched


def open_session(request: Request) -> Session:
    """A session on the application's database; inside a test's transaction its commits are savepoints."""
    return Session(request.app.state.engine, expire_on_commit=False, join_transaction_mode="create_savepoint")


def know_whether_simulated(request: Request, session: Session) -> None:
    """Reads whether this utility is a demo, until it is known to be one: it does not stop being one."""
    state = request.app.state
    state.simulated = state.simulated or is_simulated(session)


def signed_in(request: Request, session: Session) -> SignedIn | None:
    """The person whose sign-in the cookie names, while it holds and waits for nothing more."""
    here = here_of(request, session)
    return here.user if here is not None and not here.waits_for else None


def here_of(request: Request, session: Session) -> Here | None:
    """The sign-in that the cookie names, while it holds; it may wait for a second step."""
    token = request.app.state.sessions.read(cookie_of(request, COOKIE))
    here = None if token is None else who_is_here(session, token, utc_now())
    request.state.here = here
    return here


def as_header(address: str) -> str:
    """An address as a header may carry it."""
    return quote(address, safe="/?=&%#:+,")


def today(now: datetime) -> date:
    """The date the pages live in: the demo's as-of date, else today in the utility's zone."""
    return settings().as_of or today_in(settings().timezone, now)


def present() -> datetime:
    """The present instant; where the demo pretends another date, this time of day on that date."""
    now = utc_now()
    pretended = settings().as_of
    if pretended is None:
        return now
    zone = ZoneInfo(settings().timezone)
    return datetime.combine(pretended, now.astimezone(zone).time(), zone).astimezone(UTC)


def wants_fragment(request: Request) -> bool:
    """htmx asks for a part of a page; when it restores history it wants the whole."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"


def render(
    request: Request,
    template: str,
    status: int = 200,
    *,
    user: SignedIn | None,
    now: datetime,
    today: date,
    **context: Any,
) -> HTMLResponse:
    """A page for a person, or for somebody who has not signed in yet (`user` None)."""
    given = chrome(request, user, now, today)
    given["layout"] = "web/fragment.html" if wants_fragment(request) else "web/base.html"
    body = request.app.state.templates.render(template, given["language"], given | context)
    response = HTMLResponse(body, status, headers={"Vary": "HX-Request, Cookie"})
    if named(BANNER) in request.cookies and not wants_fragment(request):
        drop_cookie(response, BANNER)  # it is said once
    return response
