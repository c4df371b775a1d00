"""Days of one standard time as days of another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from meters.domain.blocks import MISSING, Block
from meters.domain.quality import Quality
from meters.domain.recut import Misfit, SpokenDay, recut
from meters.domain.units import parse_unit

JUNE = date(2024, 6, 1)


def block(
    day: int, values: list[int | None], offset: int = 0, replaces: bool = False, quality: int | list[int] = 1
) -> Block:
    held = np.array([MISSING if value is None else value for value in values], dtype=np.int64)
    codes = np.array(quality, dtype=np.uint8) if isinstance(quality, list) else quality
    start = JUNE + timedelta(days=day)
    return Block(
        "SP", "E1", parse_unit("kWh"), "import", offset, start, 1440 // held.size, held, codes, replaces, day
    )


def test_the_same_standard_time_leaves_the_days_alone() -> None:
    (said,) = recut([block(0, [1, None, 3, 4])], 0)
    assert isinstance(said, SpokenDay)
    assert (said.day, said.values.tolist(), said.spoken.tolist()) == (
        JUNE, [1, MISSING, 3, 4], [True, False, True, True],
    )  # fmt: skip


def test_a_day_ahead_reaches_into_the_day_before() -> None:
    """Six hours of UTC+6 are the last quarter of the day before in UTC."""
    first, second = recut([block(0, [1, 2, 3, 4], offset=360)], 0)
    assert (first.day, first.values.tolist()) == (JUNE - timedelta(days=1), [MISSING, MISSING, MISSING, 1])
    assert (second.day, second.values.tolist()) == (JUNE, [2, 3, 4, MISSING])
    assert first.spoken.tolist() == [False, False, False, True]
    assert second.spoken.tolist() == [True, True, True, False]


def test_holes_that_are_spoken_of_stay_spoken_of() -> None:
    first, second = recut([block(0, [None, 2, None, 4], offset=-360, replaces=True)], 0)
    assert second.spoken.tolist() == [True, False, False, False] and second.values[0] == 4
    assert first.spoken.tolist() == [False, True, True, True] and first.values[1] == MISSING


def test_neighbours_meet_in_one_day_each_with_its_quality() -> None:
    days = [block(0, [1, 2, 3, 4], 720, quality=1), block(1, [5, 6, 7, 8], 720, quality=2)]
    middle = next(said for said in recut(days, 0) if said.day == JUNE)
    assert middle.values.tolist() == [3, 4, 5, 6]
    assert np.asarray(middle.quality).tolist() == [1, 1, 2, 2]


def test_what_does_not_fit_is_said() -> None:
    (odd,) = recut([block(0, [1, 2, 3, 4], offset=60)], 0)
    assert isinstance(odd, Misfit) and odd.reason == "offset_misfit"
    mixed = list(recut([block(0, [1, 2, 3, 4], 720), block(1, [1] * 8, 720)], 0))
    assert [item.reason for item in mixed if isinstance(item, Misfit)] == ["interval_misfit"]


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(0, 99)), min_size=24, max_size=24), max_size=4),
       st.integers(-12, 14), st.integers(-12, 14), st.booleans())  # fmt: skip
def test_cutting_there_and_back_changes_nothing(
    days: list[list[int | None]], here: int, there: int, replaces: bool
) -> None:
    """Every reading keeps its instant, so two cuts are the first day again."""
    blocks = [block(number, values, here * 60, replaces) for number, values in enumerate(days)]
    again = [
        replace(
            blocks[0],
            offset_minutes=there * 60,
            day=said.day,
            values=said.values,
            quality=said.quality,
            replaces=False,
        )
        for said in recut(blocks, there * 60)
        if isinstance(said, SpokenDay)
    ]
    back = {said.day: said for said in recut(again, here * 60) if isinstance(said, SpokenDay)}
    for one in blocks:
        if one.present.any():
            assert back.pop(one.day).values.tolist() == one.values.tolist()
    assert not back


@given(st.lists(st.sampled_from(Quality), min_size=4, max_size=4))
def test_quality_goes_with_its_reading(codes: list[Quality]) -> None:
    values = [None if code is Quality.MISSING else 7 for code in codes]
    moved = {said.day: said for said in recut([block(0, values, 360, quality=list(codes))], 0)}
    seen = []
    for day in (JUNE - timedelta(days=1), JUNE):
        if day in moved:
            said = moved[day]
            quality = np.broadcast_to(said.quality, (4,))
            seen += [int(code) for code, value in zip(quality, said.values, strict=True) if value != MISSING]
    assert seen == [code for code in codes if code is not Quality.MISSING]
