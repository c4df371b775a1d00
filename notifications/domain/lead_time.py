"""How long before a thing customers have to hear of it: a table, each rule with its source. Pure.

Where no rule of a place could be named, the supplier's own choice holds and says that it is that. Days are
counted back from the day of the works, of the new prices, or after the term's last day.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

Matter = Literal["planned_outage", "tariff_change", "contract_ending"]
OWN: Final = "the supplier's own choice"


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Told at least `days` before, `working` days or any; not before `earliest` days (any), if given.

    place: a country (ISO 3166), or a country and a part of it ("US-TX"); empty: any. segments: whose rule it
    is; empty: everybody's. source: the rule's name, or `OWN`.
    """

    matter: Matter
    place: str
    days: int
    source: str
    working: bool = False
    earliest: int | None = None
    segments: frozenset[str] = frozenset()

    @property
    def is_law(self) -> bool:
        """Whether others made the rule."""
        return not self.source.startswith(OWN)


_HOUSEHOLD = frozenset({"household"})
_SMALL = frozenset({"household", "small_business"})

LEAD_TIMES: Final = (
    LeadTime(
        "planned_outage", "GB", 2,
        "Electricity (Standards of Performance) Regulations 2015 (SI 2015/699), regulation 12",
    ),
    LeadTime("planned_outage", "AU", 4, "National Energy Retail Rules, rule 90", working=True),
    LeadTime(
        "planned_outage", "RU", 10,
        "постановление Правительства РФ от 06.05.2011 № 354, Правила, п. 117, подп. «б»", working=True,
    ),
    LeadTime("planned_outage", "", 3, OWN),
    LeadTime(
        "tariff_change", "AU", 5,
        "National Energy Retail Amendment (Advance notice of price changes) Rule 2018", working=True,
        segments=_SMALL,
    ),
    LeadTime("tariff_change", "US-TX", 14, "16 TAC 25.475(d)(3)", segments=_SMALL),
    LeadTime(
        "tariff_change", "GB", 30,
        f"{OWN}; supply licence condition 23 asked for 30 days from 28 April 2011", segments=_HOUSEHOLD,
    ),
    LeadTime("tariff_change", "", 30, OWN),
    LeadTime(
        "contract_ending", "GB", 42, "supply licence condition 22C: 42 to 49 days before the end",
        earliest=49, segments=_HOUSEHOLD,
    ),
    LeadTime(
        "contract_ending", "US-TX", 30, "Texas Utilities Code 39.112(b), the last of its three notices",
        earliest=60, segments=_HOUSEHOLD,
    ),
    LeadTime("contract_ending", "", 42, OWN, earliest=49),
)  # fmt: skip
"""The first that fits holds; docs/notices.md says how sure each is."""


def lead_time(matter: Matter, country: str, subdivision: str = "", segment: str = "household") -> LeadTime:
    """The rule of a place for a kind of customer, the closest first; there is one for every place."""
    for place in (f"{country}-{subdivision}", country, ""):
        for rule in LEAD_TIMES:
            if (rule.matter, rule.place) == (matter, place) and (
                not rule.segments or segment in rule.segments
            ):
                return rule
    raise AssertionError(f"no rule for {matter}")


def tell_by(rule: LeadTime, on: date, free: Collection[date] = ()) -> date:
    """The last day on which telling is in time for what happens on a day. Working days are Monday to Friday
    without the `free` ones."""
    day, left = on, rule.days
    while left:
        day -= timedelta(days=1)
        if not rule.working or (day.weekday() < 5 and day not in free):
            left -= 1
    return day


def tell_from(rule: LeadTime, on: date, free: Collection[date] = (), *, spare: int) -> date:
    """The first day on which it is told: `spare` days before the last one, so that what one channel refuses
    can go another way; never before the rule's earliest day, nor after its last."""
    last = tell_by(rule, on, free)
    first = last - timedelta(days=spare)
    return first if rule.earliest is None else min(last, max(first, on - timedelta(days=rule.earliest)))


def days_late(rule: LeadTime, on: date, today: date, free: Collection[date] = ()) -> int:
    """By how many days telling today misses the rule; 0: it is in time."""
    return max(0, (today - tell_by(rule, on, free)).days)
