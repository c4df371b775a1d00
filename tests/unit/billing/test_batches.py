"""A batch is its bills one by one, in any order, whatever the accounts have of their own; and the parts of a
period are the whole."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rating_cases import (
    demand,
    document,
    documents,
    fixed,
    periods,
    priced_of,
    random_usage,
    three_rates,
    tiered,
    version,
)

from billing.domain.plans.carrying import state_after
from billing.domain.plans.supply_state import PastDemand, SupplyState, YearSoFar
from billing.domain.rating.rate import rate, rate_bill
from billing.domain.rating.rated import RatedBatch, RatedBill
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage, UsageMatrix
from billing.domain.tariffs.file import tariff_of
from billing.domain.tariffs.tariff import Tariff

CUSTOMERS = 9
"""Enough for days to be laid upon each other, which a bill alone does not do."""


def kinds_of_load(period: Period, zone: str, seed: int, minutes: int = 30) -> list[Usage]:
    """Some at random, some in few sizes (so that maxima are met again and again), some constant, one of
    nothing; with holes and estimates."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(CUSTOMERS):
        usage = random_usage(period, zone, seed + number, minutes=minutes)
        values = usage.micro_kwh
        if number % 3 == 1:
            values = values // 700_000 * 700_000
        elif number % 3 == 2:
            values = np.full_like(values, 250_000 * (number // 3))
        holes = rng.random(values.size) < 0.02
        found.append(Usage.of(usage.starts_at, minutes, values, holes, rng.random(values.size) < 0.1))
    return found


def states_of(rng: np.random.Generator, starts_on: date) -> SupplyState:
    """What each account has of its own: capacity, past demands, its year so far."""
    before = (starts_on.replace(day=1) - timedelta(days=1)).replace(day=1)
    return SupplyState(
        tuple(
            PastDemand(code, label, before, rng.integers(0, 9_000_000, CUSTOMERS))
            for code in ("demand", "demand-by-day")
            for label in ("most", "peak")
        ),
        (YearSoFar("least-a-year", rng.integers(0, 340, CUSTOMERS), rng.integers(0, 40_000, CUSTOMERS)),),
        {"connection": rng.integers(1, 90, CUSTOMERS) * 100_000},
    )


def rows_of(state: SupplyState, rows: Any) -> SupplyState:
    return replace(
        state,
        demands=tuple(replace(one, micro_kw=one.micro_kw[rows]) for one in state.demands),
        years=tuple(
            YearSoFar(
                one.code,
                one.days[rows],
                one.base_minor[rows],
                None if one.micro_days is None else one.micro_days[rows],
            )
            for one in state.years
        ),
        connected_micro={each: size[rows] for each, size in state.connected_micro.items()},
    )


@settings(deadline=None, max_examples=50)
@given(documents(), periods(2), st.integers(0, 2**32 - 1), st.sampled_from([15, 30, 60]), st.integers(0, 40))
def test_a_batch_is_its_bills_one_by_one_and_in_any_order(
    found: dict[str, Any], period: Period, seed: int, minutes: int, short: int
) -> None:
    """short: the readings begin as many hours late, at times."""
    subject = priced_of(found)
    late = timedelta(days=period.days - 1, hours=0) if short > 39 else timedelta(hours=max(0, short - 30))
    usages = [_from(one, late) for one in kinds_of_load(period, found["timezone"], seed, minutes)]
    state = states_of(np.random.default_rng(seed), period.starts_on)
    batch = rate(UsageMatrix.of(usages), subject, period, state=state)
    bills = [batch.bill(index) for index in range(len(batch))]
    assert bills == [
        rate_bill(usage, subject, period, state=rows_of(state, [index])) for index, usage in enumerate(usages)
    ]
    order = np.random.default_rng(seed).permutation(CUSTOMERS)
    mixed = rate(UsageMatrix.of([usages[n] for n in order]), subject, period, state=rows_of(state, order))
    assert [mixed.bill(index) for index in range(len(mixed))] == [bills[n] for n in order]
    _same_state(state_after(state, batch), state_after(rows_of(state, order), mixed), order)


def _from(usage: Usage, late: timedelta) -> Usage:
    first = late // timedelta(minutes=usage.interval_minutes)
    begin = usage.starts_at + first * timedelta(minutes=usage.interval_minutes)
    cut = slice(first, None)
    return Usage(
        begin, usage.interval_minutes, usage.micro_kwh[cut], usage.missing[cut], usage.estimated[cut]
    )


def _same_state(one: SupplyState, other: SupplyState, order: Any) -> None:
    for mine, theirs in zip(rows_of(one, order).demands, other.demands, strict=True):
        assert (mine.code, mine.label, mine.month) == (theirs.code, theirs.label, theirs.month)
        assert np.array_equal(mine.micro_kw, theirs.micro_kw)


@settings(deadline=None, max_examples=25)
@given(documents(), st.lists(periods(3, 20), min_size=2, max_size=3, unique=True), st.integers(0, 2**32 - 1))
def test_accounts_with_periods_of_their_own_share_one_matrix(
    found: dict[str, Any], own: list[Period], seed: int
) -> None:
    """Readings of a longer time than any account's period: each is billed for its own days of them."""
    subject = priced_of(found)
    whole = Period(min(one.starts_on for one in own), max(one.ends_before for one in own))
    usages = kinds_of_load(whole, found["timezone"], seed)
    state = states_of(np.random.default_rng(seed), date(2013, 1, 1))
    of_account = [own[number % len(own)] for number in range(CUSTOMERS)]
    for period in own:
        rows = [number for number, mine in enumerate(of_account) if mine == period]
        batch = rate(UsageMatrix.of([usages[n] for n in rows]), subject, period, state=rows_of(state, rows))
        for place, number in enumerate(rows):
            alone = rate_bill(usages[number], subject, period, state=rows_of(state, [number]))
            assert batch.bill(place) == alone


CUT = date(2013, 7, 11)
JULY = Period(date(2013, 7, 1), date(2013, 8, 1))


def _lines(bills: list[RatedBill]) -> dict[tuple[str, str, int], list[int]]:
    """Quantity, money and how many lines, by what tells lines apart."""
    found: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for bill in bills:
        for line in bill.lines:
            kept = found[line.code, line.label, line.price_micro]
            kept[0] += line.quantity_micro
            kept[1] += line.amount_minor
            kept[2] += 1
    return found


@settings(deadline=None, max_examples=60)
@given(
    documents(),
    periods(2),
    st.integers(0, 2**32 - 1),
    st.integers(1, 39),
    st.sampled_from([1_000, 2_000_000]),
)
def test_money_of_a_split_period_is_within_one_minor_unit_a_line(
    found: dict[str, Any], period: Period, seed: int, cut: int, most: int
) -> None:
    """Of what is priced by quantity alone. A cap or a maximum begins anew in each part, and what is reckoned
    on lines takes over their rounding; those are held to their own rules elsewhere."""
    subject = priced_of({**found, "versions": [_quantities_only(one) for one in found["versions"]]})
    middle = period.starts_on + timedelta(days=min(cut, period.days - 1))
    usage = random_usage(period, found["timezone"], seed, most)
    whole = _lines([rate_bill(usage, subject, period)])
    halves = [Period(period.starts_on, middle), Period(middle, period.ends_before)]
    parts = _lines([rate_bill(usage, subject, half) for half in halves])
    for key, (quantity, amount, count) in parts.items():
        # A part of a month or year is a fraction, which is shown rounded.
        assert abs(quantity - whole[key][0]) <= count
        assert abs(amount - whole[key][1]) <= max(count - whole[key][2], 0)
    assert {key for key, kept in whole.items() if kept[0]} <= set(parts)


def _quantities_only(found: dict[str, Any]) -> dict[str, Any]:
    """A version's charges that are priced by quantity alone, and the seasons if those name them."""
    charges = [*filter(_by_quantity, found["charges"]), fixed("0.31", "day", "daily")]
    unnamed = {"seasons"} if "'seasons'" not in repr(charges) else set()
    return {key: value for key, value in found.items() if key not in unnamed} | {"charges": charges}


def _by_quantity(charge: dict[str, Any]) -> bool:
    return charge["kind"] == "fixed" or (charge["kind"] == "energy" and "tiers" not in charge)


@settings(deadline=None, max_examples=40)
@given(st.data(), st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_nothing_is_split_where_price_and_caps_stay(data: st.DataObject, seed: int, cut: int) -> None:
    """A version that says the same again leaves every line whole, tiers and maxima too."""
    energy = data.draw(tiered(three_rates()))
    charges = (fixed(), energy, demand(ratchet={"percent": "80", "months": 2}))
    again = version(*charges, starts_on=(JULY.starts_on + timedelta(days=cut)).isoformat())
    usage = random_usage(JULY, "Europe/London", seed)
    one = rate_bill(usage, tariff_of(document(version(*charges))), JULY)
    assert rate_bill(usage, tariff_of(document(version(*charges), again)), JULY) == one


@pytest.mark.parametrize("changed", ["price", "caps"])
def test_only_a_change_of_price_or_caps_splits_tiers(changed: str) -> None:
    def energy(price: str, cap: str) -> dict[str, Any]:
        tiers = [{"up_to": cap, "price": price}, {"price": "0.40"}]
        return {
            "kind": "energy",
            "code": "energy",
            "tiers": {"by": "month", "fill": "time"},
            "periods": [{"label": "energy", "tiers": tiers}],
        }

    before, after = (
        energy("0.20", "310"),
        energy("0.25", "310") if changed == "price" else energy("0.20", "620"),
    )
    subject = tariff_of(document(version(before), version(after, starts_on=CUT.isoformat())))
    usage = random_usage(JULY, "Europe/London", 3)
    bill = rate_bill(usage, subject, JULY)
    assert {line.starts_on for line in bill.lines} == {JULY.starts_on, CUT}
    first = [line for line in bill.lines if line.starts_on == JULY.starts_on]
    assert first[0].quantity_micro == 100_000_000  # 310 kWh a month are 100 in ten days of July
    assert sum(line.quantity_micro for line in bill.lines) == bill.micro_kwh


def test_a_batch_of_nobody_has_no_bills() -> None:
    empty = UsageMatrix(random_usage(JULY, "UTC", 1).starts_at, 30, np.zeros((0, 48), dtype=np.int64))
    batch: RatedBatch = rate(empty, _subject(), JULY)
    assert len(batch) == 0


def _subject() -> Tariff:
    return tariff_of(document(version(fixed(), three_rates(), demand())))
