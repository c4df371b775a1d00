"""That somebody has no power, from their page; and what was heard, for a page that is open."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from notifications.outages.no_power import Words, heard, homes, note_no_power
from utility_crm.customers.pages import customer_page
from utility_crm.kit.parts import Act, CustomerCall
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import visit
from utility_crm.web.words import mark, translator

router = APIRouter()
PACKAGE = "notifications"


@router.get("/outages/heard")
def heard_now(request: Request) -> Response:
    """Where customers say that the power is off; for a page that is open."""
    with visit(request, "outages.run") as v:
        return HTMLResponse(v.fragment("notifications/heard_line.html", heard=heard(v.session, v.now)))


@router.post("/customers/{customer_id}/no-power")
def no_power(request: Request, customer_id: int, posted: Posting) -> Response:
    """They have no power, and no outage is known there."""
    with visit(request, "tickets.write") as v:
        _, path = translator(v.user.language, PACKAGE), f"/customers/{customer_id}"

        def act() -> Response:
            place = posted.whole("place", 1, 10**9)
            posted.check()
            said = posted.text("said") or _("They have no power; no outage was known there.")
            words = Words(_("No power at %(place)s", place="%(place)s"), said)
            ticket_id, contact_id = note_no_power(
                v.session, customer_id, place.value, words, by=v.user.id,
                form_key=posted.text("form_key") or uuid4().hex, today=v.today, now=v.now,
            )  # fmt: skip
            number = number_of(ticket_id)
            if contact_id is None:
                return v.done(_("This was kept before: nothing was kept twice."), path, nothing=True)
            for told in request.app.state.logged:
                told(
                    v.session, contact_id=contact_id, customer_id=customer_id, channel="call",
                    user_id=v.user.id, now=v.now,
                )  # fmt: skip
            return v.done(_("Ops sees it now; it is kept as %(number)s.", number=number), path)

        page = partial(customer_page, v, customer_id, "", params={})
        return handled(v, posted, "act-off", act, page, back=path)


def panel(call: CustomerCall) -> Mapping[str, Any]:
    """Where they are supplied, and what others say of the same places."""
    found = homes(call.session, call.customer_id, call.today)
    names = {one.node for one in found}
    others = [one for one in heard(call.session, call.now) if one.place in names]
    return {"homes": found, "others": others, "form_key": uuid4().hex}


def no_power_act(known: Any) -> Act:
    """The act, offered where `known(call)` tells of no outage that runs."""
    return Act(
        "i", mark("No power"), "tickets.write", "notifications/act_no_power.html", order=12, context=panel,
        applies=lambda call: not known(call),
    )  # fmt: skip
