"""The mail room: what could not be placed, when mail was fetched, what did not go out, what was ignored."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import Response

from utility_crm.customers.limits import those_seen
from utility_crm.customers.tables import Customer
from utility_crm.kit.errors import Invalid
from utility_crm.kit.masking import SOMEBODY
from utility_crm.kit.settings import settings
from utility_crm.mail.deciding import give, is_spam, make_ticket
from utility_crm.mail.mailbox import Address
from utility_crm.mail.placing import REASONS
from utility_crm.mail.queries import Came, arrival, arrival_figures, arrivals
from utility_crm.mail.room import FIGURES, shown, stuck_answers
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.seen import tickets_seen_by
from utility_crm.web.forms import Posted
from utility_crm.web.masking import must_be_verified
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark, translator

router = APIRouter()
ASKED = {
    "waiting": ("waiting",),
    "fetched": ("stored",),
    "stuck": (),
    "ignored": ("ignored", "spam"),
    "came": (),
}
"""The questions of the page, and the states that each lists."""


@router.get("/mail")
def room(request: Request, ask: str = "waiting") -> Response:
    """The room's questions, answered."""
    with visit(request, "mail.read") as v:
        return _room(v, ask)


@router.get("/mail/{arrival_id}")
def message(request: Request, arrival_id: int) -> Response:
    """One message as it came, and what may be done with it."""
    with visit(request, "mail.read") as v:
        return _message(v, arrival_id)


@router.get("/mail/{arrival_id}/message.eml")
def raw(request: Request, arrival_id: int) -> Response:
    """The message byte by byte, to be kept or opened elsewhere; never shown by the browser as a page of
    ours."""
    with visit(request, "mail.read") as v:
        came, content = arrival(v.session, arrival_id)
        must_be_verified(_whose(came))
    ending = "eml" if came.channel == "email" else "json"
    headers = {
        "Content-Disposition": f'attachment; filename="message-{arrival_id}.{ending}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.post("/mail/{arrival_id}/customer")
def given(request: Request, arrival_id: int, posted: Posting) -> Response:
    """It is this customer's."""

    def act(v: Visit) -> tuple[str, str]:
        customer_id = posted.field("customer", partial(_customer, v)).value
        ticket_id = give(
            v.session, arrival_id, customer_id, now=v.now, by=v.user.id,
            remember=bool(posted.text("remember")),
        )  # fmt: skip
        return mark("It is theirs: ticket %(number)s."), number_of(ticket_id)

    return _decided(request, arrival_id, posted, "customer", act)


@router.post("/mail/{arrival_id}/ticket")
def ticket(request: Request, arrival_id: int, posted: Posting) -> Response:
    """A matter, of somebody we do not know yet."""

    def act(v: Visit) -> tuple[str, str]:
        ticket_id = make_ticket(v.session, arrival_id, now=v.now, by=v.user.id)
        return mark("Ticket %(number)s is open."), number_of(ticket_id)

    return _decided(request, arrival_id, posted, "ticket", act)


@router.post("/mail/{arrival_id}/spam")
def spam(request: Request, arrival_id: int, posted: Posting) -> Response:
    """Nothing for us."""

    def act(v: Visit) -> tuple[str, str]:
        closed = is_spam(v.session, arrival_id, now=v.now, by=v.user.id)
        words = mark("It is put aside, and its ticket is closed.") if closed else mark("It is put aside.")
        return words, ""

    return _decided(request, arrival_id, posted, "spam", act)


def _decided(
    request: Request, arrival_id: int, posted: Posted, name: str, act: Callable[[Visit], tuple[str, str]]
) -> Response:
    with visit(request, "mail.place") as v:
        _ = translator(v.user.language, "utility_crm.mail")

        def done() -> Response:
            words, number = act(v)
            return v.done(_(words, number=number) if number else _(words), "/mail")

        return handled(v, posted, name, done, lambda: _message(v, arrival_id), back=f"/mail/{arrival_id}")


def _customer(v: Visit, typed: str) -> int:
    """The customer of a number, as it is typed. Raises `Invalid`."""
    found = v.session.scalar(select(Customer.id).where(Customer.number == typed.strip().upper()))
    if found is None or not those_seen(v.session, v.user, [found]):
        raise Invalid("no_such_customer", mark("There is no customer of this number here."), "customer")
    return found


def _room(v: Visit, ask: str) -> Response:
    asked = ask if ask in ASKED else "waiting"
    seen = tickets_seen_by(v.user)
    stuck = stuck_answers(v.session, seen)
    listed = asked in ("waiting", "ignored", "came")
    return v.render(
        "mail/room.html",
        ask=asked,
        figures=arrival_figures(v.session, v.now),
        rows=arrivals(v.session, *ASKED[asked], seen=seen) if listed else [],
        stuck=stuck,
        **_words(),
    )


def _whose(came: Came) -> int | None:
    """What nobody has placed is read whole by who has to place it; what was left alone, by nobody."""
    return came.customer_id or (None if came.state in ("waiting", "stored") else SOMEBODY)


def _message(v: Visit, arrival_id: int) -> Response:
    one = shown(v.session, arrival_id)
    v.about(one.came.customer_id)
    return v.render(
        "mail/message.html",
        one=one,
        figures=arrival_figures(v.session, v.now),
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {"reasons": REASONS, "blanks": FIGURES, "set_up": Address.of(settings()) is not None}
