"""A bill's readings laid on the local clock: at which hours most is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from billing.domain.money import Int64Array
from billing.domain.reckoning.axis import Axis, axis_of, epoch_minute
from billing.domain.reckoning.usage import Usage
from billing.queries.bill_parts import ReadPart

SPAN_MINUTES = 240
"""Length of the stretch of the clock that is looked for."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The four hours of the clock that hold most of the energy; `share` of all of it, one is everything."""

    from_minute: int
    until_minute: int
    share: float

    @property
    def words(self) -> str:
        """17:00–21:00."""
        return f"{clock_text(self.from_minute)}–{clock_text(self.until_minute)}"


@dataclass(frozen=True, slots=True)
class Month:
    """A bill's readings as known now, laid on local days. by_slot: micro-kWh by half-hour of the clock."""

    part: ReadPart
    usage: Usage
    axis: Axis
    by_slot: Int64Array

    @property
    def total_micro_kwh(self) -> int:
        return int(self.by_slot.sum())


def clock_text(minute: int) -> str:
    """990 -> 16:30; 1440 -> 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def laid(parts: Sequence[ReadPart]) -> Month | None:
    """A bill's largest supply on the local clock; None where nothing of it is read in kWh."""
    if not parts:
        return None
    part = max(parts, key=lambda item: int(item.side.usage.micro_kwh.sum()))
    usage = part.side.actual()
    axis = axis_of(part.side.zone, usage.interval_minutes, epoch_minute(usage.starts_at), part.part.period)
    slots = 1440 // usage.interval_minutes
    by_slot = np.zeros(slots, dtype=np.int64)
    size = min(axis.size, usage.micro_kwh.size)
    np.add.at(
        by_slot, axis.clock_minute[:size].astype(np.int64) // usage.interval_minutes, usage.micro_kwh[:size]
    )
    return Month(part, usage, axis, by_slot)


def stretch_of(found: Month) -> Stretch | None:
    """The stretch with most energy, over midnight too; None where nothing was used."""
    slots, total = found.by_slot.size, found.total_micro_kwh
    wide = max(1, SPAN_MINUTES * slots // 1440)
    if total <= 0:
        return None
    sums = [
        int(np.take(found.by_slot, range(first, first + wide), mode="wrap").sum()) for first in range(slots)
    ]
    first = max(range(slots), key=lambda place: sums[place])
    minutes = 1440 // slots
    until = (first + wide) * minutes
    return Stretch(first * minutes, until if until <= 1440 else until - 1440, sums[first] / total)
