"""One bill as an explanation needs it, and its readings laid on a grid of local days x clock slots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from billing.domain.money import Int64Array
from billing.domain.plans.plan import DayRules, rules_of
from billing.domain.plans.supply_state import NOTHING_KNOWN, SupplyState
from billing.domain.rating.rate import rate_bill
from billing.domain.rating.rated import RatedBill
from billing.domain.reckoning.axis import axis_of, clock_instants, epoch_minute
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.tariff import Tariff


@dataclass(frozen=True, eq=False)
class Side:
    """usage: as it was billed, gaps filled and flagged estimated. timezone: the premise's.

    known: the readings as known now, where any have come in since that differ; None when nothing has. Where
    it has no reading, the billed one stands. state: what its bill took of the supply beside readings.
    """

    usage: Usage
    tariff: Tariff
    period: Period
    timezone: str
    known: Usage | None = None
    state: SupplyState = NOTHING_KNOWN

    @property
    def zone(self) -> str:
        return self.tariff.zone(self.timezone)

    def rules(self) -> DayRules:
        return rules_of(self.tariff, self.period)

    def bill(self) -> RatedBill:
        return rate_bill(self.usage, self.tariff, self.period, timezone=self.timezone, state=self.state)

    def actual(self) -> Usage:
        """As billed, with what is known now in place of what was billed then."""
        if self.known is None:
            return self.usage
        offset_minutes = epoch_minute(self.usage.starts_at) - epoch_minute(self.known.starts_at)
        step = self.usage.interval_minutes
        if self.known.interval_minutes != step or offset_minutes % step:
            raise ValueError("known readings must lie on the billed readings' axis")
        values, guessed = self.usage.micro_kwh.copy(), self.usage.estimated.copy()
        offset = offset_minutes // step
        begin = max(0, -offset)
        end = max(begin, min(values.size, self.known.micro_kwh.size - offset))
        theirs = slice(begin + offset, end + offset)
        there = ~self.known.missing[theirs]
        values[begin:end][there] = self.known.micro_kwh[theirs][there]
        guessed[begin:end][there] = self.known.estimated[theirs][there]
        missing = self.usage.missing.copy()
        missing[begin:end][there] = False
        return Usage(self.usage.starts_at, step, values, missing, guessed, self.usage.export)


@dataclass(frozen=True, eq=False)
class GridAxis:
    """Days of a grid one after the other, as an axis of intervals; see billing.domain.reckoning.axis.Axis.

    minutes: epoch minutes of the instants whose prices hold, those of each day's price day.
    """

    interval_minutes: int
    day_index: npt.NDArray[np.int32]
    clock_minute: npt.NDArray[np.int16]
    repeated: npt.NDArray[np.bool_]
    minutes: Int64Array


@dataclass(frozen=True, eq=False)
class Grid:
    """The columns of a day, in the order of time: its clock slots, and again those that the clock showed for
    a second time on any day laid on it. Other days hold nothing there.

    clock: int16 (columns,), minute at which each begins. repeated: bool (columns,), of the second pass.
    """

    slot_minutes: int
    clock: npt.NDArray[np.int16]
    repeated: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, slot_minutes: int, twice: Iterable[int]) -> Grid:
        """twice: minutes of the slots that come twice; each stretch of them follows its first pass."""
        again = sorted(twice)
        ends = [minute for minute in again if minute + slot_minutes not in again]
        columns: list[tuple[int, bool]] = []
        for minute in range(0, 1440, slot_minutes):
            columns.append((minute, False))
            if minute in ends:
                first = again.index(minute)
                while first and again[first - 1] == again[first] - slot_minutes:
                    first -= 1
                columns += [(other, True) for other in again[first : again.index(minute) + 1]]
        clock, repeated = zip(*columns, strict=True)
        return cls(slot_minutes, np.array(clock, dtype=np.int16), np.array(repeated, dtype=bool))

    @property
    def size(self) -> int:
        return int(self.clock.size)

    def axis(self, price_days: Sequence[date], timezone: str) -> GridAxis:
        """price_days: for each day of the axis, the one whose prices it has where they go by the instant."""
        days = len(price_days)
        day_index = np.repeat(np.arange(days, dtype=np.int32), self.size)
        minutes = np.concatenate(
            [clock_instants(day, timezone, self.clock, self.repeated) for day in price_days]
        )
        return GridAxis(
            self.slot_minutes,
            day_index,
            np.tile(self.clock, days),
            np.tile(self.repeated, days),
            minutes,
        )

    def columns(self, minute: Int64Array, repeated: npt.NDArray[np.bool_]) -> Int64Array:
        """Which column intervals beginning at these minutes belong to."""
        place = np.zeros((2, 1440 // self.slot_minutes), dtype=np.int64)
        slots = self.clock // self.slot_minutes
        place[0, slots[~self.repeated]] = np.flatnonzero(~self.repeated)
        place[1] = place[0]
        place[1, slots[self.repeated]] = np.flatnonzero(self.repeated)
        return place[repeated.astype(np.int64), minute // self.slot_minutes]


def twice(usage: Usage, period: Period, timezone: str, slot_minutes: int) -> set[int]:
    """Minutes of the slots that the period's clock shows a second time."""
    axis = axis_of(timezone, usage.interval_minutes, epoch_minute(usage.starts_at), period)
    return {
        (minute + piece) % 1440 // slot_minutes * slot_minutes
        for minute in axis.clock_minute[axis.repeated].tolist()
        for piece in range(0, usage.interval_minutes, slot_minutes)
    }


def lay(usage: Usage, period: Period, timezone: str, grid: Grid) -> Int64Array:
    """micro_kwh as int64 (days, columns of the grid), by the local clock; what lies outside is zero.

    Longer readings are spread evenly.
    """
    first = epoch_minute(usage.starts_at)
    axis = axis_of(timezone, usage.interval_minutes, first, period)
    offset = (axis.first_minute - first) // usage.interval_minutes
    begin = max(0, -offset)
    end = max(begin, min(axis.size, usage.micro_kwh.size - offset))
    values = usage.micro_kwh[begin + offset : end + offset]
    day = axis.day_index[begin:end].astype(np.int64)
    minute = axis.clock_minute[begin:end].astype(np.int64)
    laid = np.zeros(period.days * grid.size, dtype=np.int64)
    pieces = usage.interval_minutes // grid.slot_minutes
    share, rest = np.divmod(values, pieces)
    for piece in range(pieces):
        column = grid.columns((minute + piece * grid.slot_minutes) % 1440, axis.repeated[begin:end])
        np.add.at(laid, day * grid.size + column, share + (piece < rest))
    return laid.reshape(period.days, grid.size)
