"""Articles that may answer a ticket, by its words, to be put into the answer."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from utility_crm.knowledge.finding import suggest
from utility_crm.tickets.pages.showing import found_ticket
from utility_crm.tickets.queries.ticket import around
from utility_crm.web.visit import visit

router = APIRouter()
SUGGESTED = 3
INTO = "f-answer-text"
"""The field of the answer, in the ticket's page."""


@router.get("/tickets/{number}/articles")
def articles(request: Request, number: str) -> Response:
    """The search for an article, with those that the subject and the customer's last words suggest."""
    with visit(request, "articles.read") as v:
        one = found_ticket(v, number)
        messages = around(v.session, one, v.user, v.now).messages
        asked = [message.text for message in messages if message.direction == "in"]
        words = "\n".join([one.subject, *asked[-1:]])
        found = suggest(v.session, words, one.language or v.user.language, SUGGESTED, today=v.today)
        return HTMLResponse(v.fragment("knowledge/picker.html", into=INTO, suggested=found))
