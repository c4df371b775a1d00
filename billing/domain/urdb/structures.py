"""Rate structures: periods, each of tiers with an end, a rate and an adjustment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.domain.charges.power import POWER_UNITS
from billing.domain.errors import TariffRefused
from billing.domain.tariffs.json_place import described
from billing.domain.urdb.fields import UNKNOWN
from billing.domain.urdb.rate import NO_END, Rate, elements, number, six_decimals

_KNOWN = ("rate", "adj", "max", "unit", "sell")


@dataclass(frozen=True, slots=True)
class UrdbTier:
    """price: rate and adjustment. end: None for the last. sell: what a kWh given back brings."""

    price: Decimal
    end: Decimal | None
    unit: str
    sell: Decimal = Decimal(0)


Periods = tuple[tuple[UrdbTier, ...], ...]


def read_structure(rate: Rate, name: str, units: Sequence[str]) -> Periods:
    """units: those that its ends may have, in any capitals; the first where none is given. Raises
    TariffRefused."""
    found = tuple(_read_period(item, place, units) for item, place in rate.items(name))
    if not found:
        rate.refuse(name, "holds no period")
    if any(Decimal(six_decimals(tier.price)) != tier.price for tiers in found for tier in tiers):
        rate.note(f"{rate.at(name)}: prices are taken to six decimals.")
    return found


def _read_period(value: Any, place: str, units: Sequence[str]) -> tuple[UrdbTier, ...]:
    tiers: list[UrdbTier] = []
    items = elements(value, place)
    if not items:
        raise TariffRefused(place, "holds no tier")
    for index, (item, at) in enumerate(items):
        tier = _read_tier(item, at, units)
        last = index == len(items) - 1
        if last and tier.end is not None:
            raise TariffRefused(f"{at}.max", f"the last tier ends at {tier.end}: what costs more is not said")
        if not last and tier.end is None:
            raise TariffRefused(f"{at}.max", "is not given, though another tier follows")
        before = tiers[-1].end if tiers else Decimal(0)
        if tier.end is not None and before is not None and tier.end <= before:
            raise TariffRefused(f"{at}.max", "each tier ends above the one before it")
        tiers.append(tier)
    return tuple(tiers)


def _read_tier(value: Any, place: str, units: Sequence[str]) -> UrdbTier:
    if not isinstance(value, dict):
        raise TariffRefused(place, f"expected a tier, found {described(value)}")
    for key in value:
        if key not in _KNOWN:
            raise TariffRefused(f"{place}.{key}", UNKNOWN)
    if value.get("rate") is None and value.get("adj") is None:
        raise TariffRefused(f"{place}.rate", "is not given")
    sums = [number(value[key], f"{place}.{key}") for key in ("rate", "adj") if value.get(key) is not None]
    sell = Decimal(0) if value.get("sell") is None else number(value["sell"], f"{place}.sell")
    if sell and units[0] in POWER_UNITS:
        raise TariffRefused(f"{place}.sell", "demand is not given back")
    end = None if value.get("max") is None else number(value["max"], f"{place}.max", limit=None)
    price = sum(sums, Decimal(0))
    unit = _unit(value.get("unit"), place, units)
    ends = None if end is None or end >= NO_END else Decimal(six_decimals(end))
    return UrdbTier(price, ends, unit, sell)


def _unit(value: Any, place: str, units: Sequence[str]) -> str:
    if value is None:
        return units[0]
    for unit in units:
        if isinstance(value, str) and value.strip().lower() == unit.lower():
            return unit
    raise TariffRefused(f"{place}.unit", f"{described(value)} is not one of {', '.join(units)}")


def cost_of(tiers: Sequence[UrdbTier], ends: Sequence[Decimal] = ()) -> dict[str, Any]:
    """The price or the tiers of a period as a tariff file writes them.

    ends: of the other periods of the same months; a period of one price has them too, at that price.
    """
    if len(tiers) == 1 and ends:
        tiers = [UrdbTier(tiers[0].price, end, tiers[0].unit) for end in (*ends, None)]
    if len(tiers) == 1:
        return {"price": six_decimals(tiers[0].price)}
    found: list[dict[str, str]] = []
    for tier in tiers:
        end = {} if tier.end is None else {"up_to": six_decimals(tier.end)}
        found.append({**end, "price": six_decimals(tier.price)})
    return {"tiers": found}


def ends_of(tiers: Sequence[UrdbTier]) -> tuple[Decimal, ...]:
    return tuple(tier.end for tier in tiers if tier.end is not None)
