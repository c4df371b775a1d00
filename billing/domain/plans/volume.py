"""The conversion of gas over an axis: cubic metres to kWh, by the calorific value of each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import numpy as np

from billing.domain.money import Int64Array, Rounding, amounts_of_value
from billing.domain.reckoning.volume import Volume
from billing.domain.tariffs.labels import Intervals


@dataclass(frozen=True, slots=True)
class VolumePart:
    """Days of one calorific value."""

    words: str
    factor: Fraction
    starts_on: date
    ends_before: date


@dataclass(frozen=True, eq=False)
class VolumePlan:
    """The conversion of gas over an axis. part_of: int64 (intervals,), index into parts."""

    parts: tuple[VolumePart, ...]
    part_of: Int64Array

    def converted(self, micro_m3: Int64Array, begin: int = 0, end: int | None = None) -> Int64Array:
        """micro-kWh of each interval of [begin, end), int64 of the same shape, rounded half-even, so that
        parts of a period add up exactly."""
        found = np.empty_like(micro_m3)
        for number, part in enumerate(self.parts):
            mine = self.part_of[begin:end] == number
            found[:, mine] = amounts_of_value(micro_m3[:, mine], part.factor, Rounding.HALF_EVEN)
        return found

    def volumes(self, micro_m3: Int64Array, begin: int = 0, end: int | None = None) -> Int64Array:
        """int64 (customers, parts): micro-m3 as metered."""
        sums = [
            micro_m3[:, self.part_of[begin:end] == number].sum(axis=1) for number in range(len(self.parts))
        ]
        return np.stack(sums, axis=1)


def volume_plan(volume: Volume | None, days: Sequence[date], axis: Intervals) -> VolumePlan | None:
    """None where nothing is converted."""
    if volume is None or volume.commodity == "water":
        return None
    values = [volume.value_on(day) for day in days]
    met = [value for value in dict.fromkeys(values) if value is not None]
    parts = []
    for value in met:
        mine = [day for day, of in zip(days, values, strict=True) if of == value]
        last = max(mine) + timedelta(days=1)
        parts.append(VolumePart(volume.words(value), volume.factor(value), min(mine), last))
    part_on = np.array([met.index(value) for value in values if value is not None], dtype=np.int64)
    return VolumePlan(tuple(parts), part_on[axis.day_index])
