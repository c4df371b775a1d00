"""The published cases of NREL SAM's utility-rate model, by its own loads; within 0.1 USD (README of the
data)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sam_cases import hourly, hourly_net, load_file, months_of, sam_document

from billing.domain.rating.quote import Quote, quote
from billing.domain.tariffs.file import tariff_of

YEAR = 2018
"""Begins on a Monday, as every year of SAM's does."""
CASES = [
    ("Test_Residential_TOU_Rates", "771.8"),
    ("Test_Residential_TOU_Rates_net_billing", "771.8"),
    ("Test_Residential_TOU_Rates_w_tiers", "1839.7"),
    ("Test_Commercial_Demand_Charges", "104614.5"),
]


def case(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


def quoted(folder: Path, found: dict[str, Any]) -> Quote:
    load = load_file(folder / Path(found["inputs"]["load"]).name)
    return quote(hourly(load, YEAR), tariff_of(sam_document(found["inputs"])))


@pytest.mark.shared
@pytest.mark.parametrize(("name", "published"), CASES)
def test_published_annual_bills(shared_data: Path, name: str, published: str) -> None:
    folder = shared_data / "tariffs" / "ssc"
    found = quoted(folder, case(folder, name))
    assert len(found.bills) == 12
    assert abs(found.total_minor / 100 - float(published)) < 0.1


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name, _ in CASES])
def test_every_month_and_kind_of_charge(shared_data: Path, name: str) -> None:
    folder = shared_data / "tariffs" / "ssc"
    document = case(folder, name)
    known = document["pysam_rerun"]["year1"]
    found = quoted(folder, document)
    columns = {
        "energy": "charge_wo_sys_ec_ym[year1]",
        "tou-demand": "charge_wo_sys_dc_tou_ym[year1]",
        "flat-demand": "charge_wo_sys_dc_fixed_ym[year1]",
        "fixed": "charge_wo_sys_fixed_ym[year1]",
    }
    for month, bill in enumerate(found.bills):
        for code, column in columns.items():
            amount = sum(line.amount_minor for line in bill.lines if line.code == code)
            assert abs(amount / 100 - known[column][month]) < 0.03, (month, code)
        assert abs(bill.total_minor / 100 - known["utility_bill_wo_sys_ym[year1]"][month]) < 0.05
        assert bill.period == months_of(YEAR)[month]


@pytest.mark.shared
def test_tiers_in_time_and_in_proportion_come_to_other_money(shared_data: Path) -> None:
    """SAM splits a month's tiers in proportion; filled in the order of time this would be 3 cents less."""
    folder = shared_data / "tariffs" / "ssc"
    document = case(folder, "Test_Residential_TOU_Rates_w_tiers")
    proportion = quoted(folder, document).total_minor
    document["inputs"]["ur_metering_option"] = 2
    assert (proportion, quoted(folder, document).total_minor) == (183_969, 183_966)


WITH_GENERATION = [("Test_Residential_TOU_Rates", "-11.9"), ("Test_Residential_TOU_Rates_w_tiers", "286.2")]


@pytest.mark.shared
@pytest.mark.parametrize(("name", "published"), WITH_GENERATION)
def test_net_metering_month_by_month(shared_data: Path, name: str, published: str) -> None:
    """Credit in kWh from month to month, and the year's surplus paid for in December."""
    folder = shared_data / "tariffs" / "ssc"
    document = case(folder, name)
    load, made = (
        load_file(folder / file) for file in ("pvsamv1_residential_load.csv", "gen_1_yr_residential.csv")
    )
    found = quote(hourly_net(load, made, YEAR), tariff_of(sam_document(document["inputs"], solar=True)))
    assert abs(found.total_minor / 100 - float(published)) < 0.1
    known = document["pysam_rerun"]["year1"]["utility_bill_w_sys_ym[year1]"]
    for bill, month in zip(found.bills, known, strict=True):
        assert abs(bill.total_minor / 100 - month) < 0.02
    (paid,) = (line for bill in found.bills for line in bill.lines if line.kind == "export")
    if name == "Test_Residential_TOU_Rates":
        assert abs(-paid.amount_minor / 100 - 75.9) < 0.1  # dec_dollars, as published
