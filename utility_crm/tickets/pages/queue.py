"""The room of tickets: the lists that everybody has, kept ones, and the same done to many."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from utility_crm.kit.errors import CareError, Invalid, NotFound
from utility_crm.tickets.actions import bulk, change
from utility_crm.tickets.actions.bulk import MOST as MOST_AT_ONCE
from utility_crm.tickets.actions.views import drop_view, keep_view
from utility_crm.tickets.actions.writing import held
from utility_crm.tickets.domain.filters import ORDERS, QUESTIONS, STATES, Filters, read
from utility_crm.tickets.domain.life import CHANNELS, KINDS, PRIORITIES, STATUSES
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.pages.showing import offers
from utility_crm.tickets.pages.typed import PACKAGE, id_or_none
from utility_crm.tickets.queries.queue import MOST, SOON, counted, listed, those_seen
from utility_crm.tickets.queries.ticket import choices
from utility_crm.tickets.queries.views import View, views_of
from utility_crm.web.forms import Posted
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import counting, mark, translator

router = APIRouter()
PATH = "/tickets"
NAMES = tuple(one.name for one in fields(Filters))


@router.get("/tickets")
def queue(request: Request, ask: str = "mine") -> Response:
    """A list of tickets; for htmx the sheet alone."""
    with visit(request, "tickets.read") as v:
        return queue_page(v, ask, request.query_params)


@router.post("/tickets/many")
def many(request: Request, posted: Posting) -> Response:
    """The same done to every ticket that was chosen; what could not be done is said, with why."""
    with visit(request, "tickets.write") as v:
        back = _back(posted)

        def act() -> Response:
            chosen = _chosen(posted.every("chosen"))
            if not chosen:
                raise Invalid("none_chosen", mark("Choose tickets first: x on a row, or its box."), "chosen")
            if len(chosen) > MOST_AT_ONCE:
                words = mark("At most %(most)s tickets at once.")
                raise Invalid("many_chosen", words, "chosen", most=MOST_AT_ONCE)
            changes = _wanted(v, posted)
            if not changes:
                raise Invalid("no_change", mark("Choose what to change."), "status")
            words, changed = _did(v, chosen, changes)
            return v.done(words, back, nothing=not changed)

        page = partial(queue_page, v, posted.text("ask", "mine"), _of_form(posted))
        return handled(v, posted, "many", act, page, back=back)


@router.post("/tickets/views")
def kept(request: Request, posted: Posting) -> Response:
    """Keep the list that is shown under a name."""
    with visit(request, "tickets.read") as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            shared = bool(posted.text("shared")) and v.user.may("tickets.share")
            asked = _asked(posted.text("ask", "all"), _of_form(posted), views_of(v.session, v.user.id))
            view_id = keep_view(v.session, posted.text("name"), asked, owner_id=v.user.id, shared=shared)
            words = _("The list is kept as “%(name)s”.", name=posted.text("name"))
            return v.done(words, PATH, ask=f"view-{view_id}")

        page = partial(queue_page, v, posted.text("ask", "all"), _of_form(posted))
        return handled(v, posted, "keep", act, page, back=PATH)


@router.post("/tickets/views/{view_id}/drop")
def dropped(request: Request, view_id: int) -> Response:
    """Forget a kept list."""
    with visit(request, "tickets.read") as v:
        others = v.user.may("tickets.share")
        name = drop_view(v.session, view_id, owner_id=v.user.id, others=others)
        words = translator(v.user.language, PACKAGE)("The list “%(name)s” is gone.", name=name)
        return v.done(words, PATH)


def queue_page(v: Visit, ask: str, params: Mapping[str, str]) -> HTMLResponse:
    """The lists with what each counts, and the one that is asked: seven statements."""
    views = views_of(v.session, v.user.id)
    lists = QUESTIONS | {view.key: view.filters for view in views}
    chosen = ask if ask in lists else "mine"
    try:
        asked = _asked(chosen, params, views)
    except CareError:
        asked = lists[chosen]  # an address that somebody wrote by hand
    people, teams = choices(v.session)
    rows = listed(v.session, asked, v.user, v.now)
    return v.render(
        "tickets/queue.html",
        chosen=chosen,
        view=next((view for view in views if view.key == chosen), None),
        views=views,
        counts=counted(v.session, lists, v.user, v.now),
        asked=asked,
        narrowed=asked != lists[chosen],
        found=rows,
        most=MOST,
        soon=v.now + SOON,
        people=people,
        teams=teams,
        has_teams=bool(v.user.team_ids),
        **offers(v),
        statuses=STATUSES,
        states=STATES,
        kinds=KINDS,
        priorities=PRIORITIES,
        channels=[one for one in CHANNELS if one != "note"],
        orders=ORDERS,
        writes=v.user.may("tickets.write"),
        filter_names=NAMES,
    )


def _asked(ask: str, params: Mapping[str, str], views: list[View]) -> Filters:
    """The filters of a list, narrowed by those of the address."""
    kept = {view.key: view.filters for view in views}
    base = kept.get(ask) or QUESTIONS.get(ask)
    if base is None:
        raise NotFound("no_such_view", mark("This list is not yours, or is gone already."), "view")
    return read({name: params[name] for name in NAMES if name in params}, base)


def _of_form(posted: Posted) -> dict[str, str]:
    """The filters that a form carries along (below `f_`, beside the fields of its own)."""
    return {name: posted.text(f"f_{name}") for name in NAMES if f"f_{name}" in posted.values}


def _back(posted: Posted) -> str:
    """The list where the form stood."""
    known = {name: value for name, value in _of_form(posted).items() if value}
    return f"{PATH}?{urlencode({'ask': posted.text('ask', 'mine'), **known})}"


def _wanted(v: Visit, posted: Posted) -> dict[str, Any]:
    """What the form of many asks to change; what is left empty stays."""
    changes: dict[str, Any] = {}
    for name, allowed in (("status", STATUSES), ("priority", PRIORITIES), ("kind", KINDS)):
        if posted.text(name):
            changes[name] = posted.one_of(name, allowed).read
    for name in ("assignee_id", "team_id"):
        given = posted.text(name)
        if given == "me":
            changes[name] = v.user.id
        elif given:
            changes[name] = None if given == "none" else posted.field(name, id_or_none).read
    if posted.text("tag"):
        changes["tag"] = posted.text("tag")
    posted.check()
    return changes


_CHOSEN = re.compile(r"([0-9]{1,18})(?:@([0-9]{1,18}))?")


def _chosen(boxes: Iterable[str]) -> dict[int, int | None]:
    """The tickets of the ticked boxes, `id@version`, with the version that the person saw."""
    found = [_CHOSEN.fullmatch(one) for one in boxes]
    return {int(one[1]): int(one[2]) if one[2] else None for one in found if one is not None}


def _did(v: Visit, chosen: Mapping[int, int | None], changes: dict[str, Any]) -> tuple[str, bool]:
    """Do it; the words of what was done, what was so already, what could not be (others changed it since
    it was listed, too); whether any changed."""
    added = changes.pop("tag", None)

    def act(ticket_id: int) -> bool:
        if ticket_id not in seen:
            raise NotFound(
                "no_such_ticket", mark("There is no ticket %(number)s."), number=number_of(ticket_id)
            )
        ours = dict(changes)
        if added is not None:
            ours["tags"] = [*held(v.session, ticket_id).tags, added]
        return change(v.session, ticket_id, ours, now=v.now, by=v.user.id, version=chosen[ticket_id])

    seen = those_seen(v.session, list(chosen), v.user)
    came = bulk(v.session, list(chosen), act)
    ngettext = counting(v.user.language, PACKAGE)
    said: list[str] = []
    if came.done:
        said.append(ngettext("One ticket changed.", "%(num)s tickets changed.", len(came.done)))
    if came.unchanged:
        said.append(ngettext("One was so already.", "%(num)s were so already.", len(came.unchanged)))
    if came.refused:
        said.append(ngettext("One could not be:", "%(num)s could not be:", len(came.refused)))
        said += [f"{number_of(ticket_id)}: {v.said(error)}" for ticket_id, error in came.refused[:5]]
    return " ".join(said), bool(came.done)
