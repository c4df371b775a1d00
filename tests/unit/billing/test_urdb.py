"""Rates of the Utility Rate Database: translated, refused by name, and priced as their publishers do."""

from __future__ import annotations

import copy
import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rating_cases import document, flat, usage_over, version
from sam_cases import hourly, load_file

from billing.domain.errors import TariffRefused
from billing.domain.rating.quote import Quote, quote
from billing.domain.rating.rate import rate_bill
from billing.domain.reckoning.days import Period
from billing.domain.tariffs.file import tariff_of
from billing.domain.urdb.schedules import Seasons, spans_of
from billing.domain.urdb.translation import is_urdb, translated, urdb_tariff

EVERY_HOUR = [[0] * 24 for _ in range(12)]
RATE: dict[str, Any] = {
    "label": "5a0b28045457a3ea2aca608e",
    "name": "General",
    "fixedchargefirstmeter": 8,
    "fixedchargeunits": "$/month",
    "energyratestructure": [[{"rate": 0.1, "unit": "kWh"}]],
    "energyweekdayschedule": EVERY_HOUR,
    "energyweekendschedule": EVERY_HOUR,
}


def rate(**more: Any) -> dict[str, Any]:
    return {**copy.deepcopy(RATE), **more}


def charges(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    (only,) = translated(found).document["versions"]
    return {charge["code"]: charge for charge in only["charges"]}


def refusal(found: Any) -> str:
    with pytest.raises(TariffRefused) as caught:
        urdb_tariff(found)
    return str(caught.value)


# What becomes of the fields.


def test_a_plain_rate() -> None:
    found = translated(rate())
    assert found.document == {
        "format": "tariff/1",
        "code": "5a0b28045457a3ea2aca608e",
        "name": "General",
        "currency": "USD",
        "versions": [
            {
                "starts_on": "1900-01-01",
                "charges": [
                    {"kind": "fixed", "code": "fixed", "label": "Fixed charge", "price": "8", "per": "month"},
                    {"kind": "energy", "code": "energy", "periods": [{"label": "Energy", "price": "0.1"}]},
                ],
            }
        ],
    }
    assert found.notes == ()
    assert found.tariff == tariff_of(found.document)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda found: {"items": [found]},
        lambda found: [found],
        json.dumps,
        lambda found: json.dumps(json.dumps({"items": [found]})),
        lambda found: {key: json.dumps(v) if isinstance(v, list) else v for key, v in found.items()},
        lambda found: {key.upper(): value for key, value in found.items()},
        lambda found: {**found, "description": None, "demandratestructure": None, "sector": ""},
    ],
)
def test_wrapped_and_written_as_texts(wrap: Any) -> None:
    assert translated(wrap(rate())).document == translated(rate()).document


def test_hours_and_months() -> None:
    summer = [0] * 8 + [1] * 12 + [0] * 4
    weekday = [summer if 5 <= month <= 8 else [0] * 24 for month in range(12)]
    found = rate(
        energyratestructure=[[{"rate": 0.1}], [{"rate": 0.2, "adj": 0.05}]],
        energyweekdayschedule=weekday,
    )
    (only,) = translated(found).document["versions"]
    assert only["seasons"] == [
        {"name": "Jan-May, Oct-Dec", "from": "01-01", "to": "06-01"},
        {"name": "Jun-Sep", "from": "06-01", "to": "10-01"},
        {"name": "Jan-May, Oct-Dec", "from": "10-01", "to": "01-01"},
    ]
    summery = {"seasons": ["Jun-Sep"]}
    assert only["charges"][1]["periods"] == [
        {"label": "Energy, period 1", "seasons": ["Jan-May, Oct-Dec"], "price": "0.1"},
        {
            "label": "Energy, period 1",
            **summery,
            "days": ["weekday"],
            "hours": ["00:00-08:00", "20:00-24:00"],
            "price": "0.1",
        },
        {
            "label": "Energy, period 2",
            **summery,
            "days": ["weekday"],
            "hours": ["08:00-20:00"],
            "price": "0.25",
        },
        {"label": "Energy, period 1", **summery, "days": ["weekend"], "price": "0.1"},
    ]


