"""A meter check, booked on the customer page."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from meters.visits import SLOTS, book_check
from utility_crm.customers.pages import customer_page
from utility_crm.web.formats import day_year
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import visit
from utility_crm.web.words import translator

router = APIRouter()


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
                title=_("Check the meter"), today=v.today, now=v.now, by=v.user.id,
            )  # fmt: skip
            day = day_year(on_day.value, v.user.language)
            words = _("Booked for %(day)s; they are told, and a task is kept.", day=day)
            return v.done(words, path, ask=posted.text("ask"))

        page = partial(customer_page, v, customer_id, posted.text("ask"), params={})
        return handled(v, posted, "check", act, page, back=path)
