"""Sending a ready answer from a customer's page, whatever question is open there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.customers.pages import customer_page
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.parts import Act, CustomerCall, CustomerRoom
from utility_crm.tickets.actions import add_message, open_ticket
from utility_crm.tickets.actions.opening import known_message
from utility_crm.tickets.domain.life import SENT_BY_US
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.macros.writing import figures_missing, macro_text, macros, ready_to_send
from utility_crm.tickets.pages.typed import PACKAGE, key_of
from utility_crm.tickets.words import CHANNEL_WORDS
from utility_crm.web.forms import Form
from utility_crm.web.posting import Posting, handled, over_the_question
from utility_crm.web.visit import visit
from utility_crm.web.words import mark, translator

router = APIRouter()
FORM = "send-answer"
FITTING = {"why": "why", "owe": "balance", "next": "next_bill"}
"""Which ready answer tells the same as a question of the page."""


def panel(call: CustomerCall) -> Mapping[str, Any]:
    """What the form is filled from."""
    _ = translator(call.language, PACKAGE)
    return {
        "ready": [(one.key, _(one.title)) for one in macros(call.session)],
        "fitting": FITTING.get(call.params.get("ask", "why"), ""),
        "channels": [(name, _(CHANNEL_WORDS[name])) for name in SENT_BY_US],
        "form_key": uuid4().hex,
    }


@router.post("/customers/{customer_id}/answers/ready")
def put_in(request: Request, customer_id: int, posted: Posting) -> Response:
    """The form again, with a ready answer in their language and their figures in it."""
    with visit(request, "tickets.write") as v:
        name, back = over_the_question(v, posted, FORM, f"/customers/{customer_id}")
        typed, subject, errors = posted.text("text"), posted.text("subject"), {}
        try:
            made = macro_text(v.session, posted.text("macro"), customer_id, "", v.now)
        except (NotFound, Invalid) as error:
            errors["macro"] = v.said(error)
        else:
            title = translator(made.language, PACKAGE)(made.title)
            typed, subject = f"{typed}\n\n{made.text}".strip(), subject or title
            if made.missing:
                errors["text"] = v.said(figures_missing(made.missing))
        values = {one: (posted.text(one),) for one in ("channel", "form_key")}
        values |= {"text": (typed,), "subject": (subject,)}
        v.request.state.form = Form(name, values, errors, back=back, filled=True)
        response = customer_page(v, customer_id, posted.text("ask"), params={})
        response.status_code = 422 if errors else 200
        return response


@router.post("/customers/{customer_id}/answers")
def send(request: Request, customer_id: int, posted: Posting) -> Response:
    """Send it, once however often the form comes: a ticket of ours, and the answer on it."""
    with visit(request, "tickets.write") as v:

        def act() -> Response:
            subject = posted.must("subject", mark("Say in a few words what it is about."))
            text, channel = posted.field("text", ready_to_send), posted.one_of("channel", SENT_BY_US)
            posted.check()
            key = key_of(posted)
            known = known_message(v.session, "", None, key)
            if known is not None:
                words = v.text(mark("This was sent before: nothing was sent twice."))
                return v.done(words, f"/customers/{customer_id}", nothing=True)
            note = v.text(mark("Written from the customer's page."))
            ticket_id = open_ticket(
                v.session, kind="other", subject=subject.value, text=note, channel=channel.value, now=v.now,
                customer_id=customer_id, by=v.user.id, direction="note", assignee_id=v.user.id,
            )  # fmt: skip
            add_message(
                v.session, ticket_id, direction="out", text=text.value, channel=channel.value, now=v.now,
                by=v.user.id, form_key=key,
            )  # fmt: skip
            words = v.text(mark("The answer is on its way, on %(number)s."))
            return v.done(words % {"number": number_of(ticket_id)}, f"/customers/{customer_id}")

        page = partial(customer_page, v, customer_id, posted.text("ask"), params={})
        return handled(v, posted, FORM, act, page, back=f"/customers/{customer_id}")


ROOM = CustomerRoom(
    acts=(
        Act(
            "s", mark("Send answer"), "tickets.write", "tickets/care_send.html", order=18, context=panel
        ),
    )
)  # fmt: skip