@pytest.mark.parametrize(
    ("numbers", "periods", "labels"),
    [
        ([0, 1], 2, ["Energy, period 1", "Energy, period 2"]),
        ([1, 2], 2, ["Energy, period 1", "Energy, period 2"]),
        ([1.0, 2.0], 2, ["Energy, period 1", "Energy, period 2"]),
        ([1, 1], 3, ["Energy, period 2"]),
        ([3, 2], 3, ["Energy, period 3", "Energy, period 2"]),
        ([0, 2], 3, ["Energy, period 1", "Energy, period 3"]),
    ],
)
def test_schedules_count_from_none_or_from_one(numbers: list[Any], periods: int, labels: list[str]) -> None:
    table = [[numbers[0]] * 12 + [numbers[1]] * 12 for _ in range(12)]
    found = rate(
        energyratestructure=[[{"rate": 0.1}]] * periods,
        energyweekdayschedule=table,
        energyweekendschedule=table,
    )
    assert [period["label"] for period in charges(found)["energy"]["periods"]] == labels


@pytest.mark.parametrize("number", [-1, 3, 4])
def test_a_period_out_of_range_is_refused(number: int) -> None:
    table = copy.deepcopy(EVERY_HOUR)
    table[2][5] = number
    found = rate(energyratestructure=[[{"rate": 0.1}]] * 3, energyweekendschedule=table)
    assert refusal(found) == (
        f"energyweekendschedule[2][5]: period {number} is not in energyratestructure, which has 3 (from 0 on)"
    )


@pytest.mark.parametrize(
    ("unit", "dgrules", "rule"),
    [
        ("kWh", None, {"by": "month", "unit": "kWh", "fill": "proportion"}),
        ("kwh daily", "Net Metering", {"by": "month", "unit": "kWh a day", "fill": "proportion"}),
        ("kWh", "Net Billing Instantaneous", {"by": "month", "unit": "kWh", "fill": "time"}),
        ("kWh", "net billing hourly", {"by": "month", "unit": "kWh", "fill": "time"}),
        ("kWh/kW", "Buy All Sell All", {"by": "month", "unit": "kWh per kW", "fill": "time", "window": 30}),
        (
            "kWh/kW daily",
            None,
            {"by": "month", "unit": "kWh per kW a day", "fill": "proportion", "window": 30},
        ),
    ],
)
def test_tiers(unit: str, dgrules: str | None, rule: dict[str, Any]) -> None:
    tiers = [{"max": 150, "rate": 0.09, "unit": unit}, {"max": 1e38, "rate": "0.13", "unit": unit}]
    found = charges(rate(energyratestructure=[tiers], dgrules=dgrules, demandwindow=30))["energy"]
    assert found["tiers"] == rule
    assert found["periods"][0]["tiers"] == [{"up_to": "150", "price": "0.09"}, {"price": "0.13"}]


def test_a_period_of_one_price_goes_along_with_tiers() -> None:
    tiers = [{"max": 150, "rate": 0.09}, {"rate": 0.13}]
    halves = [[0] * 12 + [1] * 12 if month < 6 else [1] * 24 for month in range(12)]
    found = rate(
        energyratestructure=[tiers, [{"rate": 0.2}]],
        energyweekdayschedule=halves,
        energyweekendschedule=halves,
    )
    periods = charges(found)["energy"]["periods"]
    assert [period.get("tiers") or period["price"] for period in periods] == [
        [{"up_to": "150", "price": "0.09"}, {"price": "0.13"}],
        [{"up_to": "150", "price": "0.2"}, {"price": "0.2"}],
        "0.2",
    ]
    june = Period(date(2013, 6, 1), date(2013, 7, 1))
    bill = rate_bill(usage_over(june, "UTC", 500_000), urdb_tariff(found), june, timezone="UTC")
    assert sum(line.quantity_micro for line in bill.lines if line.code == "energy") == 720_000_000


def test_demand_flat_by_month_and_by_period() -> None:
    peak = [[0] * 16 + [1] * 4 + [0] * 4 for _ in range(12)]
    found = charges(
        rate(
            flatdemandstructure=[[{"rate": 6.46}], [{"rate": 0}], [{"max": 100, "rate": 13}, {"rate": 9}]],
            flatdemandmonths=[0, 0, 0, 1, 1, 2, 2, 2, 2, 0, 0, 0],
            demandratestructure=[[{"rate": 0.0}], [{"rate": 12.5, "unit": "kW"}]],
            demandweekdayschedule=peak,
            demandweekendschedule=EVERY_HOUR,
            demandwindow=60,
            demandrateunit="kW",
        )
    )
    assert found["flat-demand"]["periods"] == [
        {"label": "Demand", "seasons": ["Jan-Mar, Oct-Dec"], "price": "6.46"},
        {
            "label": "Demand",
            "seasons": ["Jun-Sep"],
            "tiers": [{"up_to": "100", "price": "13"}, {"price": "9"}],
        },
    ]
    assert found["demand"]["window"] == 60
    assert found["demand"]["periods"][0] == {
        "label": "Demand, period 2",
        "seasons": ["Jan-Mar, Oct-Dec"],
        "days": ["weekday"],
        "hours": ["16:00-20:00"],
        "price": "12.5",
    }


