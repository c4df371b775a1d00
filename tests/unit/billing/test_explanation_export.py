"""Energy given back in an explanation: EXPLAIN B4 holds over feed-in, net billing and net metering."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rating_cases import (
    FIRST,
    SECOND,
    credit_states,
    flat,
    periods,
    priced_of,
    solar_documents,
    solar_usage,
    tariff,
    usage_over,
    version,
)
from weather_cases import swapped, weathers

from billing.domain.explanation.comparison import Comparison, compare
from billing.domain.explanation.evidence import evidence_of
from billing.domain.explanation.game import Game, line_key
from billing.domain.explanation.moved_days import moved_days
from billing.domain.explanation.nouns import noun_of
from billing.domain.explanation.sides import Side
from billing.domain.explanation.weather.parting import Weather
from billing.domain.explanation.words import answer_of, word_count
from billing.domain.plans.supply_state import KwhCredit, SupplyState
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage

LONDON = "Europe/London"
many = settings(deadline=None, max_examples=15)
Pair = tuple[Side, Side]


@st.composite
def solar_sides(draw: st.DrawFn, document: dict[str, Any]) -> Side:
    found, period = priced_of(document), draw(periods())
    usage = solar_usage(period, LONDON, draw(st.integers(0, 2**32 - 1)))
    if draw(st.integers(0, 3)) == 0:
        usage = Usage.of(usage.starts_at, 30, usage.micro_kwh)  # no such channel yet
    return Side(usage, found, period, LONDON, None, draw(credit_states(period.starts_on)))


@st.composite
def solar_pairs(draw: st.DrawFn) -> Pair:
    first = draw(solar_documents())
    second = first if draw(st.booleans()) else {**draw(solar_documents()), "decimals": first["decimals"]}
    return draw(solar_sides(first)), draw(solar_sides(second))


@settings(deadline=None, max_examples=10)
@given(solar_pairs(), weathers())
def test_effects_add_up_and_swapping_negates_them(pair: Pair, weather: Weather) -> None:
    found = compare(*pair, weather)
    assert sum(found.effects_minor) == found.difference_minor
    for row in found.rows:
        assert sum(row.effects_minor) == row.after_minor - row.before_minor
    back = compare(pair[1], pair[0], swapped(weather))
    assert found.factors == back.factors
    assert found.effects_minor == tuple(-effect for effect in back.effects_minor)
    assert word_count(answer_of(found).sentence) <= 25
    for factor in found.factors:
        assert evidence_of(found, factor).text and noun_of(found, factor).text


@many
@given(solar_pairs())
def test_the_corners_are_the_bills(pair: Pair) -> None:
    game = Game.of(*pair)
    factors = game.active(most=14)
    assume(factors and len(factors) <= 9)
    values = game.values(factors)
    for corner, side in ((0, pair[0]), (-1, pair[1])):
        expected: dict[tuple[str, str, str], int] = {}
        for line in side.bill().lines:
            key = line_key(line.kind, line.code, line.label)
            expected[key] = expected.get(key, 0) + line.amount_minor
        got = {key: int(row[corner]) for key, row in values.items() if row[corner]}
        assert got == {key: amount for key, amount in expected.items() if amount}


FEED_IN = tariff(
    version(
        {
            "kind": "export",
            "code": "sun",
            "periods": [
                {"label": "by day", "price": "0.05", "hours": ["08:00-20:00"]},
                {"label": "by night", "price": "0.15", "otherwise": True},
            ],
        },
        flat("0.20"),
    )
)
NET = tariff(version({**flat("0.20"), "net": {"by": "bill"}}))


def given_back(period: Period, slots: slice, micro_kwh: int, taken: int = 100_000) -> Usage:
    """The same each half-hour taken, and given back in these half-hours of each day."""
    usage = usage_over(period, LONDON, taken)
    each = np.zeros((period.days, 48), dtype=np.int64)
    each[:, slots] = micro_kwh
    export = Usage.of(usage.starts_at, 30, each.ravel())
    return Usage.of(usage.starts_at, 30, usage.micro_kwh, export=export)


def pair_of(subject: Any, first: Usage, second: Usage, **states: SupplyState) -> Comparison:
    nothing = SupplyState()
    return compare(
        Side(first, subject, FIRST, LONDON, None, states.get("before", nothing)),
        Side(second, subject, SECOND, LONDON, None, states.get("after", nothing)),
    )


NOON, NIGHT = slice(20, 28), slice(42, 46)


def test_only_the_volume_given_back() -> None:
    found = pair_of(FEED_IN, given_back(FIRST, NOON, 200_000), given_back(SECOND, NOON, 300_000))
    # 28 days of 8 half-hours of 0.1 kWh at 5 p
    assert {name: found.effect(name) for name in found.factors} == {"days": 0, "export_volume": -112}
    assert noun_of(found, "export_volume").text == "giving back more a day"
    assert evidence_of(found, "export_volume").text == "2.4 kWh a day given back, was 1.6"


def test_only_the_hours_given_back() -> None:
    found = pair_of(FEED_IN, given_back(FIRST, NIGHT, 400_000), given_back(SECOND, NOON, 200_000))
    assert found.effect("export_shift") == found.difference_minor == 448
    assert noun_of(found, "export_shift").text == "giving back at hours that pay less"


def test_a_first_panel_is_volume_by_the_sun_and_not_by_night() -> None:
    """Before there was nothing given back, and so no hours: those of the later bill stand for it."""
    nothing = usage_over(FIRST, LONDON, 100_000)
    found = pair_of(FEED_IN, nothing, given_back(SECOND, NOON, 200_000))
    assert {name: found.effect(name) for name in found.factors} == {"days": 0, "export_volume": -224}


def test_credit_that_was_brought_in_is_an_effect_of_its_own() -> None:
    usage = given_back(FIRST, NOON, 200_000), given_back(SECOND, NOON, 200_000)
    label = NET.versions[0].energy[0].periods[0].label
    credit = SupplyState(credits=(KwhCredit("energy", label, -1, np.array([10_000_000])),))
    found = pair_of(NET, *usage, after=credit)
    assert {name: found.effect(name) for name in found.factors if found.effect(name)} == {"credit": -200}
    assert evidence_of(found, "credit").text == "10.0 kWh of credit brought in, was 0.0"


def test_energy_given_back_that_no_tariff_reads_has_no_effect() -> None:
    subject = tariff(version(flat("0.20")))
    found = pair_of(subject, given_back(FIRST, NOON, 200_000), given_back(SECOND, NIGHT, 900_000))
    assert not any(found.effects_minor) and not set(found.factors) & {"export_volume", "export_shift"}


@pytest.mark.parametrize("netting", [{}, {"netting": "interval"}])
def test_days_that_moved_cost_what_the_bill_without_them_saves(netting: dict[str, str]) -> None:
    subject = tariff(
        version(
            {"kind": "export", "code": "sun", "periods": [{"label": "sun", "price": "0.05"}], **netting},
            flat("0.20"),
        )
    )
    first, second = given_back(FIRST, NOON, 200_000), given_back(SECOND, NOON, 200_000)
    raised = second.micro_kwh.copy()
    raised[48 * 3 : 48 * 4] += 300_000
    moved_usage = Usage.of(second.starts_at, 30, raised, export=second.export)
    found = pair_of(subject, first, moved_usage)
    (day,) = moved_days(found)
    assert day.day == date(2013, 7, 4)
    plain = Side(second, subject, SECOND, LONDON).bill().total_minor
    assert day.cost_minor == found.after.total_minor - plain
