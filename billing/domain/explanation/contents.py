"""What versions of a tariff say, factor by factor: two that say the same are no cause of anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from billing.domain.accounts.adjusting import codes_from
from billing.domain.charges.discount import DiscountCharge
from billing.domain.charges.minimum import MinimumCharge
from billing.domain.charges.periods import Scheduled
from billing.domain.charges.tax import TaxCharge
from billing.domain.tariffs.tariff import Version


@lru_cache(maxsize=512)
def price_content(version: Version, season: str) -> tuple[Any, ...]:
    """What a version charges for energy and demand in a season, without the names of seasons."""
    energy = tuple((one.code, one.tiers, one.net, _periods(one, season)) for one in version.energy)
    demand = tuple(
        (one.code, one.window_minutes, one.by, one.per, one.ratchet, one.unit, _periods(one, season))
        for one in version.demand
    )
    dynamic = tuple((one.code, one.label, one.terms) for one in version.dynamic)
    export = tuple((one.code, one.netted, one.terms, _periods(one, season)) for one in version.export)
    return energy + demand + dynamic + export + version.capacity + version.reactive


def _periods(charge: Scheduled, season: str) -> tuple[Any, ...]:
    return tuple(
        (period.label, period.prices, period.day_kinds, period.spans, period.otherwise)
        for period in charge.periods
        if period.covers(season)
    )


@lru_cache(maxsize=512)
def _adjusting_content(version: Version, kind: str) -> tuple[Any, ...]:
    """Adjustments of a kind, each with the codes that are not in its base where that is all before it."""
    return tuple(
        (charge, None if charge.base is not None else codes_from(version, charge.code))
        for charge in version.charges
        if isinstance(charge, DiscountCharge | MinimumCharge | TaxCharge) and charge.kind == kind
    )


CONTENT: dict[str, Callable[..., Any]] = {
    "price": price_content,
    "fixed": lambda version: (version.fixed, _adjusting_content(version, "minimum")),
    "discount": lambda version: _adjusting_content(version, "discount"),
    "tax": lambda version: _adjusting_content(version, "tax"),
}
