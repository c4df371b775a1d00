"""Consumption between reads: rollover, exchange, multiplier, estimates put right."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from register_reads import DAY, KWH, START, read

from meters.domain.quality import Quality
from meters.domain.registers.between import Between, Plausible, consumption_between
from meters.domain.units import parse_unit

LONG = Plausible(most_per_day=10**9)


def steps(between: Between) -> list[tuple[float, float, float]]:
    """(from day, to day, kWh)."""
    return [
        ((one.starts_at - START) / DAY, (one.ends_before - START) / DAY, one.micro / KWH)
        for one in between.consumptions
    ]


def codes(between: Between) -> list[str]:
    return [fault.code for fault in between.faults]


def test_differences_in_any_order() -> None:
    found = consumption_between([read(130, 30), read(100, 0), read(175, 60)])
    assert steps(found) == [(0, 30, 30), (30, 60, 45)] and not found.faults
    assert found.consumptions[0].start_read.figure == 100 * KWH


def test_one_read_or_none_says_nothing() -> None:
    assert consumption_between([]) == consumption_between([read(1, 0)]) == Between((), (), ())


def test_a_dial_rolls_over() -> None:
    found = consumption_between([read(99_990, 0, digits=5), read(15, 30)])
    assert steps(found) == [(0, 30, 25)] and not found.faults


@pytest.mark.parametrize(
    ("earlier", "later", "digits", "days"),
    [
        (100, 90, None, 30),  # nothing rolls over that has no digits
        (100, 90, 5, 30),  # all but ten of the dial's range
        (60_000, 10_000, 5, 20),  # half the range, but 2,500 a day
        (123_456, 10, 5, 30),  # a figure the dial cannot show
    ],
)
def test_a_register_that_went_backwards_is_named_and_says_nothing(earlier, later, digits, days) -> None:
    found = consumption_between(
        [read(earlier, 0, digits=digits), read(later, days), read(later + 5, days + 9)]
    )
    assert steps(found) == [(days, days + 9, 5)] and codes(found) == ["went_backwards"]
    assert str(earlier) in found.faults[0].message and str(later) in found.faults[0].message


def test_how_much_a_day_is_plausible_can_be_told() -> None:
    reads = [read(60_000, 0, digits=5), read(10_000, 20)]
    assert steps(consumption_between(reads, LONG)) == [(0, 20, 50_000)]


def test_the_multiplier_of_current_and_voltage_transformers() -> None:
    ratio = 40 * 100 * KWH
    found = consumption_between([read(100, 0, multiplier_micro=ratio), read(103, 30)])
    assert steps(found) == [(0, 30, 12_000)]
    changed = consumption_between([read(100, 0, multiplier_micro=ratio), read(103, 30, multiplier_micro=KWH)])
    assert steps(changed) == [] and codes(changed) == ["multiplier_changed"]


def test_a_dial_in_watt_hours() -> None:
    dial = parse_unit("Wh")
    found = consumption_between([read(99_999_500, 0, unit=dial, digits=8), read(1_500, 30, unit=dial)])
    assert steps(found) == [(0, 30, 2)] and found.consumptions[0].unit.declared == "kWh"


def test_an_exchange_is_the_old_meters_end_and_the_new_ones_beginning() -> None:
    reads = [
        read(100, 0, meter="A"),
        read(150, 20, "final", meter="A", digits=5),
        read(7, 20.5, "first", meter="B", multiplier_micro=2 * KWH),
        read(17, 40, meter="B"),
    ]
    found = consumption_between(reads)
    assert steps(found) == [(0, 20, 50), (20, 40, 20)] and not found.faults


def test_an_exchange_without_serial_numbers() -> None:
    found = consumption_between([read(100, 0), read(150, 20, "final"), read(0, 20, "first"), read(9, 40)])
    assert steps(found) == [(0, 20, 50), (20, 40, 9)] and not found.faults


def test_a_read_without_serial_number_is_of_the_meter_that_stood_there() -> None:
    reads = [
        read(100, 0, meter="A"),
        read(120, 10, "customer"),
        read(150, 20, "final", meter="A"),
        read(0, 20, "first", meter="B"),
        read(4, 30),
        read(9, 40, meter="B"),
    ]
    assert steps(consumption_between(reads)) == [(0, 10, 20), (10, 20, 30), (20, 30, 4), (30, 40, 5)]


def test_a_meter_that_went_without_a_final_read_is_named() -> None:
    found = consumption_between([read(100, 0, meter="A"), read(3, 20, meter="B"), read(9, 40, meter="B")])
    assert steps(found) == [(20, 40, 6)] and codes(found) == ["no_final_read"]


def test_two_meters_at_once_are_named() -> None:
    reads = [
        read(100, 0, meter="A"),
        read(0, 20, meter="B"),
        read(150, 30, meter="A"),
        read(9, 40, meter="B"),
    ]
    assert codes(consumption_between(reads)) == ["meters_overlap"]


def test_a_meter_in_the_ground_for_a_while_and_back() -> None:
    reads = [
        read(100, 0, meter="A"),
        read(110, 10, "final", meter="A"),
        read(110, 50, "first", meter="A"),
        read(130, 60, meter="A"),
    ]
    assert steps(consumption_between(reads)) == [(0, 10, 10), (50, 60, 20)]


def test_an_actual_read_supersedes_the_estimates_before_it() -> None:
    reads = [read(100, 0), read(190, 30, "estimated"), read(220, 60, "deemed"), read(150, 90)]
    found = consumption_between(reads)
    assert steps(found) == [(0, 90, 50)] and not found.faults
    assert [one.kind for one in found.superseded] == ["estimated", "deemed"]
    assert found.consumptions[0].quality == Quality.ACTUAL


def test_until_it_comes_they_count_as_estimated() -> None:
    found = consumption_between([read(100, 0), read(190, 30, "estimated"), read(220, 60, "deemed")])
    assert steps(found) == [(0, 30, 90), (30, 60, 30)]
    assert {one.quality for one in found.consumptions} == {Quality.ESTIMATED}


def test_a_customers_read_counts_until_a_better_one_speaks_against_it() -> None:
    believed = consumption_between([read(100, 0), read(120, 20, "customer"), read(130, 30)])
    assert steps(believed) == [(0, 20, 20), (20, 30, 10)]
    mistyped = consumption_between([read(100, 0), read(1200, 20, "customer"), read(130, 30)])
    assert steps(mistyped) == [(0, 30, 30)] and codes(mistyped) == ["read_contradicted"]
    assert mistyped.faults[0].dropped.figure == 1200 * KWH
    too_low = consumption_between([read(100, 0), read(12, 20, "customer"), read(130, 30)])
    assert steps(too_low) == [(0, 30, 30)] and too_low.faults[0].dropped.kind == "customer"


def test_an_estimate_below_what_was_read_is_left_out() -> None:
    found = consumption_between([read(100, 0), read(90, 30, "estimated"), read(120, 60, "estimated")])
    assert steps(found) == [(0, 60, 20)] and codes(found) == ["read_contradicted"]


def test_at_one_instant_the_best_read_stands() -> None:
    reads = [read(100, 0), read(140, 30, "estimated"), read(131, 30, "customer"), read(130, 30)]
    assert steps(consumption_between(reads)) == [(0, 30, 30)]


def test_figures_below_zero_keep_their_sign() -> None:
    found = consumption_between([read(5, 0), read(-10, 10), read(-25, 20), read(3, 30)])
    assert steps(found) == [(0, 10, -15), (10, 20, -15), (20, 30, 28)] and not found.faults


dials = st.lists(st.integers(0, 5 * 10**9), min_size=2, max_size=12)


@given(dials, st.integers(1, 10**9), st.integers(5, 8), st.integers(0, 10**8 - 1))
def test_parts_sum_to_the_whole_over_any_number_of_turns(used, multiplier, digits, begin) -> None:
    """used: millionths of a unit between reads; the dial shows the sum modulo its range."""
    around = 10**digits * KWH
    figures, total = [begin % around], begin % around
    for step in used:
        total += step
        figures.append(total % around)
    more = {"meter": "A", "digits": digits, "multiplier_micro": multiplier}
    reads = [replace(read(0, 9 * place, **more), figure=figure) for place, figure in enumerate(figures)]
    found = consumption_between(reads, LONG)
    assert not found.faults and len(found.consumptions) == len(used)
    exact = (total - figures[0]) * multiplier
    assert abs(sum(one.micro for one in found.consumptions) * KWH - exact) <= KWH
    for one, step in zip(found.consumptions, used, strict=True):
        assert abs(one.micro * KWH - step * multiplier) <= KWH


kinds = st.sampled_from(["actual", "customer", "estimated", "deemed", "substituted", "final", "first"])
any_reads = st.lists(
    st.builds(
        read,
        st.integers(-50, 2000),
        st.integers(0, 40),
        kinds,
        meter=st.sampled_from([None, "A", "B"]),
        digits=st.sampled_from([None, 3, 5]),
        multiplier_micro=st.sampled_from([None, KWH, 30 * KWH]),
    ),
    max_size=14,
)


@given(any_reads)
def test_consumptions_of_a_meter_follow_each_other(reads) -> None:
    found = consumption_between(reads)
    for one in found.consumptions:
        assert one.starts_at < one.ends_before and one.start_read.meter == one.end_read.meter
    for meter in {one.start_read.meter for one in found.consumptions}:
        spans = [one for one in found.consumptions if one.start_read.meter == meter]
        assert all(earlier.ends_before <= later.starts_at for earlier, later in pairwise(spans))
    assert all(fault.message for fault in found.faults)


one_meter = st.lists(
    st.builds(
        read,
        st.integers(-50, 2000),
        st.integers(0, 40),
        st.sampled_from(["actual", "customer", "estimated", "deemed", "substituted"]),
        digits=st.sampled_from([None, 3, 5]),
        multiplier_micro=st.sampled_from([None, KWH, 30 * KWH]),
    ),
    unique_by=lambda one: one.read_at,
    min_size=2,
    max_size=14,
)


@given(one_meter)
def test_no_read_is_lost_in_silence(reads) -> None:
    """Each is an end of a consumption, superseded, or named in a fault."""
    found = consumption_between(reads)
    used = [end for one in found.consumptions for end in (one.start_read, one.end_read)]
    used += [end for fault in found.faults for end in (fault.earlier, fault.later)]
    assert {one.read_at for one in (*used, *found.superseded)} == {one.read_at for one in reads}


@given(any_reads, st.randoms(use_true_random=False))
def test_the_order_in_which_reads_come_does_not_matter(reads, random) -> None:
    unlike = {(one.read_at, one.kind, one.meter): one for one in reads}
    there = list(unlike.values())
    shuffled = list(there)
    random.shuffle(shuffled)
    assert consumption_between(there) == consumption_between(shuffled)
