"""Which meters are silent? Those that sent nothing for days, by area."""

from __future__ import annotations

from meters.completeness import SPELLS, silent_areas, silent_meters
from meters.pages.feeds_call import FeedsCall, FeedsQuestion
from meters.pages.feeds_figures import known_of
from utility_crm.kit.parts import Answer, Sheet
from utility_crm.web.formats import number
from utility_crm.web.words import counting, mark

USUAL = 2
"""For how many days, where nobody said."""


def spell_of(call: FeedsCall) -> int:
    """For how many days: one of those that may be chosen."""
    wanted = call.number("days")
    return wanted if wanted in SPELLS else USUAL


def answer(call: FeedsCall) -> Answer:
    """How many, when it was last counted."""
    ngettext = counting(call.language, "meters")
    count = call.once(known_of).silent.get(USUAL, 0)
    words = ngettext("meter for 2 days", "meters for 2 days", count)
    return Answer(number(count, 0, call.language), words, "bad" if count else "")


def sheet(call: FeedsCall) -> Sheet:
    """The meters themselves; `area` (0: none) narrows them down."""
    days, area = spell_of(call), call.number("area")
    areas = silent_areas(call.session, call.today, days)
    count, meters = silent_meters(call.session, call.today, days, area=area)
    context = {
        "spells": SPELLS,
        "days": days,
        "area": area,
        "areas": areas,
        "all": sum(one.meters for one in areas),
        "count": count,
        "meters": meters,
    }
    return Sheet("meters/questions/silent.html", context)


QUESTION = FeedsQuestion("silent", mark("Which meters are silent?"), 25, answer, sheet)
