"""A year of half-hours for many customers on a rate of three prices, as twelve bills each, against PySAM.

The year begins on a Monday, as every year of SAM's does, has no public holiday and is in UTC, which SAM's
tariffs always are; so both give the same bills, which is checked. PySAM does more for each customer than is
asked here (the bills with a system of their own, too), and takes them one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import numpy as np

from bench.measurement import Measurement, peer, side_by_side
from billing.domain.days import Period
from billing.domain.money import Int64Array
from billing.domain.rating import rate
from billing.domain.tariff_file import tariff_of
from billing.domain.usage import UsageMatrix

CUSTOMERS, INTERVALS, YEAR = 250, 365 * 48, 2018
NIGHT, PEAK, DAY, STANDING = "0.12", "0.36", "0.24", "10.00"
TAKEN_BY_SAM = 25
"""Customers that PySAM is timed for: each costs it the same."""


def three_rates() -> dict[str, Any]:
    """Night, weekday peak, day; a standing charge a month."""
    periods = [
        {"label": "Night", "price": NIGHT, "hours": ["00:00-07:00"]},
        {"label": "Peak", "price": PEAK, "days": ["weekday"], "hours": ["16:00-20:00"]},
        {"label": "Day", "price": DAY, "otherwise": True},
    ]
    charges = [
        {"kind": "fixed", "code": "standing", "label": "Standing", "price": STANDING, "per": "month"},
        {"kind": "energy", "code": "energy", "periods": periods},
    ]
    return {
        "format": "tariff/1", "code": "three", "name": "Three rates", "currency": "USD", "timezone": "UTC",
        "versions": [{"starts_on": "2010-01-01", "charges": charges}],
    }  # fmt: skip


def measurements() -> Iterator[Measurement]:
    """Milliseconds a customer and year."""
    sam = _sam()
    micro_kwh = np.random.default_rng(7).integers(0, 2_000, (CUSTOMERS, INTERVALS)) * 1000
    loads = [(row / 1e6 * 2).tolist() for row in micro_kwh[:TAKEN_BY_SAM]]  # kW, of kWh in half an hour
    tariff = tariff_of(three_rates())
    usage = UsageMatrix(datetime(YEAR, 1, 1, tzinfo=UTC), 30, micro_kwh)
    firsts = [*(date(YEAR, month, 1) for month in range(1, 13)), date(YEAR + 1, 1, 1)]
    months = [Period(first, following) for first, following in pairwise(firsts)]

    def ours() -> Int64Array:
        total: Int64Array = np.stack([rate(usage, tariff, month).total_minor for month in months]).sum(axis=0)
        return total

    def theirs() -> list[float]:
        return [_sam_bill(sam, load) for load in loads]

    # Twelve bills are rounded to the cent each, PySAM's are not.
    assert np.abs(ours()[:TAKEN_BY_SAM] / 100 - theirs()).max() < 0.5
    seconds = side_by_side(ours, theirs, rounds=5)
    each = seconds.ours / CUSTOMERS * 1000, seconds.reference / TAKEN_BY_SAM * 1000
    yield Measurement("a year rated, ms a customer, to PySAM", *each, "lower", 0.1)


def _sam_bill(sam: Any, load: list[float]) -> float:
    sam.Load.load = load
    sam.execute(0)
    return float(sam.Outputs.utility_bill_wo_sys[1])


def _sam() -> Any:
    """Utilityrate5 with the same rate: periods 1 night, 2 day, 3 peak."""
    made = peer("PySAM.Utilityrate5", "nrel-pysam").new()
    weekday = [1] * 7 + [2] * 9 + [3] * 4 + [2] * 4
    weekend = [1] * 7 + [2] * 17
    prices = enumerate((NIGHT, DAY, PEAK), start=1)
    made.assign(
        {
            "Lifetime": {"analysis_period": 1, "inflation_rate": 0, "system_use_lifetime_output": 0},
            "SystemOutput": {"degradation": [0], "gen": [0.0] * INTERVALS},
            "ElectricityRates": {
                "en_electricity_rates": 1,
                "rate_escalation": [0],
                "ur_metering_option": 2,
                "ur_monthly_fixed_charge": float(STANDING),
                "ur_monthly_min_charge": 0,
                "ur_annual_min_charge": 0,
                "ur_dc_enable": 0,
                "ur_ec_sched_weekday": [weekday] * 12,
                "ur_ec_sched_weekend": [weekend] * 12,
                "ur_ec_tou_mat": [[period, 1, 1e38, 0, float(price), 0] for period, price in prices],
            },
        }
    )
    return made
