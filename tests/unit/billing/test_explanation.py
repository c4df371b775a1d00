"""The properties of EXPLAIN B4, over random tariffs, readings, periods, estimates and switches of tariff."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rating_cases import (
    FIRST,
    SECOND,
    WORKED,
    document,
    documents,
    fixed,
    flat,
    pairs,
    periods,
    priced_of,
    random_usage,
    side_of,
    sides,
    tariff,
    usage_over,
    version,
    week_usage,
)

from billing.domain.errors import NotComparable
from billing.domain.explanation.comparison import Comparison, FirstBill, PerDay, compare, explain
from billing.domain.explanation.game import Game, line_key
from billing.domain.explanation.sides import Side
from billing.domain.explanation.virtual_days import DayMaps, map_days, scaled
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.file import tariff_of

LONDON = "Europe/London"
many = settings(deadline=None, max_examples=60)
Pair = tuple[Side, Side]


@many
@given(pairs())
def test_effects_add_up_to_the_difference(pair: Pair) -> None:
    found = compare(*pair)
    assert sum(found.effects_minor) == found.difference_minor
    assert found.difference_minor == found.after.total_minor - found.before.total_minor
    for row in found.rows:
        assert sum(row.effects_minor) == row.after_minor - row.before_minor
    assert sum(row.before_minor for row in found.rows) == found.before.total_minor
    assert sum(row.after_minor for row in found.rows) == found.after.total_minor
    for index in range(len(found.factors)):
        assert found.effects_minor[index] == sum(row.effects_minor[index] for row in found.rows)


@many
@given(pairs())
def test_swapping_the_bills_negates_every_effect(pair: Pair) -> None:
    there, back = compare(*pair), compare(pair[1], pair[0])
    assert there.factors == back.factors
    assert there.effects_minor == tuple(-effect for effect in back.effects_minor)
    cells = {(row.kind, row.code, line_key(row.kind, row.code, row.label)[2]): row for row in back.rows}
    for row in there.rows:
        other = cells[(row.kind, row.code, line_key(row.kind, row.code, row.label)[2])]
        assert row.effects_minor == tuple(-effect for effect in other.effects_minor)


@settings(deadline=None, max_examples=40)
@given(documents().map(priced_of).flatmap(sides))
def test_a_bill_with_itself_has_no_effects(side: Side) -> None:
    found = compare(side, side)
    assert found.difference_minor == 0
    assert not any(found.effects_minor)
    assert not any(any(row.effects_minor) for row in found.rows)


@many
@given(pairs())
def test_the_corners_are_the_bills(pair: Pair) -> None:
    """Rated as mixtures, the two extremes come to the very lines of the bills rated alone."""
    game = Game.of(*pair)
    factors = game.active()
    assume(factors)
    values = game.values(factors)
    for corner, side in ((0, pair[0]), (-1, pair[1])):
        expected: dict[tuple[str, str, str], int] = {}
        for line in side.bill().lines:
            key = line_key(line.kind, line.code, line.label)
            expected[key] = expected.get(key, 0) + line.amount_minor
        got = {key: int(row[corner]) for key, row in values.items()}
        assert {key: value for key, value in got.items() if value or key in expected} == expected


@settings(deadline=None, max_examples=60)
@given(documents(), periods(), periods(), st.integers(0, 2**32 - 1), st.integers(-900, 900))
def test_an_unrelated_charge_moves_no_energy(
    found: dict[str, Any], before: Period, after: Period, seed: int, pence: int
) -> None:
    more = copy.deepcopy(found)
    for each in more["versions"]:
        each["charges"].insert(0, fixed(f"{pence / 1000:.3f}", code="extra"))
    usages = random_usage(before, LONDON, seed), random_usage(after, LONDON, seed + 1)

    def energy_cells(document: dict[str, Any]) -> dict[tuple[str, str], tuple[int, ...]]:
        subject = priced_of(document)
        result = compare(Side(usages[0], subject, before, LONDON), Side(usages[1], subject, after, LONDON))
        return {(row.code, row.label): row.effects_minor for row in result.rows if row.kind == "energy"}

    assert energy_cells(more) == energy_cells(found)


@settings(deadline=None, max_examples=60)
@given(documents(), periods(), periods(), st.integers(0, 2**32 - 1))
def test_names_of_periods_change_nothing(
    found: dict[str, Any], before: Period, after: Period, seed: int
) -> None:
    renamed = copy.deepcopy(found)
    for each in renamed["versions"]:
        for charge in each["charges"]:
            for period in charge.get("periods", []):
                period["label"] = f"renamed {period['label']}"
    usages = random_usage(before, LONDON, seed), random_usage(after, LONDON, seed + 1)
    results = []
    for each in (found, renamed):
        subject = priced_of(each)
        results.append(
            compare(Side(usages[0], subject, before, LONDON), Side(usages[1], subject, after, LONDON))
        )
    assert results[0].factors == results[1].factors
    assert results[0].effects_minor == results[1].effects_minor


@settings(deadline=None, max_examples=40)
@given(periods(), periods(), st.integers(0, 2**32 - 1))
def test_what_the_tariff_has_not_has_no_effect(before: Period, after: Period, seed: int) -> None:
    subject = tariff(version(fixed(), flat()))
    found = compare(
        Side(random_usage(before, LONDON, seed), subject, before, LONDON),
        Side(random_usage(after, LONDON, seed + 1, 900_000), subject, after, LONDON),
    )
    for factor in ("price", "fixed", "tax", "estimate", "tariff"):
        assert factor not in found.factors
    assert found.effect("shift") == 0


# Edge cases of EXPLAIN B5.


def test_no_earlier_bill() -> None:
    found = explain(None, side_of(WORKED, FIRST, week_usage(FIRST, 1)))
    assert isinstance(found, FirstBill)
    assert found.after.total_minor > 0


def test_a_bill_of_a_few_days_is_compared_by_the_day() -> None:
    for days, kind in ((6, PerDay), (7, Comparison)):
        short = Period(FIRST.starts_on, FIRST.starts_on + timedelta(days=days))
        usage = usage_over(short, LONDON, 100_000)
        found = explain(side_of(WORKED, short, usage), side_of(WORKED, SECOND, week_usage(SECOND, 1)))
        assert isinstance(found, kind)
        if isinstance(found, PerDay):
            assert found.before_minor_a_day == round(found.before.total_minor / 6)
            assert found.after_minor_a_day == round(found.after.total_minor / 28)


def test_another_currency_is_refused() -> None:
    euros = tariff(version(flat()), currency="EUR")
    for before in (FIRST, Period(date(2013, 6, 1), date(2013, 6, 3))):
        with pytest.raises(NotComparable, match="one bill is in GBP, the other in EUR") as caught:
            explain(
                side_of(WORKED, before, week_usage(FIRST, 1)), side_of(euros, SECOND, week_usage(SECOND, 1))
            )
        assert caught.value.code == "other_currency"


@pytest.mark.parametrize("empty", [0, 1])
def test_no_use_on_one_side(empty: int) -> None:
    """Scaled from zero, the other side's energy lies evenly over the calendar; the sums still hold."""
    usages = [week_usage(FIRST, 1), week_usage(SECOND, 1)]
    usages[empty] = Usage.of(usages[empty].starts_at, 30, usages[empty].micro_kwh * 0)
    found = compare(side_of(WORKED, FIRST, usages[0]), side_of(WORKED, SECOND, usages[1]))
    assert sum(found.effects_minor) == found.difference_minor
    assert abs(found.effect("volume")) > abs(found.difference_minor) // 2


