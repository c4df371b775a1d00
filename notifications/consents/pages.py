"""What customers allow: taken by staff with its proof, confirmed and ended by customers through the links in
their letters, where nobody signs in."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from notifications.consents.confirming import (
    Standing,
    ask_to_confirm,
    confirm,
    needs_confirmation,
    standing,
)
from notifications.consents.recording import record_consent
from notifications.consents.unsubscribing import Reader, reader, unsubscribe
from notifications.consents.words import LONGEST_PROOF
from notifications.domain.ways import CHANNELS
from utility_crm.customers.pages import customer_page
from utility_crm.kit.errors import Invalid
from utility_crm.kit.runtime import signing_keys
from utility_crm.web.chrome import chrome
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import know_whether_simulated, open_session, present, today, visit
from utility_crm.web.words import mark

router = APIRouter()
PURPOSES = ("service", "marketing")


@router.post("/customers/{customer_id}/consent")
def consent(request: Request, customer_id: int, posted: Posting) -> Response:
    """Keep a customer's word for or against being written to; for offers by e-mail ask them to confirm."""
    purpose, channel = posted.text("purpose"), posted.text("channel")
    with visit(request, "consents.write") as v:
        _ = v.text
        back = f"/customers/{customer_id}?ask=told"

        def act() -> Response:
            posted.one_of("purpose", PURPOSES)
            posted.one_of("channel", CHANNELS)
            granted = posted.one_of("granted", ("yes", "no"))
            proof = posted.field("proof", typed_proof)
            posted.check()
            if granted.value == "yes" and needs_confirmation(purpose, channel):
                address, became = ask_to_confirm(v.session, customer_id, signing_keys(), v.now)
                if became.outcome == "already":
                    words = _("Asked today already: the question went to %(address)s.")
                    return v.done(words % {"address": address}, back, nothing=True)
                if became.outcome == "withheld" and became.reason is not None:
                    words = _("The question was not sent: %(why)s.") % {"why": _(became.reason.words)}
                    return v.done(words, back, nothing=True)
                words = _("Asked at %(address)s to confirm it. Until they do, we send no offers.")
                return v.done(words % {"address": address}, back)
            record_consent(
                v.session, customer_id, purpose, channel,
                granted=granted.value == "yes", now=v.now, proof=proof.value, by=v.user.id,
            )  # fmt: skip
            return v.redirect(f"/customers/{customer_id}", ask="told", changed=f"{purpose}-{channel}")

        name = f"consent-{purpose}-{channel}"
        return handled(
            v, posted, name, act, lambda: customer_page(v, customer_id, "told", params={}), back=back
        )


def typed_proof(given: str) -> str:
    """How we know, in one line. Raises `Invalid`."""
    known_by = " ".join(given.split())
    if not 0 < len(known_by) <= LONGEST_PROOF:
        raise Invalid("consent_proof", mark("Say in a few words how we know."), "proof")
    return known_by


@router.get("/confirm/{token}")
def confirmation(request: Request, token: str) -> Response:
    """What the link would allow, and the button that does. Looking at it does nothing: mail programs look,
    too."""
    with open_session(request) as session:
        know_whether_simulated(request, session)
        found = standing(session, signing_keys(), token, present())
    return _confirmation(request, found, token)


@router.post("/confirm/{token}")
def confirmed(request: Request, token: str) -> Response:
    """Keep it, with the time, the address and the link's digest."""
    with open_session(request) as session:
        know_whether_simulated(request, session)
        found = confirm(session, signing_keys(), token, present())
        session.commit()
    return _confirmation(request, found, token)


@router.get("/unsubscribe/{token}")
def leaving(request: Request, token: str) -> Response:
    """The choices, for who opens the link in a browser."""
    with open_session(request) as session:
        know_whether_simulated(request, session)
        found = reader(session, signing_keys(), token)
    return _leaving(request, found, token)


@router.post("/unsubscribe/{token}")
def left(request: Request, token: str, posted: Posting) -> Response:
    """Withdraw at once. A mail program posts `List-Unsubscribe=One-Click` (RFC 8058, 3.1), our own page says
    which; any body will do."""
    everywhere = posted.text("what") == "everywhere"
    with open_session(request) as session:
        know_whether_simulated(request, session)
        found = reader(session, signing_keys(), token)
        unsubscribe(session, found.leaving, present(), everywhere=everywhere)
        session.commit()
        found = reader(session, signing_keys(), token)
    return _leaving(request, found, token, everywhere=everywhere)


def _confirmation(request: Request, found: Standing, token: str) -> Response:
    status = 200 if found.open or found.done else 410
    return _page(request, "notifications/confirm.html", found.language, status, standing=found, token=token)


def _leaving(request: Request, found: Reader, token: str, *, everywhere: bool = False) -> Response:
    return _page(
        request,
        "notifications/unsubscribe.html",
        found.language,
        200,
        reader=found,
        token=token,
        everywhere=everywhere,
    )


def _page(request: Request, template: str, language: str, status: int, **context: object) -> Response:
    """A page for a customer, in the customer's own language; nobody is signed in, and no cookie is set."""
    now = present()
    given = chrome(request, None, now, today(now)) | {"layout": "web/base.html", "language": language}
    body = request.app.state.templates.render(template, language, given | context)
    return HTMLResponse(body, status, headers={"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"})
