"""Gas in kWh of cubic metres, water and sewerage in cubic metres, by the same engine (docs/tariffs.md)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_bill import PlainBill
from rating_cases import (
    demand,
    document,
    documents,
    fixed,
    flat,
    periods,
    random_usage,
    tariff,
    tax,
    usage_over,
    version,
)

from billing.domain.errors import NotRateable, TariffRefused
from billing.domain.explanation.comparison import Comparison, explain
from billing.domain.explanation.sides import Side
from billing.domain.rating.rate import rate, rate_bill
from billing.domain.rating.rated import RatedBill
from billing.domain.rating.registers import RegisterMatrix, rate_registers, register_cuts
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import UsageMatrix
from billing.domain.tariffs.file import tariff_of

JUNE = Period(date(2013, 6, 1), date(2013, 7, 1))
MAY = Period(date(2013, 5, 1), date(2013, 6, 1))
LONDON = "Europe/London"
M3 = 1_000_000


def gas(*values: tuple[str, str], correction: str = "1.02264") -> dict[str, Any]:
    found = [{"from": on, "value": value} for on, value in values or [("2010-01-01", "39.4")]]
    return {"commodity": "gas", "correction": correction, "calorific_values": found}


def flat_gas(**more: Any) -> Any:
    return tariff(version(fixed(), flat("0.06"), tax()), volume=gas(), **more)


def by_code(bill: RatedBill) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for line in bill.lines:
        if line.code != "volume metered":
            found[line.code].append(line.amount_minor)
    return {code: sorted(amounts) for code, amounts in found.items()}


def test_the_conversion_of_the_regulations_by_hand_and_stated_on_the_bill() -> None:
    """100 m3 x 1.02264 x 39.4 / 3.6 are 1,119.22 kWh."""
    usage = usage_over(JUNE, LONDON, lambda count: np.array([100 * M3] + [0] * (count - 1)))
    bill = rate_bill(usage, flat_gas(), JUNE)
    kwh = round(Fraction(100) * Fraction("1.02264") * Fraction("39.4") / Fraction("3.6") * M3)
    assert kwh == 1_119_222_667
    stated, _standing, energy, _vat = bill.lines
    assert (stated.label, stated.quantity_micro, stated.unit, stated.amount_minor) == (
        "Gas metered, × 1.02264 × 39.4 MJ/m³ ÷ 3.6",
        100 * M3,
        "m3",
        0,
    )
    assert (energy.unit, energy.quantity_micro, energy.amount_minor) == ("kWh", kwh, 6715)
    assert bill.micro_kwh == kwh


def test_a_calorific_value_that_changes_has_its_days_and_leaves_the_price_whole() -> None:
    subject = tariff(version(flat("0.06")), volume=gas(("2010-01-01", "39"), ("2013-06-11", "40")))
    bill = rate_bill(usage_over(JUNE, LONDON, M3), subject, JUNE)
    stated = [(line.label[-15:], line.quantity_micro // M3) for line in bill.lines if line.unit == "m3"]
    assert stated == [(" 39 MJ/m³ ÷ 3.6", 480), (" 40 MJ/m³ ÷ 3.6", 960)]
    (energy,) = [line for line in bill.lines if line.kind == "energy"]
    assert energy.quantity_micro == sum(
        count * round(Fraction("1.02264") * value / Fraction("3.6") * M3)
        for count, value in ((480, 39), (960, 40))
    )


def test_before_the_first_calorific_value_nothing_is_billed() -> None:
    subject = tariff(version(flat()), volume=gas(("2013-06-02", "39")))
    with pytest.raises(NotRateable, match="no calorific value of 2013-06-01: the first is of 2013-06-02"):
        rate_bill(usage_over(JUNE, LONDON, M3), subject, JUNE)


@st.composite
def volume_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Random tariffs of what gas and water have: fixed, energy with tiers, what is reckoned on lines."""
    found = draw(documents())
    water = draw(st.booleans())
    kept = []
    for one in found["versions"]:
        charges = [c for c in one["charges"] if c["kind"] not in ("demand", "capacity", "dynamic", "export")]
        charges = [c for c in charges if "window" not in c.get("tiers", {}) and "net" not in c]
        codes = {c["code"] for c in charges}
        for charge in charges:
            if "base" in charge:
                charge["base"] = [code for code in charge["base"] if code in codes] or ["daily"]
            if water and "tiers" in charge:
                unit = charge["tiers"].get("unit", "kWh").replace("kWh", "m3")
                charge["tiers"] = {**charge["tiers"], "unit": unit}
        charges.insert(0, fixed("0.3", "day", "daily"))
        if "'seasons'" not in repr(charges):  # those that named them are left out
            one.pop("seasons", None)
        if draw(st.booleans()):
            charges.insert(
                1, {**flat("1.7", "sewerage"), "share": draw(st.sampled_from(["95", "92.5", "0.0001"]))}
            )
        for place, charge in enumerate(charges):
            energy = {c["code"] for c in charges[:place] if c["kind"] == "energy"}
            if "up_to" in charge and not energy & set(charge.get("base", energy)):  # there are no first kWh
                del charge["up_to"], charge["per"]
        kept.append({**one, "charges": charges})
    values = draw(
        st.sampled_from([[("2010-01-01", "39.4")], [("2010-01-01", "38.9"), ("2013-07-01", "40.123456")]])
    )
    return {**found, "versions": kept, "volume": {"commodity": "water"} if water else gas(*values)}


