"""Incidents on screen: report one, move it on, put it right; the calls to make; and one outage in full."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from notifications.domain.incident import State, steps
from notifications.outages import incidents
from notifications.outages.callers import callers, note_call
from notifications.outages.calls import calls, end_call, take_call
from notifications.outages.events import events_of, running_incidents
from notifications.outages.figures import router as figures_router
from notifications.outages.incidents import By, Opening, open_incident
from notifications.outages.no_power import heard
from notifications.outages.no_power_pages import router as no_power_router
from notifications.outages.preview import wall_instant
from notifications.outages.queries import outage, places, zone_below
from notifications.outages.reached import standing
from notifications.outages.status import router as status_router
from notifications.outbox.queries import notices_about
from utility_crm.customers.pages import customer_page
from utility_crm.kit.errors import Invalid
from utility_crm.web.forms import Posted
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import counting, mark, translator

router = APIRouter()
router.include_router(figures_router)
router.include_router(no_power_router)  # before /outages/{outage_id}
router.include_router(status_router)
PACKAGE = "notifications"
OPEN_AS = ("reported", "confirmed")
LISTED = 300
"""How many notices the page of an outage lists; those not told come first."""


@router.get("/outages/report")
def report_form(request: Request, node: int = 0) -> Response:
    """The form to report an outage that nobody planned; of a place where customers say so, since then."""
    with visit(request, "outages.run") as v:
        return report_page(v, node)


@router.post("/outages/report")
def report(request: Request, posted: Posting) -> Response:
    """Keep an incident; what is confirmed is told by the delivery process, at once."""
    with visit(request, "outages.run") as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            node = posted.whole("node", 1)
            zone = zone_below(v.session, node.read or 0)
            starts = posted.field("starts", lambda typed: wall_instant(typed, "starts", zone))
            ends = posted.field("ends", lambda typed: wall_instant(typed, "ends", zone) if typed else None)
            state = posted.one_of("state", OPEN_AS)
            posted.check()
            opening = Opening(node.value, starts.value, State(state.value), ends.read, posted.text("reason"))
            outage_id = open_incident(v.session, opening, By(v.user.id), v.now)
            words = _("The outage is kept; those it reaches are being told.")
            if opening.state is State.REPORTED:
                words = _("The report is kept. Nobody is told until it is confirmed.")
            return v.done(words, f"/outages/{outage_id}")

        return handled(v, posted, "report", act, lambda: report_page(v), back="/outages")


@router.get("/outages/calls")
def calls_to_make(request: Request) -> Response:
    """Who is to be called because their supply is off."""
    with visit(request, "outages.read") as v:
        return calls_page(v)


@router.post("/calls/{task_id}/take")
def take(request: Request, task_id: int, posted: Posting) -> Response:
    """I call them."""
    with visit(request, "outages.call") as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            task = take_call(v.session, task_id, v.user.id, v.now)
            return v.done(_("The call is yours. Write what came of it."), _back(posted, task.outage_id))

        return handled(v, posted, f"call-{task_id}", act, lambda: calls_page(v))


@router.post("/calls/{task_id}/end")
def end(request: Request, task_id: int, posted: Posting) -> Response:
    """What came of the call."""
    with visit(request, "outages.call") as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            task = end_call(v.session, task_id, v.user.id, posted.text("outcome"), v.now)
            return v.done(_("What came of the call is kept."), _back(posted, task.outage_id))

        return handled(v, posted, f"call-{task_id}", act, lambda: calls_page(v))


@router.post("/outages/{outage_id}/called/{customer_id}")
def called(request: Request, outage_id: int, customer_id: int, posted: Posting) -> Response:
    """They called about it: one press of a button on their page."""
    with visit(request, "outages.call") as v:
        _, back = translator(v.user.language, PACKAGE), f"/customers/{customer_id}"
        words = _("Called about the outage at %(place)s.", place="%(place)s")
        if posted.text("told"):
            words = _("Told of the outage at %(place)s.", place="%(place)s")

        def act() -> Response:
            new = note_call(v.session, outage_id, customer_id, words, author_id=v.user.id, now=v.now)
            if not new:
                return v.done(_("This was kept before: nothing was kept twice."), back, nothing=True)
            return v.done(_("It is noted; they hear when the supply is back."), back)

        page = partial(customer_page, v, customer_id, "", params={})
        return handled(v, posted, "called", act, page, back=back)


@router.get("/outages/{outage_id}")
def one_outage(request: Request, outage_id: int, kept: int | None = None) -> Response:
    """One outage: what is known, who was told, who not and why, whom to call."""
    with visit(request, "outages.read") as v:
        return outage_page(v, outage_id, kept)


@router.post("/outages/{outage_id}/{step}")
def move(request: Request, outage_id: int, step: str, posted: Posting) -> Response:
    """One step of an incident."""
    with visit(request, "outages.run") as v:
        if step not in _STEPS:
            raise Invalid("no_such_step", mark("there is no such step"), "step")
        given = _Step(v, outage_id, posted, By(v.user.id, note=posted.text("note")))

        def act() -> Response:
            return v.done(_STEPS[step](given), f"/outages/{outage_id}")

        back = f"/outages/{outage_id}"
        return handled(v, posted, step, act, lambda: outage_page(v, outage_id), back=back)


@dataclass(frozen=True, slots=True)
class _Step:
    v: Visit
    outage_id: int
    posted: Posted
    by: By

    def said(self, words: str) -> str:
        return translator(self.v.user.language, PACKAGE)(words)

    def at(self, field: str) -> datetime:
        zone = zone_below(self.v.session, outage(self.v.session, self.outage_id).node_id)
        return self.posted.field(field, lambda typed: wall_instant(typed, field, zone)).value

    def told(self) -> int:
        return len(standing(self.v.session, self.outage_id, self.v.now).heard)


def _confirm(one: _Step) -> str:
    incidents.confirm(one.v.session, one.outage_id, one.by, one.v.now)
    return one.said(mark("The outage is confirmed; those it reaches are being told."))


def _estimate(one: _Step) -> str:
    incidents.estimate(one.v.session, one.outage_id, one.at("ends"), one.by, one.v.now)
    return one.said(mark("The time is kept; those who were told hear of it."))


def _restore(one: _Step) -> str:
    incidents.restore(one.v.session, one.outage_id, one.at("restored"), one.by, one.v.now)
    return one.said(mark("The supply is back; those who were told hear of it, and how long it was."))


def _close(one: _Step) -> str:
    incidents.close(one.v.session, one.outage_id, one.by, one.v.now)
    return one.said(mark("The outage is closed."))


def _correct(one: _Step) -> str:
    node = one.posted.whole("node", 1).value
    incidents.correct_area(one.v.session, one.outage_id, node, one.by, one.v.now)
    return one.said(mark("The place is put right; who was told wrongly hears an apology."))


def _withdraw(one: _Step) -> str:
    ngettext = counting(one.v.user.language, PACKAGE)
    told = one.told()
    one.posted.sure(
        ngettext("One customer gets an apology.", "%(num)s customers get an apology.", told) if told else "",
        do=one.said(mark("There was no outage")),
    )
    incidents.withdraw(one.v.session, one.outage_id, one.by, one.v.now)
    return one.said(mark("The outage is withdrawn; who was told hears an apology."))


def _merge(one: _Step) -> str:
    into = one.posted.whole("into", 1).value
    incidents.merge(one.v.session, one.outage_id, into, one.by, one.v.now)
    return one.said(mark("The two are one outage now; the other goes on for both places."))


def _split(one: _Step) -> str:
    node, back = one.posted.whole("node", 1), one.at("restored")
    incidents.split(one.v.session, one.outage_id, node.value, back, one.by, one.v.now)
    return one.said(mark("That part is back and hears so; the rest goes on."))


_STEPS: Mapping[str, Callable[[_Step], str]] = {
    "confirm": _confirm,
    "estimate": _estimate,
    "restore": _restore,
    "close": _close,
    "correct": _correct,
    "withdraw": _withdraw,
    "merge": _merge,
    "split": _split,
}


def report_page(v: Visit, node: int = 0) -> Response:
    """The form to report one; filled in for a `node` of which customers say that it is off."""
    said = next((one for one in heard(v.session, v.now) if one.node_id == node), None) if node else None
    zone = ZoneInfo(zone_below(v.session, node)) if said else None
    return v.render(
        "notifications/outage_report.html", places=places(v.session), states=OPEN_AS, node=node, heard=said,
        since=said.since.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if said else "",
    )  # fmt: skip


def calls_page(v: Visit) -> Response:
    """All calls that wait, then the latest that were made."""
    return v.render("notifications/outage_calls.html", calls=calls(v.session, limit=100))


def outage_page(v: Visit, outage_id: int, kept: int | None = None) -> Response:
    """One outage in full; the same number of queries however many were told."""
    found = outage(v.session, outage_id)
    runs = not found.planned and found.state.running
    changeable = runs and v.user.may("outages.run")
    return v.render(
        "notifications/outage.html",
        outage=found,
        notices=notices_about(v.session, f"outage:{outage_id}", limit=LISTED),
        listed=LISTED,
        kept=kept,
        events=events_of(v.session, outage_id),
        calls=calls(v.session, outage_id=outage_id),
        callers=callers(v.session, outage_id),
        steps=steps(found.state) if not found.planned and found.withdrawn_at is None else (),
        place_names=[(one.id, "\u2003" * one.depth + one.name) for one in places(v.session)]
        if changeable
        else [],
        others=[one for one in running_incidents(v.session) if one.id != outage_id] if changeable else [],
        wall_now=v.now.astimezone(ZoneInfo(zone_below(v.session, found.node_id))).strftime("%Y-%m-%dT%H:%M"),
    )


def _back(posted: Posted, outage_id: int) -> str:
    """To the page it was done on."""
    return f"/outages/{outage_id}" if posted.text("from") == "outage" else "/outages/calls"
