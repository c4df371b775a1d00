"""Random rates priced by NREL PySAM's Utilityrate5 and by this engine, month by month (EXPLAIN A6).

SAM rounds nothing, so a month may differ by half a cent a line.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sam_cases import hourly, hourly_net, months_of, sam_document

from billing.domain.rating.quote import quote
from billing.domain.rating.rated import RatedBill
from billing.domain.tariffs.file import tariff_of

pysam = pytest.importorskip("PySAM.Utilityrate5", reason="NREL PySAM is installed by `make bench` alone")

YEAR, HOURS = 2018, 8760
NO_END = 1e38


def price(rng: np.random.Generator, most: float) -> float:
    return round(float(rng.uniform(0.01, most)), 6)


def schedules(rng: np.random.Generator, periods: int) -> list[list[list[float]]]:
    """Weekday and weekend, months x hours: each quarter of the year has hours of its own."""
    found = []
    for _kind in range(2):
        quarters = [[float(p) for p in rng.integers(1, periods + 1, 24)] for _ in range(4)]
        found.append([quarters[month // 3] for month in range(12)])
    return found


def random_rate(seed: int, option: int, units: int, tiers: int = 3) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    ends = {0: [150.0, 400.0], 1: [60.0, 150.0], 2: [5.0, 14.0], 3: [2.0, 6.0]}[units][: tiers - 1]
    energy = [
        [period, tier + 1, end, units, price(rng, 0.5), 0.0]
        for period in (1, 2, 3)
        for tier, end in enumerate([*ends, NO_END])
    ]
    demand = [
        [period, tier + 1, end, price(rng, 20)] for period in (1, 2) for tier, end in enumerate([1.5, NO_END])
    ]
    flat = [[month, 1, NO_END, price(rng, 10)] for month in range(12)]
    energy_sched, demand_sched = schedules(rng, 3), schedules(rng, 2)
    return {
        "en_electricity_rates": 1,
        "rate_escalation": [0],
        "ur_metering_option": option,
        "ur_monthly_fixed_charge": price(rng, 30),
        "ur_monthly_min_charge": 0,
        "ur_annual_min_charge": 0,
        "ur_ec_sched_weekday": energy_sched[0],
        "ur_ec_sched_weekend": energy_sched[1],
        "ur_ec_tou_mat": energy,
        "ur_dc_enable": 1,
        "ur_dc_sched_weekday": demand_sched[0],
        "ur_dc_sched_weekend": demand_sched[1],
        "ur_dc_tou_mat": demand,
        "ur_dc_flat_mat": flat,
    }


def loads(seed: int) -> list[float]:
    """kW: a base, a daily wave, a season, noise; in six decimals, as the engine takes them."""
    rng = np.random.default_rng(seed)
    hours = np.arange(HOURS)
    values = 0.6 + 0.3 * np.sin(hours / 24 * 2 * np.pi) + 0.3 * np.sin(hours / HOURS * 2 * np.pi)
    return [float(value) for value in np.round(values + rng.gamma(1.5, 0.4, HOURS), 6)]


def sam_months(
    inputs: dict[str, Any], load: list[float], generated: list[float] | None = None
) -> list[float]:
    made = pysam.new()
    made.assign(
        {
            "Lifetime": {"analysis_period": 1, "inflation_rate": 0, "system_use_lifetime_output": 0},
            "SystemOutput": {"degradation": [0], "gen": generated or [0.0] * HOURS},
            "ElectricityRates": inputs,
        }
    )
    made.Load.load = load
    made.execute(0)
    months = made.Outputs.utility_bill_w_sys_ym if generated else made.Outputs.utility_bill_wo_sys_ym
    return [float(value) for value in months[1]]


def exactly(bill: RatedBill) -> float:
    """What the lines come to before each is rounded."""
    return sum(line.quantity_micro * line.price_micro for line in bill.lines) / 1e12


def compared(
    inputs: dict[str, Any], seed: int, document: dict[str, Any] | None = None, **more: Any
) -> tuple[RatedBill, ...]:
    """Our bills, which SAM's months are held against: before rounding, and as billed."""
    load = loads(seed)
    found = quote(hourly(load, YEAR), tariff_of(document or sam_document(inputs)), **more).bills
    theirs = sam_months(inputs, load)
    assert [bill.period for bill in found] == months_of(YEAR)
    for bill, known in zip(found, theirs, strict=True):
        assert abs(bill.total_minor / 100 - known) < 0.005 * len(bill.lines) + 0.0001
        if not any(line.kind == "minimum" for line in bill.lines):
            assert abs(exactly(bill) - known) < 0.00005
    return found


