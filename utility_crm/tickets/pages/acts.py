"""Small acts on a ticket: its fields, who sees to it, how long it sleeps, who follows it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.tickets.actions import assign, change, snooze, unwatch, watch
from utility_crm.tickets.domain.life import KINDS, PRIORITIES, STATUSES
from utility_crm.tickets.pages.showing import found_ticket, naps, ticket_page
from utility_crm.tickets.pages.typed import PACKAGE, customer_called, id_or_none, version_of
from utility_crm.tickets.queries.ticket import OneTicket
from utility_crm.web.formats import clock, day_near
from utility_crm.web.forms import Posted
from utility_crm.web.masking import as_it_was
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import translator

router = APIRouter()
STANDS_AT = {"merge": "belongs", "link": "belongs", "unlink": "belongs"}
"""The question over which a form stands that does not say it."""
Doing = Callable[[Visit, OneTicket, Posted], tuple[str, bool]]
"""Does an act: the words of what was done, and whether anything changed."""


def acted(request: Request, number: str, posted: Posted, name: str, do: Doing) -> Response:
    """One act of one form on one ticket, then its page."""
    with visit(request, "tickets.write") as v:
        one = found_ticket(v, number)

        def act() -> Response:
            words, changed = do(v, one, posted)
            return v.done(words, one.path, nothing=not changed)

        page = partial(ticket_page, v, number, posted.text("ask") or STANDS_AT.get(name, "said"))
        return handled(v, posted, name, act, page, back=one.path)


@router.post("/tickets/{number}/change")
def changed(request: Request, number: str, posted: Posting) -> Response:
    """Set the fields of the side column; only those that the form has."""
    return acted(request, number, posted, "change", _change)


def _change(v: Visit, one: OneTicket, posted: Posted) -> tuple[str, bool]:
    _ = translator(v.user.language, PACKAGE)
    changes: dict[str, Any] = {}
    for name, allowed in (("status", STATUSES), ("priority", PRIORITIES), ("kind", KINDS)):
        if name in posted.values:
            changes[name] = posted.one_of(name, allowed).read
    for name in ("assignee_id", "team_id"):
        if name in posted.values:
            changes[name] = posted.field(name, id_or_none).read
    if "subject" in posted.values:
        changes["subject"] = _as_it_was(v, one, posted.text("subject"), one.subject)
    if "tags" in posted.values:
        changes["tags"] = _as_it_was(v, one, posted.text("tags"), ", ".join(one.tags)).split(",")
    if "customer" in posted.values:
        changes["customer_id"] = posted.field("customer", partial(customer_called, v)).read
    posted.check()
    done = change(v.session, one.id, changes, now=v.now, by=v.user.id, version=version_of(posted))
    return (_("Changed.") if done else _("It was so already.")), done


def _as_it_was(v: Visit, one: OneTicket, typed: str, before: str) -> str:
    v.about(one.customer_id)
    return as_it_was(typed, before, one.customer_id)


@router.post("/tickets/{number}/take")
def taken(request: Request, number: str, posted: Posting) -> Response:
    """Whoever asks sees to it from now on."""
    return acted(request, number, posted, "take", _take)


def _take(v: Visit, one: OneTicket, posted: Posted) -> tuple[str, bool]:
    _ = translator(v.user.language, PACKAGE)
    status = {"status": "open"} if one.status == "new" else {}
    mine = {"assignee_id": v.user.id} | status
    done = change(v.session, one.id, mine, now=v.now, by=v.user.id, version=version_of(posted))
    return (_("It is yours.") if done else _("It was yours already.")), done


@router.post("/tickets/{number}/snooze")
def snoozed(request: Request, number: str, posted: Posting) -> Response:
    """Out of the lists for a while, or back in them."""
    return acted(request, number, posted, "snooze", _snooze)


def _snooze(v: Visit, one: OneTicket, posted: Posted) -> tuple[str, bool]:
    _ = translator(v.user.language, PACKAGE)
    if posted.text("wake"):
        done = snooze(v.session, one.id, None, now=v.now, by=v.user.id, version=version_of(posted))
        return _("It is back in the lists."), done
    offered = naps(v.now)
    nap = posted.one_of("nap", tuple(offered)).value
    until = offered[nap]
    done = snooze(v.session, one.id, until, now=v.now, by=v.user.id, version=version_of(posted))
    when = {"day": day_near(until, v.today, v.user.language), "time": clock(until, v.user.language)}
    return _("It sleeps until %(day)s, %(time)s, or until the customer writes.", **when), done


@router.post("/tickets/{number}/watch")
def watched(request: Request, number: str, posted: Posting) -> Response:
    """Follow it, or follow it no more."""
    return acted(request, number, posted, "watch", _watch)


def _watch(v: Visit, one: OneTicket, posted: Posted) -> tuple[str, bool]:
    _ = translator(v.user.language, PACKAGE)
    if posted.text("no"):
        return _("You follow it no more."), unwatch(v.session, one.id, v.user.id, now=v.now, by=v.user.id)
    return _("You follow it."), watch(v.session, one.id, v.user.id, now=v.now, by=v.user.id)


@router.post("/tickets/{number}/assign")
def assigned(request: Request, number: str, posted: Posting) -> Response:
    """Give it to somebody, or to a team."""
    return acted(request, number, posted, "assign", _assign)


def _assign(v: Visit, one: OneTicket, posted: Posted) -> tuple[str, bool]:
    _ = translator(v.user.language, PACKAGE)
    assignee, team = posted.field("assignee_id", id_or_none), posted.field("team_id", id_or_none)
    done = assign(
        v.session, one.id, assignee_id=assignee.value, team_id=team.value, now=v.now, by=v.user.id,
        version=version_of(posted),
    )  # fmt: skip
    return (_("It is given.") if done else _("It was so already.")), done
