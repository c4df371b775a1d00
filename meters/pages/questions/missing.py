"""What is missing? Who lacks readings, the most first; of one day, area and segment if chosen."""

from __future__ import annotations

from datetime import date

from meters.completeness import late_meters
from meters.completeness.figures import SEGMENTS
from meters.pages.feeds_call import FeedsCall, FeedsQuestion
from meters.pages.feeds_figures import days_of, known_of
from utility_crm.kit.parts import Answer, Sheet
from utility_crm.web.formats import number
from utility_crm.web.words import counting, mark


def answer(call: FeedsCall) -> Answer:
    """How many meters lack something of yesterday."""
    ngettext = counting(call.language, "meters")
    late = call.once(known_of).latest.meters_late
    return Answer(number(late, 0, call.language), ngettext("meter yesterday", "meters yesterday", late))


def sheet(call: FeedsCall) -> Sheet:
    """The meters that lack most; `day`, `area` (0: none) and `segment` narrow it down."""
    known, days = call.once(known_of), call.once(days_of)
    day, area = _day(call.params.get("day", ""), days), call.number("area")
    segment = call.params.get("segment")
    segment = segment if segment in SEGMENTS else None
    count, late = late_meters(call.session, [day] if day else days, area=area, segment=segment)
    names = {row.area_id or 0: row.area for row in known.rows}
    context = {
        "known": known,
        "late": late,
        "late_count": count,
        "narrowed": day is not None or area is not None or segment is not None,
        "day": day,
        "area": None if area is None else names.get(area, ""),
        "segment": segment,
    }
    return Sheet("meters/questions/missing.html", context)


def _day(said: str, days: list[date]) -> date | None:
    """One of the days shown; None for anything else."""
    return next((day for day in days if day.isoformat() == said), None)


QUESTION = FeedsQuestion("missing", mark("What is missing?"), 20, answer, sheet)
