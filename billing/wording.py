"""Names of bills and amounts in a person's language, for answers made in Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from billing.cycles import Month
from billing.domain.charges.capacity import CapacityCharge
from billing.domain.charges.demand import DemandCharge
from billing.domain.charges.discount import DiscountCharge
from billing.domain.charges.energy import EnergyCharge
from billing.domain.charges.fixed import FixedCharge
from billing.domain.charges.late_fee import LateFeeCharge
from billing.domain.charges.minimum import MinimumCharge
from billing.domain.charges.tiers import Tier
from billing.domain.money import micro_text
from billing.domain.tariffs.label_names import label_said
from billing.queries.bills import BillRow, LineRow
from utility_crm.web.formats import day, day_year, money, month, month_name, month_year, number
from utility_crm.web.words import mark, translator

Say = Callable[..., str]


METHODS = {
    "card": mark("card"),
    "transfer": mark("transfer"),
    "cash": mark("cash"),
    "direct_debit": mark("direct debit"),
}
"""How money came."""
DAY_KINDS = (
    mark("Mondays"), mark("Tuesdays"), mark("Wednesdays"), mark("Thursdays"), mark("Fridays"),
    mark("Saturdays"), mark("Sundays"), mark("public holidays"),
)  # fmt: skip
"""Kinds of day, in the order of the engine's numbers."""
WEEKDAYS = mark("weekdays")
TIER_UNITS = {"kWh": mark("kWh"), "kWh a day": mark("kWh a day")}
POWER_PRICED = {
    ("kW", "day"): mark("kW a day"), ("kW", "month"): mark("kW a month"),
    ("kVA", "day"): mark("kVA a day"), ("kVA", "month"): mark("kVA a month"),
    ("kVAr", "day"): mark("kVAr a day"), ("kVAr", "month"): mark("kVAr a month"),
}  # fmt: skip
POWER_UNITS = {"kW": mark("kW"), "kVA": mark("kVA"), "kVAr": mark("kVAr")}
PERS = {"day": mark("day"), "month": mark("month"), "year": mark("year")}
EACH = {"kVA": mark("kVA"), "kW": mark("kW"), "connection": mark("connection")}
"""Units in which tiers end."""


_TIER = re.compile(r"(to|over) ([0-9.]+) (.+)")


def in_language(lines: Iterable[LineRow], language: str) -> tuple[LineRow, ...]:
    """The lines with their labels as their tariffs call them in a language; as they were issued where these
    do not say."""
    return tuple(
        replace(line, label=label_in(line.label, (line.labels or {}).get(language, {}), language))
        for line in lines
    )


def label_in(label: str, names: Mapping[str, str], language: str) -> str:
    """A label by a tariff's names in a language, and what the engine adds to it."""
    _, (said, added) = say(language), label_said(label, names)
    if not added:
        return said
    tier = _TIER.fullmatch(added)
    if tier is not None:
        words = _("to %(end)s %(unit)s") if tier[1] == "to" else _("over %(end)s %(unit)s")
        unit = _(tier[3]) if tier[3] in TIER_UNITS else tier[3]
        added = words % {
            "end": number(Decimal(tier[2]), len(tier[2].partition(".")[2]), language),
            "unit": unit,
        }
    return f"{said}, {_(added) if added in _ADDED else added}"


_ADDED = (mark("mean price"), mark("the year closed with the agreement"))


def say(language: str) -> Say:
    """`_` in a language."""
    return translator(language, "billing")


def is_month(starts_on: date, ends_before: date) -> bool:
    """Whether the days are exactly one month of the calendar."""
    return starts_on.day == 1 and ends_before == Month.of(starts_on).plus(1).starts_on


def bill_name(bill: BillRow, language: str) -> str:
    """Inside a sentence: October; of another stretch, the bill to 14 Oct."""
    if is_month(bill.starts_on, bill.ends_before):
        return month_name(bill.starts_on, language)
    _ = say(language)
    return _("the bill to %(day)s", day=day(bill.last_on, language))


def bill_label(bill: BillRow, language: str) -> str:
    """On its own: October; of another stretch, to 14 Oct."""
    if is_month(bill.starts_on, bill.ends_before):
        return month_name(bill.starts_on, language)
    _ = say(language)
    return _("to %(day)s", day=day(bill.last_on, language))


