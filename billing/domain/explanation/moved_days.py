"""The days that moved most: each day's use less that of the day it stands for in the earlier bill.

The cost of a day is the later bill less the same bill with that day's use replaced, both rated: so it
includes taxes, and costs of days do not add up to the difference (levels, prices and the calendar are not
theirs).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from billing.domain.explanation.comparison import Comparison
from billing.domain.explanation.game import Game, rate_paths
from billing.domain.explanation.mixing import Choice
from billing.domain.explanation.reactive_use import reactive_rows
from billing.domain.money import Int64Array


@dataclass(frozen=True, slots=True)
class MovedDay:
    """from_minute, until_minute: the stretch of the clock with the largest part of the move, half-open."""

    day: date
    compared_with: date
    used_micro_kwh: int
    expected_micro_kwh: int
    cost_minor: int
    from_minute: int
    until_minute: int

    @property
    def difference_micro_kwh(self) -> int:
        return self.used_micro_kwh - self.expected_micro_kwh


def moved_days(found: Comparison, most: int = 5) -> tuple[MovedDay, ...]:
    """Days of the later bill by the size of their cost, then of their energy; unmoved days left out."""
    game = found.game
    if not isinstance(game, Game):
        return ()  # of a dial no day is known
    used = game.sides[1].billed
    mapped = game.maps.maps[1][0]
    expected = game.sides[0].billed[mapped]
    days, slots = used.shape
    variants = np.repeat(used.reshape(1, -1), days + 1, axis=0)
    for day in range(days):
        variants[day + 1, day * slots : (day + 1) * slots] = expected[day]
    totals = np.zeros(days + 1, dtype=np.int64)
    later = game.sides[1]
    plan = game.plan(Choice.all_of(1, 1))
    given = game.given_back and np.broadcast_to(game.given_back[1].reshape(1, -1), variants.shape)
    beside = reactive_rows(game.reacted, game.maps, 1, [1] * (days + 1))
    for line in rate_paths(variants, plan, None, later.earlier, later.side.state, given, beside):
        totals += line.amount_minor
    costs = totals[0] - totals[1:]
    dates, others = tuple(found.after.period.dates()), tuple(found.before.period.dates())
    moved = []
    for day in range(days):
        change = used[day] - expected[day]
        if not change.any():
            continue
        begin, end = _stretch(change)
        moved.append(
            MovedDay(
                dates[day],
                others[int(mapped[day])],
                int(used[day].sum()),
                int(expected[day].sum()),
                int(costs[day]),
                int(game.grid.clock[begin]),
                int(game.grid.clock[end - 1]) + game.grid.slot_minutes,
            )
        )
    moved.sort(key=lambda day: (-abs(day.cost_minor), -abs(day.difference_micro_kwh), day.day))
    return tuple(moved[:most])


def _stretch(change: Int64Array) -> tuple[int, int]:
    """The run of slots with the largest sum in the direction of the day's whole move."""
    values = change.tolist()
    if sum(values) < 0:
        values = [-value for value in values]
    best, best_span, run, start = values[0], (0, 1), 0, 0
    for index, value in enumerate(values):
        if run <= 0:
            run, start = 0, index
        run += value
        if run > best:
            best, best_span = run, (start, index + 1)
    return best_span
