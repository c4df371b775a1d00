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
from billing.domain.money import Int64Array, micro_text
from billing.domain.reckoning.axis import Axis, axis_of, epoch_minute
from billing.domain.reckoning.usage import Usage
from billing.queries.bill_parts import ReadPart
from billing.wording import bill_label, capitalised, say
from utility_crm.kit.module import Answer, CustomerCall, Sheet
from utility_crm.web.charts import HeatDay
from utility_crm.web.formats import day as day_words
from utility_crm.web.formats import percent, weekday
from utility_crm.web.words import mark

SPAN_MINUTES = 240
"""Length of the stretch of the clock that is looked for."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The four hours of the clock that hold most of the energy; `share` of all of it, one is everything."""

    from_minute: int
    until_minute: int
    share: float

    @property
    def words(self) -> str:
        """17:00–21:00."""
        return f"{clock_text(self.from_minute)}–{clock_text(self.until_minute)}"


@dataclass(frozen=True, slots=True)
class HourRow:
    """One hour of the clock over the month."""

    hour: int
    micro_kwh: int
    share: float


@dataclass(frozen=True, slots=True)
class Month:
    """A bill's readings as known now, laid on local days. by_slot: micro-kWh by half-hour of the clock."""

    part: ReadPart
    usage: Usage
    axis: Axis
    by_slot: Int64Array

    @property
    def total_micro_kwh(self) -> int:
        return int(self.by_slot.sum())


def clock_text(minute: int) -> str:
    """990 -> 16:30; 1440 -> 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def month(call: CustomerCall) -> Month | None:
    """The chosen bill's largest supply, with what is known of it now."""
    found = call.once(loads.read)
    if not found:
        return None
    part = max(found, key=lambda item: int(item.side.usage.micro_kwh.sum()))
    return laid(part)


def laid(part: ReadPart) -> Month:
    """One supply of a bill on the local clock."""
    usage = part.side.actual()
    axis = axis_of(part.side.zone, usage.interval_minutes, epoch_minute(usage.starts_at), part.part.period)
    slots = 1440 // usage.interval_minutes
    by_slot = np.zeros(slots, dtype=np.int64)
    size = min(axis.size, usage.micro_kwh.size)
    np.add.at(
        by_slot, axis.clock_minute[:size].astype(np.int64) // usage.interval_minutes, usage.micro_kwh[:size]
    )
    return Month(part, usage, axis, by_slot)


def stretch_of(found: Month) -> Stretch | None:
    """The stretch with most energy, over midnight too; None where nothing was used."""
    slots, total = found.by_slot.size, found.total_micro_kwh
    wide = max(1, SPAN_MINUTES * slots // 1440)
    if total <= 0:
        return None
    sums = [
        int(np.take(found.by_slot, range(first, first + wide), mode="wrap").sum()) for first in range(slots)
    ]
    first = max(range(slots), key=lambda place: sums[place])
    minutes = 1440 // slots
    until = (first + wide) * minutes
    return Stretch(first * minutes, until if until <= 1440 else until - 1440, sums[first] / total)


def most_answer(call: CustomerCall) -> Answer:
    """The four hours of the clock with most energy, and their share."""
    found = call.once(month)
    stretch = stretch_of(found) if found else None
    if stretch is None:
        _ = say(call.language)
        return Answer(_("no bill yet") if found is None else _("nothing used"))
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
