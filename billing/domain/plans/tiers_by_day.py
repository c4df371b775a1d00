"""Tiers in the order of time, found day by day: for many customers whose days carry few patterns of labels.

A cap is reached on one day. What was used before that day is kept while the days are laid upon each other
(folding.py); of the day itself counts what lies before the cap. So nothing is as wide as customers x
intervals but the readings themselves (EXPLAIN A7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from billing.domain.money import Int64Array
from billing.domain.reckoning.folding import Fold, IntArray, fold_of

_FEW_DAYS = 5
"""Segments of fewer days than this are better looked at run by run."""


@dataclass(frozen=True, eq=False)
class DayTiers:
    """edges: int64 (days + 1,), the first interval of each day, and the end of the last. segments: the number
    of each that the axis meets, and its days. fold: of labels. place: int64 (days,), the first column in the
    fold of each. labels: int64 (columns of the fold, labels), 1 where a column has the label, else 0.
    """

    edges: Int64Array
    segments: tuple[tuple[int, tuple[int, ...]], ...]
    fold: Fold
    place: Int64Array
    labels: Int64Array


def day_tiers(base_of: IntArray, segment_of: IntArray, day_index: IntArray, labels: int) -> DayTiers | None:
    """None where it is not worth it, as segments are short or few days are alike."""
    fold = fold_of(base_of, day_index)
    if fold is None:
        return None
    firsts = np.flatnonzero(np.concatenate(([True], day_index[1:] != day_index[:-1])))
    segment_on = segment_of[firsts]
    met = np.unique(segment_on).tolist()
    if firsts.size < _FEW_DAYS * len(met):
        return None
    place = {begun: column for column, _width, days in fold.places for begun in days}
    return DayTiers(
        np.append(firsts, base_of.size),
        tuple((one, tuple(np.flatnonzero(segment_on == one).tolist())) for one in met),
        fold,
        np.array([place[first] for first in firsts.tolist()], dtype=np.int64),
        (fold.key_of[:, None] == np.arange(labels)).astype(np.int64),
    )


def below_by_day(micro_kwh: Int64Array, plan: DayTiers, caps: Int64Array) -> Int64Array:
    """Of each label what lies below each cap: int64 (customers, labels, tiers), of all segments together.

    micro_kwh: int64 (customers, intervals), not negative. caps: int64 (customers or 1, segments, tiers),
    which the labels of a segment fill together.
    """
    customers, tiers = micro_kwh.shape[0], caps.shape[2]
    of_day = np.add.reduceat(micro_kwh, plan.edges[:-1], axis=1)
    below = np.zeros((customers, plan.labels.shape[1], tiers), dtype=np.int64)
    for number, days in plan.segments:
        until = np.cumsum(of_day[:, days], axis=1)
        ends = np.broadcast_to(caps[:, number], (customers, tiers))
        over = until[:, -1:] > ends
        row, tier = np.nonzero(over)
        # The day on which each cap is reached, as a place in `days`.
        at = (until[row] < ends[row, tier][:, None]).sum(axis=1)
        everything, before = _laid_until(micro_kwh, plan, days, row, at)
        whole = everything @ plan.labels
        below += whole[:, :, None]
        if row.size:
            day = np.array(days)[at]
            rest = ends[row, tier] - until[row, at] + of_day[row, day]
            found = before @ plan.labels + _of_the_day(micro_kwh, plan, row, day, rest)
            below[row, :, tier] += found - whole[row]
    return below


def _laid_until(
    micro_kwh: Int64Array, plan: DayTiers, days: Sequence[int], row: Int64Array, at: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """The days upon each other, int64 (customers, columns of the fold); and, for each pair of a customer and
    a place in `days`, those before it: int64 (pairs, columns)."""
    found = np.zeros((micro_kwh.shape[0], plan.fold.width), dtype=np.int64)
    kept = np.empty((row.size, plan.fold.width), dtype=np.int64)
    order = np.argsort(at, kind="stable")
    begins = np.searchsorted(at[order], np.arange(len(days) + 1)).tolist()
    for place, day in enumerate(days):
        if begins[place] < begins[place + 1]:
            pairs = order[begins[place] : begins[place + 1]]
            kept[pairs] = found[row[pairs]]
        first, last = int(plan.edges[day]), int(plan.edges[day + 1])
        column = int(plan.place[day])
        mine = found[:, column : column + last - first]
        np.add(mine, micro_kwh[:, first:last], out=mine)
    return found, kept


def _of_the_day(
    micro_kwh: Int64Array, plan: DayTiers, row: Int64Array, day: Int64Array, rest: Int64Array
) -> Int64Array:
    """Of one day of each pair, the first `rest` by label: int64 (pairs, labels)."""
    longest = np.arange(int(np.diff(plan.edges).max()))
    interval = plan.edges[day][:, None] + longest
    inside = interval < plan.edges[day + 1][:, None]
    drawn = micro_kwh[row[:, None], np.where(inside, interval, 0)] * inside
    before = np.cumsum(drawn, axis=1) - drawn
    taken = np.minimum(np.maximum(rest[:, None] - before, 0), drawn)
    label = plan.fold.key_of[np.where(inside, plan.place[day][:, None] + longest, 0)]
    columns = [(taken * (label == one)).sum(axis=1) for one in range(plan.labels.shape[1])]
    return np.stack(columns, axis=1)
