"""What is done on the customer page: what was said, complaints answered, how they are reached."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.customers.conversations import (
    CHANNELS,
    DIRECTIONS,
    TOPICS,
    Saying,
    answer_complaint,
    log_contact,
    said_lately,
)
from utility_crm.customers.pages import customer_page, must_see
from utility_crm.customers.reach import add_contact_point, prefer_contact_point, remove_contact_point
from utility_crm.kit.errors import Invalid
from utility_crm.kit.settings import settings
from utility_crm.web.formats import local_day
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import counting, mark, translator

router = APIRouter()


def _complained(v: Visit, contact_id: int) -> None:
    """Whoever leads complaints follows what was logged or answered here."""
    for follow in v.request.app.state.complained:
        follow(v.session, contact_id, v.now, v.user.id)


@router.post("/customers/{customer_id}/contacts")
def log(request: Request, customer_id: int, posted: Posting) -> Response:
    """Keep what was said, once however often it is sent."""
    with visit(request, "contacts.write") as v:
        _, ask = translator(v.user.language), posted.text("ask")

        def act() -> Response:
            channel, topic = posted.one_of("channel", CHANNELS), posted.one_of("topic", TOPICS)
            note = posted.must("note", mark("Say in a few words what it was about."))
            direction = posted.one_of("direction", DIRECTIONS) if posted.text("direction") else None
            posted.check()
            said = Saying(
                channel.value, topic.value, note.value, bool(posted.text("complaint")),
                direction.value if direction else "in",
            )  # fmt: skip
            if said_lately(v.session, customer_id, said, now=v.now, author_id=v.user.id):
                words = _("This was kept before: nothing was kept twice.")
                return v.done(words, f"/customers/{customer_id}", nothing=True, ask=ask)
            contact_id = log_contact(
                v.session, customer_id, channel=said.channel, topic=said.topic, note=said.note,
                complaint=said.complaint, direction=said.direction, outcome=posted.text("outcome"),
                resolved=posted.text("resolved") == "yes" if direction else None,
                now=v.now, author_id=v.user.id,
            )  # fmt: skip
            for told in request.app.state.logged:
                told(
                    v.session, contact_id=contact_id, customer_id=customer_id, channel=said.channel,
                    user_id=v.user.id, now=v.now,
                )  # fmt: skip
            kept = _("What was said is kept, on top of the timeline.")
            if said.complaint:
                _complained(v, contact_id)
                kept = _("The complaint is kept; from now on it waits for our answer.")
            return v.done(kept, f"/customers/{customer_id}", ask=ask)

        return handled(v, posted, "contact", act, lambda: customer_page(v, customer_id, ask, params={}))


@router.post("/customers/{customer_id}/contacts/{contact_id}/answer")
def answer(request: Request, customer_id: int, contact_id: int, posted: Posting) -> Response:
    """Close a complaint with what came of it."""
    with visit(request, "contacts.write") as v:
        ngettext = counting(v.user.language)

        def act() -> Response:
            outcome = posted.text("outcome")
            since = answer_complaint(v.session, customer_id, contact_id, outcome=outcome, now=v.now)
            _complained(v, contact_id)
            days = (v.today - local_day(since)).days
            words = ngettext(
                "The complaint is answered, one day after it was made.",
                "The complaint is answered, %(num)s days after it was made.",
                days,
            )
            return v.done(words, f"/customers/{customer_id}", ask="said")

        page = partial(customer_page, v, customer_id, "said", params={})
        return handled(v, posted, f"answer-{contact_id}", act, page)


@router.post("/customers/{customer_id}/reach")
def reach(request: Request, customer_id: int, posted: Posting) -> Response:
    """A new way to reach them; a value that cannot be is shown again with its reason."""
    with visit(request, "contacts.write") as v:
        _ = translator(v.user.language)

        def act() -> Response:
            must_see(v, customer_id)
            value = posted.text("value")
            add_contact_point(
                v.session, customer_id, kind=posted.text("kind", "phone"), value=value,
                label=posted.text("label"), country=settings().country,
            )  # fmt: skip
            words = _("They can be reached at %(value)s, too.", value=value)
            return v.done(words, f"/customers/{customer_id}", ask="reach")

        return handled(v, posted, "reach", act, lambda: customer_page(v, customer_id, "reach", params={}))


@router.post("/customers/{customer_id}/reach/{point_id}/{act}")
def change_reach(request: Request, customer_id: int, point_id: int, act: str) -> Response:
    """Prefer a way to reach them, or take it away."""
    acts = {"prefer": prefer_contact_point, "remove": remove_contact_point}
    with visit(request, "contacts.write") as v:
        if act not in acts:
            raise Invalid("act", "A way to reach somebody can be preferred or removed.", act)
        must_see(v, customer_id)
        acts[act](v.session, customer_id, point_id)
        _ = translator(v.user.language)
        words = _("It is how they like to be reached.") if act == "prefer" else _("It is taken away.")
        return v.done(words, f"/customers/{customer_id}", ask="reach")