def bill_label_year(bill: BillRow, language: str) -> str:
    """Oct 2026; of another stretch, to 14 Oct 2026."""
    if is_month(bill.starts_on, bill.ends_before):
        return month_year(bill.starts_on, language)
    _ = say(language)
    return _("to %(day)s", day=day_year(bill.last_on, language))


def names_apart(one: BillRow, other: BillRow, language: str) -> tuple[str, str]:
    """Two bills inside a sentence: with their years where the names are the same."""
    names = bill_name(one, language), bill_name(other, language)
    if names[0] != names[1]:
        return names
    _ = say(language)
    dated = [
        month(bill.starts_on, language)
        if is_month(bill.starts_on, bill.ends_before)
        else _("the bill to %(day)s", day=day_year(bill.last_on, language))
        for bill in (one, other)
    ]
    return dated[0], dated[1]


def labels_apart(one: BillRow, other: BillRow, language: str) -> tuple[str, str]:
    """Two bills on their own: with their years where the names are the same."""
    labels = bill_label(one, language), bill_label(other, language)
    if labels[0] != labels[1]:
        return labels
    return bill_label_year(one, language), bill_label_year(other, language)


def money_sums(amounts: Iterable[tuple[str, int]], language: str) -> str:
    """Amounts added by currency, in words: £10.00, or £10.00 + €3.00; nothing at all is a dash."""
    sums: dict[str, int] = {}
    for currency, minor in amounts:
        sums[currency] = sums.get(currency, 0) + minor
    return " + ".join(money(minor, currency, language) for currency, minor in sums.items()) or "–"


def capitalised(words: str) -> str:
    """The first letter large, the rest as it is."""
    return words[:1].upper() + words[1:]


def day_kinds(kinds: tuple[int, ...], language: str) -> str:
    """Kinds of day in words; five weekdays are one word."""
    _ = say(language)
    names = [_(DAY_KINDS[kind]) for kind in kinds if kind >= 5]
    weekdays = [kind for kind in kinds if kind < 5]
    return ", ".join(([_(WEEKDAYS)] if len(weekdays) == 5 else [_(DAY_KINDS[k]) for k in weekdays]) + names)


def tier_said(tiers: tuple[Tier, ...], place: int, charge: EnergyCharge | DemandCharge, language: str) -> str:
    """Between which ends a tier lies."""
    _ = say(language)
    if isinstance(charge, DemandCharge):
        unit = _(POWER_UNITS[charge.unit])
    else:
        unit = _(TIER_UNITS[charge.tiers.unit_words if charge.tiers else "kWh"])
    ends = [
        None if tier is None or tier.up_to_micro is None else tier_end(tier.up_to_micro, language)
        for tier in (tiers[place - 1] if place else None, tiers[place])
    ]
    if ends[0] is None:
        return _("to %(end)s %(unit)s", end=ends[1], unit=unit)
    if ends[1] is None:
        return _("over %(end)s %(unit)s", end=ends[0], unit=unit)
    return _("%(start)s to %(end)s %(unit)s", start=ends[0], end=ends[1], unit=unit)


def per_said(charge: FixedCharge | MinimumCharge | DiscountCharge | LateFeeCharge, language: str) -> str:
    """For each what a price is: day; kVA a month."""
    _ = say(language)
    per = _(PERS[charge.per])
    if isinstance(charge, FixedCharge) and charge.each:
        return _("%(each)s a %(per)s", each=_(EACH[charge.each]), per=per)
    return per


def power_said(charge: DemandCharge | CapacityCharge, language: str) -> str:
    """For each what power costs: kVA a month."""
    per = charge.per if isinstance(charge, DemandCharge) else "month"
    return say(language)(POWER_PRICED[charge.unit, per])


def tier_end(micro: int, language: str) -> str:
    """As many decimals as there are."""
    text = micro_text(micro)
    return number(Decimal(text), len(text.partition(".")[2]), language)


def method_words(method: str, language: str) -> str:
    """How money came; a method nobody named is shown as it is stored."""
    return say(language)(METHODS[method]) if method in METHODS else method.replace("_", " ")
