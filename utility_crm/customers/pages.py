"""The desk, the search and the customer page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from utility_crm.customers.conversations import (
    CHANNELS,
    LONGEST_NOTE,
    TOPICS,
    Saying,
    answer_complaint,
    log_contact,
    said_lately,
)
from utility_crm.customers.desk import EVIDENCE, desk_figures, known_now
from utility_crm.customers.page import RECENT, all_questions, chosen_question, sheet_of, surroundings
from utility_crm.customers.reach import KINDS, add_contact_point, prefer_contact_point, remove_contact_point
from utility_crm.customers.recent import recent_customers, recent_ids, remember
from utility_crm.customers.room import ROOM, card_of
from utility_crm.customers.search import Found, find
from utility_crm.kit.errors import Invalid
from utility_crm.kit.module import Banner, CustomerCall, CustomerRoom
from utility_crm.kit.settings import settings
from utility_crm.web.chrome import home_of
from utility_crm.web.formats import local_day
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import counting, mark, translator

router = APIRouter()
TYPED, LISTED = 9, 50
"""How many customers the box shows while somebody types, and the page afterwards."""


@router.get("/")
def desk(request: Request, ask: str = "last") -> Response:
    """The desk for those who answer the phone; others begin in a room of their own."""
    with visit(request, "house.enter") as v:
        home = home_of(request.app.state.rooms, v.user)
        if home != "/":
            return v.redirect(home)
        chosen = ask if ask in EVIDENCE else "last"
        return v.render(
            "customers/desk.html",
            chosen=chosen,
            figures=desk_figures(v.session, v.user.id, v.today),
            rows=EVIDENCE[chosen](v.session, v.user.id, v.today),
            recent=recent_customers(v.session, recent_ids(request)),
            banners=_known_now(v),
        )


@router.get("/customers")
def customers(request: Request, q: str = "") -> Response:
    """What the search box finds, as a page; a single hit opens at once."""
    with visit(request, "customers.read") as v:
        hits = _found(v, q, LISTED)
        if len(hits) == 1:
            return v.redirect(f"/customers/{hits[0].customer_id}")
        recent = recent_customers(v.session, recent_ids(request))
        return v.render(
            "customers/list.html", q=q, hits=hits, most=LISTED, recent=recent, banners=_known_now(v)
        )


@router.get("/customers/found")
def found(request: Request, q: str = "") -> Response:
    """The list under the search box, while somebody types."""
    with visit(request, "customers.read") as v:
        return HTMLResponse(v.fragment("customers/found.html", q=q, hits=_found(v, q, TYPED)))


@router.get("/customers/{customer_id}")
def customer(request: Request, customer_id: int, ask: str = "", older: str = "") -> Response:
    """The customer page; for htmx the chosen sheet alone."""
    with visit(request, "customers.read") as v:
        response = customer_page(v, customer_id, ask, whole=bool(older))
        remember(response, request, customer_id)
        return response


@router.post("/customers/{customer_id}/contacts")
def log(request: Request, customer_id: int, posted: Posting) -> Response:
    """Keep what was said, once however often it is sent."""
    with visit(request, "contacts.write") as v:
        _, ask = translator(v.user.language), posted.text("ask")

        def act() -> Response:
            channel, topic = posted.one_of("channel", CHANNELS), posted.one_of("topic", TOPICS)
            note = posted.must("note", mark("Say in a few words what it was about."))
            said = Saying(channel.value, topic.value, note.value, bool(posted.text("complaint")))
            if said_lately(v.session, customer_id, said, now=v.now, author_id=v.user.id):
                words = _("This was kept before: nothing was kept twice.")
                return v.done(words, f"/customers/{customer_id}", nothing=True, ask=ask)
            log_contact(
                v.session, customer_id, channel=said.channel, topic=said.topic, note=said.note,
                complaint=said.complaint, now=v.now, author_id=v.user.id,
            )  # fmt: skip
            kept = _("What was said is kept, on top of the timeline.")
            if said.complaint:
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
        acts[act](v.session, customer_id, point_id)
        _ = translator(v.user.language)
        words = _("It is how they like to be reached.") if act == "prefer" else _("It is taken away.")
        return v.done(words, f"/customers/{customer_id}", ask="reach")


def _found(v: Visit, text: str, limit: int) -> list[Found]:
    finders = v.request.app.state.searches
    return find(v.session, text, limit, country=settings().country, finders=finders)


def _known_now(v: Visit) -> tuple[Banner, ...]:
    return known_now(v.session, v.request.app.state.desk_banners, v.now, v.user.language)


def customer_page(
    v: Visit, customer_id: int, ask: str, *, whole: bool = False, params: Mapping[str, str] | None = None
) -> HTMLResponse:
    """The page around the chosen sheet. params: of the page, where the address asked for is not its own."""
    params = dict(v.request.query_params) if params is None else params
    call = CustomerCall(v.session, customer_id, v.now, v.today, v.user.language, params)
    card = call.once(card_of)
    rooms: list[CustomerRoom] = [ROOM, *(room for _, room in v.request.app.state.customer_rooms)]
    questions = all_questions(rooms)
    chosen = chosen_question(questions, ask)
    sheet = sheet_of(call, chosen)
    around: dict[str, Any] = {
        "question": chosen,
        "customer_id": customer_id,
        "customer_path": f"/customers/{customer_id}",
        "kinds": KINDS,
    }
    html = v.fragment(sheet.template, **around, **sheet.context)
    if v.hx:
        return HTMLResponse(html)
    return v.render(
        "customers/page.html",
        **around,
        card=card,
        sheet=html,
        page=surroundings(call, rooms, questions, whole=whole),
        tabs=recent_customers(v.session, recent_ids(v.request)),
        recent_entries=RECENT,
        channels=CHANNELS,
        topics=TOPICS,
        longest_note=LONGEST_NOTE,
    )
