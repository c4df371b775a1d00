"""NREL SAM's utility-rate cases as tariff documents: its schedules of months x hours, its tables of tiers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage

UNITS = {0: "kWh", 1: "kWh per kW", 2: "kWh a day", 3: "kWh per kW a day"}
NO_END = 1e30


def months_of(year: int) -> list[Period]:
    firsts = [*(date(year, month, 1) for month in range(1, 13)), date(year + 1, 1, 1)]
    return [Period(first, following) for first, following in pairwise(firsts)]


def hourly(values: Any, year: int) -> Usage:
    """kW of each hour of a year that begins on 1 January, by a clock that never changes."""
    micro = np.array([round(float(value) * 1_000_000) for value in values], dtype=np.int64)
    return Usage.of(datetime(year, 1, 1, tzinfo=UTC), 60, micro)


def hourly_net(load: Any, generated: Any, year: int) -> Usage:
    """What a meter of both directions counts each hour of load and generation behind it."""
    net = [use - made for use, made in zip(load, generated, strict=True)]
    usage = hourly([max(value, 0) for value in net], year)
    return replace(usage, export=hourly([max(-value, 0) for value in net], year))


def load_file(path: Path) -> list[float]:
    return [float(line) for line in path.read_text(encoding="utf-8-sig").split()]


def sam_document(inputs: dict[str, Any], *, solar: bool = False) -> dict[str, Any]:
    """The rate of Utilityrate5 inputs. A month is a season of its own where months differ.

    solar: with what it says of energy given back.
    """
    schedules = {
        "energy": (inputs["ur_ec_sched_weekday"], inputs["ur_ec_sched_weekend"]),
        "demand": (inputs["ur_dc_sched_weekday"], inputs["ur_dc_sched_weekend"]),
    }
    charges: list[dict[str, Any]] = []
    if inputs["ur_monthly_fixed_charge"]:
        price = f"{inputs['ur_monthly_fixed_charge']:.6f}"
        charges.append({"kind": "fixed", "code": "fixed", "label": "Fixed", "price": price, "per": "month"})
    charges.append(_energy(inputs, schedules["energy"]))
    if solar:
        charges += _given_back(inputs, charges[-1], schedules["energy"])
    if inputs.get("ur_dc_enable"):
        periods = _periods(schedules["demand"], _tiers(inputs["ur_dc_tou_mat"], 3))
        charges.append({"kind": "demand", "code": "tou-demand", "window": 60, "periods": periods})
        flat = {row[0] + 1: _tiers([[0, *row[1:]]], 3)[0] for row in inputs["ur_dc_flat_mat"]}
        flats = [{"label": "most", "seasons": [_season(m)], **_cost(flat[m])} for m in range(1, 13)]
        charges.append({"kind": "demand", "code": "flat-demand", "window": 60, "periods": flats})
    for key, per in (("ur_monthly_min_charge", "month"), ("ur_annual_min_charge", "year")):
        if inputs.get(key):
            price = f"{inputs[key]:.6f}"
            charges.append(
                {"kind": "minimum", "code": f"least-{per}", "label": "Least", "price": price, "per": per}
            )
    firsts = [f"{month:02d}-01" for month in range(1, 13)]
    seasons = [
        {"name": _season(month), "from": firsts[month - 1], "to": firsts[month % 12]}
        for month in range(1, 13)
    ]
    return {
        "format": "tariff/1",
        "code": "sam",
        "name": "SAM",
        "currency": "USD",
        "timezone": "UTC",
        "versions": [{"starts_on": "2000-01-01", "seasons": seasons, "charges": charges}],
    }


def _given_back(
    inputs: dict[str, Any], energy: dict[str, Any], schedule: tuple[Any, Any]
) -> list[dict[str, Any]]:
    """Net metering makes energy net, and pays for the year's surplus over all periods; net billing pays."""
    if inputs["ur_metering_option"] == 0:
        energy["net"] = {
            "by": "month",
            "year_ends": "december",
            "price": f"{inputs.get('ur_nm_yearend_sell_rate', 0):.6f}",
            "label": "Net surplus",
            "pays": "surplus",
        }
        return []
    sold = _tiers([[*row[:4], row[5]] for row in inputs["ur_ec_tou_mat"] if row[1] == 1], 4)
    flat = {period: [{"price": tiers[0]["price"]}] for period, tiers in sold.items()}
    return [{"kind": "export", "code": "export", "periods": _periods(schedule, flat)}]


def _season(month: int) -> str:
    return f"month {int(month)}"


def _energy(inputs: dict[str, Any], schedule: tuple[Any, Any]) -> dict[str, Any]:
    rows = inputs["ur_ec_tou_mat"]
    periods = _periods(schedule, _tiers(rows, 4))
    found: dict[str, Any] = {"kind": "energy", "code": "energy", "periods": periods}
    if any("tiers" in period for period in periods):
        unit = UNITS[int(rows[0][3])]
        fill = "time" if inputs["ur_metering_option"] == 2 else "proportion"
        found["tiers"] = {"by": "month", "unit": unit, "fill": fill}
        if "kW" in unit.replace("kWh", ""):
            found["tiers"]["window"] = 60
    return found


def _tiers(rows: list[list[float]], price: int) -> dict[int, list[dict[str, str]]]:
    found: dict[int, list[dict[str, str]]] = {}
    for row in rows:
        tier = {"price": f"{row[price]:.6f}"}
        if row[2] < NO_END:
            tier["up_to"] = f"{row[2]:.6f}"
        found.setdefault(int(row[0]), []).append(tier)
    return found


def _cost(tiers: list[dict[str, str]]) -> dict[str, Any]:
    return {"tiers": tiers} if len(tiers) > 1 else {"price": tiers[0]["price"]}


def _periods(schedule: tuple[Any, Any], tiers: dict[int, list[dict[str, str]]]) -> list[dict[str, Any]]:
    found = []
    for month in range(1, 13):
        for kind, table in zip(("weekday", "weekend"), schedule, strict=True):
            hours: dict[int, list[str]] = {}
            for hour, period in enumerate(table[month - 1]):
                hours.setdefault(int(period), []).append(f"{hour:02d}:00-{hour + 1:02d}:00")
            for period, spans in hours.items():
                cost = _cost(tiers[period])
                when = {"seasons": [_season(month)], "days": [kind], "hours": spans}
                found.append({"label": f"period {period}", **when, **cost})
    return found
