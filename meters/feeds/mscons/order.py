"""Times put right by the order of a series that is whole.

A series tells its whole period (DTM+163 and 164 below LOC or LIN) and then every value in order of time,
each with a period of its own (MSCONS Anwendungshandbuch, load profiles). Where the number of values fills the
whole period exactly, a value whose own times contradict its neighbours' is known by its place.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Remark
from meters.domain.decimals import IntArray
from meters.domain.problems import Problem
from meters.feeds.mscons.rows import NONE, Columns
from meters.feeds.mscons.times import moment

_AT_PLACE = 0.9
"""Of the values that have to stand where the order has them, for the order to be believed."""
_PUT_RIGHT = Remark(0, 0, None, "order", "its time was put right by its place in the series")


def put_right(columns: Columns, whole: tuple[int, int], offset_minutes: int) -> Problem | None:
    """Give values with wrong times those of their places, and say so; None where nothing is wrong or the
    order tells nothing.

    `whole` is the series' period in UTC seconds. Values that exchanged their places are not touched: then the
    order is wrong, and the times are right.
    """
    count = columns.starts.size
    step, rest = divmod(whole[1] - whole[0], count) if count else (0, 1)
    if rest or step <= 0 or columns.faults:
        return None
    starts = whole[0] + step * np.arange(count, dtype=np.int64)
    wrong = (columns.starts != starts) | (columns.ends != starts + step)
    if not wrong.any() or wrong.mean() > 1 - _AT_PLACE or _is_sound(columns, starts, step):
        return None
    rows = np.flatnonzero(wrong)
    if _exchanged(columns, rows, whole[0], step):
        return None
    first = int(rows[0])
    told = [_shown(int(column[first]), offset_minutes) for column in (columns.starts, columns.ends)]
    place = [_shown(int(starts[first]) + more, offset_minutes) for more in (0, step)]
    words = (
        f"{rows.size} of {count} values say times that contradict their neighbours': the first says "
        f"{told[0]} to {told[1]} where its place is {place[0]} to {place[1]}. The series is whole, so "
        "each was taken at its place."
    )
    columns.starts[rows], columns.ends[rows] = starts[rows], starts[rows] + step
    columns.remarks.append(_PUT_RIGHT)
    columns.remark[rows] = np.where(columns.remark[rows] == 0, len(columns.remarks) - 1, columns.remark[rows])
    return Problem("times_put_right", words, int(columns.lines[first]))


def _is_sound(columns: Columns, starts: IntArray, step: int) -> bool:
    """Whether the times as told cover the period, in whatever order."""
    alike = bool((columns.ends - columns.starts == step).all())
    return alike and bool((np.sort(columns.starts) == starts).all())


def _exchanged(columns: Columns, rows: npt.NDArray[np.intp], begins: int, step: int) -> bool:
    """Whether some of the rows stand on each other's places, all round."""
    told = {}
    for row in rows.tolist():
        start, end = int(columns.starts[row]), int(columns.ends[row])
        if start != NONE and end - start == step and (start - begins) % step == 0:
            told[row] = (start - begins) // step
    for row in told:
        place, steps = told[row], 0
        while place in told and place != row and steps < len(told):
            place, steps = told[place], steps + 1
        if place == row:
            return True
    return False


def _shown(seconds: int, offset_minutes: int) -> str:
    return "nothing" if seconds == NONE else f"{moment(seconds, offset_minutes):%Y-%m-%d %H:%M}"