DEMAND: dict[str, Any] = {"flatdemandstructure": [[{"rate": 5}]], "flatdemandmonths": [0] * 12}


@pytest.mark.parametrize(
    ("terms", "ratchet"),
    [
        ({"lookbackpercent": 0.8, "lookbackrange": 11}, {"percent": "80", "months": 11}),
        ({"lookBackPercent": "0.625", "lookBackRange": 3.0}, {"percent": "62.5", "months": 3}),
        (
            {
                "lookbackpercent": 0.5,
                "lookbackmonths": [0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0],
                "lookbackrange": 0,
            },
            {"percent": "50", "months": 11, "of": ["june", "july", "august"]},
        ),
        ({"lookbackpercent": 0.5, "lookbackmonths": [True] * 12}, {"percent": "50", "months": 11}),
        ({"lookbackpercent": 0, "lookbackrange": 11}, None),
    ],
)
def test_ratchets(terms: dict[str, Any], ratchet: dict[str, Any] | None) -> None:
    assert charges(rate(**DEMAND, **terms))["flat-demand"].get("ratchet") == ratchet


def test_fuel_adjustments_by_month() -> None:
    found = rate(fueladjustmentsmonthly=[0.01] * 6 + [-0.005] * 6)
    fuel = charges(found)["fuel"]
    assert fuel["periods"] == [
        {"label": "Fuel adjustment", "price": "0.01", "seasons": ["Jan-Jun"]},
        {"label": "Fuel adjustment", "price": "-0.005", "seasons": ["Jul-Dec"]},
    ]
    assert "fuel" not in charges(rate(fueladjustmentsmonthly=[0] * 12))


def test_minimums_and_fixed_charges_with_their_units() -> None:
    found = charges(rate(fixedchargeunits="$/day", mincharge=15, minchargeunits="$/year"))
    assert (found["fixed"]["per"], found["minimum"]["per"], found["minimum"]["price"]) == (
        "day",
        "year",
        "15",
    )
    assert charges(rate(mincharge=0.5, minchargeunits="$/day"))["minimum"]["per"] == "day"
    assert "fixed" not in charges(rate(fixedchargefirstmeter=0))


def test_older_fields_where_the_newer_are_absent() -> None:
    older = rate(fixedmonthlycharge=35.28, minmonthlycharge=1, annualmincharge=12)
    for name in ("fixedchargefirstmeter", "fixedchargeunits"):
        del older[name]
    found = charges(older)
    assert [found[code]["price"] for code in ("fixed", "minimum", "annual-minimum")] == ["35.28", "1", "12"]
    assert translated(older).notes == (
        "fixedmonthlycharge: the older field is priced, as fixedchargefirstmeter is not given.",
        "minmonthlycharge: the older field is priced, as mincharge is not given.",
        "annualmincharge: the older field is priced, as mincharge is not given.",
    )
    both = rate(fixedmonthlycharge=35.28, mincharge=2, minchargeunits="$/month", minmonthlycharge=1)
    assert [charges(both)[code]["price"] for code in ("fixed", "minimum")] == ["8", "2"]
    assert translated(both).notes == (
        "fixedmonthlycharge: an older field; fixedchargefirstmeter is priced.",
        "minmonthlycharge: an older field; mincharge is priced.",
    )


def test_what_is_left_out_is_said() -> None:
    found = translated(
        rate(
            startdate=1489363200,
            peakkwcapacitymax=500,
            fixedattrs=[{"Optional meter": "$1/day"}],
            fixedchargeeaaddl=3,
            energyratestructure=[[{"rate": 0.1195179675994109}]],
        )
    )
    assert found.notes == (
        "peakkwcapacitymax: who may have the rate is not checked (500).",
        "fixedattrs: terms in words are not priced: Optional meter $1/day.",
        "startdate: in force from 1489363200; readings of any date are priced.",
        "fixedchargeeaaddl: a charge for further meters; a supply here has one.",
        "energyratestructure: prices are taken to six decimals.",
    )
    assert found.document["versions"][0]["charges"][1]["periods"][0]["price"] == "0.119518"


