"""Demand and capacity in kVA and kVAr: by hand, and held against the rule read plainly (docs/tariffs.md)."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_apparent import PlainApparent
from rating_cases import (
    FIRST,
    SECOND,
    capacity_charges,
    demand,
    demand_charges,
    document,
    fixed,
    flat,
    periods,
    random_usage,
    tariff,
    tax,
    usage_over,
    version,
)

from billing.domain.errors import TariffRefused, UnknownReactive
from billing.domain.explanation.comparison import compare
from billing.domain.explanation.evidence import evidence_of
from billing.domain.explanation.moved_days import moved_days
from billing.domain.explanation.nouns import noun_of
from billing.domain.explanation.sides import Side
from billing.domain.plans.apparent import apparent_micro
from billing.domain.plans.carrying import state_after
from billing.domain.plans.reactive_by_day import reactive_by_day
from billing.domain.plans.supply_state import ReactiveIntervals, ReactiveUse, SupplyState
from billing.domain.rating.rate import rate, rate_bill
from billing.domain.reckoning.axis import epoch_minute
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage, UsageMatrix
from billing.domain.tariffs.file import tariff_of
from billing.domain.tariffs.tariff import Tariff

LONDON = "Europe/London"
JULY = Period(date(2013, 7, 1), date(2013, 8, 1))
AUGUST = Period(date(2013, 8, 1), date(2013, 9, 1))


def known(reactive: Usage, period: Period, zone: str = LONDON) -> SupplyState:
    found = reactive_by_day(reactive, period, zone)
    assert found is not None
    return SupplyState(reactive=found)


def at_times(period: Period, peaks: dict[datetime, int], base: int, minutes: int = 30) -> Usage:
    usage = usage_over(period, LONDON, base, minutes)
    values = usage.micro_kwh.copy()
    for at, micro in peaks.items():
        values[(at - usage.starts_at) // timedelta(minutes=minutes)] = micro
    return Usage.of(usage.starts_at, minutes, values)


def july(hour: int, minute: int = 0) -> datetime:
    return datetime(2013, 7, 17, hour, minute, tzinfo=UTC)


def test_the_highest_is_of_both_energies_in_one_window() -> None:
    """The highest kW (2 kWh in half an hour: 4 kW) has no kVArh; 1.5 kWh beside 2 kVArh are 5 kVA."""
    usage = at_times(JULY, {july(9): 2_000_000, july(16, 30): 1_500_000}, 100_000)
    reactive = at_times(JULY, {july(16, 30): 2_000_000, july(20): 2_300_000}, 0)
    bill = rate_bill(usage, tariff(version(demand("8.50", unit="kVA"))), JULY, state=known(reactive, JULY))
    (line,) = bill.lines
    assert (line.quantity_micro, line.unit, line.amount_minor) == (5_000_000, "kVA month", 4250)
    (found,) = bill.demands
    assert (found.micro_kw, found.unit, found.starts_at) == (5_000_000, "kVA", july(16, 30))
    beside = rate_bill(usage, tariff(version(demand("8.50", unit="kVAr"))), JULY, state=known(reactive, JULY))
    assert [(one.quantity_micro, one.unit) for one in beside.lines] == [(4_600_000, "kVAr month")]
    assert beside.demands[0].starts_at == july(20)


def test_a_root_is_rounded_once_a_half_upwards() -> None:
    """Of 1 and 1 kWh in an hour sqrt(2) kVA; the squares decide which of two near windows is the highest."""
    assert apparent_micro(1_000_000, 1_000_000, 60) == 1_414_214
    assert apparent_micro(3, 4, 60) == 5
    # In half an hour 1 and 1 millionth are sqrt(8) = 2.83 millionths of a kVA; in two hours 3 and 4 are 2.5.
    assert apparent_micro(1, 1, 30) == 3
    assert apparent_micro(3, 4, 120) == 3
    near = at_times(JULY, {july(9): 30_000_000_000_001, july(16): 30_000_000_000_002}, 0)
    reactive = usage_over(JULY, LONDON, 40_000_000_000_000)
    (found,) = rate_bill(
        near, tariff(version(flat("0"), demand("0.000001", unit="kVA"))), JULY, state=known(reactive, JULY)
    ).demands
    assert found.starts_at == july(16)


@given(st.integers(0, 10**18), st.integers(-(10**18), 10**18), st.sampled_from([15, 30, 60, 120]))
def test_no_size_wraps_or_loses_a_millionth(micro_kwh: int, micro_kvarh: int, minutes: int) -> None:
    with localcontext() as context:
        context.prec = 80
        root = (Decimal(micro_kwh) ** 2 + Decimal(micro_kvarh) ** 2).sqrt() * 60 / minutes
        assert abs(apparent_micro(micro_kwh, micro_kvarh, minutes) - root) <= Decimal("0.5")


CHARGES: Any = st.builds(
    lambda charge, unit: charge | {"unit": unit, "code": f"{charge['code']}-{unit.lower()}"},
    st.one_of(demand_charges(True), capacity_charges(False)),
    st.sampled_from(["kVA", "kVA", "kVAr"]),
)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(CHARGES, min_size=1, max_size=2, unique_by=lambda charge: charge["code"]),
    periods(1, 40),
    st.sampled_from(["Europe/London", "UTC", "Asia/Kathmandu"]),
    st.tuples(st.sampled_from([15, 30, 60]), st.sampled_from([15, 30, 60])),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_bills_are_the_rule_read_plainly(
    charges: list[dict[str, Any]],
    period: Period,
    zone: str,
    minutes: tuple[int, int],
    seed: int,
    taxed: bool,
) -> None:
    """Windows, seasons, tiers, ratchets over the months of one bill, system peaks and planned hours; readings
    of either energy longer or shorter than the other's and than the window."""
    seasons = [
        {"name": "summer", "from": "06-12", "to": "11-05"},
        {"name": "winter", "from": "11-05", "to": "06-12"},
    ]
    used = repr([charge.get("periods") for charge in charges])
    body = version(flat(), *charges, *([tax()] if taxed else []))
    body |= {"seasons": seasons} if "summer" in used or "winter" in used else {}
    found = document(body, timezone=zone, decimals=2, rounding="half_up")
    usage = random_usage(period, zone, seed, minutes=minutes[0])
    reactive = random_usage(period, zone, seed + 1, minutes=minutes[1])
    state = known(reactive, period, zone)
    bill = rate_bill(usage, tariff_of(found), period, state=state)
    plain = PlainApparent(found, usage, reactive, period, state)
    got: dict[str, list[int]] = defaultdict(list)
    for line in bill.lines:
        got[line.code].append(line.amount_minor)
    expected: dict[str, list[int]] = defaultdict(list)
    for key, amount in plain.amounts.items():
        expected[key[1]].append(amount)
    assert {code: sorted(amounts) for code, amounts in got.items()} == {
        code: sorted(amounts) for code, amounts in expected.items()
    }


