"""How reliable the supply was: SAIDI, SAIFI and CAIDI as IEEE 1366 defines them. Pure.

IEEE Std 1366-2012, Guide for Electric Power Distribution Reliability Indices: SAIFI is the number of
customer interruptions divided by the customers served, SAIDI the minutes of customer interruption divided by
the customers served, CAIDI the second divided by the first. Only sustained interruptions count: those that
last longer than five minutes; shorter ones are momentary. Planned ones are counted apart. An interruption
belongs to the month in which it began: that is our own choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

SUSTAINED_OVER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Interruption:
    """One interruption in one area: when (its `month` is the first day), for how long, of how many
    customers."""

    area: str
    month: date
    lasted: timedelta
    customers: int
    planned: bool


@dataclass(frozen=True, slots=True)
class Reliability:
    """The figures of an area's month: customers `served`, interruptions of customers, and their minutes."""

    area: str
    month: date
    planned: bool
    served: int
    interruptions: int
    minutes: Fraction

    @property
    def saifi(self) -> Fraction | None:
        """Interruptions a customer served; None where nobody is."""
        return Fraction(self.interruptions, self.served) if self.served else None

    @property
    def saidi(self) -> Fraction | None:
        """Minutes a customer served; None where nobody is."""
        return self.minutes / self.served if self.served else None

    @property
    def caidi(self) -> Fraction | None:
        """Minutes an interruption; None where there was none."""
        return self.minutes / self.interruptions if self.interruptions else None


def reliability(
    interruptions: Iterable[Interruption], served: Mapping[tuple[str, date], int]
) -> list[Reliability]:
    """The figures of every area and month that `served` names, unplanned before planned, the newest month
    first."""
    counted: dict[tuple[str, date, bool], tuple[int, Fraction]] = {}
    for one in interruptions:
        if one.lasted <= SUSTAINED_OVER:
            continue
        key = (one.area, one.month, one.planned)
        number, minutes = counted.get(key, (0, Fraction(0)))
        lasted = Fraction(one.lasted // timedelta(microseconds=1), 60_000_000)
        counted[key] = (number + one.customers, minutes + lasted * one.customers)
    nothing = (0, Fraction(0))
    return [
        Reliability(area, month, planned, customers, *counted.get((area, month, planned), nothing))
        for (area, month), customers in sorted(
            served.items(), key=lambda item: (-item[0][1].toordinal(), item[0][0])
        )
        for planned in (False, True)
    ]