def tiers(*written: dict[str, Any]) -> dict[str, Any]:
    return rate(energyratestructure=[list(written)])


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in RATE.items() if key != name}


REFUSALS: list[tuple[Any, str]] = [
    ({"items": []}, "items: holds 0 rates; a file is of one"),
    (
        {"items": [rate(), rate(name="Other")]},
        "items: holds 2 rates; a file is of one (General, Other)",
    ),
    ({"items": [3]}, "items[0]: expected a rate, found the number 3"),
    ("[", "line 1, column 2: not JSON: Expecting value"),
    (rate(energyweekdayschedule="[["), "energyweekdayschedule: a text that is not JSON: Expecting value"),
    ({**rate(), "NAME": "General"}, "the file: 'name' stands there twice"),
    (rate(surprise=1), "surprise: an unknown field; it may mean money, so it is not passed over"),
    (without("energyweekendschedule"), "energyweekendschedule: is not given"),
    (
        without("energyratestructure"),
        "energyratestructure: is not given, though energyweekdayschedule is",
    ),
    ({"energyratestructure": [], "name": "x"}, "energyratestructure: is not given, nor any other price"),
    (
        rate(energyweekdayschedule=EVERY_HOUR[:11]),
        "energyweekdayschedule: expected a list of 12, found a list of 11",
    ),
    (
        rate(energyweekdayschedule=[[0] * 23, *EVERY_HOUR[1:]]),
        "energyweekdayschedule[0]: expected a list of 24, found a list of 23",
    ),
    (
        rate(energyweekdayschedule=[[0.5] * 24, *EVERY_HOUR[1:]]),
        "energyweekdayschedule[0][0]: expected a whole number, found the number 0.5",
    ),
    (rate(energyratestructure=[[]]), "energyratestructure[0]: holds no tier"),
    (tiers({"unit": "kWh"}), "energyratestructure[0][0].rate: is not given"),
    (tiers({"rate": "cheap"}), "energyratestructure[0][0].rate: expected a number, found 'cheap'"),
    (tiers({"rate": True}), "energyratestructure[0][0].rate: expected a number, found true"),
    (
        tiers({"rate": 1, "sell": 0.03}),
        "energyratestructure[0][0].sell: is not given a meaning without dgrules: energy given back is not "
        "paid for there",
    ),
    (
        tiers({"rate": 1, "sell": 0.03}) | {"dgrules": "Net Metering"},
        "energyratestructure[0][0].sell: is not given a meaning under Net Metering: energy given back is not "
        "paid for there",
    ),
    (
        tiers({"max": 5, "rate": 1, "sell": 0.03}, {"rate": 2}) | {"dgrules": "Buy All Sell All"},
        "energyratestructure[0][1].sell: another tier of the period pays otherwise; export has no tiers",
    ),
    (
        tiers({"rate": 0.1, "ratee": 1}),
        "energyratestructure[0][0].ratee: an unknown field; it may mean money, so it is not passed over",
    ),
    (
        tiers({"rate": 0.1, "unit": "therms"}),
        "energyratestructure[0][0].unit: 'therms' is not one of kWh, kWh daily, kWh/kW, kWh/kW daily",
    ),
    (
        tiers({"rate": 1}, {"rate": 2}),
        "energyratestructure[0][0].max: is not given, though another tier follows",
    ),
    (tiers({"rate": 1e300}), "energyratestructure[0][0].rate: 1E+300 is too large"),
    (
        tiers({"max": 1e-9, "rate": 1}, {"rate": 2}),
        "energyratestructure[0][0].max: each tier ends above the one before it",
    ),
    (
        tiers({"max": 5, "rate": 1}, {"max": 5, "rate": 2}, {"rate": 1}),
        "energyratestructure[0][1].max: each tier ends above the one before it",
    ),
    (
        tiers({"max": 5, "rate": 1}, {"max": 9, "rate": 2}),
        "energyratestructure[0][1].max: the last tier ends at 9: what costs more is not said",
    ),
    (
        tiers({"max": 5, "rate": 1, "unit": "kWh"}, {"rate": 2, "unit": "kWh daily"}),
        "energyratestructure: its tiers end in kWh and in kWh daily, not in one unit",
    ),
    (
        rate(
            energyratestructure=[[{"max": n, "rate": 1}, {"rate": 2}] for n in (5, 9)],
            energyweekendschedule=[[1] * 24] * 12,
        ),
        "energyratestructure[1]: its tiers end elsewhere than those of period 0 in the same month; they fill "
        "together",
    ),
    (
        rate(dgrules="Net Nothing"),
        "dgrules: 'Net Nothing' is not one of Net Metering, Net Billing Instantaneous, Net Billing Hourly, "
        "Buy All Sell All",
    ),
    (
        without("fixedchargeunits"),
        "fixedchargeunits: is not given, though 'fixedchargefirstmeter' is; it is one of $/day, $/month",
    ),
    (rate(fixedchargeunits="$/year"), "fixedchargeunits: '$/year' is not one of $/day, $/month"),
    (rate(fixedchargefirstmeter=-1), "fixedchargefirstmeter: expected no less than 0, found -1"),
    (
        rate(mincharge=3),
        "minchargeunits: is not given, though 'mincharge' is; it is one of $/day, $/month, $/year",
    ),
    (rate(country="CAN"), "country: prices are taken as US dollars, which those of 'CAN' are not"),
    (
        rate(coincidentratestructure=[[{"rate": 1}]]),
        "coincidentratestructure: power at the hour of the grid's own peak has a price, and the rate does "
        "not say when that was; a tariff file does, in a charge of kind 'capacity' with these hours under "
        "'at'",
    ),
    (
        rate(coincidentrateschedule=[[1] * 24] * 12),
        "coincidentratestructure: is not given, though coincidentrateschedule is",
    ),
    (
        rate(coincidentratestructure=[[{"rate": 1}]], coincidentrateschedule=[[3] * 24] * 12),
        "coincidentrateschedule[0][0]: period 3 is not in coincidentratestructure, which has 1 (from 0 on)",
    ),
    (rate(demandreactivepowercharge=-1), "demandreactivepowercharge: expected no less than 0, found -1"),
    (
        rate(demandratchetpercentage=[0.5] * 12),
        "demandratchetpercentage: shares by month, but not of which months' demand; give lookbackpercent and "
        "lookbackrange",
    ),
    (rate(flatdemandmonths=[0] * 12), "flatdemandstructure: is not given, though flatdemandmonths is"),
    (rate(flatdemandstructure=[[{"rate": 5}]]), "flatdemandmonths: is not given"),
    (
        rate(**DEMAND, flatdemandunit="hp"),
        "flatdemandunit: 'hp' is of the motors that are connected, which no meter measures",
    ),
    (
        rate(**DEMAND, flatdemandunit="kVA daily"),
        "flatdemandunit: 'kVA daily' does not say whether each day's highest costs that much, or the month's",
    ),
    (
        rate(**DEMAND, flatdemandunit="kVA", demandunits="kW"),
        "demandunits: is kW, and flatdemandunit is kVA; which of them holds is not said",
    ),
    (rate(**DEMAND, demandunits="kVAh"), "demandunits: 'kVAh' is not one of kW, kVA"),
    (rate(**DEMAND, demandwindow=5), "demandwindow: 5 is not one of 15, 30, 60 minutes"),
    (
        rate(**DEMAND, lookbackpercent=80, lookbackrange=3),
        "lookbackpercent: expected a share from 0 to 1, found 80",
    ),
    (
        rate(**DEMAND, lookbackpercent=0.8),
        "lookbackpercent: neither lookbackrange nor lookbackmonths says upon which months",
    ),
    (
        rate(**DEMAND, lookbackpercent=0.8, lookbackrange=3, lookbackmonths=[1] + [0] * 11),
        "lookbackmonths: lookbackrange is given as well; only one of them may be",
    ),
    (
        rate(demandweekdayschedule=EVERY_HOUR),
        "demandratestructure: is not given, though demandweekdayschedule is",
    ),
]


