"""The desk, the search and the customer page."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from utility_crm.customers.desk import EVIDENCE, desk_cells, desk_figures, known_now
from utility_crm.customers.details import DETAILS
from utility_crm.customers.limits import AMONG, those_seen
from utility_crm.customers.open_tabs import close_tab, opened_tabs
from utility_crm.customers.page import (
    acts_here,
    all_questions,
    chosen_question,
    panel_of,
    sheet_of,
    surroundings,
    timeline_of,
)
from utility_crm.customers.reach import KINDS
from utility_crm.customers.recent import recent_customers, recent_ids, remember
from utility_crm.customers.room import ROOM, card_of, sees_all
from utility_crm.customers.search import AllFound, find_all
from utility_crm.customers.verify_panel import asked_now
from utility_crm.kit.errors import NotFound, Refused
from utility_crm.kit.parts import (
    Act,
    Answer,
    Banner,
    CustomerCall,
    CustomerRoom,
    DeskCall,
    DeskQuestion,
    Proof,
    Question,
)
from utility_crm.kit.settings import settings
from utility_crm.web.chrome import home_of, open_rooms
from utility_crm.web.posting import CameFrom
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
log = logging.getLogger("utility_crm.customers.pages")
TYPED, LISTED = 9, 50
"""How many customers the box shows while somebody types, and the page afterwards."""
WORDED = 3
"""From so many letters on, with no figure among them, other things are looked for by words, too."""


@router.get("/")
def desk(request: Request, ask: str = "") -> Response:
    """The desk for those who answer the phone; others begin in a room of their own."""
    with visit(request, "house.enter") as v:
        home = home_of(open_rooms(request, v.user), v.user)
        if home != "/":
            return v.redirect(home)
        ask, asked, sheet = _of_rooms(v, ask)
        if sheet and v.hx:
            return HTMLResponse(sheet)
        chosen = ask if ask in EVIDENCE or sheet else "last"
        figures = desk_figures(v.session, v.user, v.today)
        return v.render(
            "customers/desk.html",
            chosen=chosen,
            asked=asked,
            sheet=sheet,
            figures=figures,
            cells=desk_cells(figures),
            rows=() if sheet else EVIDENCE[chosen](v.session, v.user, v.today),
            recent=recent_customers(v.session, v.user, recent_ids(request)),
            banners=_known_now(v),
        )


def _of_rooms(v: Visit, ask: str) -> tuple[str, list[tuple[DeskQuestion, Answer]], str]:
    """Which question is asked, where none is the first that stands before the desk's own; the questions of
    other rooms with their answers, and the sheet of the one that is asked. A room that fails is left out and
    logged: the desk works without it."""
    call = DeskCall(v.session, v.user, v.now, v.today)
    found: list[tuple[DeskQuestion, Answer]] = []
    sheet = ""
    every = sorted(v.request.app.state.desk_questions, key=lambda question: question.order)
    mine: list[DeskQuestion] = [one for one in every if v.user.may(one.permission)]
    ask = ask or next((one.key for one in mine if one.order < 0), "last")
    for one in mine:
        try:
            with v.session.begin_nested():
                found.append((one, one.answer(call)))
                if one.key == ask:
                    shown = one.sheet(call)
                    sheet = v.fragment(shown.template, question=one, **shown.context)
        except Exception:
            log.exception("the desk's question %s failed", one.key)
    return ask, found, sheet


@router.get("/customers")
def customers(request: Request, q: str = "") -> Response:
    """What the search box finds, as a page; a single hit opens at once."""
    with visit(request, "customers.read") as v:
        all_found = _found(v, q, LISTED)
        hits, meant = all_found.customers, [one for one in all_found.openings if one.first]
        if len(meant) == 1 and len(hits) <= 1:
            return v.redirect(meant[0].href)
        if len(hits) == 1:
            return v.redirect(f"/customers/{hits[0].customer_id}")
        recent = recent_customers(v.session, v.user, recent_ids(request))
        return v.render(
            "customers/list.html", q=q, hits=hits, openings=all_found.openings, most=LISTED, recent=recent,
            banners=_known_now(v),
        )  # fmt: skip


@router.get("/customers/found")
def found(request: Request, q: str = "") -> Response:
    """The list under the search box, while somebody types."""
    with visit(request, "customers.read") as v:
        found = _found(v, q, TYPED)
        beside = [path for path, asks in request.app.state.found_beside if v.user.may(asks)]
        said = {"q": q, "hits": found.customers, "openings": found.openings}
        worded = len(q.strip()) >= WORDED and not any(letter.isdigit() or letter == "@" for letter in q)
        return HTMLResponse(v.fragment("customers/found.html", **said, beside=beside if worded else ()))


@router.get("/customers/{customer_id}")
def customer(request: Request, customer_id: int, ask: str = "") -> Response:
    """The customer page; for htmx the chosen sheet alone."""
    with visit(request, "customers.read") as v:
        response = customer_page(v, customer_id, ask)
        remember(response, request, customer_id)
        return response


def _found(v: Visit, text: str, limit: int) -> AllFound:
    """What is found of the customers a person may see; who sees some areas only looks among more hits."""
    finders, among = v.request.app.state.searches, AMONG if v.user.area_ids else 1
    found = find_all(v.session, text, limit * among, country=settings().country, finders=finders)
    seen = those_seen(v.session, v.user, (hit.customer_id for hit in found.customers))
    openings = [
        one
        for one in found.openings
        if v.user.may(one.permission)
        and (one.customer_id in seen or not (one.customer_id or v.user.area_ids))
        and v.request.app.state.whose.may_open(v.session, v.user, one.href)
    ]
    return AllFound([hit for hit in found.customers if hit.customer_id in seen][:limit], openings)


def _known_now(v: Visit) -> tuple[Banner, ...]:
    return known_now(v.session, v.request.app.state.desk_banners, v.now, v.user.language)


def customer_page(
    v: Visit, customer_id: int, ask: str, *, params: Mapping[str, str] | None = None
) -> Response:
    """The page around the chosen sheet; a stub leads to whom it was merged with.

    params: of the page, where the address asked for is not its own.

    A form from below the strip comes back under its key, over the question where it was opened.
    """
    params = dict(v.request.query_params) if params is None else params
    came: CameFrom | None = getattr(v.request.state, "came_from", None)
    ask, do = (came.ask, came.act) if came is not None else (ask, params.get("do", ""))
    rooms, questions = _rooms(v)
    chosen = chosen_question(questions, ask)
    call = _call(v, customer_id, params, chosen.key, whole=not v.hx)
    card = call.once(card_of)
    if card.merged_into is not None:
        return v.redirect(f"/customers/{card.merged_into}", **params)
    if card.erased_on is not None:
        return v.redirect(f"/privacy/erased/{customer_id}")
    sheet = sheet_of(call, chosen)
    around = _around(customer_id, chosen)
    html = v.fragment(sheet.template, **around, **sheet.context)
    if v.hx:
        return HTMLResponse(html)
    return v.render(
        "customers/page.html",
        **around,
        card=card,
        sheet=html,
        page=surroundings(call, rooms, questions),
        acts=[_shown(v, call, one, around, do) for one in acts_here(call, rooms)],
        tabs=opened_tabs(v.session, v.user, customer_id, v.now),
        verifies=v.user.may("callers.verify") or v.user.may("personal.see"),
    )


def must_see(v: Visit, customer_id: int) -> None:
    """Who may not see how a customer is reached cannot change it. Raises Refused."""
    if not sees_all(_call(v, customer_id, {}, "")):
        raise Refused("not_verified", mark("Verify the caller first: what is masked cannot be changed."))


def proofs_of(v: Visit, customer_id: int) -> tuple[Proof, ...]:
    """What a caller of this customer is asked now: other questions after a wrong answer, and another day."""
    return asked_now(_call(v, customer_id, {}, ""))


@router.post("/customers/{customer_id}/close")
def close(request: Request, customer_id: int) -> Response:
    """Close the customer's tab; what is open next to it comes into view, drafts stay."""
    with visit(request, "customers.read") as v:
        following = close_tab(v.session, v.user, customer_id)
        return v.redirect(f"/customers/{following}" if following else "/")


