"""Reactive energy beyond an allowed share, by hand and read plainly (docs/tariffs.md)."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rating_cases import document, flat, periods, random_usage, tariff, tax, usage_over, version

from billing.domain.errors import NotRateable, TariffRefused
from billing.domain.explanation.comparison import compare
from billing.domain.explanation.evidence import evidence_of
from billing.domain.explanation.sides import Side
from billing.domain.explanation.words import answer_of
from billing.domain.plans.supply_state import ReactiveUse, SupplyState
from billing.domain.rating.rate import rate, rate_bill
from billing.domain.rating.rated import RatedBill
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import UsageMatrix
from billing.domain.tariffs.file import tariff_of

LONDON = "Europe/London"
JUNE = Period(date(2013, 6, 1), date(2013, 7, 1))
BOTH = Period(date(2013, 6, 1), date(2013, 8, 1))
KVARH = 1_000_000


def reactive(**more: Any) -> dict[str, Any]:
    found = {
        "kind": "reactive",
        "code": "reactive",
        "label": "Reactive energy",
        "price": "0.05",
        "allowed": "50",
    }
    return {**found, **more}


def used(period: Period, *kvarh_a_day: float) -> SupplyState:
    """Of each customer so much a day."""
    days = np.array([[round(one * KVARH)] * period.days for one in kvarh_a_day])
    return SupplyState(reactive=ReactiveUse(period.starts_on, days))


def lines(bill: RatedBill) -> list[tuple[int, int]]:
    return [(line.quantity_micro, line.amount_minor) for line in bill.lines if line.code == "reactive"]


def test_what_is_beyond_the_share_of_the_kwh_is_priced() -> None:
    """720 kWh in June allow 360 kVArh; 450 were taken."""
    subject = tariff(version(flat("0.2"), reactive(), tax()))
    bill = rate_bill(usage_over(JUNE, LONDON, 500_000), subject, JUNE, state=used(JUNE, 15))
    assert lines(bill) == [(90 * KVARH, 450)]
    assert [line.unit for line in bill.lines] == ["kWh", "kVArh", "GBP"]
    assert bill.lines[-1].amount_minor == 743
    within = rate_bill(usage_over(JUNE, LONDON, 500_000), subject, JUNE, state=used(JUNE, 12))
    assert lines(within) == [(0, 0)]


def test_each_month_stands_for_itself_and_a_bill_for_all_of_its_days() -> None:
    """June takes 24 kWh a day, July none; 10 kVArh a day in both."""
    usage = usage_over(BOTH, LONDON, lambda count: np.where(np.arange(count) < 30 * 48, 500_000, 0))
    by_month = rate_bill(usage, tariff(version(flat(), reactive())), BOTH, state=used(BOTH, 10))
    assert [quantity for quantity, _ in lines(by_month)] == [0, 310 * KVARH]
    by_bill = rate_bill(usage, tariff(version(flat(), reactive(by="bill"))), BOTH, state=used(BOTH, 10))
    assert [quantity for quantity, _ in lines(by_bill)] == [(610 - 360) * KVARH]


def test_where_it_was_not_metered_nothing_is_billed() -> None:
    usage, subject = usage_over(JUNE, LONDON, 1), tariff(version(flat(), reactive()))
    half = Period(JUNE.starts_on, date(2013, 6, 10))
    for state in (SupplyState(), used(half, 3)):
        with pytest.raises(
            NotRateable, match="'reactive' is by reactive energy, which is not known of all days"
        ):
            rate_bill(usage, subject, JUNE, state=state)


def test_more_of_it_is_an_effect_of_its_own() -> None:
    """The same kWh a day; 2 kVArh a day more are priced, and nothing else has changed."""
    subject, may = tariff(version(flat(), reactive())), Period(date(2013, 5, 1), date(2013, 5, 31))
    before, after = (
        Side(usage_over(days, LONDON, 200_000), subject, days, LONDON, state=used(days, kvarh))
        for days, kvarh in ((may, 15), (JUNE, 20))
    )
    found = compare(before, after)
    effects = dict(zip(found.factors, found.effects_minor, strict=True))
    assert {name: effect for name, effect in effects.items() if effect} == {
        "reactive": found.difference_minor
    }
    assert answer_of(found).sentence.endswith("all of it is more reactive energy a day.")
    assert found.difference_minor == 750
    assert evidence_of(found, "reactive").text == "20.0 kVArh a day, was 15.0"


@settings(deadline=None, max_examples=20)
@given(periods(7, 40), periods(7, 40), st.integers(0, 2**20), st.integers(0, 2**20), st.booleans())
def test_effects_of_bills_with_reactive_energy_add_up(
    first: Period, second: Period, seed: int, more: int, switched: bool
) -> None:
    """Also where only the later tariff charges it."""
    rng = np.random.default_rng(seed)
    rules = tariff(version(flat(), reactive()))
    plain = tariff(version(flat("0.20")), code="plain") if switched else rules
    made = []
    for period, subject, high in ((first, plain, seed), (second, rules, more)):
        reacted = ReactiveUse(period.starts_on, rng.integers(0, high * 10 + 1, size=(1, period.days)))
        state = SupplyState(reactive=reacted) if subject is rules else SupplyState()
        made.append(Side(usage_over(period, LONDON, high), subject, period, LONDON, state=state))
    there, back = compare(*made), compare(*made[::-1])
    assert sum(there.effects_minor) == there.difference_minor
    assert there.effects_minor == tuple(-effect for effect in back.effects_minor)


@settings(deadline=None, max_examples=40)
@given(
    periods(1, 40),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["month", "bill"]),
    st.integers(0, 40),
    st.booleans(),
)
def test_many_customers_are_the_rule_read_plainly(
    period: Period, seed: int, by: str, cut: int, taxed: bool
) -> None:
    """cut: on the day after, another tax, or another price, begins."""
    rng = np.random.default_rng(seed)
    at = period.starts_on + timedelta(days=cut)
    later = [flat(), reactive(by=by), tax("9")] if taxed else [flat(), reactive(by=by, price="0.09"), tax()]
    subject = tariff(version(flat(), reactive(by=by), tax()), version(*later, starts_on=at.isoformat()))
    usages = [random_usage(period, LONDON, seed + one) for one in range(9)]
    days = rng.integers(0, 30 * KVARH, (9, period.days))
    state = SupplyState(reactive=ReactiveUse(period.starts_on, days))
    batch = rate(UsageMatrix.of(usages), subject, period, state=state)
    for row, usage in enumerate(usages):
        found: dict[Any, list[int]] = {}
        each = [
            rate_bill(usage, tariff(version(flat())), Period(day, day + timedelta(days=1)))
            for day in period.dates()
        ]
        for place, (day, bill) in enumerate(zip(period.dates(), each, strict=True)):
            key = (day >= at, (day.year, day.month) if by == "month" else None)
            kept = found.setdefault(key, [0, 0])
            kept[0] += int(days[row, place])
            kept[1] += bill.micro_kwh
        known = [max(0, kvarh - round(Fraction(kwh, 2))) for kvarh, kwh in found.values()]
        assert sorted(quantity for quantity, _ in lines(batch.bill(row))) == sorted(known)
        alone = SupplyState(reactive=ReactiveUse(period.starts_on, days[row : row + 1]))
        assert batch.bill(row) == rate_bill(usage, subject, period, state=alone)


@pytest.mark.parametrize(
    ("terms", "place", "reason"),
    [
        ({"allowed": "-1"}, ".allowed", "expected per cent of the kWh, 0 or more"),
        ({"by": "day"}, ".by", "'day' is not one of month, bill"),
        ({"window": 30}, "", "unknown key 'window'"),
    ],
)
def test_a_bad_reactive_charge_is_refused_by_place(terms: dict[str, Any], place: str, reason: str) -> None:
    with pytest.raises(TariffRefused) as refusal:
        tariff_of(document(version(flat(), reactive(**terms))))
    assert refusal.value.place == f"versions[0].charges[1]{place}"
    assert reason in refusal.value.reason
