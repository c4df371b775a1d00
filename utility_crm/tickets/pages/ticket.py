"""A ticket: what was said, whose it is, what belongs to it, what happened; and who else is looking at it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from utility_crm.tickets.actions.presence import DOING, be_here, see_mentions
from utility_crm.tickets.pages.showing import found_ticket, ticket_page
from utility_crm.tickets.queries.ticket import present
from utility_crm.web.posting import Posting
from utility_crm.web.visit import visit

router = APIRouter()


@router.get("/tickets/{number}")
def ticket(request: Request, number: str, ask: str = "said") -> Response:
    """The ticket; for htmx the sheet of the question alone."""
    with visit(request, "tickets.read") as v:
        return ticket_page(v, number, ask)


@router.post("/tickets/{number}/here")
def here(request: Request, number: str, posted: Posting) -> Response:
    """The page says that its person is here and what they do; the answer names who else is."""
    with visit(request, "tickets.read") as v:
        doing = posted.one_of("doing", DOING).value
        one = found_ticket(v, number)
        be_here(v.session, one.id, v.user.id, doing, v.now)
        if doing == "looking":
            see_mentions(v.session, one.id, v.user.id, v.now)
        others = present(v.session, one.id, v.user.id, v.now)
        return HTMLResponse(
            v.fragment("tickets/here.html", one=one, present=others, seen=posted.whole("seen").value)
        )
