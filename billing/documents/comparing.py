"""A bill beside the one before it and the year before: bars, and the words for what changed."""

from __future__ import annotations

from datetime import date

from billing.documents.paper import Bars
from billing.documents.reading import BillFacts
from billing.wording import is_month, say
from utility_crm.web.formats import (
    MINUS,
    NBSP,
    day,
    day_full,
    kwh,
    money,
    month,
    month_short,
    number,
    percent,
)
from utility_crm.web.words import counting


def comparison_of(facts: BillFacts, language: str) -> Bars | None:
    """kWh a day: this bill, the one before, and the same weekdays a year before where all are known."""
    _ = say(language)
    bill = facts.bill
    if not bill.micro_kwh:
        return None
    rows = [_row(_("This bill"), bill.micro_kwh / bill.days, language)]
    if facts.past:
        one = facts.past[0]
        rows.append(_row(_("The bill before"), one.micro_kwh / one.days, language))
    year = _year_before(facts)
    if year is not None:
        rows.append(_row(_("A year before"), year, language))
    if len(rows) == 1:
        return None
    said = ""
    if year:
        share = bill.micro_kwh / bill.days / year - 1
        amount = percent(abs(round(share, 2)), 0, language)
        if abs(share) < 0.005:
            said = _("As much a day as a year before.")
        else:
            said = (
                _("%(share)s more a day than a year before.", share=amount)
                if share > 0
                else _("%(share)s less a day than a year before.", share=amount)
            )
    return Bars(_("What you used a day"), tuple(rows), said)


def _row(label: str, micro_a_day: float, language: str) -> tuple[str, float, str]:
    words = f"{kwh(round(micro_a_day), 1, language)}{NBSP}{say(language)('kWh')}"
    return label, micro_a_day / 1_000_000, words


def _year_before(facts: BillFacts) -> float | None:
    """Millionths a day, of the same weekdays a year before; None unless every one is known."""
    known = [one.before_micro_kwh for one in facts.days if one.before_micro_kwh is not None]
    if not known or len(known) < len(facts.days):
        return None
    return sum(known) / len(known)


def what_changed(facts: BillFacts, language: str) -> str:
    """This bill against the one before it: money, energy, days."""
    if not facts.past:
        return ""
    _, ngettext = say(language), counting(language, "billing")
    bill, before = facts.bill, facts.past[0]
    difference = bill.total_minor - before.total_minor
    name = (
        _("the bill for %(month)s", month=month(before.starts_on, language))
        if is_month(before.starts_on, before.ends_before)
        else _("the bill to %(day)s", day=day_full(before.last_on, language))
    )
    values = {"amount": money(abs(difference), bill.currency, language), "name": name}
    if difference > 0:
        first = _("This bill is %(amount)s more than %(name)s.", **values)
    elif difference < 0:
        first = _("This bill is %(amount)s less than %(name)s.", **values)
    else:
        first = _("This bill is as much as %(name)s.", **values)
    energy = bill.micro_kwh - before.micro_kwh
    if abs(energy) < 50_000:
        second = _("You used as much energy")
    elif energy > 0:
        second = _("You used %(kwh)s kWh more", kwh=kwh(energy, 1, language))
    else:
        second = _("You used %(kwh)s kWh less", kwh=kwh(-energy, 1, language))
    days = bill.days - before.days
    if not days:
        third = _("in as many days.")
    elif days > 0:
        third = ngettext("in one day more.", "in %(num)s days more.", days)
    else:
        third = ngettext("in one day less.", "in %(num)s days less.", -days)
    said = f"{first} {second} {third}"
    changed = prices_changed_on(facts)
    if changed is None:
        return said
    return " ".join((said, _("Prices changed on %(day)s.", day=day_full(changed, language))))


def prices_changed_on(facts: BillFacts) -> date | None:
    """The first day inside the bill from which a charge has another price than before it."""
    prices: dict[tuple[str, str, str | None], int] = {}
    for line in sorted(facts.lines, key=lambda one: one.starts_on):
        if line.charge in ("energy", "fixed"):
            key = line.charge, line.label, line.service_point
            if prices.setdefault(key, line.price_micro) != line.price_micro:
                return line.starts_on
    return None


def months_of(facts: BillFacts, language: str) -> Bars | None:
    """The bills of a year beside one another, where there are at least three."""
    if len(facts.past) < 2:
        return None
    bill = facts.bill
    rows = [(one.starts_on, one.ends_before, one.last_on, one.micro_kwh) for one in reversed(facts.past)]
    rows.append((bill.starts_on, bill.ends_before, bill.last_on, bill.micro_kwh))
    shown = tuple(
        (
            month_short(first, language) if is_month(first, before) else day(last, language),
            micro / 1_000_000,
            kwh(micro, 0, language).replace("-", MINUS),
        )
        for first, before, last, micro in rows
    )
    _ = say(language)
    total = sum(row[3] for row in rows)
    heading = _(
        "Your last %(count)s bills: %(kwh)s kWh",
        count=number(len(rows), 0, language),
        kwh=kwh(total, 0, language),
    )
    return Bars(heading, shown)
