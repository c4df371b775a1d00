"""Energy given back, at prices of its own: by hours like energy, or by a series of prices.

Both channels are counted by themselves (feed-in), unless `netting` first sets off what was taken and given
back in the same interval (net billing). Net metering is a rule of the energy charge; see export_credit.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from billing.domain.charges.dynamic import DynamicTerms, read_terms
from billing.domain.charges.periods import PricedPeriod, check_periods, read_periods
from billing.domain.tariffs.hashed_once import HashedOnce, hash_once
from billing.domain.tariffs.json_place import Fields


@dataclass(frozen=True)
class ExportCharge(HashedOnce):
    """Prices are what is paid for a kWh. periods, or label and terms of a series. netted: within each
    interval, import and export are set off against each other first."""

    code: str
    periods: tuple[PricedPeriod, ...] = ()
    label: str = ""
    terms: DynamicTerms | None = None
    netted: bool = False
    kind: Literal["export"] = "export"

    def __hash__(self) -> int:
        return hash_once(self)

    @classmethod
    def read(cls, fields: Fields, seasons: tuple[str, ...], has_holidays: bool) -> ExportCharge:
        """Hours that no period takes are paid nothing. Refuses an overlap, and a label with two prices."""
        code = fields.code("code")
        netted = fields.has("netting") and fields.one_of("netting", ("interval",)) == "interval"
        if fields.has("series"):
            label, terms = fields.text("label"), read_terms(fields)
            fields.finish()
            return cls(code, (), label, terms, netted)
        periods = read_periods(fields.items("periods"), seasons, has_holidays, may_have_tiers=False)
        fields.finish()
        check_periods(periods, fields.at("periods"), seasons, has_holidays, gaps=True)
        return cls(code, periods, netted=netted)


@dataclass(frozen=True, slots=True)
class PaidBySeries:
    """An export charge by a series, as a dynamic charge."""

    code: str
    label: str
    terms: DynamicTerms


def paid_by_series(charge: ExportCharge) -> PaidBySeries | None:
    return None if charge.terms is None else PaidBySeries(charge.code, charge.label, charge.terms)
