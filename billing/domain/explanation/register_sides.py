"""One bill by registers as an explanation needs it: what each register counted, laid on the bill's days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from billing.domain.charges.energy import EnergyCharge
from billing.domain.money import Int64Array
from billing.domain.plans.plan import DayRules, rules_of
from billing.domain.plans.supply_state import NOTHING_KNOWN, SupplyState
from billing.domain.rating.rated import RatedBill
from billing.domain.rating.registers import RegisterMatrix, rate_registers, register_cuts
from billing.domain.reckoning.days import Period
from billing.domain.tariffs.tariff import Tariff


@dataclass(frozen=True, slots=True)
class PutRight:
    """An estimated reading of a dial that a taken one has made idle. Figures are millionths of what stands
    on the dial."""

    register: str
    estimated_on: date
    estimated_micro: int
    read_on: date
    read_micro: int


@dataclass(frozen=True, eq=False)
class RegisterSide:
    """counted: of one customer, as it was billed, its parts those of `register_cuts`. timezone: of the
    premise.

    known: the same registers as known now, where that differs; None where nothing has come in. guessed: int64
    (parts, registers), what of the latter (of `counted` where nothing has) rests on estimated reads. state:
    what its bill took of the supply beside these registers, kVArh among it. put_right: the dials' own
    figures behind `known`.
    """

    counted: RegisterMatrix
    tariff: Tariff
    period: Period
    timezone: str
    known: RegisterMatrix | None = None
    guessed: Int64Array | None = None
    state: SupplyState = NOTHING_KNOWN
    put_right: tuple[PutRight, ...] = ()

    @property
    def zone(self) -> str:
        return self.tariff.zone(self.timezone)

    @property
    def names(self) -> tuple[str, ...]:
        return self.counted.names

    def rules(self) -> DayRules:
        return rules_of(self.tariff, self.period)

    def bill(self) -> RatedBill:
        return rate_registers(self.counted, self.tariff, self.period, state=self.state).bill(0)

    def label_of(self, register: str) -> str:
        """What it counts by the tariff, empty where there is but one rate or it is not said."""
        version = self.tariff.version_on(self.period.starts_on)
        charges = [charge for charge in version.energy if len(_labels(charge)) > 1]
        named = [dict(charge.registers).get(register, "") for charge in charges]
        return named[0] if named else ""

    def days_guessed(self) -> int:
        """Days of the parts in which something rests on estimated reads."""
        if self.guessed is None:
            return 0
        lengths = np.diff([day.toordinal() for day in self._edges()])
        return int(lengths[self.guessed.any(axis=1)].sum())

    def daily(self, matrix: RegisterMatrix, names: tuple[str, ...]) -> Int64Array:
        """int64 (days, names): each part evenly over its days, exactly; zero for a register that is not
        there."""
        stretches = list(pairwise(self._edges()))
        found = np.zeros((self.period.days, len(names)), dtype=np.int64)
        for column, name in enumerate(names):
            if name not in matrix.names:
                continue
            counted = matrix.micro_kwh[0, :, matrix.names.index(name)].tolist()
            for micro, (first, last) in zip(counted, stretches, strict=True):
                share, rest = divmod(micro, (last - first).days)
                at = (first - self.period.starts_on).days
                end = at + (last - first).days
                found[at:end, column] = share
                found[at : at + rest, column] += 1
        return found

    def _edges(self) -> list[date]:
        cuts = register_cuts(self.tariff, self.period)
        return [self.period.starts_on, *cuts, self.period.starts_on + timedelta(days=self.period.days)]


def _labels(charge: EnergyCharge) -> set[str]:
    return {period.label for period in charge.periods}