@settings(deadline=None, max_examples=50)
@given(volume_documents(), periods(1, 8), st.integers(0, 2**32 - 1))
def test_bills_of_gas_and_water_are_the_rules_read_plainly(
    found: dict[str, Any], period: Period, seed: int
) -> None:
    usage = random_usage(period, found["timezone"], seed)
    plain: dict[str, list[int]] = defaultdict(list)
    for key, amount in PlainBill(found, usage, period).amounts.items():
        plain[key[1]].append(amount)
    known = {code: sorted(amounts) for code, amounts in plain.items()}
    assert by_code(rate_bill(usage, tariff_of(found), period)) == known
    others = [random_usage(period, found["timezone"], seed + one) for one in range(9)]
    batch = rate(UsageMatrix.of(others), tariff_of(found), period)
    assert by_code(batch.bill(0)) == known


def test_sewerage_is_a_share_of_water() -> None:
    charges = [flat("1.80", "water"), {**flat("2.40", "sewerage"), "share": "95"}]
    subject = tariff(version(*charges), volume={"commodity": "water"})
    usage = usage_over(JUNE, LONDON, lambda count: np.array([20 * M3] + [0] * (count - 1)))
    bill = rate_bill(usage, subject, JUNE)
    assert [(line.unit, line.quantity_micro, line.amount_minor) for line in bill.lines] == [
        ("m3", 20 * M3, 3600),
        ("m3", 19 * M3, 4560),
    ]


def test_water_has_tiers_in_m3() -> None:
    tiers = [{"up_to": "10", "price": "1"}, {"price": "3"}]
    charge = {**flat(code="water"), "tiers": {"by": "month", "fill": "time", "unit": "m3"}}
    charge["periods"] = [{"label": "Water", "tiers": tiers}]
    subject = tariff(version(charge), volume={"commodity": "water"})
    bill = rate_bill(usage_over(JUNE, LONDON, M3 // 96), subject, JUNE)
    assert [line.label for line in bill.lines] == ["Water, to 10 m3", "Water, over 10 m3"]


def test_gas_by_dial_is_cut_where_the_calorific_value_changes() -> None:
    subject = tariff(version(flat("0.06")), volume=gas(("2010-01-01", "39"), ("2013-06-11", "40")))
    assert register_cuts(subject, JUNE) == (date(2013, 6, 11),)
    micro = np.array([[[30 * M3], [60 * M3]]])
    bill = rate_registers(RegisterMatrix(("T1",), micro, micro // 3), subject, JUNE).bill(0)
    parts = [
        round(Fraction("1.02264") * m3 * value / Fraction("3.6") * M3) for m3, value in ((30, 39), (60, 40))
    ]
    (energy,) = [line for line in bill.lines if line.kind == "energy"]
    assert energy.quantity_micro == bill.micro_kwh == sum(parts)
    assert abs(energy.estimated_micro_kwh * 3 - sum(parts)) <= 6
    assert [line.quantity_micro for line in bill.lines if line.unit == "m3"] == [30 * M3, 60 * M3]


def test_two_bills_of_gas_are_explained_to_the_penny() -> None:
    sides = [
        Side(random_usage(period, LONDON, seed, 2 * M3), flat_gas(), period, LONDON)
        for period, seed in ((MAY, 1), (JUNE, 2))
    ]
    found = explain(*sides)
    assert isinstance(found, Comparison)
    assert (
        sum(found.effects_minor)
        == found.difference_minor
        == sides[1].bill().total_minor - sides[0].bill().total_minor
    )


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 29))
def test_gas_of_parts_adds_up_to_the_whole(seed: int, cut: int) -> None:
    usage, middle = random_usage(JUNE, LONDON, seed), JUNE.starts_on + timedelta(days=cut)
    parts = [Period(JUNE.starts_on, middle), Period(middle, JUNE.ends_before)]
    whole = rate_bill(usage, flat_gas(), JUNE)
    assert sum(rate_bill(usage, flat_gas(), part).micro_kwh for part in parts) == whole.micro_kwh


@pytest.mark.parametrize(
    ("volume", "charges", "place", "reason"),
    [
        ({"commodity": "oil"}, [flat()], "volume.commodity", "'oil' is not one of gas, water"),
        ({"commodity": "gas"}, [flat()], "volume", "'calorific_values' is not given"),
        (gas(correction="0"), [flat()], "volume.correction", "more than 0"),
        (gas(("2013-01-01", "-1")), [flat()], "volume.calorific_values[0].value", "more than 0"),
        (
            gas(("2013-01-01", "39"), ("2013-01-01", "40")),
            [flat()],
            "volume.calorific_values[1].from",
            "by date",
        ),
        ({"commodity": "water", "correction": "1"}, [flat()], "volume", "unknown key 'correction'"),
        (gas(), [flat(), demand()], "versions[0].charges[1]", "kind 'demand' is for electricity, not gas"),
        (gas(), [{**flat(), "share": "0"}], "versions[0].charges[0].share", "more than 0 and at most 100"),
    ],
)
def test_bad_volumes_are_refused_by_place(
    volume: dict[str, Any], charges: list[dict[str, Any]], place: str, reason: str
) -> None:
    with pytest.raises(TariffRefused) as refusal:
        tariff_of(document(version(*charges), volume=volume))
    assert refusal.value.place == place
    assert reason in refusal.value.reason


def test_tiers_are_in_the_unit_of_the_lines() -> None:
    tiers = [{"up_to": "10", "price": "1"}, {"price": "3"}]
    for unit, more in (("kWh", {"volume": {"commodity": "water"}}), ("m3", {})):
        charge = {**flat(), "tiers": {"by": "month", "fill": "time", "unit": unit}}
        charge["periods"] = [{"label": "all", "tiers": tiers}]
        with pytest.raises(
            TariffRefused, match=r"charges\[0\]\.tiers\.unit: the lines of this tariff are in"
        ):
            tariff_of(document(version(charge), **more))
