"""Late fees, and discounts on the first kWh: by hand (docs/tariffs.md)."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rating_cases import document, fixed, flat, tariff, tax, three_rates, usage_over, version

from billing.domain.accounts.late_fee_caps import CAPS, LateFeeCap, cap_of
from billing.domain.accounts.late_fees import (
    LateBill,
    LateFee,
    Stop,
    fees_due,
    late_fee,
    late_fees,
    layers_of,
    rightful_minor,
)
from billing.domain.errors import NotRateable, TariffRefused
from billing.domain.money import div_round
from billing.domain.rating.rate import rate_bill
from billing.domain.reckoning.days import Period
from billing.domain.tariffs.file import tariff_of

ON = date(2026, 3, 1)
JUNE = Period(date(2013, 6, 1), date(2013, 7, 1))


def late(**terms: Any) -> dict[str, Any]:
    return {"kind": "late_fee", "code": "late", "label": "Late payment", **terms}


def test_a_percentage_counts_the_days_after_those_that_are_free() -> None:
    subject = tariff(version(flat(), late(percent="1.5", per="month", after_days=14)))
    # 73 days are a fifth of a year: 2.4 months at 1.5 % of 100.00.
    assert late_fee(subject, 100_00, 14 + 73, ON) == 360
    assert late_fee(subject, 100_00, 14, ON) == late_fee(subject, 100_00, -3, ON) == 0
    assert late_fee(subject, -100_00, 99, ON) == 0


def test_by_the_day_and_the_year() -> None:
    assert late_fee(tariff(version(flat(), late(percent="0.1", per="day"))), 200_00, 10, ON) == 200
    assert late_fee(tariff(version(flat(), late(percent="8", per="year"))), 365_00, 30, ON) == 240


def test_an_amount_is_due_once_and_beside_a_percentage() -> None:
    charges = [late(amount="5.00", after_days=7), late(percent="8", per="year") | {"code": "interest"}]
    subject = tariff(version(flat(), *charges))
    assert late_fees(subject, 365_00, 5, ON) == (LateFee("interest", "Late payment", 40),)
    assert late_fees(subject, 365_00, 8, ON) == (
        LateFee("late", "Late payment", 500),
        LateFee("interest", "Late payment", 64),
    )
    assert late_fee(subject, 365_00, 300, ON) == 500 + 2400


def test_the_version_in_force_says_what_it_costs() -> None:
    first = version(flat(), starts_on="2026-01-01")
    subject = tariff(first, version(flat(), late(amount="5"), starts_on="2026-03-01"))
    assert late_fee(subject, 1, 99, date(2026, 2, 28)) == 0
    assert late_fee(subject, 1, 99, ON) == 500
    with pytest.raises(NotRateable):
        late_fee(subject, 1, 99, date(2025, 12, 31))


@given(st.integers(1, 10**15), st.integers(1, 3_650), st.integers(1, 9_999_999))
def test_a_fee_is_the_fraction_rounded_once(overdue: int, days: int, ppm: int) -> None:
    percent = f"{ppm / 10_000:.4f}"
    subject = tariff(version(flat(), late(percent=percent, per="year")))
    exact = Fraction(overdue * days) * Fraction(percent) / 100 / 365
    assert abs(late_fee(subject, overdue, days, ON) - exact) <= Fraction(1, 2)


def test_a_late_fee_makes_no_line_and_splits_none() -> None:
    usage = usage_over(JUNE, "Europe/London", 500_000)
    plain = rate_bill(usage, tariff(version(fixed(), flat(), tax())), JUNE)
    there = tariff(
        version(fixed(), flat(), tax()),
        version(
            fixed(),
            flat(),
            late(amount="5"),
            tax(),
            late(amount="1") | {"code": "more"},
            starts_on="2013-06-10",
        ),
    )
    assert rate_bill(usage, there, JUNE) == plain


@pytest.mark.parametrize(
    ("terms", "place", "reason"),
    [
        ({"percent": "1", "per": "week"}, "per", "'week' is not one of day, month, year"),
        ({"percent": "1", "per": "month", "amount": "5"}, "percent", "a percentage or an amount, not both"),
        ({"percent": "-1", "per": "month"}, "percent", "expected more than 0"),
        ({"amount": "0"}, "amount", "expected more than 0"),
        ({"amount": "5", "per": "month"}, "", "unknown key 'per'"),
        (
            {"amount": "5", "after_days": "14"},
            "after_days",
            "expected a whole number from 0 to 365, found '14'",
        ),
        ({}, "", "'percent' is not given"),
    ],
)
def test_a_bad_late_fee_is_refused_by_place(terms: dict[str, Any], place: str, reason: str) -> None:
    with pytest.raises(TariffRefused) as refusal:
        tariff_of(document(version(flat(), late(**terms))))
    where = "versions[0].charges[1]"
    assert refusal.value.place == (f"{where}.{place}" if place else where)
    assert reason in refusal.value.reason


def test_no_tax_falls_on_a_late_fee() -> None:
    with pytest.raises(
        TariffRefused, match=r"charges\[2\]\.base\[0\]: 'late' is no charge that stands before it"
    ):
        tariff_of(document(version(flat(), late(amount="5"), tax(base=["late"]))))


def first_kwh(**terms: Any) -> dict[str, Any]:
    return {"kind": "discount", "code": "social", "label": "First 100 kWh", "percent": "50", **terms}


def test_the_first_kwh_of_a_month_at_half_their_mean_price() -> None:
    """720 kWh in June at three prices; a hundred of them are 100/720 of the money."""
    charge = first_kwh(up_to="100", per="month", base=["energy"])
    bill = rate_bill(
        usage_over(JUNE, "Europe/London", 500_000),
        tariff(version(fixed(), three_rates(), charge, tax())),
        JUNE,
    )
    energy = sum(line.amount_minor for line in bill.lines if line.kind == "energy")
    (social,) = [line for line in bill.lines if line.code == "social"]
    assert social.amount_minor == -round(Fraction(energy * 100, 720) / 2)
    assert [line.quantity_micro for line in bill.lines if line.kind == "tax"] == [
        (bill.total_minor - bill.lines[-1].amount_minor) * 10_000
    ]


def test_who_uses_less_than_that_has_it_off_all_of_it() -> None:
    charge = first_kwh(up_to="30", per="day")
    usage = usage_over(JUNE, "Europe/London", 500_000)  # 24 kWh a day
    bill = rate_bill(usage, tariff(version(fixed(), flat(), charge)), JUNE)
    energy = sum(line.amount_minor for line in bill.lines if line.kind == "energy")
    assert bill.lines[-1].amount_minor == -round(Fraction(energy, 2))


def test_two_charges_on_the_same_energy_are_the_same_first_kwh() -> None:
    charge = first_kwh(up_to="360", per="month", base=["energy", "network"])
    usage = usage_over(JUNE, "Europe/London", 500_000)  # 720 kWh
    bill = rate_bill(usage, tariff(version(flat("0.20"), flat("0.10", "network"), charge)), JUNE)
    assert bill.lines[-1].amount_minor == -(14400 + 7200) // 4


def test_a_part_of_the_month_has_its_days_of_the_first_kwh() -> None:
    period = Period(date(2013, 6, 1), date(2013, 6, 11))
    usage = usage_over(period, "Europe/London", 500_000)  # 240 kWh
    bill = rate_bill(usage, tariff(version(flat("0.20"), first_kwh(up_to="360", per="month"))), period)
    assert bill.lines[-1].amount_minor == -1200  # half of 120 kWh


@pytest.mark.parametrize(
    ("terms", "place"),
    [
        ({"up_to": "0", "per": "month"}, ".up_to"),
        ({"up_to": "5"}, ""),
        ({"up_to": "5", "per": "year"}, ".per"),
    ],
)
def test_bad_first_kwh_are_refused_by_place(terms: dict[str, Any], place: str) -> None:
    with pytest.raises(TariffRefused) as refusal:
        tariff_of(document(version(flat(), first_kwh(**terms))))
    assert refusal.value.place == f"versions[0].charges[1]{place}"


@given(
    overdue=st.integers(100, 10**9),
    days=st.integers(0, 400),
    after=st.integers(0, 60),
    law=st.sampled_from([None, *CAPS]),
)
def test_months_are_posted_one_by_one_and_never_beyond_the_cap(
    overdue: int, days: int, after: int, law: LateFeeCap | None
) -> None:
    subject = tariff(version(flat(), late(percent="2", per="month", after_days=after)))
    posted: dict[tuple[str, int], int] = {}
    for day in range(days + 1):
        for fee in fees_due(subject, ON, LateBill(overdue, day, posted), law, 160_000):
            assert fee.amount_minor <= fee.full_minor == div_round(overdue * 2, 100, subject.rounding)
            posted[fee.code, fee.turn] = fee.amount_minor
    turns = max(0, days - after) * 12 // 365
    assert len(posted) <= turns
    if law is None:
        assert list(posted) == [("late", turn) for turn in range(1, turns + 1)]
    elif law.once_ppm:
        assert sum(posted.values()) <= overdue * law.once_ppm // 10**6
    elif law.month_ppm:
        assert sum(posted.values()) <= overdue * law.month_ppm * (days * 12 // 365) // 10**6
    elif not law.penalty:
        assert not posted


SPANS = st.tuples(st.one_of(st.none(), st.integers(1, 500)), st.integers(-5, 99), st.integers(0, 60))


@given(st.integers(1, 500), st.integers(0, 300), st.integers(0, 99), st.lists(SPANS, max_size=4))
def test_each_penny_counts_the_days_on_which_it_was_not_held(
    overdue: int, held: int, days: int, spans: list[tuple[int | None, int, int]]
) -> None:
    today = ON + timedelta(days=days)
    stops = [
        Stop(amount, ON + timedelta(days=first), ON + timedelta(days=first + length) if length else None)
        for amount, first, length in spans
    ]
    layers = layers_of(overdue, held, ON, today, stops)
    assert sum(amount for amount, _ in layers) == overdue
    found = [count for amount, count in layers for _ in range(amount)]
    for place, count in enumerate(found, held + 1):
        holds = [
            (one.starts_on, one.ends_before or date.max)
            for one in stops
            if one.amount_minor is None or one.amount_minor >= place
        ]
        free = [
            day
            for day in (ON + timedelta(days=turn) for turn in range(days))
            if not any(starts_on <= day < ends_before for starts_on, ends_before in holds)
        ]
        assert count == len(free)


def test_a_penalty_of_russia_grows_after_ninety_days() -> None:
    cap = cap_of("RU", "", "household")
    assert cap is not None and cap_of("RU", "", "industry") is None
    # 21 % a year's rate on 1,000.00: 60 days at 1/300, ten at 1/130.
    exact = Fraction(100_000 * 21, 100) * (Fraction(60, 300) + Fraction(10, 130))
    assert cap.most_minor(100_000, 100, 0, 210_000) == int(exact)
    assert cap.most_minor(100_000, 30, 0, 210_000) == 0


@pytest.mark.parametrize(
    ("once", "credited", "right"),
    [(False, 0, 300), (False, 5_000, 225), (False, 30_000, 0), (True, 5_000, 300), (True, 20_000, 0)],
)
def test_a_fee_is_as_if_the_credited_part_had_never_been_owed(once: bool, credited: int, right: int) -> None:
    assert rightful_minor(300, 20_000, credited, once=once) == right
