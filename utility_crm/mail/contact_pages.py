"""The public form: anybody may write to us, without a sign-in, and gets a number to quote."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from utility_crm.customers.reach import normal_form
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import CareError, Invalid
from utility_crm.kit.runtime import secret_key
from utility_crm.kit.settings import settings
from utility_crm.mail.arriving import Told, take
from utility_crm.mail.domain.form_stamp import judged, stamp
from utility_crm.mail.tables import Arrival
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.web.chrome import chrome, language_of
from utility_crm.web.forms import FieldsWrong, Form, Posted
from utility_crm.web.posting import Posting
from utility_crm.web.visit import know_whether_simulated, open_session, present, today
from utility_crm.web.words import LANGUAGES, mark, said_in

router = APIRouter()
LONGEST_TEXT, LONGEST_NAME, LONGEST_ADDRESS = 5000, 120, 254
A_QUARTER_OF_AN_HOUR = 5
"""Messages from one network address in a quarter of an hour."""
KINDS = (
    ("other", mark("Something else")),
    ("billing", mark("A bill or a payment")),
    ("meter", mark("The meter or a reading")),
    ("outage", mark("An outage")),
    ("move", mark("I am moving")),
    ("complaint", mark("A complaint")),
)


@router.get("/contact")
def contact(request: Request, language: str = "") -> Response:
    """The form, in the language of the browser or the one chosen."""
    return _page(request, 200, language)


@router.post("/contact")
def sent(request: Request, posted: Posting) -> Response:
    """Take a message and say its number. The form sent twice is one message; one that a program filled in is
    kept aside, and the program hears what a person would."""
    language, now = posted.text("language"), utc_now()
    try:
        told = _told(request, posted, language)
    except FieldsWrong as wrong:
        return _refused(request, posted, dict(wrong.errors), 422, language)
    age = judged(secret_key(), posted.text("stamp"), now)
    if age in ("forged", "too_old"):
        error = Invalid("form_old", mark("This form is too old. Send it once more: it is still filled in."))
        return _refused(request, posted, {"": error}, 409, language)
    with open_session(request) as session:
        know_whether_simulated(request, session)
        if _too_many(session, told.peer):
            words = mark("Too many messages came from your network. Wait a quarter of an hour, or call us.")
            return _refused(request, posted, {"": Invalid("too_many", words)}, 429, language)
        by_program = bool(posted.text("website")) or age == "too_soon"
        arrival = take(session, told, present(), ignored="honeypot" if by_program else "")
        number = number_of(arrival.ticket_id) if arrival.ticket_id is not None else ""
        session.commit()
    return _page(request, 200, language, number=number, done=True)


def _told(request: Request, posted: Posted, language: str) -> Told:
    """What was typed. Raises `FieldsWrong`."""
    kind = posted.one_of("kind", [key for key, _ in KINDS])
    text = posted.field("text", _some_text)
    name = posted.field("name", _some_name)
    address = posted.field("email", _address)
    posted.check()
    spoken = _spoken(request, language)
    account = " ".join(posted.text("account").split())[:40]
    first = text.value.partition("\n")[0]
    return Told(
        channel="web",
        name=_named(posted),
        sender=address.value,
        sender_name=name.value,
        subject=first if len(first) <= 80 else first[:79].rstrip() + "…",
        text=f"{text.value}\n\n[{account}]" if account else text.value,
        language=spoken,
        peer=peer_of(request),
        kind=kind.value,
        more={"account": account} if account else None,
    )


def _named(posted: Posted) -> str:
    """What this message is known by: its form, and what it says. Who goes back in the browser and writes
    something else has written another message, and it is not lost."""
    said = "\0".join(posted.text(name) for name in ("kind", "text", "name", "email", "account"))
    return f"{posted.text('stamp')[:120]} {sha256(said.encode()).hexdigest()[:16]}"


def peer_of(request: Request) -> str:
    """A digest of where a request comes from, under our secret: enough to count, too little to find out. Of
    IPv6 the network that one household has."""
    host = request.client.host if request.client else ""
    try:
        known = ip_address(host.partition("%")[0])
    except ValueError:
        place = host
    else:
        place = str(ip_network((known, 64), strict=False)) if isinstance(known, IPv6Address) else str(known)
    return hmac.new(secret_key().encode(), f"mail.peer:{place}".encode(), sha256).hexdigest()[:32]


def _too_many(session: Session, peer: str) -> bool:
    since = present() - timedelta(minutes=15)
    lately = select(func.count()).where(Arrival.peer == peer, Arrival.received_at > since)
    return (session.scalar(lately) or 0) >= A_QUARTER_OF_AN_HOUR


def _some_text(typed: str) -> str:
    if not typed:
        raise Invalid("needed", mark("Write what it is about."), "text")
    if len(typed) > LONGEST_TEXT:
        words = mark("At most %(most)s characters; these are %(given)s.")
        raise Invalid("long", words, "text", most=LONGEST_TEXT, given=len(typed))
    return typed


def _some_name(typed: str) -> str:
    found = " ".join(typed.split())
    if not 0 < len(found) <= LONGEST_NAME:
        raise Invalid("needed", mark("Write your name, so that we can address you."), "name")
    return found


def _address(typed: str) -> str:
    if not typed or len(typed) > LONGEST_ADDRESS:
        raise Invalid("needed", mark("We answer by e-mail: write your address."), "email")
    return normal_form("email", typed, settings().country)


def _spoken(request: Request, language: str) -> str:
    return language if language in LANGUAGES else language_of(request, None)


def _refused(
    request: Request, posted: Posted, errors: dict[str, CareError], status: int, language: str
) -> Response:
    spoken = _spoken(request, language)

    def words(message: str) -> str:
        return str(request.app.state.templates.gettext(spoken, message))

    typed = {name: texts for name, texts in posted.values.items() if name != "stamp"}
    said = {where: said_in(words, error, spoken) for where, error in errors.items()}
    request.state.form = Form("contact", typed, said)
    return _page(request, status, language)


def _page(
    request: Request, status: int, language: str, *, number: str = "", done: bool = False
) -> HTMLResponse:
    """For anybody: nobody is signed in, and no cookie is set."""
    now = present()
    spoken = _spoken(request, language)
    given = chrome(request, None, now, today(now)) | {"layout": "web/base.html", "language": spoken}
    body = request.app.state.templates.render(
        "mail/contact.html",
        spoken,
        given
        | {
            "kinds_said": [(key, request.app.state.templates.gettext(spoken, words)) for key, words in KINDS],
            "stamp": stamp(secret_key(), utc_now(), secrets.token_hex(8)),
            "number": number,
            "done": done,
            "longest": LONGEST_TEXT,
        },
    )
    return HTMLResponse(body, status, headers={"Referrer-Policy": "no-referrer"})