@pytest.mark.parametrize(("found", "says"), REFUSALS)
def test_refusals_say_field_and_reason(found: Any, says: str) -> None:
    assert refusal(found) == says


@pytest.mark.parametrize(
    ("rule", "netting"),
    [
        ("Buy All Sell All", {}),
        ("net billing instantaneous", {}),
        ("Net Billing Hourly", {"netting": "interval"}),
    ],
)
def test_what_is_given_back_is_paid_by_period(rule: str, netting: dict[str, str]) -> None:
    day = [[0] * 8 + [1] * 12 + [0] * 4] * 12
    found = translated(
        rate(
            energyratestructure=[[{"rate": 0.1}], [{"rate": 0.3, "sell": 0.12}]],
            energyweekdayschedule=day, energyweekendschedule=EVERY_HOUR, dgrules=rule,
        )
    )  # fmt: skip
    (only,) = found.document["versions"]
    (export,) = (charge for charge in only["charges"] if charge["kind"] == "export")
    when = {"days": ["weekday"], "hours": ["08:00-20:00"], "price": "0.12"}
    assert export == {
        "kind": "export", "code": "export", "periods": [{"label": "Given back: Energy, period 2", **when}],
        **netting,
    }  # fmt: skip
    assert found.tariff.reads_export
    assert bool(netting) == any("set off within each interval" in note for note in found.notes)


