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
from billing.domain.money import Int64Array

_QUOTIENT_LIMIT, _DIVISOR_LIMIT = 2**52, 2**61


@dataclass(frozen=True, eq=False)
class TierPlan:
    """base_of: int16 (intervals,), which label; -1: nothing is charged. segment_of: int32 (intervals,).

    caps: int64 (segments, labels, tiers), cumulative micro-kWh, prorated; NO_CAP from a label's last tier on.
    fills: how labels share the tiers, for each segment.
    """

    fills: tuple[Fill, ...]
    base_of: npt.NDArray[np.int16]
    segment_of: npt.NDArray[np.int32]
    caps: Int64Array

    @cached_property
    def runs(self) -> Runs:
        """Of the whole axis."""
        return runs_of(self.base_of, self.segment_of)


@dataclass(frozen=True, eq=False)
class Runs:
    """Neighbouring intervals of one segment and label. All int64 (runs,) but `firsts`.

    starts: first interval. base, segment: of each run. opens: the run with which its segment begins.
    firsts: (segments met,), those runs.
    """

    starts: Int64Array
    base: Int64Array
    segment: Int64Array
    opens: Int64Array
    firsts: Int64Array


def runs_of(base_of: npt.NDArray[np.int16], segment_of: npt.NDArray[np.int32]) -> Runs:
    """Runs of an axis, or of a part of it."""
    changes = (base_of[1:] != base_of[:-1]) | (segment_of[1:] != segment_of[:-1])
    starts = np.flatnonzero(np.concatenate(([True], changes)))
    segment = segment_of[starts].astype(np.int64)
    firsts = np.flatnonzero(np.concatenate(([True], segment[1:] != segment[:-1])))
    opens = np.repeat(firsts, np.diff(np.append(firsts, starts.size)))
    return Runs(starts, base_of[starts].astype(np.int64), segment, opens, firsts)


def energy_by_tier(
    micro_kwh: Int64Array, plan: TierPlan, begin: int = 0, end: int | None = None
) -> Int64Array:
    """int64 (customers, labels, tiers) of the intervals [begin, end) of the axis; micro_kwh holds those.

    Each label's tiers add up to its energy. Energy is not negative. Raises ValueError where it is: a tier is
    filled once, and never emptied.
    """
    customers, intervals = micro_kwh.shape
    _segments, labels, tiers = plan.caps.shape
    if intervals == 0 or labels == 0:
        return np.zeros((customers, labels, tiers), dtype=np.int64)
    end = plan.base_of.size if end is None else end
    whole = begin == 0 and end == plan.base_of.size
    runs = plan.runs if whole else runs_of(plan.base_of[begin:end], plan.segment_of[begin:end])
    sums = np.add.reduceat(micro_kwh, runs.starts, axis=1)
    if sums.size and int(sums.min()) < 0:
        raise ValueError("tiers are of energy that is not negative")
    in_time = np.array([fill == "time" for fill in plan.fills])[runs.segment]
    if in_time.all():
        below = _below_in_time(sums, runs, plan)
    else:
        below = _below_by_label(sums, runs, plan)
        if in_time.any():
            below += _below_in_time(np.where(in_time, sums, 0), runs, plan)
    below[:, :, 1:] -= below[:, :, :-1].copy()
    return below


def _below_in_time(sums: Int64Array, runs: Runs, plan: TierPlan) -> Int64Array:
    """Of each label, what lies below each cap when tiers fill in the order of time."""
    customers = sums.shape[0]
    _segments, labels, tiers = plan.caps.shape
    total = _by_base(sums, runs.base, labels)
    below = np.repeat(total[:, :, None], tiers, axis=2)
    caps = plan.caps.max(axis=1, where=plan.caps < NO_CAP, initial=0)
    caps[caps == 0] = NO_CAP
    segment_sums = np.add.reduceat(sums, runs.firsts, axis=1)
    ends: Int64Array | None = None
    for tier in range(tiers - 1):
        cap_of_segment = caps[runs.segment[runs.firsts], tier]
        binds = (segment_sums > cap_of_segment).any(axis=0)
        if not binds.any():
            continue
        if ends is None:
            ends = _cumulative(sums, runs)
        rows = np.flatnonzero(np.repeat(binds, np.diff(np.append(runs.firsts, sums.shape[1]))))
        cap = caps[runs.segment[rows], tier]
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


def _below_by_label(sums: Int64Array, runs: Runs, plan: TierPlan) -> Int64Array:
    """Of each label, what lies below each cap when labels share a tier in proportion, or have their own."""
    _segments, labels, tiers = plan.caps.shape
    below = np.zeros((sums.shape[0], labels, tiers), dtype=np.int64)
    edges = np.append(runs.firsts, sums.shape[1])
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        fill = plan.fills[runs.segment[first]]
        if fill == "time":
            continue
        energy = _by_base(sums[:, first:last], runs.base[first:last], labels)
        caps = plan.caps[runs.segment[first]]
        for tier in range(tiers):
            if fill == "each":
                below[:, :, tier] += np.minimum(energy, caps[:, tier])
                continue
            held = caps[:, tier][caps[:, tier] < NO_CAP]
            total = energy.sum(axis=1)
            cap = int(held.max()) if held.size else NO_CAP
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
