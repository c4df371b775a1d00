"""Energy by a price series: exact, never priced as zero, in the zone's own hours."""

from __future__ import annotations

import csv
import pickle
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rating_cases import document, fixed, flat, london_usage, tariff, tax, usage_over, version

from billing.domain.errors import MissingPrices, NotRateable
from billing.domain.money import Rounding
from billing.domain.rating.rate import rate, rate_bill
from billing.domain.rating.rated import RatedBill
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.exact_sum import ExactSum
from billing.domain.reckoning.usage import Usage, UsageMatrix
from billing.domain.tariffs.file import tariff_of
from billing.domain.tariffs.price_series import PriceSeries
from billing.domain.tariffs.tariff import Tariff

DAY = Period(date(2024, 2, 1), date(2024, 2, 2))
MIDNIGHT = datetime(2024, 2, 1, tzinfo=UTC)


def dynamic(**more: Any) -> dict[str, Any]:
    return {"kind": "dynamic", "code": "energy", "label": "Market price", "series": "spot", **more}


def spot(prices: list[int], minutes: int = 30, starts_at: datetime = MIDNIGHT) -> PriceSeries:
    return PriceSeries.of("spot", starts_at, minutes, prices)


def billed(subject: Tariff, usage: Usage, period: Period = DAY) -> RatedBill:
    return rate_bill(usage, subject, period)


