"""rate(): one engine. A bill is a batch of one; the bill run, quotes and explanations all call this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from billing.domain.axis import Axis, axis_of, epoch_minute
from billing.domain.days import Period
from billing.domain.money import Int64Array
from billing.domain.plan import Plan, compile_plan, rules_of
from billing.domain.pricing import LineColumn, LineKind, determinants, lines_of
from billing.domain.tariff import Tariff
from billing.domain.usage import BoolArray, Usage, UsageMatrix


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill; see LineColumn for the units. starts_on, ends_before: the days it stands for."""

    kind: LineKind
    code: str
    label: str
    unit: str
    quantity_micro: int
    price_micro: int
    amount_minor: int
    starts_on: date
    ends_before: date
    estimated_micro_kwh: int = 0


@dataclass(frozen=True, slots=True)
class RatedBill:
    """A bill before it is issued. Its total is the sum of its lines by construction.

    intervals: half-hours (or the like) of the period; missing_count of them had no reading and were priced as
    absent; estimated_count had an estimated one.
    """

    period: Period
    currency: str
    decimals: int
    lines: tuple[Line, ...]
    intervals: int
    missing_count: int
    estimated_count: int
    micro_kwh: int
    estimated_micro_kwh: int

    @property
    def total_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)


@dataclass(frozen=True, eq=False)
class RatedBatch:
    """Bills of several customers over one period. Arrays are int64 (customers,)."""

    period: Period
    currency: str
    decimals: int
    lines: tuple[LineColumn, ...]
    estimated: tuple[Int64Array | None, ...]
    intervals: int
    missing_count: Int64Array
    estimated_count: Int64Array
    micro_kwh: Int64Array
    estimated_micro_kwh: Int64Array

    @property
    def total_minor(self) -> Int64Array:
        total = np.zeros(self.missing_count.size, dtype=np.int64)
        for line in self.lines:
            total += line.amount_minor
        return total

    def __len__(self) -> int:
        return int(self.missing_count.size)

    def bill(self, index: int) -> RatedBill:
        lines = tuple(
            Line(
                line.kind,
                line.code,
                line.label,
                line.unit,
                int(line.quantity_micro[index]),
                line.price_micro,
                int(line.amount_minor[index]),
                line.starts_on,
                line.ends_before,
                0 if guessed is None else int(guessed[index]),
            )
            for line, guessed in zip(self.lines, self.estimated, strict=True)
        )
        return RatedBill(
            self.period,
            self.currency,
            self.decimals,
            lines,
            self.intervals,
            int(self.missing_count[index]),
            int(self.estimated_count[index]),
            int(self.micro_kwh[index]),
            int(self.estimated_micro_kwh[index]),
        )


def rate(usage: UsageMatrix, tariff: Tariff, period: Period, *, timezone: str | None = None) -> RatedBatch:
    """Price ``period`` (local dates) for every row of ``usage``.

    timezone: the premise's, used where the tariff names none. Intervals of the period outside the matrix
    count as missing; those cost nothing, so look at ``missing_count`` before issuing. Raises NotRateable.
    """
    first = epoch_minute(usage.starts_at)
    axis = axis_of(tariff.zone(timezone), usage.interval_minutes, first, period)
    plan = _plan(tariff, axis)
    customers, length = usage.micro_kwh.shape
    offset = (axis.first_minute - first) // usage.interval_minutes
    begin = max(0, -offset)
    end = max(begin, min(axis.size, length - offset))
    columns = slice(begin + offset, end + offset)
    values = usage.micro_kwh[:, columns]
    energy = [determinants(found, values, begin, end) for found in plan.energy]
    lines = lines_of(plan, energy, customers)
    guessed = None
    estimated_count = np.zeros(customers, dtype=np.int64)
    if usage.estimated is not None:
        estimated_count = np.count_nonzero(usage.estimated[:, columns], axis=1).astype(np.int64)
        if estimated_count.any():
            guessed = np.where(usage.estimated[:, columns], values, 0)
    missing_count = np.full(customers, axis.size - (end - begin), dtype=np.int64)
    if usage.missing is not None:
        missing_count += np.count_nonzero(usage.missing[:, columns], axis=1)
    nothing = np.zeros(customers, dtype=np.int64)
    return RatedBatch(
        period,
        tariff.currency,
        tariff.decimals,
        lines,
        _estimated(plan, lines, energy, values, guessed, begin, end),
        axis.size,
        missing_count,
        estimated_count,
        values.sum(axis=1, dtype=np.int64),
        nothing if guessed is None else guessed.sum(axis=1, dtype=np.int64),
    )


def rate_bill(usage: Usage, tariff: Tariff, period: Period, *, timezone: str | None = None) -> RatedBill:
    """A batch of one."""
    return rate(UsageMatrix.of([usage]), tariff, period, timezone=timezone).bill(0)


def period_mask(usage: Usage, period: Period, timezone: str) -> BoolArray:
    """bool (intervals,): which readings of ``usage`` begin in the local period."""
    first = epoch_minute(usage.starts_at)
    axis = axis_of(timezone, usage.interval_minutes, first, period)
    offset = (axis.first_minute - first) // usage.interval_minutes
    mask = np.zeros(usage.micro_kwh.size, dtype=bool)
    mask[max(0, offset) : max(0, min(mask.size, offset + axis.size))] = True
    return mask


@lru_cache(maxsize=512)
def _plan(tariff: Tariff, axis: Axis) -> Plan:
    return compile_plan(rules_of(tariff, axis.period), axis.day_index, axis.clock_minute)


def _estimated(
    plan: Plan,
    lines: tuple[LineColumn, ...],
    energy: list[Int64Array],
    values: Int64Array,
    guessed: Int64Array | None,
    begin: int,
    end: int,
) -> tuple[Int64Array | None, ...]:
    """The estimated part of each energy line, in the order of ``lines``: what would not be in it without the
    estimates. With tiers that is in the highest tiers, whichever the hours that were estimated."""
    if guessed is None:
        return tuple(None for _ in lines)
    found: dict[tuple[int, str, str, int], Int64Array] = {}
    for part, held in zip(plan.energy, energy, strict=True):
        if part.tiers is None:
            sums = determinants(part, guessed, begin, end)
        else:
            sums = held - determinants(part, values - guessed, begin, end)
        for number, key in enumerate(part.keys):
            found[(key.group, key.code, key.label, key.price_micro)] = sums[:, number]
    return tuple(
        found.get((line.group, line.code, line.label, line.price_micro)) if line.kind == "energy" else None
        for line in lines
    )
