"""Which label each interval of an axis carries, of one charge whose price depends on the time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from billing.domain.charges.periods import NO_PERIOD, PricedPeriod, Scheduled, minute_table
from billing.domain.tariffs.tariff import Version

C = TypeVar("C", bound=Scheduled)
B = TypeVar("B", bound=Hashable)


class Intervals(Protocol):
    """The intervals of an axis, real or of a grid; see billing.domain.reckoning.axis.Axis."""

    @property
    def interval_minutes(self) -> int: ...
    @property
    def day_index(self) -> npt.NDArray[np.integer]: ...
    @property
    def clock_minute(self) -> npt.NDArray[np.integer]: ...
    @property
    def repeated(self) -> npt.NDArray[np.bool_]: ...
    @property
    def minutes(self) -> npt.NDArray[np.int64]:
        """Epoch minutes of the instants whose prices hold, where prices have an instant."""
        ...


@dataclass(frozen=True, eq=False)
class Labelled(Generic[B]):
    """bases: what tells the lines of a label apart, in the order in which the days offer them.

    offered_on: for each day, the bases its rules offer, whether an hour of it carries them or not.
    base_of: int16 (intervals,), index into bases; -1: nothing is charged.
    """

    bases: tuple[B, ...]
    offered_on: tuple[tuple[B, ...], ...]
    base_of: npt.NDArray[np.int16]

    def spans(self, days: Sequence[date]) -> dict[B, list[date]]:
        """The days on which each base is offered."""
        found: dict[B, list[date]] = {base: [] for base in self.bases}
        for day, offered in zip(days, self.offered_on, strict=True):
            for base in offered:
                found[base].append(day)
        return found


def labelled(
    charge_of: Mapping[Version, C | None],
    prices_on: Sequence[tuple[Version, str]],
    kinds: Sequence[int],
    groups: Sequence[int],
    axis: Intervals,
    base: Callable[[C, PricedPeriod, int], B],
) -> Labelled[B]:
    """prices_on, kinds, groups: of each day, its version and season, its kind, its group of adjustments."""
    classes: dict[tuple[int, Version, str, int], int] = {}
    class_of_day = np.empty(len(kinds), dtype=np.int32)
    offers: dict[tuple[int, Version, str], tuple[B, ...]] = {}
    offered_on = []
    for index, (kind, (version, season), group) in enumerate(zip(kinds, prices_on, groups, strict=True)):
        class_of_day[index] = classes.setdefault((group, version, season, kind), len(classes))
        sort = (group, version, season)
        if sort not in offers:
            charge = charge_of[version]
            periods = charge.periods if charge is not None else ()
            found = (base(charge, p, group) for p in periods if charge is not None and p.covers(season))
            offers[sort] = tuple(dict.fromkeys(found))
        offered_on.append(offers[sort])
    numbers = {one: number for number, one in enumerate(dict.fromkeys(b for on in offered_on for b in on))}
    tables = np.stack([_table(charge_of[v], g, s, k, numbers, base) for g, v, s, k in classes])
    return Labelled(
        tuple(numbers), tuple(offered_on), tables[class_of_day[axis.day_index], axis.clock_minute]
    )


def _table(
    charge: C | None,
    group: int,
    season: str,
    kind: int,
    numbers: Mapping[B, int],
    base: Callable[[C, PricedPeriod, int], B],
) -> npt.NDArray[np.int16]:
    if charge is None:
        return np.full(1440, NO_PERIOD, dtype=np.int16)
    # One place more than there are periods: NO_PERIOD (-1) reads the last.
    number_of = np.full(len(charge.periods) + 1, NO_PERIOD, dtype=np.int16)
    for index, period in enumerate(charge.periods):
        number_of[index] = numbers.get(base(charge, period, group), NO_PERIOD)
    return number_of[minute_table(charge, season, kind)]