def test_each_interval_at_its_price_with_the_mean_shown() -> None:
    subject = tariff(version(dynamic())).with_prices([spot([100_000] * 24 + [300_000] * 24)])
    usage = usage_over(DAY, "Europe/London", lambda count: np.repeat([1_000_000, 3_000_000], count // 2))
    (line,) = billed(subject, usage).lines
    assert (line.kind, line.label, line.unit) == ("energy", "Market price, mean price", "kWh")
    assert (line.quantity_micro, line.amount_minor, line.price_micro) == (96_000_000, 2_400, 250_000)


@pytest.mark.parametrize(
    ("terms", "pounds"),
    [
        ({}, "0.1"),  # -0.2 + 0.3
        ({"adder": "0.01"}, "0.12"),
        ({"multiplier": "1.5"}, "0.15"),
        ({"multiplier": "2", "adder": "-0.05"}, "0.1"),
        ({"floor": "0"}, "0.3"),
        ({"cap": "0.25"}, "0.05"),
        ({"multiplier": "2", "adder": "0.1", "cap": "0.5", "floor": "-0.1"}, "0.4"),
    ],
)
def test_multiplier_then_adder_then_cap_and_floor(terms: dict[str, str], pounds: str) -> None:
    subject = tariff(version(dynamic(**terms))).with_prices([spot([-200_000] + [300_000] * 47)])
    usage = usage_over(DAY, "Europe/London", lambda count: np.array([10**6] * 2 + [0] * (count - 2)))
    assert billed(subject, usage).lines[0].amount_minor == Fraction(pounds) * 100


def test_hourly_prices_hold_for_both_half_hours_and_means_for_longer_readings() -> None:
    subject = tariff(version(dynamic())).with_prices([spot([100_000, 200_000] * 12, minutes=60)])
    for minutes in (15, 30, 60):
        bill = billed(subject, usage_over(DAY, "Europe/London", 60_000 * minutes, minutes))
        assert (bill.total_minor, bill.notes) == (1_296, ())
    long = billed(subject, usage_over(DAY, "Europe/London", 7_200_000, 120))
    assert long.total_minor == 1_296
    assert [note.code for note in long.notes] == ["coarse_readings"]
    with pytest.raises(NotRateable, match="do not divide"):
        billed(subject, usage_over(DAY, "Europe/London", 1, 90))


def test_both_hours_of_a_long_day_have_prices_of_their_own() -> None:
    day = Period(date(2013, 10, 27), date(2013, 10, 28))
    starts_at = datetime(2013, 10, 26, 23, tzinfo=UTC)
    subject = tariff(version(dynamic())).with_prices([spot(list(range(0, 500_000, 10_000)), 30, starts_at)])
    bill = billed(subject, usage_over(day, "Europe/London", 1_000_000), day)
    assert (bill.intervals, bill.lines[0].quantity_micro) == (50, 50_000_000)
    assert bill.total_minor == sum(range(50))


def test_a_price_that_is_missing_is_refused_by_name_with_its_first_instant() -> None:
    bare = tariff(version(dynamic()))
    usage = usage_over(DAY, "Europe/London", 1_000_000)
    with pytest.raises(MissingPrices, match=r"'spot' has no price for 2024-02-01 00:00 UTC"):
        billed(bare, usage)
    holes = np.zeros(48, dtype=bool)
    holes[[7, 9]] = True
    subject = bare.with_prices([PriceSeries.of("spot", MIDNIGHT, 30, [1] * 48, holes)])
    with pytest.raises(MissingPrices, match=r"2024-02-01 03:30 UTC") as caught:
        billed(subject, usage)
    assert (caught.value.series, caught.value.at) == ("spot", MIDNIGHT + timedelta(hours=3, minutes=30))
    idle = Usage.of(MIDNIGHT, 30, np.where(holes, 0, 10**6))
    assert billed(subject, idle).lines[0].quantity_micro == 46_000_000
    both = UsageMatrix.of([idle, usage])
    with pytest.raises(MissingPrices) as caught:
        rate(both, subject, DAY)
    assert caught.value.rows == (1,)


def test_series_of_the_same_content_are_one_key_of_the_caches() -> None:
    one, same, other = (tariff(version(dynamic())).with_prices([spot([p] * 48)]) for p in (7, 7, 8))
    assert one == same and hash(one) == hash(same) and one != other
    travelled = pickle.loads(pickle.dumps(one))
    assert travelled == one
    usage = usage_over(DAY, "Europe/London", 10**9)
    assert billed(travelled, usage) == billed(one, usage) != billed(other, usage)


def test_terms_that_change_split_the_line_and_taxes_and_fixed_charges_go_along() -> None:
    subject = tariff(
        version(fixed("1"), dynamic(), tax("10")),
        version(fixed("1"), dynamic(adder="0.1"), tax("10"), starts_on="2024-02-03"),
    ).with_prices([spot([100_000] * 24 * 4, minutes=60)])
    days = Period(date(2024, 2, 1), date(2024, 2, 5))
    bill = billed(subject, usage_over(days, "Europe/London", 500_000), days)
    assert [(one.code, one.starts_on.day, one.price_micro, one.amount_minor) for one in bill.lines] == [
        ("standing", 1, 1_000_000, 400),
        ("energy", 1, 100_000, 480),
        ("energy", 3, 200_000, 960),
        ("vat", 1, 100_000, 184),
    ]


@settings(deadline=None, max_examples=150)
@given(
    st.integers(1, 60),
    st.sampled_from([10, 10**6, 10**12, 10**15]),
    st.sampled_from([10, 10**6, 10**10, 10**15, 9 * 10**18]),
    st.integers(0, 2**32 - 1),
    st.integers(1, 10**6),
)
def test_sums_are_exact_to_a_billion_kwh_at_a_thousand_a_kwh(
    size: int, energy: int, price: int, seed: int, scale: int
) -> None:
    rng = np.random.default_rng(seed)
    usage = rng.integers(0, energy, (3, size), endpoint=True)
    weights = rng.integers(-price, price, size, endpoint=True)
    found = ExactSum.of(usage, weights)
    exact = [sum(e * w for e, w in zip(row, weights.tolist(), strict=True)) for row in usage.tolist()]
    assert found.exactly() == exact
    unit = Fraction(scale, 10**18)
    if max(map(abs, exact)) * unit * 100 < 2**62:
        for value, amount in zip(exact, found.amounts(unit, 2, Rounding.HALF_UP).tolist(), strict=True):
            assert abs(value * unit * 100 - amount) <= Fraction(1, 2)
            assert abs(amount) == int(abs(value * unit * 100) + Fraction(1, 2))


def test_a_billion_kwh_at_a_thousand_a_kwh_does_not_wrap() -> None:
    subject = tariff(version(dynamic(multiplier="1.000001"))).with_prices([spot([999_999_999] * 48)])
    usage = usage_over(DAY, "Europe/London", lambda count: np.full(count, 10**15 // count + 1))
    line = billed(subject, usage).lines[0]
    exact = line.quantity_micro * Fraction(999_999_999, 10**12) * Fraction(1_000_001, 10**6) * 100
    assert abs(line.amount_minor - exact) <= Fraction(1, 2)
    too_large = tariff(version(dynamic(multiplier="999"))).with_prices([spot([8 * 10**12] * 48)])
    with pytest.raises(NotRateable, match="too large"):
        billed(too_large, usage)


def test_a_tariff_file_names_its_series() -> None:
    found = tariff_of(document(version(dynamic(), dynamic(code="more", series="hourly", label="More"))))
    assert found.series_named == ("spot", "hourly")
    assert found.with_prices([spot([1]), PriceSeries.of("else", MIDNIGHT, 60, [1])]).prices == (spot([1]),)


@pytest.mark.shared
def test_londons_dynamic_bills(shared_data: Path) -> None:
    """Nineteen households in 2013 on the trial's three prices by the half-hour, and on its flat one."""
    folder = shared_data / "readings" / "london"
    with (folder / "price_temperature_2013.csv").open(newline="") as rows:
        prices = [round(Fraction(row["Price"]) * 10**6) for row in csv.DictReader(rows)]
    series = spot(prices, 30, datetime(2013, 1, 1, tzinfo=UTC))
    subject = tariff(version(dynamic()), timezone="UTC").with_prices([series])
    one_price = tariff(version(flat()), timezone="UTC")
    year = Period(date(2013, 1, 1), date(2014, 1, 1))
    with (folder / "expected_2013.csv").open(newline="") as rows:
        known = list(csv.DictReader(rows))
    assert len(known) == 19
    for row in known:
        usage = london_usage(shared_data, row["LCLid"])
        bill = rate_bill(usage, subject, year)
        assert abs(bill.total_minor / 100 - float(row["bill_dtou_gbp"])) < 0.00501, row["LCLid"]
        bill = rate_bill(usage, one_price, year)
        assert abs(bill.total_minor / 100 - float(row["bill_flat_gbp_14_228p"])) < 0.00501, row["LCLid"]
