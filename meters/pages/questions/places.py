"""Which meters have no place? They are given one here."""

from __future__ import annotations

from meters.pages.feeds_call import FeedsCall, FeedsQuestion
from meters.pages.feeds_figures import unassigned_of
from meters.places import free_premises, unassigned_points
from utility_crm.kit.parts import Answer, Sheet
from utility_crm.web.formats import number
from utility_crm.web.words import mark, translator


def answer(call: FeedsCall) -> Answer:
    """How many."""
    _ = translator(call.language, "meters")
    count = call.once(unassigned_of)
    return Answer(number(count, 0, call.language), _("never billed") if count else "")


def sheet(call: FeedsCall) -> Sheet:
    """The newest of them, and premises where no meter stands."""
    context = {
        "points": unassigned_points(call.session),
        "premises": free_premises(call.session),
        "unassigned": call.once(unassigned_of),
    }
    return Sheet("meters/questions/places.html", context)


QUESTION = FeedsQuestion("places", mark("Which meters have no place?"), 70, answer, sheet)
