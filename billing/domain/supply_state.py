"""What a bill takes of its supply beside the readings: what earlier bills left behind, and its connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing.domain.demand_plan import month_number
from billing.domain.money import Int64Array


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
class SupplyState:
    demands: tuple[PastDemand, ...] = ()

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
