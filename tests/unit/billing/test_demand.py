"""Demand by hand: windows, instants, ratchets, parts of months (docs/tariffs.md)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rating_cases import (
    FIRST,
    SECOND,
    demand,
    fixed,
    flat,
    random_usage,
    side_of,
    tariff,
    tax,
    usage_over,
    version,
    week_usage,
)

from billing.domain.explanation.comparison import compare
from billing.domain.explanation.evidence import evidence_of
from billing.domain.explanation.game import Game
from billing.domain.explanation.sides import Side
from billing.domain.explanation.words import answer_of
from billing.domain.plans.supply_state import PastDemand, SupplyState
from billing.domain.rating.rate import rate_bill
from billing.domain.rating.rated import Demand, RatedBill
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.file import tariff_of

LONDON = "Europe/London"
JULY = Period(date(2013, 7, 1), date(2013, 8, 1))


def with_peaks(period: Period, peaks: dict[datetime, int], minutes: int = 30, base: int = 100_000) -> Usage:
    """The same use throughout but for some intervals, by their UTC start."""
    usage = usage_over(period, LONDON, base, minutes)
    values = usage.micro_kwh.copy()
    for at, micro in peaks.items():
        values[(at.astimezone(UTC) - usage.starts_at) // timedelta(minutes=minutes)] = micro
    return Usage.of(usage.starts_at, minutes, values)


def amounts(bill: RatedBill) -> list[tuple[str, int, int]]:
    return [
        (line.label, line.quantity_micro, line.amount_minor) for line in bill.lines if line.kind == "demand"
    ]


def test_the_highest_half_hour_and_when_it_was() -> None:
    at = datetime(2013, 7, 17, 16, 30, tzinfo=UTC)
    usage = with_peaks(JULY, {at: 2_500_000, at + timedelta(days=2): 2_500_000})
    bill = rate_bill(usage, tariff(version(demand("8.50"))), JULY)
    assert amounts(bill) == [("maximum", 5_000_000, 4250)]
    assert bill.lines[0].unit == "kW month"
    assert bill.demands == (
        Demand("demand", "maximum", JULY.starts_on, JULY.ends_before, 30, 5_000_000, at, 5_000_000, None),
    )
    assert bill.notes == ()


def test_windows_are_aligned_with_the_clock() -> None:
    """Two half-hours next to each other, in one hour of the clock or across its border."""
    at = datetime(2013, 7, 17, 16, 0, tzinfo=UTC)
    hourly = tariff(version(demand("1", window=60)))
    for shift, expected in ((0, 4_000_000), (30, 2_100_000)):
        first = at + timedelta(minutes=shift)
        usage = with_peaks(JULY, {first: 2_000_000, first + timedelta(minutes=30): 2_000_000})
        assert rate_bill(usage, hourly, JULY).demands[0].micro_kw == expected


def test_each_pass_through_a_repeated_hour_is_an_hour() -> None:
    october = Period(date(2013, 10, 27), date(2013, 10, 28))
    passes = [datetime(2013, 10, 27, hour, 0, tzinfo=UTC) for hour in (0, 1)]  # 01:00 twice
    usage = with_peaks(october, {at: 1_000_000 * (n + 2) for n, at in enumerate(passes)})
    found = rate_bill(usage, tariff(version(demand("1", window=60))), october).demands[0]
    assert (found.micro_kw, found.starts_at) == (3_100_000, passes[1])


def test_readings_longer_than_the_window_are_rated_as_they_are_and_it_is_said() -> None:
    usage = with_peaks(JULY, {datetime(2013, 7, 5, 12, 0, tzinfo=UTC): 4_000_000}, minutes=60)
    bill = rate_bill(usage, tariff(version(demand("1", window=15))), JULY)
    assert bill.demands[0].micro_kw == 4_000_000
    assert bill.demands[0].window_minutes == 60
    (note,) = bill.notes
    assert note.code == "coarse_demand"
    assert "by 15 minutes; these readings allow 60" in note.words
    # Twenty minutes fill no half-hour: the next length they do fill.
    odd = usage_over(JULY, LONDON, 1_000_000, 20)
    assert rate_bill(odd, tariff(version(demand("1", window=30))), JULY).demands[0].window_minutes == 40


def test_hours_without_a_price_for_demand_make_none() -> None:
    charge = demand()
    charge["periods"] = [{"label": "peak", "price": "10", "days": ["weekday"], "hours": ["16:00-20:00"]}]
    saturday, monday = datetime(2013, 7, 6, 16, 0, tzinfo=UTC), datetime(2013, 7, 8, 16, 0, tzinfo=UTC)
    usage = with_peaks(JULY, {saturday: 9_000_000, monday: 1_000_000})
    bill = rate_bill(usage, tariff(version(charge)), JULY)
    assert bill.demands[0].starts_at == monday
    assert amounts(bill) == [("peak", 2_000_000, 2000)]
    weekend = Period(date(2013, 7, 6), date(2013, 7, 8))
    assert rate_bill(usage, tariff(version(charge)), weekend).lines == ()


def test_tiers_of_kw() -> None:
    charge = demand()
    charge["periods"] = [{"label": "most", "tiers": [{"up_to": "3", "price": "20"}, {"price": "15"}]}]
    usage = with_peaks(JULY, {datetime(2013, 7, 5, 12, 0, tzinfo=UTC): 2_500_000})
    bill = rate_bill(usage, tariff(version(charge)), JULY)
    assert amounts(bill) == [("most, to 3 kW", 3_000_000, 6000), ("most, over 3 kW", 2_000_000, 3000)]


def test_months_of_a_bill_have_maxima_of_their_own_and_a_part_counts_by_its_days() -> None:
    period = Period(date(2013, 7, 22), date(2013, 8, 16))
    peaks = {datetime(2013, 7, 25, 9, tzinfo=UTC): 3_100_000, datetime(2013, 8, 2, 9, tzinfo=UTC): 1_550_000}
    usage = with_peaks(period, peaks)
    by_month = rate_bill(usage, tariff(version(demand("10"))), period)
    # 6.2 kW x 10/31 and 3.1 kW x 15/31 of 10.00
    assert amounts(by_month) == [("maximum", 2_000_000, 2000), ("maximum", 1_500_000, 1500)]
    assert [line.starts_on for line in by_month.lines] == [date(2013, 7, 22), date(2013, 8, 1)]
    by_bill = rate_bill(usage, tariff(version(demand("10", by="bill"))), period)
    assert amounts(by_bill) == [("maximum", 5_000_000, 5000)]
    by_day = rate_bill(usage, tariff(version(demand("1", per="day"))), period)
    assert amounts(by_day) == [("maximum", 62_000_000, 6200), ("maximum", 46_500_000, 4650)]


def test_a_change_of_price_splits_the_maximum_a_change_of_tax_only_its_money() -> None:
    peaks = {datetime(2013, 7, 5, 9, tzinfo=UTC): 1_550_000, datetime(2013, 7, 20, 9, tzinfo=UTC): 3_100_000}
    usage = with_peaks(JULY, peaks)
    dearer = tariff(version(demand("10")), version(demand("20"), starts_on="2013-07-11"))
    assert amounts(rate_bill(usage, dearer, JULY)) == [
        ("maximum", 1_000_000, 1000),
        ("maximum", 4_200_000, 8400),
    ]
    taxed = tariff(version(demand("10"), tax("5")), version(demand("10"), tax("20"), starts_on="2013-07-11"))
    bill = rate_bill(usage, taxed, JULY)
    assert amounts(bill) == [("maximum", 2_000_000, 2000), ("maximum", 4_200_000, 4200)]
    assert len(bill.demands) == 1
    same = tariff(
        version(demand("10"), fixed("1")), version(demand("10"), fixed("2"), starts_on="2013-07-11")
    )
    assert amounts(rate_bill(usage, same, JULY)) == [("maximum", 6_200_000, 6200)]


def past(month: date, micro_kw: int, label: str = "maximum", code: str = "demand") -> PastDemand:
    return PastDemand(code, label, month, np.array([micro_kw]))


@pytest.mark.parametrize(
    ("months", "of", "billed", "held_by"),
    [
        (1, None, 1_000_000, None),
        (4, None, 1_600_000, date(2013, 3, 1)),
        (5, None, 3_200_000, date(2013, 2, 1)),
        (5, ["march", "june"], 1_600_000, date(2013, 3, 1)),
        (12, ["july"], 4_800_000, date(2012, 7, 1)),
    ],
)
def test_a_ratchet_looks_back(months: int, of: list[str] | None, billed: int, held_by: date | None) -> None:
    ratchet: dict[str, Any] = {"percent": "80", "months": months, **({"of": of} if of else {})}
    subject = tariff(version(demand("10", ratchet=ratchet)))
    state = SupplyState(
        (
            past(date(2013, 6, 1), 100_000),
            past(date(2013, 3, 1), 2_000_000),
            past(date(2013, 2, 1), 4_000_000),
            past(date(2012, 7, 1), 6_000_000),
            past(date(2013, 6, 1), 99_000_000, label="other"),
            past(date(2013, 6, 1), 99_000_000, code="other"),
        )
    )
    bill = rate_bill(usage_over(JULY, LONDON, 500_000), subject, JULY, state=state)
    assert (bill.demands[0].micro_kw, bill.demands[0].billed_micro_kw) == (1_000_000, billed)
    assert bill.demands[0].held_by == held_by
    assert amounts(bill) == [("maximum", billed, billed // 1000)]
    assert rate_bill(usage_over(JULY, LONDON, 500_000), subject, JULY).demands[0].held_by is None


def test_a_ratchet_sees_the_months_of_its_own_bill_but_not_its_own_month() -> None:
    ratchet = {"percent": "50", "months": 1}
    period = Period(date(2013, 7, 1), date(2013, 9, 1))
    usage = with_peaks(period, {datetime(2013, 7, 5, 9, tzinfo=UTC): 4_000_000}, base=500_000)
    subject = tariff(
        version(demand("10", ratchet=ratchet)),
        version(demand("11", ratchet=ratchet), starts_on="2013-07-15"),
    )
    found = rate_bill(usage, subject, period).demands
    assert [one.micro_kw for one in found] == [8_000_000, 1_000_000, 1_000_000]
    assert [one.billed_micro_kw for one in found] == [8_000_000, 1_000_000, 4_000_000]
    assert [one.held_by for one in found] == [None, None, date(2013, 7, 1)]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([15, 30, 60]), st.sampled_from([15, 30, 60]))
def test_the_highest_by_numpy(seed: int, minutes: int, window: int) -> None:
    period = Period(date(2013, 6, 1), date(2013, 7, 1))
    usage = random_usage(period, LONDON, seed, minutes=minutes)
    length = max(minutes, window)
    sums = usage.micro_kwh.reshape(-1, length // minutes).sum(axis=1)
    (found,) = rate_bill(usage, tariff(version(demand(window=window))), period).demands
    assert found.micro_kw == sums.max() * 60 // length
    assert found.starts_at == usage.starts_at + int(sums.argmax()) * timedelta(minutes=length)


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"window": 20}, "window: expected one of 15, 30, 60, found the number 20"),
    ({"by": "day"}, "by: 'day' is not one of month, bill"),
    ({"per": "year"}, "per: 'year' is not one of day, month"),
    (
        {"ratchet": {"percent": "0", "months": 3}},
        "ratchet.percent: expected more than 0 and at most 100, with at most four decimals",
    ),
    (
        {"ratchet": {"percent": "80", "months": 0}},
        "ratchet.months: expected a whole number from 1 to 36, found the number 0",
    ),
    ({"ratchet": {"percent": "80"}}, "ratchet: 'months' is not given"),
    (
        {"ratchet": {"percent": "80", "months": 1, "of": ["Jun"]}},
        "ratchet.of[0]: 'Jun' is not one of january, february, march, april, may, june, july, august, "
        "september, october, november, december",
    ),
    ({"periods": [{"label": "a"}]}, "periods[0]: 'price' is not given"),
    (
        {"periods": [{"label": "a", "price": "1", "tiers": [{"up_to": "3", "price": "2"}, {"price": "1"}]}]},
        "periods[0].price: the period has tiers: give the price of each under 'tiers'",
    ),
    (
        {
            "periods": [
                {"label": "a", "price": "1", "hours": ["07:00-10:00"]},
                {"label": "b", "price": "2", "hours": ["09:00-12:00"]},
            ]
        },
        "periods[1]: 09:00-10:00 on a monday falls in 'a' (periods[0]) and in 'b'",
    ),
    ({"kva": True}, "unknown key 'kva'"),
]


@pytest.mark.parametrize(("change", "says"), REFUSALS)
def test_refusals_say_place_and_reason(change: dict[str, Any], says: str) -> None:
    from rating_cases import document

    from billing.domain.errors import TariffRefused

    with pytest.raises(TariffRefused) as caught:
        tariff_of(document(version(flat(), {**demand(), **change})))
    assert str(caught.value).removeprefix("versions[0].charges[1]").lstrip(".: ").startswith(says)


# Why a bill differs.


def test_only_the_peak() -> None:
    """At one price for energy and another for demand, moved energy is the peak's doing alone."""
    subject = tariff(version(flat("0.20"), demand("10", per="day")))
    before = week_usage(FIRST, 3)
    values = week_usage(SECOND, 3).micro_kwh.copy()
    most = int(values.argmax())
    values[most], values[most + 1] = values[most] + values[most + 1], 0
    after = Usage.of(week_usage(SECOND, 3).starts_at, 30, values)
    found = compare(side_of(subject, FIRST, before), side_of(subject, SECOND, after))
    assert found.difference_minor > 0
    assert found.effect("peak") == found.difference_minor
    assert found.effect("shift") == 0
    assert [row.code for row in found.rows if any(row.effects_minor)] == ["demand"]
    evidence = evidence_of(found, "peak")
    assert evidence.figures[0].unit == "kW"
    assert evidence.text.startswith("maximum ")
    assert " kW on " in evidence.text
    assert "all of it is a higher peak for the same use" in answer_of(found).sentence


