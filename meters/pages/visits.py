"""A meter check, booked on the customer page; a visit moved, cancelled, or over."""

from __future__ import annotations

from functools import partial
from typing import cast

from fastapi import APIRouter, Request
from starlette.responses import Response

from meters.visits.booking import SLOTS, book_check
from meters.visits.changing import Ended, cancel_visit, close_visit, move_visit
from utility_crm.customers.pages import customer_page
from utility_crm.web.formats import day_year
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import visit
from utility_crm.web.words import translator

router = APIRouter()
ASK = "visits"


@router.post("/customers/{customer_id}/meter-checks")
def book(request: Request, customer_id: int, posted: Posting) -> Response:
    """Somebody comes to look at the meter."""
    with visit(request, "visits.book") as v:
        _, path = translator(v.user.language, "meters"), f"/customers/{customer_id}"

        def act() -> Response:
            place = posted.whole("place", 1, 10**10)
            on_day, slot = posted.day("on_day"), posted.one_of("slot", SLOTS)
            posted.check()
            book_check(
                v.session, customer_id, place.value, on_day.value, slot.value, posted.text("note"),
                title=_("Note what came of the meter check"), today=v.today, now=v.now, by=v.user.id,
            )  # fmt: skip
            day = day_year(on_day.value, v.user.language)
            words = _("Booked for %(day)s; they are told, and a task asks for what came of it.", day=day)
            return v.done(words, path, ask=posted.text("ask"))

        page = partial(customer_page, v, customer_id, posted.text("ask"), params={})
        return handled(v, posted, "check", act, page, back=path)


@router.post("/customers/{customer_id}/visits/{visit_id}/move")
def move(request: Request, customer_id: int, visit_id: int, posted: Posting) -> Response:
    """To another day, or another part of it."""
    with visit(request, "visits.book") as v:
        _, path = translator(v.user.language, "meters"), f"/customers/{customer_id}"

        def act() -> Response:
            on_day, slot = posted.day("on_day"), posted.one_of("slot", SLOTS)
            posted.check()
            move_visit(
                v.session, customer_id, visit_id, on_day.value, slot.value, posted.text("why"),
                today=v.today, now=v.now, by=v.user.id,
            )  # fmt: skip
            words = _("Moved to %(day)s; they are told.", day=day_year(on_day.value, v.user.language))
            return v.done(words, path, ask=ASK)

        return handled(
            v, posted, f"move-{visit_id}", act, lambda: customer_page(v, customer_id, ASK, params={})
        )


@router.post("/customers/{customer_id}/visits/{visit_id}/cancel")
def cancel(request: Request, customer_id: int, visit_id: int, posted: Posting) -> Response:
    """Nobody comes."""
    with visit(request, "visits.book") as v:
        _, path = translator(v.user.language, "meters"), f"/customers/{customer_id}"

        def act() -> Response:
            cancel_visit(v.session, customer_id, visit_id, posted.text("why"), now=v.now, by=v.user.id)
            return v.done(_("Cancelled: nobody comes, and they are told."), path, ask=ASK)

        name = f"cancel-{visit_id}"
        return handled(v, posted, name, act, lambda: customer_page(v, customer_id, ASK, params={}))


@router.post("/customers/{customer_id}/visits/{visit_id}/ended")
def ended(request: Request, customer_id: int, visit_id: int, posted: Posting) -> Response:
    """What came of it."""
    with visit(request, "visits.book") as v:
        _, path = translator(v.user.language, "meters"), f"/customers/{customer_id}"

        def act() -> Response:
            how = posted.one_of("ended", ("done", "missed"))
            posted.check()
            close_visit(
                v.session, customer_id, visit_id, cast("Ended", how.value), posted.text("found"),
                today=v.today, now=v.now, by=v.user.id,
            )  # fmt: skip
            words = _("Kept what was found.") if how.value == "done" else _("Kept: nobody could get in.")
            return v.done(words, path, ask=ASK)

        name = f"ended-{visit_id}"
        return handled(v, posted, name, act, lambda: customer_page(v, customer_id, ASK, params={}))