def test_net_metering_takes_off_what_is_given_back() -> None:
    found = translated(rate(dgrules="Net Metering"))
    (only,) = found.document["versions"]
    assert next(charge for charge in only["charges"] if charge["kind"] == "energy")["net"] == {"by": "month"}
    assert any("credit in kWh has no end" in note for note in found.notes)


@pytest.mark.parametrize("field", ["flatdemandunit", "demandunits"])
def test_demand_is_in_the_unit_that_the_rate_names(field: str) -> None:
    (only,) = translated(rate(**DEMAND, **{field: "KVA"})).document["versions"]
    (found,) = (charge for charge in only["charges"] if charge["kind"] == "demand")
    assert (found["code"], found["unit"]) == ("flat-demand", "kVA")
    (only,) = translated(rate(**DEMAND, **{field: "kW"})).document["versions"]
    assert all("unit" not in charge for charge in only["charges"])


def test_each_structure_has_its_own_unit() -> None:
    both = rate(
        **DEMAND, flatdemandunit="kVA", demandratestructure=[[{"rate": 2}]], demandrateunit="kW",
        demandweekdayschedule=EVERY_HOUR, demandweekendschedule=EVERY_HOUR,
    )  # fmt: skip
    charges = urdb_tariff(both).versions[0].demand
    assert [(charge.code, charge.unit) for charge in charges] == [("flat-demand", "kVA"), ("demand", "kW")]


def test_reactive_power_is_each_kvar_of_the_highest() -> None:
    found = translated(rate(demandreactivepowercharge=0.3, demandwindow=30))
    (charge,) = found.tariff.versions[0].demand
    assert (charge.unit, charge.window_minutes, charge.periods[0].price_micro) == ("kVAr", 30, 300_000)
    assert found.tariff.reads_apparent
    assert any("demandreactivepowercharge: priced for each kVAr" in note for note in found.notes)


def test_a_price_at_the_grids_peak_that_no_hour_has_costs_nothing() -> None:
    found = translated(
        rate(coincidentratestructure=[[{"rate": 0}], [{"rate": 5}]], coincidentrateschedule=EVERY_HOUR)
    )
    assert found.document == translated(rate()).document
    assert any("no hour of coincidentrateschedule has a price" in note for note in found.notes)


def test_zeros_of_what_is_not_priced_are_nothing() -> None:
    nothing = rate(
        coincidentratestructure=[[{"rate": 0, "adj": 0.0}]],
        demandratchetpercentage=[0] * 12,
        demandreactivepowercharge=0,
        energyratestructure=[[{"rate": 0.1, "sell": 0.0}]],
    )
    assert translated(nothing).document == translated(rate()).document


def test_which_format_a_file_is_in() -> None:
    assert is_urdb(rate()) and is_urdb([rate()]) and is_urdb(json.dumps(rate())) and is_urdb({"items": []})
    assert not is_urdb(document(version(flat()))) and not is_urdb({}) and not is_urdb(3)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(
        [*RATE, "demandwindow", "dgrules", "lookbackpercent", "fueladjustmentsmonthly", "mincharge"]
    ),
    st.recursive(
        st.one_of(
            st.none(), st.booleans(), st.integers(-3, 3), st.floats(allow_nan=False), st.text(max_size=4)
        ),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=6,
    ),
)
def test_whatever_a_field_holds_it_is_priced_or_refused(name: str, value: Any) -> None:
    try:
        assert urdb_tariff(rate(**{name: value})).versions
    except TariffRefused as fault:
        assert fault.place and fault.reason