@router.get("/customers/{customer_id}/timeline")
def timeline(request: Request, customer_id: int, ask: str = "", rows: str = "") -> Response:
    """What happened, as far as it is asked for; with `rows` the entries alone, to follow others."""
    with visit(request, "customers.read") as v:
        if not v.hx:
            return v.redirect(f"/customers/{customer_id}", **request.query_params)
        rooms, questions = _rooms(v)
        chosen = chosen_question(questions, ask)
        call = _call(v, customer_id, dict(request.query_params), chosen.key, whole=True)
        call.once(card_of)
        template = "customers/timeline_rows.html" if rows else "customers/timeline.html"
        found = {"timeline": timeline_of(call, rooms)}
        html = v.fragment(template, **_around(customer_id, chosen), page=found)
        return HTMLResponse(html)


@router.get("/customers/{customer_id}/acts/{key}")
def act_panel(request: Request, customer_id: int, key: str, ask: str = "") -> Response:
    """The form of one act, for the place below the strip; without htmx the page with it open."""
    with visit(request, "customers.read") as v:
        if not v.hx:
            return v.redirect(f"/customers/{customer_id}", **{**request.query_params, "do": key})
        rooms, questions = _rooms(v)
        chosen = chosen_question(questions, ask)
        call = _call(v, customer_id, dict(request.query_params), chosen.key)
        found = next((one for one in acts_here(call, rooms) if one.key == key and one.panel), None)
        if found is None:
            raise NotFound("no_such_act", mark("There is nothing to do here under this key."), key)
        return HTMLResponse(_panel(v, call, found, _around(customer_id, chosen)))


