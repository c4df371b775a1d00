"""Several discounts: together they never take more than the charges that they stand on (docs/tariffs.md)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_bill import PlainBill
from rating_cases import (
    document,
    energy_charges,
    fixed,
    flat,
    periods,
    prices,
    random_usage,
    tariff,
    tax,
    usage_over,
    version,
)

from billing.domain.money import portions_of
from billing.domain.rating.rate import rate, rate_bill
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import UsageMatrix
from billing.domain.tariffs.file import tariff_of

LONDON = "Europe/London"
JULY = Period(date(2013, 7, 1), date(2013, 8, 1))


def off(code: str, base: list[str] | None = None, **terms: str) -> dict[str, Any]:
    found = {"kind": "discount", "code": code, "label": code.upper(), **terms}
    return found if base is None else {**found, "base": base}


def of_july(total: int, *charges: dict[str, Any]) -> dict[str, int]:
    """Amounts by code where so many kWh are used in July, and 31 days are standing."""
    usage = usage_over(JULY, LONDON, lambda count: np.eye(1, count, dtype=np.int64)[0] * total * 1_000_000)
    return {line.code: line.amount_minor for line in rate_bill(usage, tariff(version(*charges)), JULY).lines}


ENERGY, STANDING = flat("0.20"), fixed("40", "month")


def test_what_is_taken_off_once_is_not_taken_off_again() -> None:
    twice = [off("a", ["energy"], percent="100"), off("b", ["energy"], percent="100")]
    assert of_july(300, ENERGY, *twice, tax()) == {"energy": 6000, "a": -6000, "b": 0, "vat": 0}
    amounts = [off("a", ["energy"], amount="50", per="month"), off("b", ["energy"], amount="50", per="month")]
    assert of_july(300, ENERGY, *amounts, tax()) == {"energy": 6000, "a": -5000, "b": -1000, "vat": 0}


def test_the_example_of_the_documents() -> None:
    found = of_july(
        300,
        ENERGY,
        STANDING,
        off("a", ["energy", "standing"], percent="10"),
        off("b", ["energy"], percent="50"),
        off("c", ["energy"], amount="30", per="month"),
    )
    assert found == {"energy": 6000, "standing": 4000, "a": -1000, "b": -2700, "c": -2700}


def test_a_fraction_goes_on_to_the_next_charge_of_the_bill() -> None:
    """Of 1 off 1 and 2, the first has a third and the second the whole penny."""
    charges = [fixed("0.01", "month"), fixed("0.02", "month", "rent")]
    both = off("a", ["rent", "standing"], amount="0.01", per="month")
    first = of_july(0, *charges, both, off("b", ["standing"], percent="100"))
    assert first == {"standing": 1, "rent": 2, "a": -1, "b": -1}
    second = of_july(0, *charges, both, off("b", ["rent"], percent="100"))
    assert second == {"standing": 1, "rent": 2, "a": -1, "b": -1}


def test_a_discount_named_in_a_base_adds_nothing_of_its_own() -> None:
    first = off("a", ["energy", "standing"], percent="10")
    named = of_july(300, ENERGY, STANDING, first, off("b", ["energy", "a"], percent="50"))
    assert named["b"] == -2700
    assert of_july(300, ENERGY, STANDING, first, off("b", percent="50"))["b"] == -4500  # of all above it
    assert of_july(300, ENERGY, STANDING, first, off("b", ["a"], percent="50"))["b"] == 0


def test_a_charge_below_nothing_has_no_part_in_what_is_taken() -> None:
    charges = [fixed("-10", "month"), fixed("40", "month", "rent"), flat("0.20")]
    found = of_july(300, *charges, off("a", percent="50"), off("b", ["rent"], percent="100"))
    assert found == {"standing": -1000, "rent": 4000, "energy": 6000, "a": -4500, "b": -2200}


def test_the_first_kwh_at_what_is_left_of_their_price() -> None:
    """50 of 300 kWh at 20 pence; half is off already."""
    first = off("a", ["energy"], percent="50")
    few = off("b", ["energy"], percent="100", up_to="50", per="month")
    assert of_july(300, ENERGY, first, few) == {"energy": 6000, "a": -3000, "b": -500}
    assert of_july(300, ENERGY, few | {"code": "a"}, few) == {"energy": 6000, "a": -1000, "b": -833}
    all_of_it = few | {"up_to": "999"}
    assert of_july(300, ENERGY, all_of_it | {"code": "a"}, all_of_it) == {"energy": 6000, "a": -6000, "b": 0}


def test_a_minimum_and_a_tax_see_what_all_discounts_took() -> None:
    """Their base is all lines, discounts among them."""
    discounts = [off("a", ["energy"], percent="100"), off("b", ["energy"], percent="100")]
    least = {"kind": "minimum", "code": "least", "label": "Least", "price": "15", "per": "month"}
    assert of_july(300, ENERGY, *discounts, least, tax("10")) == {
        "energy": 6000, "a": -6000, "b": 0, "least": 1500, "vat": 150,
    }  # fmt: skip
    assert of_july(300, ENERGY, discounts[0], least, discounts[1] | {"base": ["energy", "least"]}) == {
        "energy": 6000, "a": -6000, "least": 1500, "b": -1500,
    }  # fmt: skip


@pytest.mark.parametrize("size", [1, 10**15])
def test_portions_are_whole_and_come_to_the_amount(size: int) -> None:
    """Also where amount times part is beyond int64."""
    amount, whole = np.array([7 * size, 0, 3], dtype=np.int64), np.array([9 * size, 0, 3], dtype=np.int64)
    part = np.array([4 * size, 0, 3], dtype=np.int64)
    assert portions_of(amount, part, whole).tolist() == [28 * size // 9, 0, 3]


@st.composite
def discounted(draw: st.DrawFn) -> dict[str, Any]:
    """Charges of all signs and two to five discounts of all kinds, on all above or on some."""
    charges = [draw(energy_charges(False, False)), draw(energy_charges(False, False, "network"))]
    charges += [fixed(draw(prices), "day"), fixed(draw(prices), "month", "rent")]
    for number in range(draw(st.integers(2, 5))):
        codes = [charge["code"] for charge in charges]
        bases = st.lists(st.sampled_from(codes), min_size=1, max_size=3, unique=True)
        base = draw(st.one_of(st.none(), bases))
        terms = draw(
            st.sampled_from(
                [
                    {"percent": "100"},
                    {"percent": "33.3333"},
                    {"percent": "60", "up_to": "3", "per": "day"},
                    {"percent": "100", "up_to": "900", "per": "month"},
                    {"amount": "17.77", "per": "month"},
                    {"amount": "99", "per": "day"},
                ]
            )
        )
        if "up_to" in terms and base is not None and not {"energy", "network"} & set(base):
            base.append("energy")
        charges.append(off(f"off-{number}", base, **terms))
        if draw(st.integers(0, 4)) == 4:
            charges.append(tax("12.5", code=f"levy-{number}"))
    return document(
        version(*charges), rounding=draw(st.sampled_from(["half_up", "half_even"])),
        decimals=draw(st.sampled_from([0, 2, 3])),
    )  # fmt: skip


def _stand_on(charges: list[dict[str, Any]], charge: dict[str, Any]) -> set[str]:
    codes = [one["code"] for one in charges]
    kinds = {one["code"]: one["kind"] for one in charges}
    base = charge["base"] if "base" in charge else codes[: codes.index(charge["code"])]
    return {code for code in base if kinds[code] != "discount"}


@settings(deadline=None, max_examples=80)
@given(discounted(), periods(1, 35), st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3))
def test_discounts_together_never_take_more_than_there_is(
    found: dict[str, Any], period: Period, seeds: list[int]
) -> None:
    """Whichever of them are looked at; as the rules are read plainly; and in a batch as alone."""
    usages = [random_usage(period, LONDON, seed) for seed in seeds]
    batch = rate(UsageMatrix.of(usages), tariff_of(found), period)
    charges = found["versions"][0]["charges"]
    discounts = [charge for charge in charges if charge["kind"] == "discount"]
    for place, usage in enumerate(usages):
        bill = batch.bill(place)
        assert bill == rate_bill(usage, tariff_of(found), period)
        sums: dict[str, list[int]] = defaultdict(list)
        for line in bill.lines:
            sums[line.code].append(line.amount_minor)
        plain: dict[str, list[int]] = defaultdict(list)
        for key, amount in PlainBill(found, usage, period).amounts.items():
            plain[key[1]].append(amount)
        assert {code: sorted(of) for code, of in sums.items()} == {
            code: sorted(of) for code, of in plain.items()
        }
        for count in range(1, len(discounts) + 1):
            for some in (discounts[:count], discounts[-count:], discounts[count - 1 : count]):
                taken = sum(sum(sums[charge["code"]]) for charge in some)
                stand_on = set().union(*(_stand_on(charges, charge) for charge in some))
                positive = sum(max(one, 0) for code in stand_on for one in sums[code])
                assert 0 >= taken >= -positive
