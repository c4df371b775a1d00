"""A ticket's page put together: the row, what lies around it, the question that is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from starlette.responses import HTMLResponse

from utility_crm.customers.card import CustomerCard
from utility_crm.customers.room import card_of
from utility_crm.installed import modules
from utility_crm.kit.module import resolve
from utility_crm.kit.parts import Cell, CustomerCall, SideSection, TicketPart
from utility_crm.tickets.domain.life import CHANNELS, KINDS, LINKS, PRIORITIES, SENT_BY_US, STATUSES
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.macros.writing import macros
from utility_crm.tickets.queries.ticket import Named, OneTicket, Person, around, ticket_numbered
from utility_crm.tickets.words import (
    CHANNEL_WORDS,
    KIND_WORDS,
    LINK_WORDS,
    PRIORITY_WORDS,
    STATUS_TONES,
    STATUS_WORDS,
)
from utility_crm.web.visit import Visit

ASKED = ("said", "them", "belongs", "happened")
WORDS: dict[str, Any] = {
    "status": STATUS_WORDS,
    "tone": STATUS_TONES,
    "kind": KIND_WORDS,
    "priority": PRIORITY_WORDS,
    "channel": CHANNEL_WORDS,
    "link": LINK_WORDS,
}
"""The words of states, for templates."""
Choices = list[tuple[str, str]]
SHOWN = 12
"""So many messages of a long conversation are open at first; the older ones unfold."""


def offers(v: Visit) -> dict[str, Any]:
    """What makes choices for templates: of names and their words, and of people or teams."""

    def named_of(names: Sequence[str], words: Mapping[str, str]) -> Choices:
        return [(name, v.text(words[name])) for name in names]

    def people_of(some: Sequence[Person | Named]) -> Choices:
        return [(str(one.id), v.text(one.name) if isinstance(one, Named) else one.name) for one in some]

    return {"named_of": named_of, "people_of": people_of, "tw": WORDS}


def found_ticket(v: Visit, number: str) -> OneTicket:
    """The ticket that a route names. NotFound where there is none that this person may see."""
    return ticket_numbered(v.session, number, v.user)


def ticket_page(v: Visit, number: str, ask: str = "said") -> HTMLResponse:
    """The page of a ticket over a question: seven statements, eight with a customer, and what other rooms put
    beside it."""
    one = ticket_numbered(v.session, number, v.user)
    found = around(v.session, one, v.user, v.now)
    call = _call(v, one.customer_id) if one.customer_id is not None else None
    card = call.once(card_of) if call is not None else None
    chosen = ask if ask in ASKED else "said"
    return v.render(
        "tickets/ticket.html",
        one=one,
        around=found,
        card=card,
        chosen=chosen,
        cells=theirs(v, call) if chosen == "them" and call is not None else [],
        sections=_sections(v, one.id),
        shown=SHOWN,
        **offers(v),
        form_key=uuid4().hex,
        channels=_channels(one, card),
        statuses=STATUSES,
        kinds=KINDS,
        priorities=PRIORITIES,
        links=LINKS,
        number_of=number_of,
        naps=naps(v.now),
        writes=v.user.may("tickets.write"),
        last=found.messages[-1] if found.messages else None,
        macros=macros(v.session, kind=one.kind) if v.user.may("tickets.write") else [],
        macros_named=lambda some: [(macro.key, v.text(macro.title)) for macro in some],
    )


def _call(v: Visit, customer_id: int) -> CustomerCall:
    """The question who the customer is: masked, as on their own page, until their caller is verified."""
    rooms = tuple(room for _, room in v.request.app.state.customer_rooms)
    return CustomerCall(v.session, customer_id, v.now, v.today, v.user.language, {}, v.user, "", rooms)


def theirs(v: Visit, call: CustomerCall) -> list[Cell]:
    """What every package knows of the customer in a figure: balance, overdue, an outage."""
    found: list[Cell] = []
    for _, room in v.request.app.state.customer_rooms:
        if room.cells is not None:
            found += room.cells(call)
    return sorted(found, key=lambda cell: cell.order)


def _sections(v: Visit, ticket_id: int) -> list[SideSection]:
    """What other rooms put beside the ticket."""
    parts: list[TicketPart] = [resolve(one.ticket_sections) for one in modules() if one.ticket_sections]
    found = [one for part in parts for one in part(v.session, ticket_id, v.user.language, v.today)]
    return sorted(found, key=lambda section: section.order)


def naps(now: datetime) -> dict[str, datetime]:
    """How long a ticket may sleep, by what people say: hours, until tomorrow, for days."""
    return {"4h": now + timedelta(hours=4), "1d": now + timedelta(days=1), "3d": now + timedelta(days=3),
            "7d": now + timedelta(days=7)}  # fmt: skip


def _channels(one: OneTicket, card: CustomerCard | None) -> list[str]:
    """Ways to answer: the ticket's own first, then those that reach the customer, then what people do."""
    reach = {"email": "email", "phone": "sms", "messenger": "messenger"}
    known = [reach[point.kind] for point in card.points if point.kind in reach] if card else []
    own = [one.channel] if one.channel in SENT_BY_US else ["email"] if one.channel == "api" else []
    told = [channel for channel in CHANNELS if channel not in (*SENT_BY_US, "api", "note")]
    mine = [one.channel] if one.channel in told else []
    return list(dict.fromkeys([*mine, *own, *known, *told]))
