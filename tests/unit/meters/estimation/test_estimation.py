"""Estimates: a short gap is exact, like days are like, sums are kept where a register bounds them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.domain.estimation.choosing import METHODS, Known, estimated
from meters.domain.estimation.like_days import like_days
from meters.domain.estimation.linear import linear
from meters.domain.estimation.local_days import HOLIDAY, SATURDAY, SUNDAY, WEEKDAY, local_days
from meters.domain.estimation.other_unit import other_unit
from meters.domain.estimation.profile import profile
from meters.domain.estimation.scaling import scaled, shared

KWH = 1_000_000
LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2024, 6, 3, tzinfo=UTC)
SEEDS = st.integers(0, 2**32 - 1)


def series(seed: int, days: int = 28, start: datetime = MONDAY, zone: ZoneInfo = LONDON):
    """Readings of some weeks: by kind of day another shape, no two days quite alike."""
    count = days * 48
    axis = local_days(start, 30, count, zone)
    draw = np.random.default_rng(seed)
    kind = axis.kinds[axis.day - axis.first_day]
    level = np.array([400_000, 700_000, 900_000, 800_000])[kind]
    micro = level + 10_000 * axis.slot + draw.integers(0, 1_000, count)
    return micro.astype(np.int64), axis


def known_of(micro, axis, **more) -> Known:
    there = np.ones(micro.size, dtype=bool)
    return Known(micro, there, there.copy(), axis, **more)


# the local clock's days


def test_a_week_has_its_kinds_and_a_holiday_is_one() -> None:
    holiday = date(2024, 6, 5)
    axis = local_days(MONDAY, 30, 7 * 48, ZoneInfo("UTC"), lambda day: day == holiday)
    assert axis.kinds.tolist() == [WEEKDAY, WEEKDAY, HOLIDAY, WEEKDAY, WEEKDAY, SATURDAY, SUNDAY]


@given(st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1)), st.sampled_from((15, 30, 60)))
def test_slots_are_those_of_the_clock(start: datetime, interval: int) -> None:
    start = start.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    axis = local_days(start, interval, 200, LONDON)
    for place in range(0, 200, 7):
        local = (start + place * timedelta(minutes=interval)).astimezone(LONDON)
        assert axis.day[place] == local.date().toordinal()
        assert axis.slot[place] == (local.hour * 60 + local.minute) // interval


# linear


@given(SEEDS, st.integers(1, 30), st.integers(1, 8))
def test_a_short_gap_lies_on_the_line(seed: int, first: int, length: int) -> None:
    draw = np.random.default_rng(seed)
    micro = draw.integers(0, 5 * KWH, 48)
    there = np.ones(48, dtype=bool)
    there[first : first + length] = False
    spoiled = np.where(there, micro, -77)
    values, filled = linear(spoiled, there, 4)
    assert filled.tolist() == ((~there) & (length <= 4)).tolist()
    if length <= 4:
        for step in range(1, length + 1):
            before, after = int(micro[first - 1]), int(micro[first + length])
            exact = before + Fraction((after - before) * step, length + 1)
            assert values[first + step - 1] == round(exact), "half to even"
    assert (values[there] == micro[there]).all()


def test_a_gap_at_an_edge_has_no_line() -> None:
    there = np.array([False, True, False])
    assert not linear(np.ones(3, dtype=np.int64), there, 5)[1].any()


# like days


@given(SEEDS, st.integers(3, 24), st.integers(0, 40), st.integers(1, 48))
def test_like_days_are_of_the_same_kind(seed: int, day: int, first: int, length: int) -> None:
    micro, axis = series(seed)
    wanted = np.zeros(micro.size, dtype=bool)
    wanted[day * 48 + first : day * 48 + first + length] = True
    values, filled = like_days(np.where(wanted, 0, micro), ~wanted, wanted, axis)
    assert filled.tolist() == wanted.tolist()
    assert np.abs(values - micro).max() < 1_000, "only the days' own differences are lost"
    assert (values[~wanted] == micro[~wanted]).all()


def test_the_mean_is_of_the_four_nearest_days() -> None:
    micro, axis = series(1, days=70)
    micro = micro + 100_000_000 * (axis.day - axis.first_day)
    wanted = axis.day == axis.first_day + 30  # a Wednesday
    values, _filled = like_days(micro, ~wanted, wanted, axis)
    near = np.isin(axis.day - axis.first_day, (28, 29, 31, 32))
    sums = np.bincount(axis.slot[near], weights=micro[near]).astype(np.int64).tolist()
    expected = [round(Fraction(total, 4)) for total in sums]
    assert values[wanted].tolist() == expected


def test_only_whole_measured_days_are_taken() -> None:
    micro, axis = series(2)
    measured = np.ones(micro.size, dtype=bool)
    for day in (8, 11):  # the Tuesday before and the Friday after
        measured[(axis.day == axis.first_day + day) & (axis.slot == 5)] = False
        micro[axis.day == axis.first_day + day] = 99 * KWH
    wanted = axis.day == axis.first_day + 9
    values, _filled = like_days(micro, measured & ~wanted, wanted, axis)
    assert values[wanted].max() < 2 * KWH


def test_the_coldest_day_is_like_the_cold_ones() -> None:
    micro, axis = series(3, days=56)
    row = axis.day - axis.first_day
    cold = np.isin(row, (0, 1, 28, 43))
    micro = micro + 5 * KWH * cold
    temperature = {axis.first_day + day: (-5.0 if day in (0, 1, 28, 43) else 12.0) for day in range(56)}
    wanted = row == 28
    like, _ = like_days(micro, ~wanted, wanted, axis)
    warm = micro[wanted] - like[wanted]
    assert warm.min() > 3 * KWH, "by the calendar alone it is far too low"
    like, _ = like_days(micro, ~wanted, wanted, axis, temperature)
    nearest_two = [abs(day - 28) for day in (0, 1, 43)]
    assert min(nearest_two) > 12, "the cold days are too far to be among the nearest twelve weekdays"
    temperature |= {axis.first_day + day: -5.0 for day in (22, 23, 24, 25)}
    like, _ = like_days(micro + 5 * KWH * np.isin(row, (22, 23, 24, 25)), ~wanted, wanted, axis, temperature)
    assert np.abs(like[wanted] - micro[wanted]).max() < 1_000


def test_over_a_change_of_the_clock_the_slot_is_the_clocks() -> None:
    micro, axis = series(4, start=datetime(2024, 10, 14, tzinfo=UTC))
    wanted = axis.day == axis.first_day + 16  # Wednesday after the change: like days lie on both sides of it
    values, filled = like_days(micro, ~wanted, wanted, axis)
    assert filled[wanted].all() and np.abs(values - micro).max() < 1_000


def test_a_holiday_without_another_takes_sundays() -> None:
    start, holiday = MONDAY, date(2024, 6, 19)
    axis = local_days(start, 30, 28 * 48, LONDON, lambda day: day == holiday)
    micro = np.where(axis.kinds[axis.day - axis.first_day] == SUNDAY, 9, 1) * KWH
    wanted = axis.day == holiday.toordinal()
    values, filled = like_days(micro, ~wanted, wanted, axis)
    assert filled[wanted].all() and set(values[wanted].tolist()) == {9 * KWH}


# profile


@given(SEEDS, st.integers(0, 96), st.integers(0, 10**10))
def test_a_new_meter_has_the_usual_shape_at_its_level(seed: int, read: int, expected: int) -> None:
    draw = np.random.default_rng(seed)
    shape = draw.random(480) + 0.1
    known = np.arange(480) < read
    micro = np.where(known, np.rint(shape * 3 * KWH), -5).astype(np.int64)
    values, filled = profile(micro, known, ~known, shape, expected, 30)
    assert filled.tolist() == (~known).tolist() and values[~known].min() >= 0
    level = 3 * KWH if read >= 96 else expected / shape.sum()
    assert np.abs(values[~known] - shape[~known] * level).max() <= 0.5 + level * 1e-6
    if read < 96:
        assert not profile(micro, known, ~known, shape, None, 30)[1].any(), "nothing to go by"


# scaling


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**12), min_size=1, max_size=60))
def test_shares_sum_to_the_total(total: int, weights: list[int]) -> None:
    shares = shared(total, np.array(weights, dtype=np.int64))
    assert int(shares.sum()) == total and shares.min() >= 0
    whole = sum(weights)
    if whole:
        for share, weight in zip(shares.tolist(), weights, strict=True):
            assert abs(Fraction(share) - Fraction(total * weight, whole)) < 1


@given(SEEDS, st.integers(0, 40), st.integers(1, 8), st.integers(0, 10**9))
def test_a_bounded_gap_adds_up(seed: int, first: int, length: int, more: int) -> None:
    draw = np.random.default_rng(seed)
    values = draw.integers(0, KWH, 48)
    gap = np.zeros(48, dtype=bool)
    gap[first : first + length] = True
    total = int(values[~gap].sum()) + more
    made, refused = scaled(values, gap, ~gap, [(0, 48, total)])
    assert int(made.sum()) == total and not refused and made.min() >= 0
    assert (made[~gap] == values[~gap]).all()
    low = int(values[~gap].sum()) - 1
    if low >= 0:
        made, refused = scaled(values, gap, ~gap, [(0, 48, low)])
        assert (made == values).all() and refused == [(0, 48, low)], "readings are not changed to fit"
    assert (scaled(values, gap, np.zeros(48, bool), [(0, 48, total)])[0] == values).all(), "not all is told"


# all together


@given(SEEDS, st.integers(7, 20), st.integers(1, 40), st.integers(1, 48), st.sampled_from(("auto", *METHODS)))
def test_no_estimate_is_below_zero_nor_touches_what_was_read(
    seed: int, day: int, first: int, length: int, method: str
) -> None:
    micro, axis = series(seed)
    wanted = np.zeros(micro.size, dtype=bool)
    wanted[day * 48 + first : day * 48 + first + length] = True
    broken = np.where(wanted, -(10**9), micro)
    made = estimated(known_of(broken, axis, shape=np.ones(micro.size), expected_micro=KWH), wanted, method)
    assert made.left == 0 and made.filled.tolist() == wanted.tolist()
    assert made.values[wanted].min() >= 0 and (made.values[~wanted] == micro[~wanted]).all()
    short = length * 30 <= 120
    assert made.methods == ((("linear",) if short else ("like_days",)) if method == "auto" else (method,))


@given(SEEDS, st.integers(0, 5 * 10**8))
def test_an_estimate_between_two_register_reads_adds_up_to_them(seed: int, gone: int) -> None:
    micro, axis = series(seed)
    wanted = (axis.day >= axis.first_day + 10) & (axis.day < axis.first_day + 13)
    first, end = 8 * 48, 16 * 48
    total = int(micro[first:end][~wanted[first:end]].sum()) + gone
    made = estimated(known_of(micro, axis, bounds=[(first, end, total)]), wanted)
    assert int(made.values[first:end].sum()) == total and made.values.min() >= 0


def test_where_nothing_helps_it_is_left() -> None:
    axis = local_days(MONDAY, 30, 96, LONDON)
    nothing = np.zeros(96, dtype=bool)
    made = estimated(Known(np.zeros(96, np.int64), nothing, nothing, axis), ~nothing)
    assert (made.left, made.methods) == (96, ())


@pytest.mark.parametrize(("minutes", "how"), [(120, "linear"), (90, "like_days")])
def test_how_long_a_line_may_be_is_a_setting(minutes: int, how: str) -> None:
    micro, axis = series(5)
    wanted = np.zeros(micro.size, dtype=bool)
    wanted[500:504] = True
    assert estimated(known_of(micro, axis), wanted, linear_minutes=minutes).methods == (how,)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=50), st.booleans())
def test_another_unit_is_a_thousand_times_as_much(values: list[int], too_large: bool) -> None:
    micro, every = np.array(values, dtype=np.int64), np.ones(len(values), dtype=bool)
    known = np.arange(len(values)) != 0
    made, filled = other_unit(micro, known, every, too_large)
    assert filled.tolist() == known.tolist() and made[0] == micro[0]
    exact = [round(Fraction(value, 1000)) if too_large else value * 1000 for value in values[1:]]
    assert made[1:].tolist() == exact
