"""A year of half-hours for many customers as twelve bills each, against NREL PySAM's Utilityrate5.

First three periods in two tiers, then twelve random rates (random_rates.py), of which the middle one counts.
The year begins on a Monday, as every year of SAM's does, has no public holiday and is in UTC, which SAM's
tariffs always are; so both give the same bills, which is checked first. PySAM does more for each customer
than is asked here (the bills with a system of their own, too), and takes them one at a time.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import numpy as np

from bench.measurement import Measurement, Seconds, peer, side_by_side
from bench.random_rates import NO_END, Fill, Rate, electricity_rates, random_rate
from billing.domain.money import Int64Array
from billing.domain.rating.rate import rate
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import UsageMatrix
from billing.domain.tariffs.file import tariff_of

CUSTOMERS, INTERVALS, YEAR = 250, 365 * 48, 2018
NIGHT, PEAK, DAY, STANDING = "0.12", "0.36", "0.24", "10.00"
CAP, DEARER = "600", {"0.12": "0.15", "0.36": "0.41", "0.24": "0.29"}
"""kWh a month at which the first tier ends, and what each price becomes above it."""
TAKEN_BY_SAM = 10
"""Customers that PySAM is timed for: each costs it the same."""
FILLS: tuple[Fill, ...] = ("time", "proportion")
SEEDS = 3
CAVEAT = (
    "PySAM computes more: each customer's bills with a system of their own, too; and one customer at a time."
)


def three_rates(cap: str | None = None) -> dict[str, Any]:
    """Night, weekday peak, day; a standing charge a month. cap: in two tiers that end there."""
    periods: list[dict[str, Any]] = [
        {"label": "Night", "price": NIGHT, "hours": ["00:00-07:00"]},
        {"label": "Peak", "price": PEAK, "days": ["weekday"], "hours": ["16:00-20:00"]},
        {"label": "Day", "price": DAY, "otherwise": True},
    ]
    energy: dict[str, Any] = {"kind": "energy", "code": "energy", "periods": periods}
    if cap is not None:
        energy["tiers"] = {"by": "month", "fill": "time"}
        for period in periods:
            price = period.pop("price")
            period["tiers"] = [{"up_to": cap, "price": price}, {"price": DEARER[price]}]
    charges = [
        {"kind": "fixed", "code": "standing", "label": "Standing", "price": STANDING, "per": "month"},
        energy,
    ]
    return {
        "format": "tariff/1", "code": "three", "name": "Three rates", "currency": "USD", "timezone": "UTC",
        "versions": [{"starts_on": "2010-01-01", "charges": charges}],
    }  # fmt: skip


def measurements() -> Iterator[Measurement]:
    """Customers' years a second."""
    peer("PySAM.Utilityrate5", "nrel-pysam")
    micro_kwh = np.random.default_rng(7).integers(0, 1_000, (CUSTOMERS, INTERVALS)) * 1000
    yield _told(
        "a year rated, three periods in two tiers, customers/s, to PySAM", _three_rates(), micro_kwh, 20
    )
    rates = [
        random_rate(seed, fill, demand) for fill in FILLS for demand in (False, True) for seed in range(SEEDS)
    ]
    found = [(one, _timed(one, micro_kwh, rounds=3)) for one in rates]
    found.sort(key=lambda pair: _ratio(pair[1]))
    ratios = [_ratio(seconds) for _one, seconds in found]
    print(f"random rates, times as fast: {', '.join(f'{one:.0f}' for one in ratios)}", file=sys.stderr)
    middle = found[(len(found) - 1) // 2][1]
    ours = _ours_a_second(middle)
    name = f"a year rated, median of {len(rates)} random rates, customers/s, to PySAM"
    yield Measurement(name, ours, ours / statistics.median(ratios), "higher", 12)
    print(CAVEAT, file=sys.stderr)


def _told(name: str, one: Rate, micro_kwh: Int64Array, bar: float) -> Measurement:
    seconds = _timed(one, micro_kwh, rounds=5)
    return Measurement(name, _ours_a_second(seconds), TAKEN_BY_SAM / seconds.reference, "higher", bar)


def _ours_a_second(seconds: Seconds) -> float:
    return CUSTOMERS / seconds.ours


def _ratio(seconds: Seconds) -> float:
    return _ours_a_second(seconds) * seconds.reference / TAKEN_BY_SAM


def _timed(one: Rate, micro_kwh: Int64Array, rounds: int) -> Seconds:
    """Both rate every month of the year. AssertionError where they do not come to the same bills."""
    usage, tariff = UsageMatrix(datetime(YEAR, 1, 1, tzinfo=UTC), 30, micro_kwh), tariff_of(one.tariff)
    firsts = [*(date(YEAR, month, 1) for month in range(1, 13)), date(YEAR + 1, 1, 1)]
    months = [Period(first, following) for first, following in pairwise(firsts)]
    loads = [(row / 1e6 * 2).tolist() for row in micro_kwh[:TAKEN_BY_SAM]]  # kW, of kWh in half an hour
    sam = _sam(one.sam)

    def ours() -> Int64Array:
        total: Int64Array = np.stack([rate(usage, tariff, month).total_minor for month in months])
        return total

    def theirs() -> list[list[float]]:
        return [_sam_bills(sam, load) for load in loads]

    # Each line of ours is rounded to the cent, PySAM's are not; there are at most fifteen.
    assert np.abs(ours()[:, :TAKEN_BY_SAM].T / 100 - theirs()).max() < 0.08, f"other bills: {one.name}"
    return side_by_side(ours, theirs, rounds=rounds)


def _sam_bills(sam: Any, load: list[float]) -> list[float]:
    sam.Load.load = load
    sam.execute(0)
    return [float(month) for month in sam.Outputs.utility_bill_wo_sys_ym[1]]


def _sam(rates: dict[str, Any]) -> Any:
    made = peer("PySAM.Utilityrate5", "nrel-pysam").new()
    made.assign(
        {
            "Lifetime": {"analysis_period": 1, "inflation_rate": 0, "system_use_lifetime_output": 0},
            "SystemOutput": {"degradation": [0], "gen": [0.0] * INTERVALS},
            "ElectricityRates": rates,
        }
    )
    return made


def _three_rates() -> Rate:
    """PySAM's periods: 1 night, 2 day, 3 peak."""
    weekday = [1] * 7 + [2] * 9 + [3] * 4 + [2] * 4
    weekend = [1] * 7 + [2] * 17
    rows = []
    for period, price in enumerate((NIGHT, DAY, PEAK), start=1):
        rows += [[period, 1, float(CAP), 0, float(price), 0], [period, 2, NO_END, 0, float(DEARER[price]), 0]]
    sam = {
        "ur_metering_option": 2,
        "ur_monthly_fixed_charge": float(STANDING),
        "ur_ec_sched_weekday": [weekday] * 12,
        "ur_ec_sched_weekend": [weekend] * 12,
        "ur_ec_tou_mat": rows,
    }
    return Rate("three periods in two tiers", three_rates(CAP), electricity_rates(sam))