@dataclass(frozen=True, slots=True)
class ShownAct:
    """An act of the key bar. html: its form where that stands in the page already; open: it is to be seen."""

    act: Act
    href: str
    html: str = ""
    open: bool = False


def _shown(v: Visit, call: CustomerCall, act: Act, around: Mapping[str, Any], do: str) -> ShownAct:
    path, opened = around["customer_path"], act.key == do
    if not act.panel:
        return ShownAct(act, act.href.replace("{customer}", str(call.customer_id)))
    html = _panel(v, call, act, around) if opened or act.at_once else ""
    return ShownAct(act, f"{path}?ask={around['question'].key}&do={act.key}", html, opened)


def _panel(v: Visit, call: CustomerCall, act: Act, around: Mapping[str, Any]) -> str:
    sheet, question = panel_of(call, act), around["question"]
    came = {"do": act.key, "ask": question.key}
    own = {"act": act, "came": came, "card": call.once(card_of)}
    return v.fragment(sheet.template, **{**around, **own, **sheet.context})


def _rooms(v: Visit) -> tuple[list[CustomerRoom], list[Question]]:
    rooms = [ROOM, DETAILS, *(room for _, room in v.request.app.state.customer_rooms)]
    return rooms, all_questions(rooms)


def _call(
    v: Visit, customer_id: int, params: Mapping[str, str], question: str, *, whole: bool = False
) -> CustomerCall:
    return CustomerCall(
        v.session, customer_id, v.now, v.today, v.user.language, params, v.user, question, _rooms(v)[0], whole
    )


def _around(customer_id: int, question: Question) -> dict[str, Any]:
    return {
        "question": question,
        "customer_id": customer_id,
        "customer_path": f"/customers/{customer_id}",
        "kinds": KINDS,
    }
