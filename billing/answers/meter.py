"""Is my meter right? What validation found, what runs at night, and what others of the same kind use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from billing.answers.most import month
from billing.answers.parameters import BILL
from billing.answers.pictures import band
from billing.answers.told import (
    AccountAnswer,
    Chart,
    Evidence,
    Figure,
    Series,
    Told,
    bill_evidence,
    kwh_figure,
)
from billing.customer import loads
from billing.domain.money import micro_text
from billing.explaining.hours import Month
from billing.queries.neighbours import MeterFinding, Neighbours, neighbours_of
from billing.wording import bill_label_year, say
from utility_crm.kit.parts import Answer, CustomerCall, Sheet
from utility_crm.web.formats import kwh, number
from utility_crm.web.words import counting, mark

NIGHT = (2 * 60, 5 * 60)
"""Minutes of the clock in which next to everything is off."""
RULES = {
    "stuck": mark("the same value for long"),
    "spike": mark("far above the usual"),
    "missing": mark("no reading"),
    "negative": mark("below zero"),
    "above_capacity": mark("more than the connection carries"),
    "clock_drift": mark("its clock is off"),
    "unit_mismatch": mark("another unit than it says"),
    "sum_check": mark("intervals and register differ"),
    "overlap": mark("two readings for one time"),
    "future": mark("readings from the future"),
    "estimate_gaps": mark("waits to be estimated"),
}
STATES = {
    "open": mark("not decided"),
    "accepted": mark("found right"),
    "estimated": mark("estimated"),
    "edited": mark("put right"),
}
FAULTS = ("stuck", "spike", "negative", "above_capacity", "clock_drift", "unit_mismatch", "sum_check")
"""Rules by which a meter may be wrong; the others are of what was sent."""
APART = 2
"""So many times the neighbours' tenth that use most is worth a word."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Mean power from two to five at night, in watts, and what share of all use it would be if it ran day and
    night: not what was used in those hours."""

    watts: int
    share: float


def findings(call: CustomerCall) -> tuple[MeterFinding, ...]:
    """Of the chosen bill's account."""
    return call.once(loads.in_view).findings


def neighbours(call: CustomerCall) -> Neighbours | None:
    """Of the chosen bill's last days."""
    bill = call.once(loads.chosen)
    return None if bill is None else neighbours_of(call.session, bill.account_id, bill.ends_before)


def baseline(call: CustomerCall) -> Baseline | None:
    """From the chosen bill's readings as known now."""
    found = call.once(month)
    return _baseline(found) if found is not None else None


def _baseline(found: Month) -> Baseline | None:
    size = min(found.axis.size, found.usage.micro_kwh.size)
    clock, there = found.axis.clock_minute[:size], ~found.usage.missing[:size]
    night = (clock >= NIGHT[0]) & (clock < NIGHT[1]) & there
    count, total = int(np.count_nonzero(night)), int(found.usage.micro_kwh[:size].sum())
    if not count or total <= 0:
        return None
    used = int(found.usage.micro_kwh[:size][night].sum())
    hours = count * found.usage.interval_minutes / 60
    whole = np.count_nonzero(there) * found.usage.interval_minutes / 60
    return Baseline(round(used / hours / 1000), used / hours * whole / total)


def doubts(call: CustomerCall) -> list[MeterFinding]:
    """What may be a fault of the meter and nobody has decided yet."""
    return [one for one in call.once(findings) if one.state == "open" and one.rule in FAULTS]


def meter_answer(call: CustomerCall) -> Answer:
    """Whether anything waits to be looked at."""
    _ = say(call.language)
    if call.once(loads.chosen) is None:
        return Answer(_("no bill yet"))
    open_ones = doubts(call)
    if open_ones:
        return Answer(_("Look"), _(RULES[open_ones[0].rule]), "warn")
    return Answer(_("Yes"), _("nothing found") if not call.once(findings) else _("nothing open"))