@settings(deadline=None, max_examples=10)
@given(CHARGES, periods(1, 40), st.integers(0, 2**32 - 1), st.sampled_from([15, 30, 60]))
def test_many_customers_are_billed_as_one_by_one(
    charge: dict[str, Any], period: Period, seed: int, minutes: int
) -> None:
    seasons = [
        {"name": "summer", "from": "06-12", "to": "11-05"},
        {"name": "winter", "from": "11-05", "to": "06-12"},
    ]
    more = {"seasons": seasons} if "'seasons'" in repr(charge) else {}
    subject = tariff(version(flat(), charge, **more))
    usages = [random_usage(period, LONDON, seed + row) for row in range(6)]
    states = [
        known(random_usage(period, LONDON, seed + 9 + row, minutes=minutes), period) for row in range(6)
    ]
    each = [state.reactive.intervals for state in states if state.reactive and state.reactive.intervals]
    rows = np.concatenate([one.micro_kvarh for one in each])
    together = ReactiveIntervals(each[0].first_minute, minutes, rows)
    whole = SupplyState(
        reactive=ReactiveUse(period.starts_on, np.zeros((6, period.days), dtype=np.int64), together)
    )
    batch = rate(UsageMatrix.of(usages), subject, period, state=whole)
    for row, (usage, state) in enumerate(zip(usages, states, strict=True)):
        assert batch.bill(row) == rate_bill(usage, subject, period, state=state)


