"""When do I use most? The last billed month by day and half-hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from billing.answers.parameters import BILL
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
from billing.explaining.hours import Month, laid, stretch_of
from billing.wording import bill_label, capitalised, say
from utility_crm.kit.parts import Answer, CustomerCall, Sheet
from utility_crm.web.charts import HeatDay
from utility_crm.web.formats import day as day_words
from utility_crm.web.formats import percent, weekday
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class HourRow:
    """One hour of the clock over the month."""

    hour: int
    micro_kwh: int
    share: float


def month(call: CustomerCall) -> Month | None:
    """The chosen bill's largest supply, with what is known of it now."""
    return laid(call.once(loads.read))


def most_answer(call: CustomerCall) -> Answer:
    """The four hours of the clock with most energy, and their share."""
    kept, _ = call.once(loads.kept), say(call.language)
    if kept is not None and kept.by_hours:
        stretch = kept.most
    else:
        found = call.once(month)
        if found is None:
            return Answer(_("no bill yet"))
        stretch = stretch_of(found)
    if stretch is None:
        return Answer(_("nothing used"))
    return Answer(stretch.words, percent(stretch.share, 0, call.language))


def most_sheet(call: CustomerCall) -> Sheet:
    """Heatmap, and the same by the hour as a table."""
    bill, found = call.once(loads.chosen), call.once(month)
    if bill is None or found is None:
        return Sheet("billing/no_bill.html", {"held": call.once(loads.held)})
    wanted = call.params.get("day", "")
    return Sheet(
        "billing/most.html",
        {
            "bill": bill,
            "label": capitalised(bill_label(bill, call.language)),
            "stretch": stretch_of(found),
            "total_micro_kwh": found.total_micro_kwh,
            "service_point": found.part.part.service_point,
            "meter": found.part.part.meter,
            "days": heat_days(found, call.language, wanted),
            "hours": hours_of(found),
            "highest": highest_day(found),
            "readings": found.usage.micro_kwh.size,
            "missing": int(found.usage.missing.sum()),
            "estimated": int(found.usage.estimated.sum()),
        },
    )


def most_told(call: CustomerCall) -> Told:
    """The stretch of the clock with most energy, and all of the clock by the hour."""
    _ = say(call.language)
    bill, found = call.once(loads.chosen), call.once(month)
    if bill is None or found is None:
        return Told(_("There is no bill yet."))
    stretch = stretch_of(found)
    figures = [kwh_figure("used", found.total_micro_kwh)]
    sentence = _("Nothing was used.")
    if stretch is not None:
        first, last = stretch.words.split("–")
        sentence = _(
            "%(share)s of your energy is used in the four hours from %(start)s to %(end)s.",
            share=percent(stretch.share, 0, call.language),
            start=first,
            end=last,
        )
        figures += [Figure("from", first), Figure("until", last), Figure("share", f"{stretch.share:.4f}")]
    points = tuple((f"{row.hour:02d}:00", micro_text(row.micro_kwh)) for row in hours_of(found))
    point = found.part.part.service_point
    return Told(
        sentence,
        figures=tuple(figures),
        chart=Chart("columns", "kWh", (Series("by_hour", points),)),
        evidence=(bill_evidence(bill), Evidence("service_point", point, f"/service-points/{point}")),
    )


def heat_days(found: Month, language: str, chosen: str = "") -> list[HeatDay]:
    """A row a day; missing cells are None, never zero."""
    usage, index = found.usage, found.axis.day_index[: found.usage.micro_kwh.size]
    bounds = np.searchsorted(index, np.arange(found.axis.period.days + 1)).tolist()
    values = [
        None if gone else value
        for value, gone in zip(usage.micro_kwh.tolist(), usage.missing.tolist(), strict=True)
    ]
    guessed = usage.estimated.tolist()
    rows = []
    for number, day in enumerate(found.axis.period.dates()):
        begin, end = bounds[number], bounds[number + 1]
        picked = day.isoformat() == chosen
        label = weekday(day, language).rsplit(" ", 1)[0] if picked else _label(day, number, language)
        rows.append(HeatDay(label, values[begin:end], guessed[begin:end], picked))
    return rows


def _label(day: date, number: int, language: str) -> str:
    return day_words(day, language) if number and day.day == 1 else str(day.day)


def hours_of(found: Month) -> Sequence[HourRow]:
    """Energy by the hour of the clock."""
    total = max(1, found.total_micro_kwh)
    sums = found.by_slot.reshape(24, -1).sum(axis=1).tolist() if found.by_slot.size >= 24 else []
    return [HourRow(hour, value, value / total) for hour, value in enumerate(sums)]


def highest_day(found: Month) -> tuple[date, int] | None:
    """The day with most energy, and how much."""
    size = min(found.axis.size, found.usage.micro_kwh.size)
    sums = np.bincount(
        found.axis.day_index[:size], weights=found.usage.micro_kwh[:size], minlength=found.axis.period.days
    )
    if not sums.size or sums.max() <= 0:
        return None
    place = int(sums.argmax())
    return list(found.axis.period.dates())[place], int(sums[place])


ANSWER = AccountAnswer("most", mark("When do I use most?"), 40, most_answer, most_sheet, most_told, (BILL,))