def meter_sheet(call: CustomerCall) -> Sheet:
    """Findings, the night, the neighbours."""
    bill = call.once(loads.chosen)
    if bill is None:
        return Sheet("billing/no_bill.html", {"held": call.once(loads.held)})
    near, a_day = call.once(neighbours), bill.micro_kwh // max(1, bill.days)
    chart = None
    if near is not None:

        def label(value: int) -> str:
            return number(value / 1_000_000, 0 if near_whole else 1, call.language)

        near_whole = near.high > 20_000_000
        chart = band(near.low, near.middle, near.high, label, [(bill_label_year(bill, call.language), a_day)])
    return Sheet(
        "billing/meter.html",
        {
            "bill": bill,
            "name": bill_label_year(bill, call.language),
            "a_day": a_day,
            "findings": call.once(findings),
            "rules": RULES,
            "states": STATES,
            "near": near,
            "chart": chart,
            "baseline": call.once(baseline),
            "sentence": sentence(call),
            "beside": beside(call),
        },
    )


def sentence(call: CustomerCall) -> str:
    """Whether anything speaks against the meter."""
    _, open_ones = say(call.language), doubts(call)
    if open_ones:
        return counting(call.language, "billing")(
            "One thing is to be looked at: %(what)s.",
            "%(num)s things are to be looked at, first of all: %(what)s.",
            len(open_ones),
            what=_(RULES[open_ones[0].rule]),
        )
    return _("Nothing speaks against the meter: no stuck value and no spike waits to be looked at.")


def beside(call: CustomerCall) -> str:
    """The bill's use beside that of others; empty where there are too few."""
    _, near, bill = say(call.language), call.once(neighbours), call.once(loads.chosen)
    if near is None or bill is None:
        return ""
    a_day = bill.micro_kwh // max(1, bill.days)
    given = {
        "mine": kwh(a_day, 1, call.language),
        "middle": kwh(near.middle, 1, call.language),
        "area": near.area,
        "high": kwh(near.high, 1, call.language),
    }
    if a_day > APART * near.high:
        return _(
            "%(mine)s kWh a day is more than twice what nine of ten like it in %(area)s use (%(high)s); "
            "the middle one uses %(middle)s.",
            **given,
        )
    return _("%(mine)s kWh a day; the middle one of its kind in %(area)s uses %(middle)s.", **given)


def meter_told(call: CustomerCall) -> Told:
    """The findings, the night and the neighbours as figures."""
    bill = call.once(loads.chosen)
    if bill is None:
        return Told(say(call.language)("There is no bill yet."))
    near, night = call.once(neighbours), call.once(baseline)
    a_day = bill.micro_kwh // max(1, bill.days)
    figures = [
        Figure("to_look_at", str(len(doubts(call)))),
        Figure("findings", str(len(call.once(findings)))),
        kwh_figure("use_a_day", a_day),
    ]
    if night is not None:
        figures += [Figure("night_power", str(night.watts), "W"), Figure("night_share", f"{night.share:.4f}")]
    chart = None
    if near is not None:
        figures += [
            Figure("neighbours", str(near.count)),
            kwh_figure("neighbours_10", near.low),
            kwh_figure("neighbours_50", near.middle),
            kwh_figure("neighbours_90", near.high),
        ]
        ends = (("10 %", near.low), ("50 %", near.middle), ("90 %", near.high), ("this one", a_day))
        points = tuple((label, micro_text(value)) for label, value in ends)
        chart = Chart("range", "kWh a day", (Series("neighbours", points),))
    evidence = tuple(
        Evidence(
            "finding", f"{one.rule} {one.first_day} to {one.last_day}", f"/service-points/{one.service_point}"
        )
        for one in call.once(findings)[:20]
    )
    return Told(sentence(call), beside(call), tuple(figures), None, chart, (bill_evidence(bill), *evidence))


ANSWER = AccountAnswer(
    "meter", mark("Is my meter right?"), 20, meter_answer, meter_sheet, meter_told, (BILL,)
)