def test_a_ratchet_looks_back_upon_the_kva_of_the_months_before() -> None:
    subject = tariff(version(demand("1", unit="kVA", ratchet={"percent": "80", "months": 11})))
    both = Period(JULY.starts_on, AUGUST.ends_before)
    usage = at_times(both, {july(12): 3_000_000}, 100_000)
    state = known(at_times(both, {july(12): 4_000_000}, 0), both)
    first = rate(UsageMatrix.of([usage]), subject, JULY, state=state)
    second = rate(UsageMatrix.of([usage]), subject, AUGUST, state=state_after(state, first)).bill(0)
    (found,) = second.demands
    assert (found.micro_kw, found.billed_micro_kw, found.held_by) == (200_000, 8_000_000, JULY.starts_on)
    assert [(line.quantity_micro, line.unit) for line in second.lines] == [(8_000_000, "kVA month")]


@pytest.mark.parametrize(
    "charge",
    [
        demand(unit="kVA"),
        {
            "kind": "capacity", "code": "demand", "label": "C", "price": "1", "window": 60, "unit": "kVA",
            "peaks": [{"month": "2013-07", "at": ["2013-07-03T12:00"]}],
        },
    ],
)  # fmt: skip
def test_without_all_of_its_reactive_readings_nothing_is_billed(charge: dict[str, Any]) -> None:
    usage, subject = usage_over(JULY, LONDON, 1), tariff(version(flat(), charge))
    half = known(usage_over(JULY, LONDON, 1), Period(JULY.starts_on, date(2013, 7, 9)))
    by_day = SupplyState(reactive=ReactiveUse(JULY.starts_on, np.zeros((1, JULY.days), dtype=np.int64)))
    for state in (SupplyState(), half, by_day):
        with pytest.raises(
            UnknownReactive, match="'demand' is by the kVA, and the reactive energy is not known"
        ):
            rate_bill(usage, subject, JULY, state=state)
    read = usage_over(JULY, LONDON, 1)
    gone = Usage.of(read.starts_at, 30, read.micro_kwh, np.arange(read.micro_kwh.size) == 40)
    assert reactive_by_day(gone, JULY, LONDON) is None


def side(subject: Tariff, period: Period, energy: int, reactive: Usage) -> Side:
    return Side(usage_over(period, LONDON, energy), subject, period, LONDON, state=known(reactive, period))


def test_more_reactive_power_is_an_effect_of_its_own() -> None:
    """0.3 kWh a half-hour in both months; beside 0.4 kVArh it is 1 kVA, beside 0.72 it is 1.56."""
    subject = tariff(version(fixed(), demand("100", unit="kVA")))
    found = compare(
        side(subject, FIRST, 300_000, usage_over(FIRST, LONDON, 400_000)),
        side(subject, SECOND, 300_000, usage_over(SECOND, LONDON, 720_000)),
    )
    effects = dict(zip(found.factors, found.effects_minor, strict=True))
    assert effects["reactive"] > 0
    assert sum(found.effects_minor) == found.difference_minor
    assert evidence_of(found, "reactive").text == "34.6 kVArh a day, was 19.2"


def test_more_reactive_energy_that_costs_less_is_not_called_less() -> None:
    """A kVArh more, spread, and no longer with the highest power."""
    subject = tariff(version(demand("100", unit="kVA")))
    peaked = usage_over(FIRST, LONDON, 100_000)
    values = peaked.micro_kwh.copy()
    values[100] = 3_000_000
    before = side(subject, FIRST, 300_000, Usage.of(peaked.starts_at, 30, values))
    found = compare(before, side(subject, SECOND, 300_000, usage_over(SECOND, LONDON, 400_000)))
    assert found.effect("reactive") < 0
    figures = evidence_of(found, "reactive").figures[0]
    assert float(figures.after or 0) > float(figures.before or 0)
    assert noun_of(found, "reactive").text == "reactive energy at other hours"


