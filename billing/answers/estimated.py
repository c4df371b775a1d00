"""Was it estimated? Which half-hours of a bill were not read when it was made, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from billing.answers.parameters import BILL
from billing.answers.told import (
    AccountAnswer,
    Chart,
    Figure,
    Series,
    Told,
    bill_evidence,
    kwh_figure,
    money_figure,
)
from billing.corrections.queries import CorrectionRow
from billing.customer import loads
from billing.domain.money import micro_text
from billing.domain.reckoning.axis import local_date
from billing.explaining.put_right import put_right_minor
from billing.queries.bill_parts import ReadPart, parts_of_bills, read_parts
from billing.queries.bills import BillRow
from billing.wording import bill_label_year, bill_name, say
from utility_crm.kit.parts import Answer, CustomerCall, Sheet
from utility_crm.web.formats import day as day_words
from utility_crm.web.formats import kwh, money, number, percent, signed_money
from utility_crm.web.words import counting, mark

LOOK_BACK = 13


@dataclass(frozen=True, slots=True)
class EstimatedDay:
    """A day's estimated readings: how many, what was billed for them, and what was read since (None:
    nothing)."""

    day: date
    service_point: str
    readings: int
    billed_micro_kwh: int
    read_micro_kwh: int | None
    read_readings: int


def recent(call: CustomerCall) -> tuple[BillRow, ...]:
    """The chosen bill and the year before it."""
    bill = call.once(loads.chosen)
    return () if bill is None else (bill, *call.once(loads.earlier))[:LOOK_BACK]


def estimated_answer(call: CustomerCall) -> Answer:
    """Yes or no of the chosen bill; else the newest earlier one that was."""
    _ = say(call.language)
    bills = call.once(recent)
    if not bills:
        return Answer(_("no bill yet"))
    if bills[0].estimated_readings:
        part = bills[0].estimated_micro_kwh / max(1, bills[0].micro_kwh)
        if 0 < part < 0.01:
            share = percent(0.01, 0, call.language)
            return Answer(_("In part"), _("under %(share)s of the energy", share=share), "warn")
        share = percent(part, 0, call.language)
        return Answer(_("In part"), _("%(share)s of the energy", share=share), "warn")
    before = next((bill for bill in bills if bill.estimated_readings), None)
    if before is None:
        return Answer(_("No"), _("all read"))
    return Answer(_("No"), _("but %(bill)s was, in part", bill=bill_name(before, call.language)))


def estimated_sheet(call: CustomerCall) -> Sheet:
    """The bill asked about: the chosen one if it was estimated or was asked for, else the newest that was."""
    bills = call.once(recent)
    if not bills:
        return Sheet("billing/no_bill.html", {"held": call.once(loads.held)})
    guessed = [bill for bill in bills if bill.estimated_readings]
    asked = bills[0] if bills[0].estimated_readings or call.params.get("bill") or not guessed else guessed[0]
    read = _read(call, asked) if asked.estimated_readings else ()
    days = tuple(day for item in read for day in estimated_days(item))
    return Sheet(
        "billing/estimated.html",
        {
            "bill": asked,
            "newest": bills[0],
            "name": bill_name(asked, call.language),
            "newest_name": bill_name(bills[0], call.language),
            "names": {bill.id: bill_label_year(bill, call.language) for bill in bills},
            "days": days,
            "read": sum(day.read_readings for day in days),
            "over_micro_kwh": sum(
                day.billed_micro_kwh - day.read_micro_kwh for day in days if day.read_micro_kwh is not None
            ),
            "worth": worth(call, asked, read),
            "guessed": guessed,
            "bills": bills,
        },
    )


def estimated_told(call: CustomerCall) -> Told:
    """What of the chosen bill was estimated, day by day, and what has been read since."""
    _, ngettext = say(call.language), counting(call.language, "billing")
    bills = call.once(recent)
    if not bills:
        return Told(_("There is no bill yet."))
    bill = bills[0]
    parts = _read(call, bill) if bill.estimated_readings else ()
    days = tuple(day for item in parts for day in estimated_days(item))
    if bill.estimated_readings:
        sentence = ngettext(
            "Yes: one reading of %(bill)s was estimated, %(kwh)s kilowatt-hours.",
            "Yes: %(num)s readings of %(bill)s were estimated, %(kwh)s kilowatt-hours.",
            bill.estimated_readings,
            bill=bill_name(bill, call.language),
            kwh=kwh(bill.estimated_micro_kwh, 1, call.language),
        )
    else:
        sentence = _("No: every reading of %(bill)s was read.", bill=bill_name(bill, call.language))
    read = sum(day.read_readings for day in days)
    words = (
        [_("%(count)s of them have been read since.", count=number(read, 0, call.language))] if read else []
    )
    words += worth(call, bill, parts)
    minor = put_right_minor(parts)
    points = tuple((day.day.isoformat(), micro_text(day.billed_micro_kwh)) for day in days)
    return Told(
        sentence,
        " ".join(words),
        (
            Figure("estimated_readings", str(bill.estimated_readings)),
            kwh_figure("estimated", bill.estimated_micro_kwh),
            kwh_figure("billed", bill.micro_kwh),
            Figure("read_since", str(read)),
            *(() if minor is None else (money_figure("put_right", minor, bill.currency),)),
        ),
        chart=Chart("columns", "kWh", (Series("estimated", points),)) if points else None,
        evidence=(bill_evidence(bill),),
    )


def correction_of(call: CustomerCall, bill: BillRow) -> CorrectionRow | None:
    """The newest correction of a bill, or by which it came about."""
    return next(
        (one for one in call.once(loads.corrections) if bill.number in (one.bill, one.new_bill)), None
    )


def worth(call: CustomerCall, bill: BillRow, read: Sequence[ReadPart]) -> list[str]:
    """What the estimate is worth in money, and what became of it, in sentences."""
    _, minor, one = say(call.language), put_right_minor(read), correction_of(call, bill)
    said = []
    if minor is not None:
        amount = money(abs(minor), bill.currency, call.language)
        if minor > 0:
            said.append(_("With what is read now the bill would be %(amount)s more.", amount=amount))
        elif minor < 0:
            said.append(_("With what is read now the bill would be %(amount)s less.", amount=amount))
        else:
            said.append(_("With what is read now the bill would be the same."))
    if one is None:
        return said
    figure = signed_money(one.difference_minor, bill.currency, call.language)
    if one.state == "approved" and one.decided_at is not None:
        when = day_words(one.decided_at, call.language)
        said.append(_("It was put right on %(day)s: %(amount)s.", day=when, amount=figure))
    elif one.state == "proposed":
        said.append(_("A correction waits to be approved: %(amount)s.", amount=figure))
    if minor is not None and minor != one.difference_minor and bill.number == one.bill:
        apart = money(abs(one.difference_minor - minor), bill.currency, call.language)
        said.append(
            _(
                "The two are %(amount)s apart: a correction also fills anew what is still not read, "
                "and leaves out what was used too long ago to be charged.",
                amount=apart,
            )
        )
    return said


def _read(call: CustomerCall, bill: BillRow) -> tuple[ReadPart, ...]:
    if bill == call.once(loads.chosen):
        return call.once(loads.read)
    return read_parts(call.session, bill, parts_of_bills(call.session, [bill.id])[bill.id])


def estimated_days(item: ReadPart) -> Iterable[EstimatedDay]:
    """The days of a part on which something was billed on an estimate, with what has been read since."""
    usage, actual = item.side.usage, item.side.actual()
    places = np.flatnonzero(usage.estimated)
    step = timedelta(minutes=usage.interval_minutes)
    by_day: dict[date, list[int]] = {}
    for place in places.tolist():
        by_day.setdefault(local_date(usage.starts_at + place * step, item.side.zone), []).append(place)
    for day, mine in by_day.items():
        read = [place for place in mine if not actual.estimated[place]]
        billed = int(usage.micro_kwh[mine].sum())
        # Of a day read in part, what is still estimated counts as billed on both sides.
        now = int(actual.micro_kwh[mine].sum()) if read else None
        yield EstimatedDay(day, item.part.service_point, len(mine), billed, now, len(read))


ANSWER = AccountAnswer(
    "estimated", mark("Was it estimated?"), 14, estimated_answer, estimated_sheet, estimated_told, (BILL,)
)