def test_estimates_nobody_replaced_are_a_caveat_and_no_effect() -> None:
    usage = week_usage(SECOND, 1)
    mask = np.arange(usage.micro_kwh.size) < 100
    guessed = Usage.of(usage.starts_at, 30, usage.micro_kwh, estimated=mask)
    found = compare(side_of(WORKED, FIRST, week_usage(FIRST, 2)), side_of(WORKED, SECOND, guessed))
    assert "estimate" not in found.factors
    (caveat,) = found.caveats
    assert (caveat.code, caveat.bill, caveat.intervals, caveat.days) == ("still_estimated", "after", 100, 3)
    assert caveat.micro_kwh == usage.micro_kwh[:100].sum()


def test_missing_readings_are_a_caveat() -> None:
    usage = week_usage(SECOND, 1)
    holed = Usage.of(usage.starts_at, 30, usage.micro_kwh, np.arange(usage.micro_kwh.size) < 3)
    found = compare(side_of(WORKED, FIRST, week_usage(FIRST, 2)), side_of(WORKED, SECOND, holed))
    assert [(caveat.code, caveat.minutes, caveat.days) for caveat in found.caveats] == [("missing", 90, 1)]


def test_readings_that_stop_early_are_missing() -> None:
    usage = week_usage(SECOND, 1)
    short = Usage.of(usage.starts_at, 30, usage.micro_kwh[: 26 * 48])
    found = compare(side_of(WORKED, FIRST, week_usage(FIRST, 2)), side_of(WORKED, SECOND, short))
    assert [(caveat.code, caveat.intervals, caveat.days) for caveat in found.caveats] == [("missing", 96, 2)]


