"""What is missing? Who lacks readings, the most first."""

from __future__ import annotations

from meters.completeness import late_meters
from meters.pages.feeds_call import FeedsCall, FeedsQuestion
from meters.pages.feeds_figures import days_of, known_of
from utility_crm.kit.module import Answer, Sheet
from utility_crm.web.formats import number
from utility_crm.web.words import counting, mark


def answer(call: FeedsCall) -> Answer:
    """How many meters lack something of yesterday."""
    ngettext = counting(call.language, "meters")
    late = call.once(known_of).latest.meters_late
    return Answer(number(late, 0, call.language), ngettext("meter yesterday", "meters yesterday", late))


def sheet(call: FeedsCall) -> Sheet:
    """The meters that lack most."""
    count, late = late_meters(call.session, call.once(days_of))
    context = {"known": call.once(known_of), "late": late, "late_count": count}
    return Sheet("meters/questions/missing.html", context)


QUESTION = FeedsQuestion("missing", mark("What is missing?"), 20, answer, sheet)
