"""What rating gives back: a bill of one customer, and the same of a whole batch as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from billing.domain.charges.power import PowerUnit
from billing.domain.money import Int64Array
from billing.domain.plans.net import Netted, NetUse
from billing.domain.plans.supply_state import KwhCredit, SurplusSoFar, YearSoFar
from billing.domain.reckoning.axis import instant_of
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.lines import LineColumn, LineKind


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
class Demand:
    """What demand lines are made of: the highest mean power of a label over a month, or the bill, in `unit`.

    starts_at: the instant at which its window of window_minutes began, the first of equals; None where
    nothing was drawn. billed_micro_kw is more than micro_kw where an earlier month holds it up: held_by, its
    first day.
    """

    code: str
    label: str
    starts_on: date
    ends_before: date
    window_minutes: int
    micro_kw: int
    starts_at: datetime | None
    billed_micro_kw: int
    held_by: date | None
    unit: PowerUnit = "kW"


@dataclass(frozen=True, eq=False)
class DemandColumn:
    """The same of every bill of a batch. Arrays are int64 (customers,); at_minute: epoch minutes.

    held_by: numbers of months (12 * year + month - 1), 0 for none.
    """

    code: str
    label: str
    starts_on: date
    ends_before: date
    window_minutes: int
    micro_kw: Int64Array
    at_minute: Int64Array
    billed_micro_kw: Int64Array
    held_by: Int64Array
    unit: PowerUnit = "kW"

    def demand(self, index: int) -> Demand:
        micro_kw, month = int(self.micro_kw[index]), int(self.held_by[index])
        return Demand(
            self.code,
            self.label,
            self.starts_on,
            self.ends_before,
            self.window_minutes,
            micro_kw,
            instant_of(int(self.at_minute[index])) if micro_kw else None,
            int(self.billed_micro_kw[index]),
            date(month // 12, month % 12 + 1, 1) if month else None,
            self.unit,
        )


@dataclass(frozen=True, slots=True)
class Note:
    """Something to say beside a bill. code is stable, words are for people."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class RatedBill:
    """A bill before it is issued. Its total is the sum of its lines by construction.

    intervals: half-hours (or the like) of the period; missing_count of them had no reading and were priced as
    absent; estimated_count had an estimated one. micro_kwh, export_micro_kwh: taken and given back, where the
    tariff reads export; less what each interval has in common, where it sets that off. net: of net metering.
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
    demands: tuple[Demand, ...] = ()
    notes: tuple[Note, ...] = ()
    export_micro_kwh: int = 0
    export_missing_count: int = 0
    net: tuple[NetUse, ...] = ()

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
    demands: tuple[DemandColumn, ...] = ()
    notes: tuple[Note, ...] = ()
    years: tuple[YearSoFar, ...] = ()
    export_micro_kwh: Int64Array | None = None
    export_missing_count: Int64Array | None = None
    net: tuple[Netted, ...] = ()
    credits: tuple[KwhCredit, ...] = ()
    surplus: tuple[SurplusSoFar, ...] = ()

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
                line.price_of(index),
                int(line.amount_minor[index]),
                line.starts_on,
                line.ends_before,
                0 if guessed is None else int(guessed[index]),
            )
            for line, guessed in zip(self.lines, self.estimated, strict=True)
            if line.shown(index)
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
            tuple(column.demand(index) for column in self.demands),
            self.notes,
            0 if self.export_micro_kwh is None else int(self.export_micro_kwh[index]),
            0 if self.export_missing_count is None else int(self.export_missing_count[index]),
            tuple(one.of(index) for one in self.net),
        )
