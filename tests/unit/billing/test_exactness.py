"""Energy times price is exact to 10^9 kWh at 10^3 a kWh, through the whole engine; beyond what is proven it
is refused by name, never wrapped. Held against the plain reading, which reckons in fractions."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_bill import PlainBill
from rating_cases import (
    SERIES,
    demand,
    document,
    documents,
    fixed,
    flat,
    periods,
    priced_of,
    states,
    tax,
    usage_over,
    version,
)

from billing.domain.errors import BeyondExact
from billing.domain.money import Rounding, amounts, amounts_by_price, amounts_of_part
from billing.domain.plans.supply_state import SupplyState, YearSoFar
from billing.domain.rating.rate import rate, rate_bill
from billing.domain.rating.rated import RatedBill
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage, UsageMatrix
from billing.domain.tariffs.file import tariff_of

BILLION_KWH = 10**15
"""10^9 kWh in micro-kWh."""
LARGEST = Decimal(8_999_999)
"""The largest price that a tariff file takes."""


def times(found: Any, price: int, cap: int) -> Any:
    """The document with every price and amount times `price`, every end of a tier in kWh times `cap`."""
    if isinstance(found, list):
        return [times(one, price, cap) for one in found]
    if not isinstance(found, dict):
        return found
    if "per kW" in found.get("tiers", {}).get("unit", "") if isinstance(found.get("tiers"), dict) else False:
        cap = 1
    more = {"price": price, "amount": price, "up_to": cap}
    most = {"up_to": Decimal(10**9)}
    return {
        key: f"{min(Decimal(value) * more[key], most.get(key, LARGEST)):f}"
        if key in more
        else times(value, price, cap)
        for key, value in found.items()
    }


def large_usage(period: Period, zone: str, seed: int, total: int) -> Usage:
    """At random, `total` micro-kWh in all but for what does not divide."""
    rng = np.random.default_rng(seed)

    def values(count: int) -> Any:
        shares = rng.dirichlet(np.full(count, 0.3))
        return np.array([int(share * total) for share in shares.tolist()], dtype=np.int64)

    return usage_over(period, zone, values)


def by_code(bill: RatedBill) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for line in bill.lines:
        found[line.code].append(line.amount_minor)
    return {code: sorted(amounts) for code, amounts in found.items()}


def plainly(found: dict[str, Any], usage: Usage, period: Period, state: SupplyState) -> dict[str, list[int]]:
    known: dict[str, list[int]] = defaultdict(list)
    for key, amount in PlainBill(found, usage, period, state, SERIES).amounts.items():
        known[key[1]].append(amount)
    return {code: sorted(amounts) for code, amounts in known.items()}


@settings(deadline=None, max_examples=60)
@given(documents(), periods(1, 6), st.integers(0, 2**32 - 1), st.integers(1, BILLION_KWH), st.data())
def test_a_bill_of_up_to_a_billion_kwh_at_a_thousand_each_is_exact(
    found: dict[str, Any], period: Period, seed: int, total: int, data: st.DataObject
) -> None:
    """Prices to 1,000, tiers to 10^9 kWh; demand, discounts, minimums, taxes as they come."""
    large = times(found, data.draw(st.integers(1, 1_111)), data.draw(st.sampled_from([1, 10**5, 10**6])))
    usage = large_usage(period, large["timezone"], seed, total)
    state = data.draw(states(period.starts_on))
    known = plainly(large, usage, period, state)
    assert by_code(rate_bill(usage, priced_of(large), period, state=state)) == known
    others = [Usage.of(usage.starts_at, 30, usage.micro_kwh // part) for part in range(1, 10)]
    batch = rate(UsageMatrix.of(others), priced_of(large), period, state=state)
    assert by_code(batch.bill(0)) == known
    assert int(batch.total_minor[0]) == sum(sum(amounts) for amounts in known.values())


@settings(deadline=None, max_examples=60)
@given(documents(), periods(1, 3), st.integers(0, 2**32 - 1), st.integers(48, 62), st.data())
def test_beyond_that_it_is_exact_or_refused_by_name(
    found: dict[str, Any], period: Period, seed: int, size: int, data: st.DataObject
) -> None:
    large = times(found, data.draw(st.integers(1, 9_000_000)), 1)
    usage = large_usage(period, large["timezone"], seed, 2**size)
    state = data.draw(states(period.starts_on))
    try:
        bill = rate_bill(usage, priced_of(large), period, state=state)
    except BeyondExact as refusal:
        assert refusal.code == "beyond_exact"
        assert "exact" in str(refusal)
        return
    assert by_code(bill) == plainly(large, usage, period, state)
    assert bill.micro_kwh == sum(usage.micro_kwh.tolist())


def test_a_discount_stands_on_what_closes_a_year_of_other_days() -> None:
    """A minimum by the year that the tariff has on other days alone is closed by the last bill, and a
    discount on all takes it off as it takes the rest: 100.00 credited before are asked back, and given."""
    minimum = {"kind": "minimum", "code": "least-a-year", "label": "least", "price": "50", "per": "year"}
    off = {"kind": "discount", "code": "off", "label": "off", "percent": "100"}
    before = version(flat("0.20"), minimum, starts_on="2012-01-01")
    found = document(
        before,
        version(flat("0.20"), off, starts_on="2013-06-01"),
        timezone="UTC",
        rounding="half_even",
        decimals=2,
    )
    year = YearSoFar("least-a-year", np.array([0]), np.array([-10_000]), np.array([0]))
    state = SupplyState((), (year,), {}, True)
    usage = usage_over(DAY, "UTC", 0)
    bill = rate_bill(usage, tariff_of(found), DAY, state=state)
    assert by_code(bill) == plainly(found, usage, DAY, state)
    assert by_code(bill) == {"energy": [0], "least-a-year": [10_000], "off": [-10_000]}


DAY = Period(date(2013, 7, 1), date(2013, 7, 2))


def test_the_promised_bound_with_everything_on_top() -> None:
    """10^9 kWh at 999.999999, a demand, a tax of a tax; worked out by hand in integers."""
    charges = [
        fixed("1000", "day"),
        flat("999.999999"),
        demand("1000", window=30),
        tax("20", code="levy"),
        tax("5"),
    ]
    subject = tariff_of(document(version(*charges), decimals=3, timezone="UTC"))
    usage = usage_over(DAY, "UTC", BILLION_KWH // 48)
    micro = 48 * (BILLION_KWH // 48)
    bill = rate_bill(usage, subject, DAY)
    energy = round(Fraction(micro * 999_999_999, 10**9))
    most = round(Fraction(BILLION_KWH // 48 * 2 * 1000, 31 * 1000))
    levy = round(Fraction((1_000_000 + energy + most) * 20, 100))
    vat = round(Fraction((1_000_000 + energy + most + levy) * 5, 100))
    assert [line.amount_minor for line in bill.lines] == [1_000_000, energy, most, levy, vat]
    assert bill.total_minor > 10**15  # a million million, in thousandths


@pytest.mark.parametrize(
    ("each", "words"),
    [
        (2**62, "more energy than can be reckoned exactly"),
        (10**18 // 40, "more energy than can be reckoned exactly"),
        (10**18 // 50, "a line of 'energy' is too large to be reckoned exactly"),
    ],
)
def test_what_is_too_large_is_refused(each: int, words: str) -> None:
    subject = tariff_of(document(version(flat("1000")), timezone="UTC"))
    with pytest.raises(BeyondExact, match=words):
        rate_bill(usage_over(DAY, "UTC", each), subject, DAY)
    plain = tariff_of(document(version(flat("0.001")), timezone="UTC"))
    if each == 10**18 // 50:
        assert rate_bill(usage_over(DAY, "UTC", each), plain, DAY).total_minor == 48 * each // 10**7


def test_one_too_large_names_itself_in_a_batch() -> None:
    values = np.full((9, 48), 10**6, dtype=np.int64)
    values[4] = 10**17
    usage = UsageMatrix(usage_over(DAY, "UTC", 1).starts_at, 30, values)
    with pytest.raises(BeyondExact) as refusal:
        rate(usage, tariff_of(document(version(flat("1")), timezone="UTC")), DAY)
    assert refusal.value.rows == (4,)


quantities = st.integers(-(10**18), 10**18)
price_list = st.lists(st.integers(-9_000_000_000_000 + 1, 9_000_000_000_000 - 1), min_size=1, max_size=3)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(quantities, min_size=1, max_size=4),
    price_list,
    st.sampled_from([0, 2, 3]),
    st.sampled_from(list(Rounding)),
    st.fractions(0, 12, max_denominator=400),
)
def test_money_is_the_fraction_rounded_once_or_refused(
    sizes: list[int], prices: list[int], decimals: int, rule: Rounding, part: Fraction
) -> None:
    quantity = np.array(sizes, dtype=np.int64)

    def known(size: int, price: int, of: Fraction = Fraction(1)) -> int:
        exact = Fraction(size * price, 10 ** (12 - decimals)) * of
        low, rest = divmod(abs(exact), 1)
        up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (rule is Rounding.HALF_UP or low % 2 == 1))
        return (-1 if exact < 0 else 1) * (int(low) + up)

    try:
        found = amounts_by_price(np.stack([quantity] * len(prices)), prices, decimals, rule)
    except BeyondExact:
        assert any(abs(known(size, price)) >= 2**63 for size in sizes for price in prices)
    else:
        assert found.tolist() == [[known(size, price) for size in sizes] for price in prices]
        assert amounts(quantity, prices[0], decimals, rule).tolist() == found[0].tolist()
    try:
        share = amounts_of_part(quantity, prices[0], part, decimals, rule)
    except BeyondExact:
        assert any(abs(known(size, prices[0], part)) >= 2**63 for size in sizes)
    else:
        assert share.tolist() == [known(size, prices[0], part) for size in sizes]
