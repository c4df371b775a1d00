"""The question of the customer page about one day: what was used, half-hour by half-hour."""

from __future__ import annotations

from datetime import date

from meters.customer_in_view import in_view
from meters.service_points.channels import lived_at
from meters.service_points.chart import day_chart
from meters.service_points.day import CHANNELS_DRAWN, chosen_day, day_of
from utility_crm.kit.parts import Answer, CustomerCall, Question, Sheet
from utility_crm.web.formats import weekday
from utility_crm.web.words import mark, translator


def last_day_of(call: CustomerCall) -> date | None:
    """The last day of which any of their channels has readings."""
    days = [one.last_day for one in call.once(in_view).channels if one.last_day is not None]
    return min(max(days), call.today) if days else None


def _answer(call: CustomerCall) -> Answer:
    _ = translator(call.language, "meters")
    last = last_day_of(call)
    if last is None:
        return Answer(_("no readings yet"))
    return Answer(weekday(last, call.language), _("is the last day known"))


def _sheet(call: CustomerCall) -> Sheet:
    said = call.params.get("day", "")
    day = chosen_day(said, last_day_of(call), call.today)
    lived = lived_at(call.session, call.customer_id, day)
    mine = [one for one in call.once(in_view).channels if one.point_id in lived]
    codes = list(dict.fromkeys(one.code for one in mine))
    wanted = call.params.get("point", "")
    code = wanted if wanted in codes else codes[0] if codes else ""
    context = {"day": day, "newest": call.today, "points": codes, "code": code, "use": None, "charts": ()}
    context["no_day"] = said if said != day.isoformat() else ""
    if code:
        shown = [one for one in mine if one.code == code][:CHANNELS_DRAWN]
        use = day_of(call.session, shown, day)
        context |= {"use": use, "charts": tuple(day_chart(use, one) for one in use.channels)}
    return Sheet("meters/customer_day.html", context)


DAY = Question("day", mark("What was used on a day?"), 45, _answer, _sheet)
