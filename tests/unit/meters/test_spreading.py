"""A consumption divided at instants: exact, by profile, and the same from whichever bill one looks."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from register_reads import DAY, KWH, START, consumption

from meters.domain.quality import Quality
from meters.domain.registers.parts import parts
from meters.domain.registers.spreading import LoadProfile, claimed, micro_before, spread
from meters.registers.standard_profiles import household, standard_load

SECOND = timedelta(seconds=1)
amounts = st.integers(-(10**15), 10**15)
cuts = st.lists(st.integers(-5, 30 * 86_400 + 5).map(lambda second: START + second * SECOND), max_size=8)
weights = st.lists(st.integers(0, 10**9), min_size=30, max_size=30)


def daily(values: list[int]) -> LoadProfile:
    return LoadProfile(START, 1440, np.array(values, dtype=np.int64))


def test_even_where_there_is_no_profile() -> None:
    assert spread(consumption(30, 0, 30), [START + DAY * 10]) == [10 * KWH, 20 * KWH]
    assert spread(consumption(30, 0, 30), []) == [30 * KWH]
    assert spread(consumption(30, 0, 30), [START, START + DAY * 30, START + DAY * 99]) == [30 * KWH]


def test_in_proportion_to_the_profile() -> None:
    winter_first = daily([3] * 10 + [1] * 20)
    assert spread(consumption(50, 0, 30), [START + DAY * 10], winter_first) == [30 * KWH, 20 * KWH]
    assert spread(consumption(50, 0, 30), [START + DAY * 10.5], winter_first) == [30_500_000, 19_500_000]


def test_evenly_where_the_profile_says_nothing() -> None:
    nothing = daily([0] * 30)
    short = LoadProfile(START + DAY, 1440, np.ones(10, dtype=np.int64))
    for profile in (nothing, short):
        assert spread(consumption(30, 0, 30), [START + DAY * 10], profile) == [10 * KWH, 20 * KWH]


@pytest.mark.parametrize("wrong", [[-1], [2**40 + 1]])
def test_a_profile_of_impossible_weights_is_refused(wrong: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        daily(wrong)


@given(amounts, cuts, weights)
def test_parts_sum_to_the_whole_and_each_is_within_a_millionth_of_its_share(micro, at, values) -> None:
    whole = consumption(0, 0, 30, micro=micro)
    profile = daily(values)
    found = spread(whole, at, profile)
    assert sum(found) == micro
    inside = sorted({one for one in at if START < one < START + DAY * 30})
    total = profile.before(START + DAY * 30)
    for part, (first, last) in zip(found, pairwise([START, *inside, START + DAY * 30]), strict=True):
        if total:
            assert abs(part * total - micro * (profile.before(last) - profile.before(first))) <= total
        assert part == 0 or (part > 0) == (micro > 0)


@given(amounts, cuts, cuts, weights)
def test_bills_agree_on_what_is_between_two_instants_whatever_else_they_cut(
    micro, mine, yours, values
) -> None:
    whole, profile = consumption(0, 0, 30, micro=micro), daily(values)
    fine = spread(whole, [*mine, *yours], profile)
    coarse = spread(whole, mine, profile)
    inside = sorted({one for one in (*mine, *yours) if START < one < START + DAY * 30})
    bounds, place, sums = {one for one in mine if START < one < START + DAY * 30}, 0, [0]
    for part, end in zip(fine, [*inside, None], strict=True):
        sums[place] += part
        if end in bounds:
            place += 1
            sums.append(0)
    assert sums == coarse


def test_what_has_gone_through_starts_at_nothing_and_ends_at_all() -> None:
    whole = consumption(7, 0, 30)
    assert micro_before(whole, [whole.starts_at, whole.ends_before]) == [0, 7 * KWH]


def spans(claims) -> list[tuple[float, float, int]]:
    return [
        ((one.starts_at - START) / DAY, (one.ends_before - START) / DAY, one.consumption.micro // KWH)
        for one in claims
    ]


def test_the_better_consumption_claims_its_time_first() -> None:
    told, read = consumption(1, 10, 20), consumption(2, 0, 30)
    assert spans(claimed([told, read])) == [(0, 10, 2), (10, 20, 1), (20, 30, 2)]
    assert spans(claimed([read, told])) == [(0, 30, 2)]
    assert claimed([read])[0].whole and not claimed([told, read])[0].whole


few = st.lists(
    st.builds(
        lambda first, long, kwh: consumption(kwh, first, first + long),
        st.integers(0, 20),
        st.integers(1, 12),
        st.integers(0, 9),
    ),
    max_size=8,
)


@given(few)
def test_claims_lie_apart_and_cover_what_was_told(told) -> None:
    claims = claimed(told)
    for earlier, later in pairwise(claims):
        assert earlier.ends_before <= later.starts_at
    days = {
        day for one in told for day in range((one.starts_at - START).days, (one.ends_before - START).days)
    }
    assert sum((one.ends_before - one.starts_at).days for one in claims) == len(days)


def test_parts_say_what_was_estimated_spread_and_unknown() -> None:
    told = [
        consumption(10, 0, 10),
        consumption(20, 10, 30),
        consumption(6, 30, 36, quality=Quality.ESTIMATED),
    ]
    whole, cut, late = parts(told, [START, START + DAY * 10, START + DAY * 33, START + DAY * 40])
    assert (whole.micro, whole.estimated, whole.known) == (10 * KWH, False, True)
    assert (cut.micro, cut.estimated_micro, cut.spread_micro) == (23 * KWH, 3 * KWH, 3 * KWH)
    assert (late.micro, late.estimated_micro, late.unknown) == (3 * KWH, 3 * KWH, DAY * 4)
    assert late.estimated and not late.known


@given(few, st.lists(st.integers(0, 40), min_size=2, max_size=6, unique=True))
def test_parts_sum_to_the_part_of_the_whole(told, days) -> None:
    instants = [START + DAY * day for day in sorted(days)]
    fine = parts(told, instants)
    (whole,) = parts(told, [instants[0], instants[-1]])
    assert sum(part.micro for part in fine) == whole.micro
    assert sum((part.unknown for part in fine), timedelta()) == whole.unknown


def test_the_standard_profile_is_the_published_one() -> None:
    """BDEW's H25 for the first half-hour of a Sunday in January, 23.148 and 21.985, and its weight of the
    fourth day of the year: 1.24 + 0.0084 - 0.0011."""
    saturday = START.replace(day=3)
    profile = household().profile(saturday, saturday + DAY, ZoneInfo("Europe/Berlin"), lambda _day: False)
    assert profile.starts_at == saturday and profile.interval_minutes == 30
    sunday_in_berlin = int(profile.weights[46])
    assert abs(sunday_in_berlin / (23_148 + 21_985) - 1.2473) < 0.001


def test_a_holiday_is_a_sunday() -> None:
    zone, monday = ZoneInfo("UTC"), START.replace(day=5)
    plain = standard_load("g25").profile(monday, monday + DAY, zone, lambda _day: False)
    holiday = standard_load("g25").profile(monday, monday + DAY, zone, lambda day: day == date(2026, 1, 5))
    assert plain.weights[:48].sum() > 2 * holiday.weights[:48].sum()
