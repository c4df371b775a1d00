"""The desk, the search and the customer page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

from utility_crm.customers.conversations import (
    CHANNELS,
    LONGEST_NOTE,
    TOPICS,
    answer_complaint,
    log_contact,
)
from utility_crm.customers.desk import EVIDENCE, desk_figures
from utility_crm.customers.page import RECENT, all_questions, chosen_question, sheet_of, surroundings
from utility_crm.customers.reach import KINDS, add_contact_point, prefer_contact_point, remove_contact_point
from utility_crm.customers.recent import recent_customers, recent_ids, remember
from utility_crm.customers.room import ROOM, card_of
from utility_crm.customers.search import Found, find
from utility_crm.kit.errors import CareError, Conflict, Invalid
from utility_crm.kit.module import CustomerCall, CustomerRoom, Sheet
from utility_crm.kit.settings import settings
from utility_crm.web.chrome import home_of
from utility_crm.web.visit import Visit, visit

router = APIRouter()
Text = Annotated[str, Form()]
TYPED, LISTED = 9, 50
"""How many customers the box shows while somebody types, and the page afterwards."""


@router.get("/")
def desk(request: Request, ask: str = "last") -> Response:
    """The desk for those who answer the phone; others begin in a room of their own."""
    with visit(request) as v:
        home = home_of(request.app.state.rooms, v.user.role)
        if home != "/":
            return v.redirect(home)
        chosen = ask if ask in EVIDENCE else "last"
        return v.render(
            "customers/desk.html",
            chosen=chosen,
            figures=desk_figures(v.session, v.user.id, v.today),
            rows=EVIDENCE[chosen](v.session, v.user.id, v.today),
            recent=recent_customers(v.session, recent_ids(request)),
        )


@router.get("/customers")
def customers(request: Request, q: str = "") -> Response:
    """What the search box finds, as a page; a single hit opens at once."""
    with visit(request) as v:
        hits = _found(v, q, LISTED)
        if len(hits) == 1:
            return v.redirect(f"/customers/{hits[0].customer_id}")
        recent = recent_customers(v.session, recent_ids(request))
        return v.render("customers/list.html", q=q, hits=hits, most=LISTED, recent=recent)


@router.get("/customers/found")
def found(request: Request, q: str = "") -> Response:
    """The list under the search box, while somebody types."""
    with visit(request) as v:
        return HTMLResponse(v.fragment("customers/found.html", q=q, hits=_found(v, q, TYPED)))


@router.get("/customers/{customer_id}")
def customer(request: Request, customer_id: int, ask: str = "", older: str = "") -> Response:
    """The customer page; for htmx the chosen sheet alone."""
    with visit(request) as v:
        response = _page(v, customer_id, ask, whole=bool(older))
        remember(response, request, customer_id)
        return response


@router.post("/customers/{customer_id}/contacts")
def log(
    request: Request,
    customer_id: int,
    channel: Text = "",
    topic: Text = "",
    note: Text = "",
    complaint: Text = "",
    ask: Text = "",
) -> Response:
    """Keep what was said."""
    with visit(request, "agent") as v:
        log_contact(
            v.session, customer_id, channel=channel, topic=topic, note=note, complaint=bool(complaint),
            now=v.now, author_id=v.user.id,
        )  # fmt: skip
        return v.redirect(f"/customers/{customer_id}", ask=ask, kept="contact")


@router.post("/customers/{customer_id}/contacts/{contact_id}/answer")
def answer(request: Request, customer_id: int, contact_id: int, outcome: Text = "") -> Response:
    """Close a complaint with what came of it."""
    with visit(request, "agent") as v:
        answer_complaint(v.session, customer_id, contact_id, outcome=outcome, now=v.now)
        return v.redirect(f"/customers/{customer_id}", ask="said", kept="answer")


@router.post("/customers/{customer_id}/reach")
def reach(
    request: Request, customer_id: int, kind: Text = "phone", value: Text = "", label: Text = ""
) -> Response:
    """A new way to reach them; a value that cannot be is shown again with its reason."""
    with visit(request, "agent") as v:
        try:
            add_contact_point(
                v.session, customer_id, kind=kind, value=value, label=label, country=settings().country
            )
        except (Invalid, Conflict) as refused:
            given = {"kind": kind, "value": value, "label": label}
            return _page(v, customer_id, "reach", status=422, refused=refused, given=given)
        return v.redirect(f"/customers/{customer_id}", ask="reach", kept="reach")


@router.post("/customers/{customer_id}/reach/{point_id}/{act}")
def change_reach(request: Request, customer_id: int, point_id: int, act: str) -> Response:
    """Prefer a way to reach them, or take it away."""
    acts = {"prefer": prefer_contact_point, "remove": remove_contact_point}
    with visit(request, "agent") as v:
        if act not in acts:
            raise Invalid("act", "A way to reach somebody can be preferred or removed.", act)
        acts[act](v.session, customer_id, point_id)
        return v.redirect(f"/customers/{customer_id}", ask="reach", kept="reach")


def _found(v: Visit, text: str, limit: int) -> list[Found]:
    finders = v.request.app.state.searches
    return find(v.session, text, limit, country=settings().country, finders=finders)


def _page(
    v: Visit, customer_id: int, ask: str, *, whole: bool = False, status: int = 200, **form: CareError | Any
) -> HTMLResponse:
    """The page around the chosen sheet. `form` is what a refused form shows again."""
    params = dict(v.request.query_params)
    call = CustomerCall(v.session, customer_id, v.now, v.today, v.user.language, params)
    card = call.once(card_of)
    rooms: list[CustomerRoom] = [ROOM, *(room for _, room in v.request.app.state.customer_rooms)]
    questions = all_questions(rooms)
    chosen = chosen_question(questions, ask)
    shown = sheet_of(call, chosen)
    sheet = Sheet(shown.template, {**shown.context, **form})
    around = {
        "question": chosen,
        "customer_id": customer_id,
        "customer_path": f"/customers/{customer_id}",
        "kinds": KINDS,
    }
    html = v.fragment(sheet.template, **around, **sheet.context)
    if v.hx:
        return HTMLResponse(html, status)
    return v.render(
        "customers/page.html",
        status,
        **around,
        card=card,
        sheet=html,
        page=surroundings(call, rooms, questions, whole=whole),
        tabs=recent_customers(v.session, recent_ids(v.request)),
        recent_entries=RECENT,
        kept=params.get("kept", ""),
        channels=CHANNELS,
        topics=TOPICS,
        longest_note=LONGEST_NOTE,
    )