def test_a_ratchet_from_an_old_month_is_the_peaks_doing_and_names_the_month() -> None:
    subject = tariff(version(flat("0.20"), demand("10", per="day", ratchet={"percent": "80", "months": 11})))
    held = SupplyState((past(date(2013, 2, 1), 50_000_000),))
    before = Side(week_usage(FIRST, 3), subject, FIRST, LONDON)
    after = Side(week_usage(SECOND, 3), subject, SECOND, LONDON, state=held)
    found = compare(before, after)
    assert found.effect("peak") == found.difference_minor > 0
    assert found.after.demands[0].held_by == date(2013, 2, 1)
    assert "the peak of February 2013" in answer_of(found).sentence
    assert "on 1 February" in evidence_of(found, "peak").text


def test_the_repeated_hour_stands_apart_in_mixtures() -> None:
    """Twice 3 kWh in the hour that comes twice are no hour of 6 kWh."""
    periods = Period(date(2013, 9, 20), date(2013, 10, 10)), Period(date(2013, 10, 15), date(2013, 11, 4))
    peaks = {datetime(2013, 10, 27, hour, tzinfo=UTC): 3_000_000 for hour in (0, 1)}
    subject = tariff(version(demand("10", per="day", window=60)))
    sides = [side_of(subject, period, usage_over(period, LONDON, 100_000)) for period in periods]
    sides[1] = side_of(subject, periods[1], with_peaks(periods[1], peaks))
    game = Game.of(sides[0], sides[1])
    assert game.grid.repeated.sum() == 2
    (amounts,) = game.values(game.active()).values()
    assert [int(amounts[0]), int(amounts[-1])] == [side.bill().total_minor for side in sides]
    assert sides[1].bill().demands[0].micro_kw == 3_100_000


def test_without_demand_charges_there_is_no_peak() -> None:
    subject = tariff(version(flat("0.20")))
    found = compare(
        side_of(subject, FIRST, week_usage(FIRST, 1)), side_of(subject, SECOND, week_usage(SECOND, 2))
    )
    assert "peak" not in found.factors
    assert "shift" in found.factors


def test_the_energy_of_a_tariff_with_demand_has_the_same_effects() -> None:
    """Demand is read by demand lines alone: what it does moves no energy."""
    usages = week_usage(FIRST, 1), week_usage(SECOND, 2)
    cells = []
    for charges in ((flat("0.20"),), (flat("0.20"), demand())):
        subject = tariff(version(*charges))
        found = compare(side_of(subject, FIRST, usages[0]), side_of(subject, SECOND, usages[1]))
        (row,) = [row for row in found.rows if row.kind == "energy"]
        cells.append(
            {name: cell for name, cell in zip(found.factors, row.effects_minor, strict=True) if cell}
        )
    assert cells[0] == cells[1]
