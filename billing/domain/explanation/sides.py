"""One bill as an explanation needs it, and its readings laid on a grid of local days x clock slots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from billing.domain.axis import axis_of, epoch_minute
from billing.domain.days import Period
from billing.domain.money import Int64Array
from billing.domain.plan import DayRules, rules_of
from billing.domain.rating import RatedBill, rate_bill
from billing.domain.tariff import Tariff
from billing.domain.usage import Usage


@dataclass(frozen=True, eq=False)
class Side:
    """usage: as it was billed, gaps filled and flagged estimated. timezone: the premise's.

    known: the readings as known now, where any have come in since that differ; None when nothing has. Where
    it has no reading, the billed one stands.
    """

    usage: Usage
    tariff: Tariff
    period: Period
    timezone: str
    known: Usage | None = None

    @property
    def zone(self) -> str:
        return self.tariff.zone(self.timezone)

    def rules(self) -> DayRules:
        return rules_of(self.tariff, self.period)

    def bill(self) -> RatedBill:
        return rate_bill(self.usage, self.tariff, self.period, timezone=self.timezone)

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
        return Usage(self.usage.starts_at, step, values, missing, guessed)


def lay(usage: Usage, period: Period, timezone: str, slot_minutes: int) -> Int64Array:
    """micro_kwh as int64 (days, 1440 / slot_minutes), by the local clock; what lies outside is zero.

    Both passes through a repeated hour add to the same slot: they carry the same label. (Charges on the
    highest demand or on prices by the instant will want the repeated hour apart.) Longer readings are
    spread evenly.
    """
    first = epoch_minute(usage.starts_at)
    axis = axis_of(timezone, usage.interval_minutes, first, period)
    offset = (axis.first_minute - first) // usage.interval_minutes
    begin = max(0, -offset)
    end = max(begin, min(axis.size, usage.micro_kwh.size - offset))
    values = usage.micro_kwh[begin + offset : end + offset]
    day = axis.day_index[begin:end].astype(np.int64)
    minute = axis.clock_minute[begin:end].astype(np.int64)
    slots = 1440 // slot_minutes
    grid = np.zeros(period.days * slots, dtype=np.int64)
    pieces = usage.interval_minutes // slot_minutes
    share, rest = np.divmod(values, pieces)
    for piece in range(pieces):
        slot = (minute + piece * slot_minutes) % 1440 // slot_minutes
        np.add.at(grid, day * slots + slot, share + (piece < rest))
    return grid.reshape(period.days, slots)
