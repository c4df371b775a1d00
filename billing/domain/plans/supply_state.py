"""What a bill takes of its supply beside the readings: what earlier bills left behind, and its connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from billing.domain.charges.fixed import Each
from billing.domain.money import Int64Array
from billing.domain.plans.demand import month_number


@dataclass(frozen=True, eq=False)
class PastDemand:
    """The highest demand of a month before the bill. month: any day of it.

    micro_kw: int64 (customers,) or (1,) for all, as measured: what a ratchet made of it then does not count.
    """

    code: str
    label: str
    month: date
    micro_kw: Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class EarlierDemand:
    """The same by how long before the bill it was. month: 1 to 12."""

    code: str
    label: str
    months_back: int
    month: int
    micro_kw: Int64Array


@dataclass(frozen=True, eq=False)
class YearSoFar:
    """Of a minimum by the year: what earlier bills of the year hold of it. int64 (customers,) or (1,) for
    all.

    days: of those bills on which it was in force. base_minor: the lines of these days that it is held
    against. micro_days: the sum of its price over these days, each at the price of its own day; None where
    an older bill did not keep it: then all of them had the price that is known.
    """

    code: str
    days: Int64Array
    base_minor: Int64Array
    micro_days: Int64Array | None = None

    def owed_micro_days(self, price_micro: int) -> Int64Array:
        return self.days * price_micro if self.micro_days is None else self.micro_days


@dataclass(frozen=True, eq=False)
class KwhCredit:
    """Energy given back under net metering that no bill has taken off yet. micro_kwh: int64 (customers,) or
    (1,) for all, not negative.

    hour: of a weekday's clock at which its label was in force, 0, 5, 11 or 17; -1: at none of them.
    """

    code: str
    label: str
    hour: int
    micro_kwh: Int64Array


@dataclass(frozen=True, eq=False)
class SurplusSoFar:
    """What earlier bills of a year of net metering gave back less what they took: int64 (customers,) or
    (1,)."""

    code: str
    micro_kwh: Int64Array


@dataclass(frozen=True, eq=False)
class ReactiveIntervals:
    """The same by the interval: int64 (customers, intervals), micro-kVArh. first_minute: epoch minute at
    which the first begins; none is missing."""

    first_minute: int
    interval_minutes: int
    micro_kvarh: Int64Array


@dataclass(frozen=True, eq=False)
class ReactiveUse:
    """Reactive energy taken on each local day from `starts_on`: int64 (customers, days), micro-kVArh.

    intervals: what the days are made of; power in kVA is measured of them.
    """

    starts_on: date
    micro_kvarh: Int64Array
    intervals: ReactiveIntervals | None = None

    def holds(self, days: Sequence[date]) -> bool:
        return all(0 <= (day - self.starts_on).days < self.micro_kvarh.shape[1] for day in days)

    def of(self, days: Sequence[date]) -> Int64Array:
        """int64 (customers,): of these days together."""
        places = [(day - self.starts_on).days for day in days]
        return np.asarray(self.micro_kvarh[:, places].sum(axis=1))


@dataclass(frozen=True, eq=False)
class SupplyState:
    """connected_micro: millionths of a kVA, kW or connection, int64 (customers,) or (1,); a connection where
    nothing is given is one. ends: the agreement ends with this bill, which is so the last of its year.
    reactive: None where it is not metered."""

    demands: tuple[PastDemand, ...] = ()
    years: tuple[YearSoFar, ...] = ()
    connected_micro: Mapping[Each, Int64Array] = field(default_factory=dict)
    ends: bool = False
    credits: tuple[KwhCredit, ...] = ()
    surplus: tuple[SurplusSoFar, ...] = ()
    reactive: ReactiveUse | None = None

    def year(self, code: str) -> YearSoFar | None:
        return next((year for year in self.years if year.code == code), None)

    def earlier(self, starts_on: date) -> tuple[EarlierDemand, ...]:
        """What a bill from this day on looks back upon."""
        return tuple(
            EarlierDemand(
                past.code,
                past.label,
                month_number(starts_on) - month_number(past.month),
                past.month.month,
                past.micro_kw,
            )
            for past in self.demands
        )


NOTHING_KNOWN = SupplyState()
