"""Signing in by an identity provider, where the settings name one."""

from __future__ import annotations

import hmac
import logging
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from utility_crm.auth.events import note_event
from utility_crm.auth.oidc import Journey, Outsider, Provider, new_journey
from utility_crm.auth.outsiders import add_outsider, is_linked, link, unlink, user_of
from utility_crm.auth.sign_ins import Here
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import NotFound, Refused
from utility_crm.kit.settings import settings
from utility_crm.people.journeys import COOKIE, SECONDS
from utility_crm.web.cookies import cookie_of, drop_cookie, put_cookie
from utility_crm.web.fresh import need_fresh_factor
from utility_crm.web.security import same_site
from utility_crm.web.sign_in import address_of, begun, committed, own_address
from utility_crm.web.visit import here_of, open_session, visit
from utility_crm.web.words import mark

router = APIRouter()
log = logging.getLogger("utility_crm.people.outside")
Wanted = Annotated[str, Query(alias="next")]


@router.get("/sign-in/outside")
def start(request: Request, wanted: Wanted = "/", purpose: str = "enter") -> Response:
    """Sends the browser to the provider: to enter, to show again who they are, or to link an identity.

    A link of ours leads here and no other site: nobody is signed in without having asked for it.
    """
    provider = _provider(request)
    if not same_site(request.headers):
        raise Refused("outside_started", mark("Begin at the sign-in page."))
    here = None
    if purpose == "link":
        with visit(request, "house.enter") as v:
            need_fresh_factor(v)
            here = request.state.here
    elif purpose == "again":
        with open_session(request) as session:
            here = here_of(request, session)
    journey = new_journey(
        own_address(wanted), purpose if here is not None else "enter", here.user.id if here is not None else 0
    )
    response = Response(status_code=303, headers={"Location": provider.start(journey, utc_now())})
    put_cookie(response, COOKIE, request.app.state.journeys.issue(journey), seconds=SECONDS)
    return response


@router.get("/sign-in/outside/back")
def back(request: Request, state: str = "", code: str = "", iss: str = "") -> Response:
    """Takes what the provider sends back: only to the browser that was sent, and once."""
    provider, now = _provider(request), utc_now()
    journey: Journey | None = request.app.state.journeys.read(cookie_of(request, COOKIE))
    if journey is None or not hmac.compare_digest(journey.state.encode(), state.encode("utf-8", "replace")):
        raise Refused("outside_state", mark("This sign-in was not begun here, or too long ago. Begin again."))
    if not code or (iss and iss != provider.issuer):
        raise Refused("outside_refused", mark("The identity provider let nobody in."))
    try:
        outsider = provider.outsider(journey, code, now)
    except Refused as error:
        log.info("token not believed: %r", getattr(error, "__notes__", []))
        with committed(request) as session:
            note_event(session, "outside_refused", now, address=address_of(request))
        raise
    with committed(request) as session:
        here = here_of(request, session)
        if journey.purpose == "link":
            response = _linked(request, session, journey, outsider, here, now)
        else:
            response = _entered(request, session, journey, outsider, now)
    drop_cookie(response, COOKIE)
    return response


@router.post("/me/outside/{identity_id}/drop")
def drop(request: Request, identity_id: int) -> Response:
    """An identity opens nothing any more."""
    with visit(request, "house.enter") as v:
        need_fresh_factor(v)
        if not unlink(v.session, v.user.id, identity_id):
            raise NotFound("no_such_identity", mark("This outside identity is not yours."))
        note_event(v.session, "outside_unlinked", utc_now(), user_id=v.user.id, address=address_of(request))
        return v.done(v.text(mark("Unlinked.")), "/me", ask="step")


def _entered(
    request: Request, session: Session, journey: Journey, outsider: Outsider, now: datetime
) -> Response:
    user, role = user_of(session, outsider, now), settings().oidc_new_people
    if user is None and role and not is_linked(session, outsider):
        user = add_outsider(session, outsider, role, settings().language, now)
        note_event(session, "added", now, user_id=user.id, address=address_of(request), detail=role)
    if user is None or journey.user_id not in (0, user.id):
        note_event(session, "outside_refused", now, address=address_of(request))
        session.commit()
        raise Refused(
            "outside_unknown",
            mark("Nobody here is linked to this identity. Sign in and link it on your page."),
        )
    return begun(
        request, session, user, now, journey.wanted, way="outside", proved_at=outsider.authenticated_at
    )


def _linked(
    request: Request, session: Session, journey: Journey, outsider: Outsider, here: Here | None, now: datetime
) -> Response:
    if here is None or here.waits_for or here.user.id != journey.user_id:
        raise Refused("outside_state", mark("This sign-in was not begun here, or too long ago. Begin again."))
    link(session, here.user.id, outsider, now)
    note_event(
        session,
        "outside_linked",
        now,
        user_id=here.user.id,
        address=address_of(request),
        detail=outsider.called,
    )
    return Response(status_code=303, headers={"Location": "/me?ask=step"})


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise NotFound("no_provider", mark("No identity provider is set."))
    return provider
