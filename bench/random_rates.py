"""Rates at random, each twice: as a tariff file of ours, and as the inputs of NREL PySAM's Utilityrate5.

Three periods of energy at hours drawn at random, other hours in each quarter of the year and on weekends,
each with the same three tiers a month. With demand: two periods of it at random hours, in two tiers, and the
highest of each month beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Fill = Literal["time", "proportion"]
Table = list[list[float]]

NO_END = 1e38
PERIODS = (1, 2, 3)
DEMAND_PERIODS = (1, 2)
CAPS = (150, 400)
"""kWh a month at which tiers end."""
QUARTERS = (("first", "01-01"), ("second", "04-01"), ("third", "07-01"), ("fourth", "10-01"))


@dataclass(frozen=True, slots=True)
class Rate:
    """tariff: a document of format tariff/1 in UTC. sam: the group ElectricityRates."""

    name: str
    tariff: dict[str, Any]
    sam: dict[str, Any]


def random_rate(seed: int, fill: Fill, demand: bool) -> Rate:
    """The same for the same arguments."""
    rng = np.random.default_rng(seed)
    schedules = _hours(rng, PERIODS)
    tiers = {period: [_price(rng, 0.5) for _ in range(len(CAPS) + 1)] for period in PERIODS}
    standing = _price(rng, 30)
    charges: list[dict[str, Any]] = [
        {"kind": "fixed", "code": "standing", "label": "Standing", "price": standing, "per": "month"},
        {
            "kind": "energy",
            "code": "energy",
            "tiers": {"by": "month", "fill": fill},
            "periods": _periods(schedules, {period: _tiers(found, CAPS) for period, found in tiers.items()}),
        },
    ]
    ends = [*map(float, CAPS), NO_END]
    sam: dict[str, Any] = {
        "ur_metering_option": 2 if fill == "time" else 0,
        "ur_monthly_fixed_charge": float(standing),
        "ur_ec_sched_weekday": _by_month(schedules["weekday"]),
        "ur_ec_sched_weekend": _by_month(schedules["weekend"]),
        "ur_ec_tou_mat": [
            [period, number + 1, end, 0, float(price), 0]
            for period, found in tiers.items()
            for number, (end, price) in enumerate(zip(ends, found, strict=True))
        ],
    }
    if demand:
        added, sam_added = _demand(rng)
        charges += added
        sam |= sam_added
    name = f"{fill}{', demand' if demand else ''}"
    return Rate(name, document_of(f"random-{seed}", charges), electricity_rates(sam))


def document_of(code: str, charges: list[dict[str, Any]]) -> dict[str, Any]:
    """A tariff in UTC and US dollars, in force since 2010, with seasons for the quarters of the year."""
    firsts = [first for _name, first in QUARTERS]
    seasons = [
        {"name": name, "from": first, "to": firsts[(number + 1) % 4]}
        for number, (name, first) in enumerate(QUARTERS)
    ]
    return {
        "format": "tariff/1", "code": code, "name": code, "currency": "USD", "timezone": "UTC",
        "versions": [{"starts_on": "2010-01-01", "seasons": seasons, "charges": charges}],
    }  # fmt: skip


def electricity_rates(given: dict[str, Any]) -> dict[str, Any]:
    """The group ElectricityRates, complete."""
    return {
        "en_electricity_rates": 1,
        "rate_escalation": [0],
        "ur_monthly_min_charge": 0,
        "ur_annual_min_charge": 0,
        "ur_dc_enable": 0,
        **given,
    }


def _demand(rng: np.random.Generator) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    schedules = _hours(rng, DEMAND_PERIODS)
    prices = {period: [_price(rng, 20), _price(rng, 20)] for period in DEMAND_PERIODS}
    most = _price(rng, 10)
    by_period = _periods(schedules, {period: _tiers(found, (3,)) for period, found in prices.items()})
    charges: list[dict[str, Any]] = [
        {"kind": "demand", "code": "demand", "window": 15, "periods": by_period},
        {"kind": "demand", "code": "most", "window": 15, "periods": [{"label": "most", "price": most}]},
    ]
    inputs = {
        "ur_dc_enable": 1,
        "ur_dc_sched_weekday": _by_month(schedules["weekday"]),
        "ur_dc_sched_weekend": _by_month(schedules["weekend"]),
        "ur_dc_tou_mat": [
            [period, number + 1, (3.0, NO_END)[number], float(price)]
            for period, found in prices.items()
            for number, price in enumerate(found)
        ],
        "ur_dc_flat_mat": [[month, 1, NO_END, float(most)] for month in range(12)],
    }
    return charges, inputs


def _price(rng: np.random.Generator, most: float) -> str:
    return f"{rng.uniform(0.01, most):.6f}"


def _hours(rng: np.random.Generator, periods: tuple[int, ...]) -> dict[str, Table]:
    """Of each kind of day the period of each hour, for each quarter."""
    return {
        kind: [[float(one) for one in rng.choice(periods, 24)] for _ in QUARTERS]
        for kind in ("weekday", "weekend")
    }


def _by_month(quarters: Table) -> Table:
    return [quarters[month // 3] for month in range(12)]


def _tiers(prices: list[str], caps: tuple[int, ...]) -> list[dict[str, str]]:
    lower = [{"up_to": str(cap), "price": price} for cap, price in zip(caps, prices, strict=False)]
    return [*lower, {"price": prices[-1]}]


def _periods(schedules: dict[str, Table], tiers: dict[int, list[dict[str, str]]]) -> list[dict[str, Any]]:
    found = []
    for number, (season, _first) in enumerate(QUARTERS):
        for kind, quarters in schedules.items():
            hours: dict[int, list[str]] = {}
            for hour, period in enumerate(quarters[number]):
                hours.setdefault(int(period), []).append(f"{hour:02d}:00-{hour + 1:02d}:00")
            for period, spans in sorted(hours.items()):
                when = {"seasons": [season], "days": [kind], "hours": spans}
                found.append({"label": f"period {period}", **when, "tiers": tiers[period]})
    return found
