"""Margins, worth, curves, fifths and what to do next, by property."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.domain.value.margins import NEEDED, Cost, Margin, Scope, Supplied, margin_of, price_of, shared_out
from churn.domain.value.next_action import Measured, Offer, Standing, next_actions
from churn.domain.value.pareto import curve
from churn.domain.value.quintiles import fifths
from churn.domain.value.worth import (
    Horizon,
    at_stake_minor,
    months_at_risk,
    months_expected,
    saved_minor,
    survival,
    worth_minor,
)

DAY = date(2026, 1, 1)
CARE = ("complaint", "debt", "vulnerable")
chances = st.floats(0, 0.9)
margins = st.integers(-5000, 50_000)
every_kind = [Cost(kind, DAY, price) for kind, price in zip(NEEDED, (100_000, 50_000, 200_000), strict=True)]
spans = st.tuples(st.integers(0, 40), st.integers(1, 40))


def part(begins: int, days: int, kwh: int = 300) -> Supplied:
    starts_on = DAY + timedelta(days=begins)
    scope = Scope("electricity", "steady", "household", "M")
    return Supplied(scope, starts_on, starts_on + timedelta(days=days), kwh * 1_000_000)


def test_a_margin_by_hand() -> None:
    """300 kWh in 30 days: 300 x 0.15 + 30 x 0.20 = 51.00."""
    assert margin_of(9_000, [part(0, 30)], every_kind, 2) == Margin(9_000, 5_100)


@given(st.lists(st.tuples(spans, st.integers(0, 900), st.integers(-9_000, 90_000)), min_size=1, max_size=6))
def test_margins_of_bills_add_up_and_the_unknown_stays_unknown(
    bills: list[tuple[tuple[int, int], int, int]],
) -> None:
    costs = [Cost(one.kind, DAY + timedelta(days=20), one.price_micro) for one in every_kind]
    found = [margin_of(revenue, [part(*span, kwh)], costs, 2) for span, kwh, revenue in bills]
    whole = sum(found[1:], found[0])
    assert whole.revenue_minor == sum(one.revenue_minor for one in found)
    if any(begins < 20 for (begins, _), _, _ in bills):
        assert whole.margin_minor is None and whole.unknown_days > 0
    else:
        assert whole.margin_minor == sum(one.margin_minor or 0 for one in found) and not whole.unknown_days


@given(st.sampled_from(NEEDED), spans)
def test_one_missing_kind_of_cost_is_enough_to_know_nothing(kind: str, span: tuple[int, int]) -> None:
    some = [one for one in every_kind if one.kind != kind]
    told = margin_of(1_000, [part(*span)], some, 2)
    assert told.margin_minor is None and told.unknown_days == span[1]


def test_a_bill_of_no_agreement_has_no_known_margin() -> None:
    assert margin_of(500, [], every_kind, 2).margin_minor is None


@given(st.integers(0, 10**12), st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 40)), min_size=1))
def test_the_energy_is_shared_out_whole(micro: int, parts: list[tuple[int, int]]) -> None:
    shares = shared_out(micro, [weight for weight, _ in parts], [days for _, days in parts])
    assert sum(shares) == micro and all(isinstance(one, Fraction) and one >= 0 for one in shares)


def test_the_narrowest_cost_holds_and_of_it_the_newest() -> None:
    mine = Scope("electricity", "steady", "household", "M")
    costs = [
        Cost("purchase", DAY, 1), Cost("purchase", DAY + timedelta(days=9), 2),
        Cost("purchase", DAY + timedelta(days=5), 3, Scope(area="M")),
        Cost("purchase", DAY + timedelta(days=5), 4, Scope(segment="household")),
        Cost("purchase", DAY + timedelta(days=7), 5, Scope(tariff="steady")),
        Cost("purchase", DAY, 6, Scope(fuel="gas")), Cost("purchase", DAY, 7, Scope(area="V")),
    ]  # fmt: skip
    days = [price_of(costs, "purchase", mine, DAY + timedelta(days=after)) for after in (0, 5, 7, 20)]
    assert days == [1, 4, 5, 5]
    assert price_of(costs, "purchase", mine, DAY - timedelta(days=1)) is None


@given(chances, chances, st.integers(1, 60))
def test_who_is_likelier_to_leave_is_worth_less_and_has_more_at_stake(
    one: float, other: float, months: int
) -> None:
    horizon = Horizon(months)
    low, high = sorted((one, other))
    assert worth_minor(1_000, low, horizon) >= worth_minor(1_000, high, horizon)
    assert at_stake_minor(1_000, low, horizon) <= at_stake_minor(1_000, high, horizon)
    assert months_at_risk(0.0, horizon) == pytest.approx(0.0)
    assert 0 <= months_at_risk(high, horizon) <= months


@given(chances)
def test_the_chance_of_ninety_days_is_kept(chance: float) -> None:
    assert survival(chance, 1.0) == pytest.approx(1 - chance)
    assert survival(chance, 2.0) == pytest.approx((1 - chance) ** 2)
    assert survival(chance, 0.0) == 1.0


@given(chances, st.floats(-0.5, 1.0), st.floats(-0.5, 1.0), margins)
def test_more_effect_saves_more_of_a_margin(chance: float, one: float, other: float, month: int) -> None:
    low, high = sorted((one, other))
    saved = [saved_minor(month, chance, relative, Horizon(), 100) for relative in (low, high)]
    assert saved[0] <= saved[1] if month >= 0 else saved[0] >= saved[1]
    assert saved_minor(month, chance, 0.0, Horizon(), 100) == -100


def test_a_whole_effect_keeps_what_the_first_ninety_days_would_lose() -> None:
    """A horizon of three months, nothing discounted, half leave: months in the middle at 0.17, 0.51, 0.85
    periods, so 3 - (0.5 ** 0.169 + 0.5 ** 0.507 + 0.5 ** 0.846) of them are lost."""
    horizon = Horizon(3, 0.0)
    lost = 3 - sum(0.5 ** ((month + 0.5) * 365.25 / 12 / 90) for month in range(3))
    assert months_at_risk(0.5, horizon) == pytest.approx(lost)
    assert saved_minor(1_000, 0.5, 1.0, horizon, 0) == round(1_000 * lost)
    assert months_expected(0.0, horizon) == pytest.approx(3)


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=400))
def test_a_curve_rises_to_the_whole_and_never_lies_below_equal_shares(values: list[int]) -> None:
    told = curve(values)
    if not sum(values):
        assert told is None
        return
    assert told is not None and told.customers[-1] == 1.0 and told.brought[-1] == pytest.approx(1.0)
    pairs = list(zip(told.customers, told.brought, strict=True))
    assert all(brought >= customers - 1e-9 for customers, brought in pairs)
    assert all(first[1] <= second[1] + 1e-12 for first, second in pairwise(pairs))
    assert told.brought_by(told.share_bringing(0.8)) == pytest.approx(0.8)


def test_a_fifth_that_brings_everything() -> None:
    told = curve([100] * 20 + [0] * 80)
    assert told is not None and told.share_bringing(0.8) == pytest.approx(0.16)


def test_losses_come_last_and_the_curve_comes_back_to_the_whole() -> None:
    told = curve([300, 200, -100])
    assert told is not None and told.brought == pytest.approx((0.0, 0.75, 1.25, 1.0))
    assert told.share_bringing(0.75) == pytest.approx(1 / 3)


@given(st.lists(st.one_of(st.none(), st.integers(-50, 50)), max_size=80))
def test_fifths_follow_the_order_and_equals_are_together(values: list[int | None]) -> None:
    told = fifths(values)
    turned = fifths(values, high_is_best=False)
    for value, fifth, other in zip(values, told, turned, strict=True):
        assert (value is None) == (fifth is None) == (other is None)
    known = sorted((value, fifth) for value, fifth in zip(values, told, strict=True) if value is not None)
    assert all(1 <= (fifth or 0) <= 5 for _, fifth in known)
    assert [fifth for _, fifth in known] == sorted(fifth for _, fifth in known)  # type: ignore[type-var]
    assert len({fifth for value, fifth in known if value == 7}) <= 1


WORKS = Offer("K-1", "Points", 200.0, Measured(0.4, 0.2, 0.6, "works"))
DEAR = Offer("K-2", "Credit", 1e7, Measured(0.4, 0.2, 0.6, "works"))
HARMS = Offer("K-3", "Calls", 10.0, Measured(-0.3, -0.5, -0.1, "harms"))
NEW = Offer("K-4", "Audit", 50.0)
NONE = Offer("K-5", "Letter", 5.0, Measured(0.0, -0.2, 0.2, "none"))
OFFERS = [NEW, HARMS, NONE, DEAR, WORKS]


def standing(**changed: object) -> Standing:
    usual: dict[str, object] = {"chance": 0.2, "usual": 0.05, "month_minor": 4_000.0}
    return Standing(**(usual | changed))  # type: ignore[arg-type]


def told(one: Standing, offers: list[Offer] = OFFERS) -> list[tuple[str, str, str]]:
    return [(a.step, a.reason, a.offer) for a in next_actions(one, offers, Horizon(), CARE)]


def test_what_works_comes_first_and_harm_last() -> None:
    assert told(standing()) == [
        ("offer", "works", "K-1"), ("offer", "not_measured", "K-4"), ("alone", "harms", "K-3"),
        ("alone", "costs_more", "K-2"), ("alone", "none", "K-5"),
    ]  # fmt: skip


def test_harm_is_harm_where_nobody_of_those_left_alone_has_left() -> None:
    """Of nobody no share can be told, yet what was seen is not unmeasured."""
    harms = Offer("K-3", "Calls", 10.0, Measured(None, None, -2.0, "harms"))
    assert told(standing(), [harms]) == [("alone", "harms", "K-3")]
    (action,) = next_actions(standing(), [harms], Horizon(), CARE)
    assert action.saved_minor is None


@given(st.sampled_from(CARE), chances, margins)
def test_care_goes_before_everything(reason: str, chance: float, month: int) -> None:
    assert told(standing(why_not=reason, chance=chance, month_minor=month)) == [("care", reason, "")]


def test_a_campaign_that_runs_goes_on_but_for_care() -> None:
    assert told(standing(chance=0.0, asked_by="K-9")) == [("offer", "asked_now", "K-9")]
    assert told(standing(why_not="debt", asked_by="K-9")) == [("care", "debt", "")]


def test_who_is_left_alone() -> None:
    assert told(standing(chance=0.04)) == [("alone", "low", "")]
    assert told(standing(why_not="died")) == [("alone", "died", "")]
    assert told(standing(), [HARMS]) == [("alone", "harms", "K-3")]
    assert told(standing(month_minor=-1.0)) == [("alone", "no_margin", "")]
    lately = (("K-1", "offered_lately"),)
    assert told(standing(by_offer=lately), [WORKS]) == [("alone", "offered_lately", "K-1")]
    assert told(standing(by_offer=lately), [WORKS, NEW]) == [("offer", "not_measured", "K-4")]


def test_what_is_not_known_is_said_to_be() -> None:
    assert told(standing(chance=None)) == [("unknown", "no_chance", "")]
    assert told(standing(), []) == [("unknown", "no_offers", "")]
    first = next_actions(standing(month_minor=None), [WORKS], Horizon(), CARE)[0]
    assert (first.step, first.saved_minor) == ("offer", None)


@given(chances.filter(lambda chance: chance >= 0.05), st.integers(1, 50_000))
def test_the_expected_saving_lies_in_its_interval(chance: float, month: int) -> None:
    for action in next_actions(standing(chance=chance, month_minor=month), OFFERS, Horizon(), CARE):
        if action.saved_minor is not None and action.low_minor is not None:
            assert action.low_minor <= action.saved_minor <= (action.high_minor or 0)
