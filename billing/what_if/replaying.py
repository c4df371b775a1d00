"""One account's bills priced again on other tariffs: its own readings, its own periods, the same engine.

A replay rates what each bill was made of, month after month, so that what a bill leaves to the next one
(demands to look back upon, a year so far) is there. On the tariff that was billed it gives the bills again,
to the minor unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from billing.domain.errors import NotRateable
from billing.domain.plans.carrying import state_after
from billing.domain.plans.reactive_by_day import reactive_by_day
from billing.domain.plans.supply_state import NOTHING_KNOWN, SupplyState
from billing.domain.rating.load_shift import Shift, shifted
from billing.domain.rating.rate import rate
from billing.domain.reckoning.axis import instant_of
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage, UsageMatrix
from billing.domain.tariffs.tariff import Tariff
from billing.queries.bill_parts import ReadPart
from billing.queries.bills import BillRow
from billing.what_if.eligible import taken_back


@dataclass(frozen=True, slots=True, eq=False)
class BilledMonth:
    """A bill with what it was made of."""

    bill: BillRow
    parts: tuple[ReadPart, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """What months would have cost on a tariff, oldest first, and if use had been moved.

    refused: why it cannot be said; the costs are empty then. taken_back: its prices did not hold yet in the
    first months.
    """

    tariff: Tariff
    cost_minor: tuple[int, ...]
    shifted_minor: tuple[int, ...]
    refused: str = ""
    taken_back: bool = False

    @property
    def total_minor(self) -> int:
        return sum(self.cost_minor)

    @property
    def shifted_total_minor(self) -> int:
        return sum(self.shifted_minor)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the replayed months is known: intervals, of which so many were estimated."""

    days: int
    intervals: int
    missing: int
    estimated: int

    @property
    def read_share(self) -> float:
        """Of one: what was measured."""
        return 1 - (self.missing + self.estimated) / self.intervals if self.intervals else 0.0


def replayed(months: Sequence[BilledMonth], tariff: Tariff, shift: Shift | None = None) -> Replay:
    """The months, oldest first, on a tariff at the prices of their time.

    What nobody has read counts as it was billed. Where the tariff is younger than the months, its first
    prices are taken back.
    """
    if not months:
        return Replay(tariff, (), ())
    first = months[0].bill.starts_on
    used = taken_back(tariff, first)
    try:
        costs = _costs(months, used, None)
        moved = _costs(months, used, shift) if shift and shift.percent else costs
    except (NotRateable, OverflowError) as fault:
        return Replay(tariff, (), (), str(fault))
    return Replay(tariff, costs, moved, taken_back=used is not tariff)


def coverage_of(months: Sequence[BilledMonth]) -> Coverage:
    """Over all supplies of the months."""
    usages = [item.side.usage for month in months for item in month.parts]
    return Coverage(
        sum(month.bill.days for month in months),
        sum(usage.micro_kwh.size for usage in usages),
        sum(int(np.count_nonzero(usage.missing)) for usage in usages),
        sum(int(np.count_nonzero(usage.estimated)) for usage in usages),
    )


def _costs(months: Sequence[BilledMonth], tariff: Tariff, shift: Shift | None) -> tuple[int, ...]:
    """Minor units a month. Each service point carries a state of its own from bill to bill."""
    states: dict[str, SupplyState] = {}
    found = []
    for month in months:
        total = 0
        for item in month.parts:
            part = item.part
            usage, state = item.side.usage, _state(item, tariff, states)
            if shift is not None:
                zone = tariff.zone(part.timezone)
                usage = shifted(usage, part.period, zone, shift)
                state = _moved_too(state, part.period, zone, shift)
            # The same tariff as that bill knew it: with the prices of a series that had come by then.
            used = part.tariff if part.tariff.code == tariff.code else tariff
            batch = rate(_one(usage), used, part.period, timezone=part.timezone, state=state)
            states[part.service_point] = state_after(state, batch)
            total += int(batch.total_minor[0])
        found.append(total)
    return tuple(found)


def _state(item: ReadPart, tariff: Tariff, carried: Mapping[str, SupplyState]) -> SupplyState:
    """What the bill took of its supply; of another tariff, what its own replay left of the months before."""
    billed = item.side.state
    if item.part.tariff.code == tariff.code:
        return billed
    left = carried.get(item.part.service_point, NOTHING_KNOWN)
    return replace(left, connected_micro=billed.connected_micro, ends=billed.ends, reactive=billed.reactive)


def _moved_too(state: SupplyState, period: Period, timezone: str, shift: Shift) -> SupplyState:
    """What is used at another hour takes its reactive energy there."""
    known = state.reactive
    if known is None or known.intervals is None:
        return state
    starts_at = instant_of(known.intervals.first_minute)
    readings = Usage.of(starts_at, known.intervals.interval_minutes, known.intervals.micro_kvarh[0])
    moved = reactive_by_day(shifted(readings, period, timezone, shift), period, timezone)
    return replace(state, reactive=moved)


def _one(usage: Usage) -> UsageMatrix:
    given = None if usage.export is None else _one(usage.export)
    return UsageMatrix(usage.starts_at, usage.interval_minutes, usage.micro_kwh[None, :], export=given)