def test_another_highest_is_told_in_kva() -> None:
    subject = tariff(version(demand("100", unit="kVA")))
    before, after = (
        Side(
            at_times(period, {peak: 3_000_000} if peak else {}, 100_000),
            subject,
            period,
            LONDON,
            state=known(usage_over(period, LONDON, 400_000), period),
        )
        for period, peak in ((FIRST, None), (SECOND, july(12)))
    )
    found = compare(before, after)
    assert sum(found.effects_minor) == found.difference_minor
    (moved, *_) = moved_days(found)
    assert (moved.day, moved.cost_minor > 0) == (date(2013, 7, 17), True)
    assert evidence_of(found, "peak").text == "maximum 6.1 kVA on 17 July, was 0.8"


@settings(deadline=None, max_examples=10)
@given(
    periods(7, 40),
    periods(7, 40),
    st.integers(0, 2**20),
    st.tuples(*[st.sampled_from([15, 30, 60])] * 4),
    st.sampled_from(["same", "from kW", "to kVAr", "price"]),
)
def test_effects_of_any_two_bills_add_up(
    first: Period, second: Period, seed: int, minutes: tuple[int, int, int, int], change: str
) -> None:
    """Also where only the later tariff measures kVA, and where readings have other lengths."""
    ratchet = {"percent": "80", "months": 2}
    rules = tariff(version(flat(), demand(unit="kVA", ratchet=ratchet), tax()))
    earlier = {
        "same": rules,
        "from kW": tariff(version(flat(), demand(), tax()), code="plain"),
        "to kVAr": tariff(version(flat(), demand(unit="kVAr"), tax()), code="beside"),
        "price": tariff(version(flat("0.2"), demand("3", unit="kVA", ratchet=ratchet), tax())),
    }[change]
    made = []
    for place, (period, subject) in enumerate(((first, earlier), (second, rules))):
        usage = random_usage(period, LONDON, seed + place, minutes=minutes[place])
        state = SupplyState()
        if subject.reads_reactive:
            reactive = random_usage(period, LONDON, seed + 2 + place, minutes=minutes[2 + place])
            state = known(reactive, period)
        made.append(Side(usage, subject, period, LONDON, state=state))
    there, back = compare(*made), compare(*made[::-1])
    assert sum(there.effects_minor) == there.difference_minor
    assert there.difference_minor == made[1].bill().total_minor - made[0].bill().total_minor
    assert there.effects_minor == tuple(-effect for effect in back.effects_minor)


@pytest.mark.parametrize(
    ("versions", "place", "reason"),
    [
        ([version(demand(unit="kVAh"))], "versions[0].charges[0].unit", "'kVAh' is not one of kW, kVA, kVAr"),
        (
            [version(demand()), version(demand(unit="kVA"), starts_on="2012-01-01")],
            "versions[1].charges[0]",
            "'demand' is demand by month in an earlier version and demand by month in kVA here",
        ),
    ],
)
def test_a_bad_unit_is_refused_by_place(versions: list[dict[str, Any]], place: str, reason: str) -> None:
    with pytest.raises(TariffRefused) as refusal:
        tariff_of(document(*versions))
    assert refusal.value.place == place
    assert reason in refusal.value.reason


def test_reactive_readings_of_a_whole_quote_serve_each_of_its_months() -> None:
    both = Period(JULY.starts_on, AUGUST.ends_before)
    found = known(random_usage(both, LONDON, 1, minutes=60), both).reactive
    assert found is not None and found.intervals is not None
    assert found.intervals.first_minute == epoch_minute(datetime(2013, 6, 30, 23, tzinfo=UTC))
    subject = tariff(version(demand(unit="kVA")))
    usage = random_usage(both, LONDON, 2)
    alone = known(random_usage(both, LONDON, 1, minutes=60), AUGUST)
    assert rate_bill(usage, subject, AUGUST, state=SupplyState(reactive=found)) == rate_bill(
        usage, subject, AUGUST, state=alone
    )