@pytest.mark.parametrize("option", [0, 2])
@pytest.mark.parametrize("units", [0, 1, 2, 3])
def test_tiers_in_every_unit_and_fill_with_demand(option: int, units: int) -> None:
    for seed in range(2):
        compared(random_rate(seed, option, units), seed + 10)


@pytest.mark.parametrize("seed", range(3))
def test_minimums(seed: int) -> None:
    inputs = random_rate(seed, 0, 0) | {"ur_dc_enable": 0}
    load = loads(seed)
    months = sam_months(inputs, load)
    compared(inputs | {"ur_monthly_min_charge": round(float(np.median(months)), 2)}, seed)
    found = compared(inputs | {"ur_annual_min_charge": round(sum(months) * 1.1, 2)}, seed)
    assert [any(line.kind == "minimum" for line in bill.lines) for bill in found] == [False] * 11 + [True]


@pytest.mark.parametrize(("seed", "months"), [(1, 1), (2, 3), (3, 6)])
def test_ratchets_upon_flat_demand(seed: int, months: int) -> None:
    inputs = random_rate(seed, 0, 0) | {
        "ur_dc_tou_mat": [[1, 1, NO_END, 0.0], [2, 1, NO_END, 0.0]],
        "ur_enable_billing_demand": 1,
        "ur_billing_demand_minimum": 0,
        "ur_billing_demand_lookback_period": months,
        "ur_billing_demand_lookback_percentages": [[80.0, 1.0] for _ in range(12)],
        "ur_dc_billing_demand_periods": [[1, 1], [2, 1]],
    }
    document = sam_document(inputs)
    (flat,) = (c for c in document["versions"][0]["charges"] if c["code"] == "flat-demand")
    flat["ratchet"] = {"percent": "80", "months": months}
    # Of the year before, SAM 7.1.1 counts one month too many; so nothing was drawn in it here.
    held = compared(inputs | {"ur_yearzero_usage_peaks": [0.0] * 12}, seed, document)
    assert any(demand.held_by for bill in held for demand in bill.demands)


def generation(seed: int, most: float) -> list[float]:
    """kW by day, more in summer; in six decimals."""
    rng = np.random.default_rng(seed)
    hours = np.arange(HOURS)
    sun = np.clip(np.sin((hours % 24 - 6) / 12 * np.pi), 0, None)
    year = 1.2 - np.cos(hours / HOURS * 2 * np.pi)
    return [float(value) for value in np.round(most * sun * year * rng.uniform(0.2, 1, HOURS), 6)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("periods", [1, 3])
def test_net_metering_with_roll_over(seed: int, periods: int) -> None:
    """Credit of a period goes on to the one in force at the same hour of the next month's weekdays."""
    inputs = random_rate(seed, 0, 0) | {"ur_dc_enable": 0, "ur_monthly_fixed_charge": 0}
    if periods == 1:
        inputs |= {f"ur_ec_sched_{kind}": [[1.0] * 24] * 12 for kind in ("weekday", "weekend")}
    inputs["ur_nm_yearend_sell_rate"] = [0.0, 0.03, 0.11][seed]
    load, made = loads(seed), generation(seed, [0.6, 1.3, 2.2][seed])
    found = quote(hourly_net(load, made, YEAR), tariff_of(sam_document(inputs, solar=True))).bills
    for bill, known in zip(found, sam_months(inputs, load, made), strict=True):
        assert abs(exactly(bill) - known) < 0.00005


@pytest.mark.parametrize("seed", range(3))
def test_net_billing_by_the_hour(seed: int) -> None:
    inputs = random_rate(seed, 2, 0) | {"ur_dc_enable": 0}
    rng = np.random.default_rng(seed)
    sell = {period: price(rng, 0.2) for period in (1, 2, 3)}
    inputs["ur_ec_tou_mat"] = [[*row[:5], sell[row[0]]] for row in inputs["ur_ec_tou_mat"]]
    load, made = loads(seed), generation(seed, 1.3)
    found = quote(hourly_net(load, made, YEAR), tariff_of(sam_document(inputs, solar=True))).bills
    for bill, known in zip(found, sam_months(inputs, load, made), strict=True):
        assert abs(exactly(bill) - known) < 0.00005
