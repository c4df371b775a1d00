"""Tiers of an energy charge: what the first kWh of a month (day, bill) cost, and the next ones.

`up_to` of a tier is cumulative. How labels share the tiers is the charge's rule (EXPLAIN A5):

    time         in the order of time, whatever the label: the first kWh of the month fill the first tier
    proportion   each label has of every tier what it has of the month
    each         every label has tiers of its own

Ends in kWh per kW (hours of use) are multiplied by the highest demand of the same month or bill.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

from billing.domain.errors import TariffRefused
from billing.domain.money import MICRO, micro_text
from billing.domain.tariffs.json_place import Fields

By = Literal["month", "day", "bill"]
CapUnit = Literal["kWh", "kWh a day", "kWh per kW", "kWh per kW a day", "m3", "m3 a day"]
Fill = Literal["time", "proportion", "each"]

CAP_UNITS = ("kWh", "kWh a day", "kWh per kW", "kWh per kW a day", "m3", "m3 a day")
WINDOWS = (15, 30, 60)
"""Minutes over which demand may be averaged."""
CAP_MICRO_LIMIT = 9_000_000_000 * MICRO
NO_CAP = 2**62
"""Stands for the end of the last tier; no label uses so much."""


@dataclass(frozen=True, slots=True)
class Tier:
    """up_to_micro: cumulative micro-kWh (a day, where the unit says so) at which it ends; None: never."""

    price_micro: int
    up_to_micro: int | None = None


@dataclass(frozen=True, slots=True)
class TierRule:
    """by: when the tiers begin anew. unit: of every `up_to`; a part of a month has its days' share of kWh.

    window_minutes: of the demand, where the unit is per kW; else 0.
    """

    by: By = "month"
    unit: CapUnit = "kWh"
    fill: Fill = "time"
    window_minutes: int = 0

    @property
    def unit_words(self) -> str:
        return self.unit if self.by != "day" else f"{self.unit} a day"


def read_rule(fields: Fields) -> TierRule:
    """The `tiers` of an energy charge."""
    by = fields.one_of("by", ("month", "day", "bill"))
    unit = fields.one_of("unit", CAP_UNITS) if fields.has("unit") else "kWh"
    fill = fields.one_of("fill", ("time", "proportion", "each"))
    if by == "day" and unit not in ("kWh", "m3"):
        fields.refuse("unit", "tiers that begin anew each day are in kWh, or m3")
    window = 0
    if "per kW" in unit:
        window = fields.whole_number("window", WINDOWS)
    elif fields.has("window"):
        fields.refuse("window", "only tiers in kWh per kW depend on a demand")
    fields.finish()
    return TierRule(cast("By", by), cast("CapUnit", unit), cast("Fill", fill), window)


def read_tiers(items: list[tuple[Any, str]]) -> tuple[Tier, ...]:
    """The `tiers` of a period, lowest first; the last has no `up_to`."""
    tiers: list[Tier] = []
    for index, (value, place) in enumerate(items):
        fields = Fields(value, place)
        price = fields.micro("price")
        last = index == len(items) - 1
        if last and fields.has("up_to"):
            fields.refuse("up_to", "the last tier has no end; add one for all that is more")
        up_to = None if last else fields.micro("up_to", limit=CAP_MICRO_LIMIT)
        if up_to is not None and up_to <= (tiers[-1].up_to_micro or 0 if tiers else 0):
            fields.refuse("up_to", "each tier ends above the one before it")
        fields.finish()
        tiers.append(Tier(price, up_to))
    if len(tiers) < 2:
        raise TariffRefused(items[0][1] if items else "", "one tier is no tier: give the price itself")
    return tuple(tiers)


def tier_words(tiers: tuple[Tier, ...], number: int, unit: str) -> str:
    """What a line of one tier says after its label."""
    below = tiers[number - 1].up_to_micro if number else None
    above = tiers[number].up_to_micro
    if below is None:
        return f"to {micro_text(above or 0)} {unit}"
    if above is None:
        return f"over {micro_text(below)} {unit}"
    return f"{micro_text(below)} to {micro_text(above)} {unit}"
