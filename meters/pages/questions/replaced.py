"""What was replaced? Days as they were before, and as they are now."""

from __future__ import annotations

from datetime import timedelta

from meters.pages.feeds_call import FeedsCall, FeedsQuestion
from meters.pages.feeds_figures import DAYS_BACK, counts_lately_of
from meters.queries import replaced_days
from utility_crm.kit.parts import Answer, Sheet
from utility_crm.web.formats import number
from utility_crm.web.words import counting, mark


def answer(call: FeedsCall) -> Answer:
    """How many days of readings."""
    ngettext = counting(call.language, "meters")
    changed = call.once(counts_lately_of).changed
    return Answer(number(changed, 0, call.language), ngettext("day of readings", "days of readings", changed))


def sheet(call: FeedsCall) -> Sheet:
    """The latest of them."""
    replaced = replaced_days(call.session, since=call.begins(call.today - timedelta(days=DAYS_BACK)))
    context = {"replaced": replaced, "lately": call.once(counts_lately_of)}
    return Sheet("meters/questions/replaced.html", context)


QUESTION = FeedsQuestion("replaced", mark("What was replaced?"), 80, answer, sheet)