@given(st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_seasons_cover_the_year(signatures: list[int]) -> None:
    seasons = Seasons.of(signatures)
    written = seasons.document()
    assert bool(written) == (len(set(signatures)) > 1)
    if written:
        only = {"label": "one", "price": "1", "seasons": [seasons.name_of[0]]}
        charge = {"kind": "demand", "code": "demand", "window": 30, "periods": [only]}
        subject = tariff_of(document(version(flat(), charge, seasons=written)))
        for month in range(1, 13):
            assert subject.versions[0].season_of(date(2013, month, 15)) == seasons.name_of[month - 1]


@given(st.lists(st.integers(0, 2), min_size=24, max_size=24))
def test_spans_hold_the_hours_of_their_period(row: list[int]) -> None:
    for period in set(row):
        hours: list[int] = []
        for span in spans_of(tuple(row), period):
            start, end = (int(clock[:2]) for clock in span.split("-"))
            hours += range(start, end)
        assert hours == [hour for hour, of_hour in enumerate(row) if of_hour == period]


# Real rates.


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / "tariffs" / "urdb" / name).read_text(encoding="utf-8"))


def house(folder: Path, year: int) -> Any:
    """The hourly load of OpenStudio-HPXML's bills."""
    with (folder / "tariffs" / "urdb" / "hpxml_load.csv").open(newline="") as lines:
        return hourly([row["Electricity [kWh]"] for row in csv.DictReader(lines)], year)


def of_codes(found: Quote, *codes: str) -> list[float]:
    return [sum(line.amount_minor for line in bill.lines if line.code in codes) / 100 for bill in found.bills]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "energy", "fixed", "year"),
    [
        ("Sample Flat Rate", 632.14, 96, 2002),
        ("Sample Tiered Rate", 579.58, 108, 2002),
        ("Sample Time-of-Use Rate", 393.03, 108, 2002),
        ("Sample Time-of-Use Rate", 393.32, 108, 2007),
    ],
)
def test_published_bills_of_a_house(
    shared_data: Path, name: str, energy: float, fixed: int, year: int
) -> None:
    found = quote(house(shared_data, year), urdb_tariff(read(shared_data, f"{name}.json")), timezone="UTC")
    assert abs(sum(of_codes(found, "energy")) - energy) < 0.1
    assert sum(of_codes(found, "fixed")) == fixed
    assert len(found.bills) == 12


@pytest.mark.shared
def test_a_minimum_by_the_month(shared_data: Path) -> None:
    subject = urdb_tariff(read(shared_data, "Sample Flat Rate Min Monthly Charge.json"))
    for bill in quote(house(shared_data, 2002), subject, timezone="UTC").bills:
        assert bill.total_minor >= 1500
    empty = house(shared_data, 2002)
    nothing = quote(hourly(np.zeros(empty.micro_kwh.size), 2002), subject, timezone="UTC")
    assert [bill.total_minor for bill in nothing.bills] == [1500] * 12


@pytest.mark.shared
@pytest.mark.parametrize("index", range(4))
def test_every_month_as_pysam_has_it(shared_data: Path, index: int) -> None:
    """Energy and demand; the older fixed charge and minimums of one of the rates PySAM passes over."""
    known = read(shared_data, "expected_pysam.json")[index]
    names = {"residential": "pvsamv1_residential_load.csv", "commercial": "load_commercial.csv"}
    load = load_file(shared_data / "tariffs" / "ssc" / names[known["load"]])
    found = quote(hourly(load, 2018), urdb_tariff(read(shared_data, known["rate"])), timezone="UTC")
    columns = {"energy": "energy", "flat-demand": "demand_flat", "demand": "demand_tou"}
    for code, column in columns.items():
        for ours, theirs in zip(of_codes(found, code), known[column], strict=True):
            assert abs(ours - theirs) < 0.02, (code, known["rate"])


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "Invalid Fixed Charge Units.json",
            "items[0].fixedchargeunits: '$/year' is not one of $/day, $/month",
        ),
        ("Missing Required Fields.json", "items[0].energyweekdayschedule: is not given"),
    ],
)
def test_malformed_rates_are_refused(shared_data: Path, name: str, says: str) -> None:
    assert refusal(read(shared_data, name)) == says