def test_readings_known_in_part_replace_only_themselves() -> None:
    usage = week_usage(SECOND, 1)
    mask = np.arange(usage.micro_kwh.size) < 96
    billed = Usage.of(usage.starts_at, 30, usage.micro_kwh + 100_000 * mask, estimated=mask)
    one_day = Usage.of(usage.starts_at, 30, usage.micro_kwh[:48])
    found = compare(
        side_of(WORKED, FIRST, week_usage(FIRST, 1)), side_of(WORKED, SECOND, billed, known=one_day)
    )
    assert found.effect("estimate") > 0
    assert [(caveat.intervals, caveat.days) for caveat in found.caveats] == [(48, 1)]


def test_where_nothing_is_known_the_billed_reading_stands() -> None:
    usage = week_usage(SECOND, 1)
    mask = np.arange(usage.micro_kwh.size) < 96
    billed = Usage.of(usage.starts_at, 30, usage.micro_kwh + 100_000 * mask, estimated=mask)
    holed = Usage.of(usage.starts_at, 30, usage.micro_kwh, missing=np.arange(usage.micro_kwh.size) % 96 < 48)
    found = compare(
        side_of(WORKED, FIRST, week_usage(FIRST, 1)), side_of(WORKED, SECOND, billed, known=holed)
    )
    actual = found.game.sides[1].actual.ravel()
    assert np.array_equal(actual[:48], billed.micro_kwh[:48])
    assert np.array_equal(actual[48:], usage.micro_kwh[48:])
    assert [(caveat.code, caveat.intervals) for caveat in found.caveats] == [("still_estimated", 48)]


# The mapping of days, and scaling.


@given(periods(1, 40), periods(1, 40))
def test_days_stand_for_days_of_their_type(before: Period, after: Period) -> None:
    maps = DayMaps.of(before, after, (None,)).maps
    days = list(before.dates()), list(after.dates())
    for index, day in enumerate(days[1]):
        other = days[0][maps[1][0][index]]
        kinds = [min(5, d.weekday()) if d.weekday() < 5 else d.weekday() for d in days[0]]
        if (day.weekday() if day.weekday() > 4 else None) in kinds and day.weekday() > 4:
            assert other.weekday() == day.weekday()
        if day.weekday() < 5 and any(d.weekday() < 5 for d in days[0]):
            assert other.weekday() < 5


def test_relative_position_within_the_type() -> None:
    assert map_days([0, 0, 0, 0], [0, 0]).tolist() == [0, 2]
    assert map_days([0, 0], [0, 0, 0, 0]).tolist() == [0, 0, 1, 1]
    assert map_days([0, 1, 0, 1], [1, 0]).tolist() == [1, 0]
    assert map_days([0, 0, 0], [3, 0]).tolist() == [0, 0]  # no such type: any day
    assert map_days([0, 0, 0, 0], [1, 3]).tolist() == [0, 2]


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=60), st.integers(0, 10**15))
def test_scaling_is_exact(path: list[int], total: int) -> None:
    values = np.array(path, dtype=np.int64)
    got = scaled(values, total)
    assert int(got.sum()) == total
    assert got.min() >= 0
    now = sum(path)
    if now:
        assert all(abs(int(g) - p * total / now) < 1 + 1e-6 * total for g, p in zip(got, path, strict=True))
        assert np.array_equal(scaled(values, now), values)
        assert np.array_equal(scaled(values, 3 * now), values * 3)
    else:
        assert got.max() - got.min() <= 1


def test_document_of_a_tariff_is_not_changed_by_these_tests() -> None:
    assert tariff_of(document(version(flat()))) == tariff(version(flat()))
