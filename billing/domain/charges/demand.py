"""Demand: the highest 15, 30 or 60 minutes of a month or bill, in kW, kVA or kVAr, by label like energy or at
all hours.

Unlike energy, hours that no period takes carry no charge. Tiers are of its unit and of each label by itself.
In a part of a month the money counts by its days; a maximum does not, nor do the ends of its tiers (EXPLAIN
A5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from billing.domain.charges.periods import PricedPeriod, check_periods, read_periods
from billing.domain.charges.power import PowerUnit, read_power_unit
from billing.domain.charges.tiers import WINDOWS
from billing.domain.errors import TariffRefused
from billing.domain.money import MICRO
from billing.domain.reckoning.days import MONTH_NAMES
from billing.domain.tariffs.hashed_once import HashedOnce, hash_once
from billing.domain.tariffs.json_place import Fields

DemandBy = Literal["month", "bill"]
DemandPer = Literal["day", "month"]

MOST_MONTHS = 36


@dataclass(frozen=True, slots=True)
class Ratchet:
    """At least `share_ppm` of the highest of the past `months` is billed. of_months: those that count, by
    their number; empty: all."""

    share_ppm: int
    months: int
    of_months: tuple[int, ...] = ()

    def counts(self, months_back: int, month: int) -> bool:
        return 1 <= months_back <= self.months and (not self.of_months or month in self.of_months)


@dataclass(frozen=True)
class DemandCharge(HashedOnce):
    """by: how long a maximum lasts. per: what a kW (or kVA) is priced by."""

    code: str
    periods: tuple[PricedPeriod, ...]
    window_minutes: int
    by: DemandBy = "month"
    per: DemandPer = "month"
    ratchet: Ratchet | None = None
    unit: PowerUnit = "kW"
    kind: Literal["demand"] = "demand"

    def __hash__(self) -> int:
        return hash_once(self)

    @classmethod
    def read(cls, fields: Fields, seasons: tuple[str, ...], has_holidays: bool) -> DemandCharge:
        """Refuses an overlap of periods, and one label with two prices in one season, by place."""
        code = fields.code("code")
        window = fields.whole_number("window", WINDOWS)
        by = fields.one_of("by", ("month", "bill")) if fields.has("by") else "month"
        per = fields.one_of("per", ("day", "month")) if fields.has("per") else "month"
        unit = read_power_unit(fields)
        ratchet = _read_ratchet(fields.fields("ratchet")) if fields.has("ratchet") else None
        periods = read_periods(fields.items("periods"), seasons, has_holidays, may_have_tiers=True)
        fields.finish()
        check_periods(periods, fields.at("periods"), seasons, has_holidays, gaps=True)
        return cls(code, periods, window, cast("DemandBy", by), cast("DemandPer", per), ratchet, unit)


def _read_ratchet(fields: Fields) -> Ratchet:
    share_micro = fields.micro("percent", limit=100 * MICRO + 1)
    if share_micro <= 0 or share_micro % 100:
        fields.refuse("percent", "expected more than 0 and at most 100, with at most four decimals")
    months = fields.whole_number("months", range(1, MOST_MONTHS + 1))
    of_months: list[int] = []
    for word, at in fields.texts("of") if fields.has("of") else []:
        if word not in MONTH_NAMES:
            raise TariffRefused(at, f"'{word}' is not one of {', '.join(MONTH_NAMES)}")
        of_months.append(MONTH_NAMES.index(word) + 1)
    fields.finish()
    return Ratchet(share_micro // 100, months, tuple(sorted(of_months)))
