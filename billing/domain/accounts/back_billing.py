"""How long ago used energy may still be charged, by law, to the customer's disadvantage.

A limit counts from the day of the bill. Money given back is never limited by it. Where nothing stands here
for a country, nothing is limited: the general limitation of claims is not a rule about bills.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class BackBillingLimit:
    """`months` before the day of the bill, for customers of these segments; `source`, the rule's own place.

    subdivision: a part of the country that has a rule of its own, empty for the rest of it.
    """

    country: str
    subdivision: str
    months: int
    segments: frozenset[str]
    source: str


_SMALL = frozenset({"household", "small_business"})

LIMITS = (
    BackBillingLimit(
        "GB", "", 12, _SMALL,
        "Ofgem, Electricity and Gas Supply Standard Licence Condition 21BA (domestic customers and "
        "microbusinesses)",
    ),
    BackBillingLimit(
        "AU", "", 9, _SMALL,
        "National Energy Retail Rules, rule 30(2)(a) (small customers)",
    ),
    BackBillingLimit(
        "AU", "VIC", 4, _SMALL,
        "Essential Services Commission of Victoria, final decision on back-billing of 8 July 2020, in force "
        "since 1 January 2021",
    ),
    BackBillingLimit(
        "FR", "", 14, _SMALL,
        "Code de la consommation, article L224-11; here counted from the day of the bill, not from the last "
        "reading, which is never later",
    ),
    BackBillingLimit(
        "DE", "", 36, _SMALL,
        "StromGVV and GasGVV, section 18(2) (basic supply)",
    ),
)  # fmt: skip
"""As the sources stood when this was written; a supplier checks them for its own contracts."""


def limit_of(country: str, segment: str, subdivision: str = "") -> BackBillingLimit | None:
    """The limit that protects a customer, the subdivision's own before the country's; None for none."""
    mine = [one for one in LIMITS if one.country == country and segment in one.segments]
    own = [one for one in mine if one.subdivision and one.subdivision == subdivision]
    general = [one for one in mine if not one.subdivision]
    return next(iter(own + general), None)


def charged_from(limit: BackBillingLimit, billed_on: date) -> date:
    """The first day whose use may be charged on a bill of that day: as many months before, the month's last
    day where it has no such day."""
    year, month = divmod(billed_on.year * 12 + billed_on.month - 1 - limit.months, 12)
    return date(year, month + 1, min(billed_on.day, calendar.monthrange(year, month + 1)[1]))
