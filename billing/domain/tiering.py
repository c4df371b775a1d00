"""Determinants of tiered charges: how much of each label falls into each tier, exact in int64.

Nothing is summed half-hour by half-hour: runs of equal segment and label are, and what a run has below a cap
is the difference of the cumulative sums at its ends (EXPLAIN A5). A segment is the time in which one set of
tiers fills: a month, a day, a bill, cut where the charge changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from billing.domain.charges.tiers import NO_CAP, Fill
from billing.domain.demand_plan import DemandPlan, Highest, highest
from billing.domain.money import INT64_MAX, MICRO, Int64Array

_QUOTIENT_LIMIT, _DIVISOR_LIMIT = 2**52, 2**61


@dataclass(frozen=True, eq=False)
class TierPlan:
    """base_of: int16 (intervals,), which label; -1: nothing is charged. segment_of: int32 (intervals,).

    caps: int64 (segments, labels, tiers), cumulative micro-kWh, prorated; NO_CAP from a label's last tier on.
    fills: how labels share the tiers, for each segment.
    drawn: the demand of each segment whose caps are for each kW; None where none are.
    """

    fills: tuple[Fill, ...]
    base_of: npt.NDArray[np.int16]
    segment_of: npt.NDArray[np.int32]
    caps: Int64Array
    drawn: DemandPlan | None = None

    @cached_property
    def runs(self) -> Runs:
        """Of the whole axis."""
        return runs_of(self.base_of, self.segment_of)


@dataclass(frozen=True, eq=False)
class Runs:
    """Neighbouring intervals of one segment and label. All int64 (runs,) but `firsts`.

    starts: first interval, in time. base, segment, opens: in the order of segments, each by time: `order`
    says which run of time each is; None where the order is that of time. opens: the run with which its
    segment begins. firsts: (segments met,), those runs.
    """

    starts: Int64Array
    order: Int64Array | None
    base: Int64Array
    segment: Int64Array
    opens: Int64Array
    firsts: Int64Array


def runs_of(base_of: npt.NDArray[np.int16], segment_of: npt.NDArray[np.int32]) -> Runs:
    """Runs of an axis, or of a part of it."""
    changes = (base_of[1:] != base_of[:-1]) | (segment_of[1:] != segment_of[:-1])
    starts = np.flatnonzero(np.concatenate(([True], changes)))
    segment, base = segment_of[starts].astype(np.int64), base_of[starts].astype(np.int64)
    order = None
    if np.any(segment[1:] < segment[:-1]):  # a charge that comes back: its tiers go on filling
        order = np.argsort(segment, kind="stable")
        segment, base = segment[order], base[order]
    firsts = np.flatnonzero(np.concatenate(([True], segment[1:] != segment[:-1])))
    opens = np.repeat(firsts, np.diff(np.append(firsts, starts.size)))
    return Runs(starts, order, base, segment, opens, firsts)


def energy_by_tier(
    micro_kwh: Int64Array,
    plan: TierPlan,
    begin: int = 0,
    end: int | None = None,
    drawn_micro_kwh: Int64Array | None = None,
) -> Int64Array:
    """int64 (customers, labels, tiers) of the intervals [begin, end) of the axis; micro_kwh holds those.

    drawn_micro_kwh: what the demand is read from, for caps by the kW; None: the same. Each label's tiers add
    up to its energy. Energy is not negative. Raises ValueError where it is: a tier is filled once, and never
    emptied.
    """
    customers, intervals = micro_kwh.shape
    _segments, labels, tiers = plan.caps.shape
    if intervals == 0 or labels == 0:
        return np.zeros((customers, labels, tiers), dtype=np.int64)
    end = plan.base_of.size if end is None else end
    whole = begin == 0 and end == plan.base_of.size
    runs = plan.runs if whole else runs_of(plan.base_of[begin:end], plan.segment_of[begin:end])
    sums = np.add.reduceat(micro_kwh, runs.starts, axis=1)
    if runs.order is not None:
        sums = sums[:, runs.order]
    if sums.size and int(sums.min()) < 0:
        raise ValueError("tiers are of energy that is not negative")
    caps = plan.caps[None]
    if plan.drawn is not None:
        drawn = micro_kwh if drawn_micro_kwh is None else drawn_micro_kwh
        caps = _caps_by_kw(plan, plan.drawn, highest(drawn, plan.drawn, begin, end))
    in_time = np.array([fill == "time" for fill in plan.fills])[runs.segment]
    if in_time.all():
        below = _below_in_time(sums, runs, caps)
    else:
        below = _below_by_label(sums, runs, plan.fills, caps)
        if in_time.any():
            below += _below_in_time(np.where(in_time, sums, 0), runs, caps)
    below[:, :, 1:] -= below[:, :, :-1].copy()
    return below


def _caps_by_kw(plan: TierPlan, drawn: DemandPlan, demand: Highest) -> Int64Array:
    """int64 (customers, segments, labels, tiers): cap x demand, cut at the kW so that it cannot overflow."""
    by_kw = np.array([places.size > 0 for places in drawn.columns])
    whole, part = np.divmod(demand.micro_kw[:, :, None, None], MICRO)
    finite = np.where(plan.caps < NO_CAP, plan.caps, 0)[None]
    limit = int(finite.max(initial=0))
    if limit * (int(whole.max(initial=0)) + 1) > INT64_MAX or limit * MICRO > INT64_MAX:
        raise OverflowError("the tiers by the kW end beyond what can be reckoned exactly")
    by_demand = finite * whole + finite * part // MICRO
    return np.where((plan.caps < NO_CAP) & by_kw[:, None, None], by_demand, plan.caps)


def _below_in_time(sums: Int64Array, runs: Runs, label_caps: Int64Array) -> Int64Array:
    """Of each label, what lies below each cap when tiers fill in the order of time.

    label_caps: int64 (customers or 1, segments, labels, tiers).
    """
    customers = sums.shape[0]
    _some, _segments, labels, tiers = label_caps.shape
    total = _by_base(sums, runs.base, labels)
    below = np.repeat(total[:, :, None], tiers, axis=2)
    caps = label_caps.max(axis=2, where=label_caps < NO_CAP, initial=-1)
    caps[caps < 0] = NO_CAP
    segment_sums = np.add.reduceat(sums, runs.firsts, axis=1)
    ends: Int64Array | None = None
    for tier in range(tiers - 1):
        cap_of_segment = caps[:, runs.segment[runs.firsts], tier]
        binds = (segment_sums > cap_of_segment).any(axis=0)
        if not binds.any():
            continue
        if ends is None:
            ends = _cumulative(sums, runs)
        rows = np.flatnonzero(np.repeat(binds, np.diff(np.append(runs.firsts, sums.shape[1]))))
        cap = caps[:, runs.segment[rows], tier]
        after = ends[:, rows]
        before = after - sums[:, rows]
        above = after - np.minimum(after, cap) - (before - np.minimum(before, cap))
        below[:, :, tier] -= _by_base(above, runs.base[rows], labels)
    assert below.shape == (customers, labels, tiers), "one figure a label and tier"
    return below


def _cumulative(sums: Int64Array, runs: Runs) -> Int64Array:
    """Energy of the segment up to the end of each run."""
    ends = np.cumsum(sums, axis=1)
    before = ends[:, runs.opens] - sums[:, runs.opens]
    return np.asarray(ends - before)


def _by_base(sums: Int64Array, base: Int64Array, labels: int) -> Int64Array:
    """Runs added up by label: int64 (customers, labels)."""
    found = np.zeros((sums.shape[0], labels), dtype=np.int64)
    if not base.size:
        return found
    order = np.argsort(base, kind="stable")
    ordered = base[order]
    firsts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    totals = np.add.reduceat(sums[:, order], firsts, axis=1)
    for column, label in enumerate(ordered[firsts].tolist()):
        if label >= 0:
            found[:, label] = totals[:, column]
    return found


def _below_by_label(
    sums: Int64Array, runs: Runs, fills: tuple[Fill, ...], label_caps: Int64Array
) -> Int64Array:
    """Of each label, what lies below each cap when labels share a tier in proportion, or have their own."""
    _some, _segments, labels, tiers = label_caps.shape
    below = np.zeros((sums.shape[0], labels, tiers), dtype=np.int64)
    edges = np.append(runs.firsts, sums.shape[1])
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        fill = fills[runs.segment[first]]
        if fill == "time":
            continue
        energy = _by_base(sums[:, first:last], runs.base[first:last], labels)
        caps = label_caps[:, runs.segment[first]]
        for tier in range(tiers):
            if fill == "each":
                below[:, :, tier] += np.minimum(energy, caps[:, :, tier])
                continue
            total = energy.sum(axis=1)
            cap = caps[:, :, tier].max(axis=1, where=caps[:, :, tier] < NO_CAP, initial=-1)
            cap[cap < 0] = NO_CAP
            below[:, :, tier] += share_out(energy, total, np.minimum(total, cap))
    return below


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
