"""Determinants of tiered charges: how much of each label falls into each tier, exact in int64.

A segment is the time in which one set of tiers fills: a month, a day, a bill, cut where the charge changes.
Only in the order of time does it matter when something was used: there a cap is reached in one run of equal
label, which is looked for in the cumulative sums at the runs' ends; what lies below it is what was used
before that run, and a part of it (EXPLAIN A5). Customers whom no cap binds are not looked at (A7).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from billing.domain.charges.tiers import NO_CAP, Fill
from billing.domain.errors import BeyondExact
from billing.domain.money import INT64_MAX, MICRO, Int64Array
from billing.domain.plans.demand import DemandPlan, Highest, highest
from billing.domain.plans.tiers_by_day import DayTiers, below_by_day, day_tiers
from billing.domain.reckoning.folding import FEW
from billing.domain.reckoning.summing import Keyed, energy_by_key

_QUOTIENT_LIMIT, _DIVISOR_LIMIT = 2**52, 2**61
_MANY_RUNS = 5
"""Where runs are shorter than this, adding up all intervals one after the other is faster than run by run."""


@dataclass(frozen=True, eq=False)
class TierPlan:
    """base_of: int16 (intervals,), which label; -1: nothing is charged. segment_of: int32 (intervals,).

    caps: int64 (segments, labels, tiers), cumulative micro-kWh, prorated; NO_CAP from a label's last tier on.
    fills: how labels share the tiers, for each segment. day_index: (intervals,), the day of each.
    drawn: the demands of the segments whose caps are for each kW, a plan for each length of window.
    """

    fills: tuple[Fill, ...]
    base_of: npt.NDArray[np.int16]
    segment_of: npt.NDArray[np.int32]
    caps: Int64Array
    day_index: npt.NDArray[np.integer]
    drawn: tuple[DemandPlan, ...] = ()

    @cached_property
    def runs(self) -> Runs:
        """Of the whole axis."""
        return runs_of(self.base_of, self.segment_of, self.caps.shape[:2])

    @cached_property
    def keyed(self) -> Keyed:
        """Each label of each segment a key."""
        segments, labels, _tiers = self.caps.shape
        keys = self.segment_of.astype(np.int64) * labels + self.base_of
        return Keyed(np.where(self.base_of < 0, -1, keys), segments * labels, self.day_index)

    @cached_property
    def by_day(self) -> DayTiers | None:
        """Where all tiers fill in the order of time, and days are enough alike."""
        if any(fill != "time" for fill in self.fills):
            return None
        return day_tiers(self.base_of, self.segment_of, self.day_index, self.caps.shape[1])

    def filled(self, fill: Fill) -> Int64Array:
        """The segments whose tiers fill so."""
        return np.array([place for place, one in enumerate(self.fills) if one == fill], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Runs:
    """Neighbouring intervals of one segment and label. All int64 (runs,) but those told otherwise.

    starts: first interval, in time. base: in the order of segments, each by time: `order` says which run of
    time each is; None where the order is that of time. first, last: int64 (segments,), the runs [first, last)
    of each segment. by_base: the runs in the order of labels, each by time. rank: int64 (runs + 1, labels),
    the place in `by_base` before which all runs of a label stand that come before a run.
    """

    starts: Int64Array
    order: Int64Array | None
    base: Int64Array
    first: Int64Array
    last: Int64Array
    by_base: Int64Array
    rank: Int64Array


def runs_of(base_of: npt.NDArray[np.int16], segment_of: npt.NDArray[np.int32], size: tuple[int, ...]) -> Runs:
    """Runs of an axis, or of a part of it. size: how many segments and labels there are."""
    changes = (base_of[1:] != base_of[:-1]) | (segment_of[1:] != segment_of[:-1])
    starts = np.flatnonzero(np.concatenate(([True], changes)))
    segment, base = segment_of[starts].astype(np.int64), base_of[starts].astype(np.int64)
    order = None
    if np.any(segment[1:] < segment[:-1]):  # a charge that comes back: its tiers go on filling
        order = np.argsort(segment, kind="stable")
        segment, base = segment[order], base[order]
    segments, labels = size
    first, last = (np.searchsorted(segment, np.arange(segments), side) for side in ("left", "right"))
    by_base = np.argsort(base, kind="stable")
    before = np.zeros((base.size + 1, labels), dtype=np.int64)
    before[1:] = np.cumsum(base[:, None] == np.arange(labels), axis=0)
    begins = np.searchsorted(base[by_base], np.arange(labels))
    return Runs(starts, order, base, first, last, by_base, before + begins)


def energy_by_tier(
    micro_kwh: Int64Array,
    plan: TierPlan,
    begin: int = 0,
    end: int | None = None,
    drawn_micro_kwh: Int64Array | None = None,
) -> Int64Array:
    """int64 (customers, labels, tiers) of the intervals [begin, end) of the axis; micro_kwh holds those.

    drawn_micro_kwh: what the demand is read from, for caps by the kW; None: the same. Each label's tiers add
    up to its energy. Energy must not be negative: a tier is filled once, and never emptied.
    """
    customers, intervals = micro_kwh.shape
    _segments, labels, tiers = plan.caps.shape
    if intervals == 0 or labels == 0 or customers == 0:
        return np.zeros((customers, labels, tiers), dtype=np.int64)
    end = plan.base_of.size if end is None else end
    caps = plan.caps[None]
    for one in plan.drawn:
        drawn = micro_kwh if drawn_micro_kwh is None else drawn_micro_kwh
        caps = _caps_by_kw(caps, one, highest(drawn, one, begin, end))
    whole = begin == 0 and end == plan.base_of.size
    if whole and customers >= FEW and plan.by_day is not None:
        below = below_by_day(micro_kwh, plan.by_day, _shared(caps))
    else:
        below = _below(micro_kwh, plan, caps, begin, end)
    below[:, :, 1:] -= below[:, :, :-1].copy()
    return below


def _below(micro_kwh: Int64Array, plan: TierPlan, caps: Int64Array, begin: int, end: int) -> Int64Array:
    """Of each label what lies below each cap, however tiers fill: int64 (customers, labels, tiers)."""
    segments, labels, tiers = plan.caps.shape
    energy = energy_by_key(micro_kwh, plan.keyed, begin, end).reshape(-1, segments, labels)
    below = np.zeros((micro_kwh.shape[0], labels, tiers), dtype=np.int64)
    mine = plan.filled("each")
    if mine.size:
        below += np.minimum(energy[:, mine, :, None], caps[:, mine]).sum(axis=1)
    mine = plan.filled("proportion")
    if mine.size:
        below += _in_proportion(energy[:, mine], caps[:, mine])
    mine = plan.filled("time")
    if mine.size:
        below += _in_time(micro_kwh, plan, energy, caps, mine, begin, end)
    return below


def _caps_by_kw(caps: Int64Array, drawn: DemandPlan, demand: Highest) -> Int64Array:
    """int64 (customers, segments, labels, tiers): cap x demand where the segment is one of this plan's; cut
    at the kW so that it cannot overflow."""
    by_kw = np.array([places.size > 0 for places in drawn.columns])[:, None, None] & (caps < NO_CAP)
    whole, part = np.divmod(demand.micro_kw[:, :, None, None], MICRO)
    finite = np.where(by_kw, caps, 0)
    limit = int(finite.max(initial=0))
    if limit * (int(whole.max(initial=0)) + 1) > INT64_MAX or limit * MICRO > INT64_MAX:
        raise BeyondExact("the tiers by the kW end beyond what can be reckoned exactly")
    return np.where(by_kw, finite * whole + finite * part // MICRO, caps)


def _shared(caps: Int64Array) -> Int64Array:
    """The caps that the labels of a segment fill together: int64 (customers or 1, segments, tiers)."""
    found = caps.max(axis=2, where=caps < NO_CAP, initial=-1)
    found[found < 0] = NO_CAP
    return np.asarray(found)


def _in_proportion(energy: Int64Array, caps: Int64Array) -> Int64Array:
    """Of each label what lies below each cap: every label has of a tier the share it has of all."""
    customers, segments, labels = energy.shape
    total = energy.sum(axis=2)
    whole = np.minimum(total[:, :, None], _shared(caps))
    parts = energy.reshape(customers * segments, labels)
    found = [
        share_out(parts, total.ravel(), whole[:, :, tier].ravel()).reshape(energy.shape).sum(axis=1)
        for tier in range(caps.shape[3])
    ]
    return np.stack(found, axis=2)


def _in_time(
    micro_kwh: Int64Array,
    plan: TierPlan,
    energy: Int64Array,
    caps: Int64Array,
    mine: Int64Array,
    begin: int,
    end: int,
) -> Int64Array:
    """The same where tiers fill in the order of time. mine: the segments in which they do."""
    customers, _segments, labels = energy.shape
    tiers = caps.shape[3]
    below = np.repeat(energy[:, mine].sum(axis=1)[:, :, None], tiers, axis=2)
    shared = _shared(caps[:, mine])
    total = energy[:, mine].sum(axis=2)
    over = total[:, :, None] > shared
    of_segment = over.any(axis=(0, 2))
    rows = np.flatnonzero(over.any(axis=(1, 2)))
    if not rows.size:
        return below
    mine = mine[of_segment]
    whole = begin == 0 and end == plan.base_of.size
    runs = plan.runs
    if not whole:
        runs = runs_of(plan.base_of[begin:end], plan.segment_of[begin:end], plan.caps.shape[:2])
    if rows.size < customers:
        micro_kwh, energy, total = micro_kwh[rows], energy[rows], total[rows]
        shared = shared if shared.shape[0] == 1 else shared[rows]
    level = np.minimum(total[:, of_segment, None], shared[:, of_segment])
    found = _before_caps(_cumulative(micro_kwh, runs), runs, level, mine, labels)
    below[rows] -= energy[:, mine].sum(axis=1)[:, :, None] - found
    return below


def _cumulative(micro_kwh: Int64Array, runs: Runs) -> Int64Array:
    """int64 (customers, runs + 1): energy before each run, in the order of runs, and of all."""
    customers, intervals = micro_kwh.shape
    found = np.zeros((customers, runs.starts.size + 1), dtype=np.int64)
    if runs.order is None and runs.starts.size * _MANY_RUNS > intervals:
        every = np.cumsum(micro_kwh, axis=1)
        found[:, 1:-1] = every[:, runs.starts[1:] - 1]
        found[:, -1] = every[:, -1]
    else:
        sums = np.add.reduceat(micro_kwh, runs.starts, axis=1)
        np.cumsum(sums if runs.order is None else sums[:, runs.order], axis=1, out=found[:, 1:])
    return found


def _before_caps(
    before: Int64Array, runs: Runs, level: Int64Array, mine: Int64Array, labels: int
) -> Int64Array:
    """Of each label what was used before the segments `mine` held `level`: int64 (customers, labels, tiers).

    before: see _cumulative. level: int64 (customers, segments, tiers), at most what the segment holds.
    """
    sums = np.diff(before, axis=1)
    row = np.arange(before.shape[0])[:, None, None]
    first, last = runs.first[mine], np.maximum(runs.last[mine] - 1, runs.first[mine])
    goal = level + before[:, first][:, :, None]
    low = np.broadcast_to(first[None, :, None], goal.shape).copy()
    high = np.broadcast_to(last[None, :, None], goal.shape).copy()
    for _halved in range(int((last - first).max()).bit_length()):  # the first run by whose end it is reached
        middle = (low + high) // 2
        reached = before[row, middle + 1] >= goal
        high = np.where(reached, middle, high)
        low = np.where(reached, low, np.minimum(middle + 1, high))
    of_label = np.zeros_like(before)
    np.cumsum(sums[:, runs.by_base], axis=1, out=of_label[:, 1:])
    begun = of_label[:, runs.rank[first]]
    found = of_label[row[..., None], runs.rank[low]] - begun[:, :, None, :]
    part = goal - before[row, low]
    found += part[..., None] * (runs.base[low][..., None] == np.arange(labels))
    return np.ascontiguousarray(found.sum(axis=1).swapaxes(1, 2))


def share_out(parts: Int64Array, total: Int64Array, whole: Int64Array) -> Int64Array:
    """`whole` over the columns of `parts` in proportion, by largest remainder, ties to the first column.

    parts: int64 (customers, columns), not negative, adding up to `total`; whole: at most total. The columns
    of the answer add up to `whole` exactly, and none is more than its part.
    """
    same = whole == total
    if same.all():
        return parts.copy()
    divisor = np.maximum(total, 1)[:, None]
    if int(total.max()) >= _DIVISOR_LIMIT or int(whole.max()) >= _QUOTIENT_LIMIT:
        return _share_out_exactly(parts, total, whole)
    quotient = (parts.astype(np.float64) * (whole / np.maximum(total, 1))[:, None]).astype(np.int64)
    rest = parts * whole[:, None] - quotient * divisor  # wraps twice, the difference does not
    for _ in range(3):
        step = (rest >= divisor).astype(np.int64) - (rest < 0)
        if not step.any():
            break
        quotient += step
        rest -= step * divisor
    left = whole - quotient.sum(axis=1)
    rank = np.argsort(np.argsort(-rest, axis=1, kind="stable"), axis=1, kind="stable")
    quotient += rank < left[:, None]
    return np.asarray(np.where(same[:, None], parts, quotient))


def _share_out_exactly(parts: Int64Array, total: Int64Array, whole: Int64Array) -> Int64Array:
    """The same in Python integers."""
    found = np.zeros_like(parts)
    for row, (cells, of, held) in enumerate(zip(parts.tolist(), total.tolist(), whole.tolist(), strict=True)):
        pairs = [divmod(cell * held, max(of, 1)) for cell in cells]
        order = sorted(range(len(cells)), key=lambda column: (-pairs[column][1], column))
        values = [pair[0] for pair in pairs]
        for column in order[: held - sum(values)]:
            values[column] += 1
        found[row] = values
    return found
