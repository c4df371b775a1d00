"""A fee for paying late: a percentage of what is overdue for the time it is, or an amount. It is no line of
the bill that is late; the ledger posts it, and what it comes to is said here.

A month counts as a twelfth of a year of 365 days, so that 365 days cost twelve months, whichever they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, cast

from billing.domain.charges.tax import PERCENT_MICRO_LIMIT
from billing.domain.money import MICRO, Rounding, div_round
from billing.domain.tariffs.json_place import Fields

LatePer = Literal["day", "month", "year"]
MOST_DAYS = 365
_A_DAY: dict[LatePer, Fraction] = {"day": Fraction(1), "month": Fraction(12, 365), "year": Fraction(1, 365)}


@dataclass(frozen=True, slots=True)
class LateFeeCharge:
    """rate_ppm of what is overdue for each day, month or year that it is; where it is 0, amount_micro once.

    after_days: so long it costs nothing, and the days are not counted.
    """

    code: str
    label: str
    rate_ppm: int = 0
    amount_micro: int = 0
    per: LatePer = "month"
    after_days: int = 0
    kind: Literal["late_fee"] = "late_fee"

    @classmethod
    def read(cls, fields: Fields) -> LateFeeCharge:
        code, label = fields.code("code"), fields.text("label")
        rate_ppm, amount_micro, per = 0, 0, "month"
        if fields.has("amount"):
            if fields.has("percent"):
                fields.refuse("percent", "a late fee is a percentage or an amount, not both")
            amount_micro = fields.micro("amount")
            if amount_micro <= 0:
                fields.refuse("amount", "expected more than 0")
        else:
            percent_micro = fields.micro("percent", limit=PERCENT_MICRO_LIMIT)
            if percent_micro <= 0 or percent_micro % 100:
                fields.refuse("percent", "expected more than 0, with at most four decimals")
            rate_ppm = percent_micro // 100
            per = fields.one_of("per", ("day", "month", "year"))
        after = fields.whole_number("after_days", range(MOST_DAYS + 1)) if fields.has("after_days") else 0
        fields.finish()
        return cls(code, label, rate_ppm, amount_micro, cast("LatePer", per), after)

    def turns(self, days: int) -> int:
        """How often it is to be posted once a bill has been late for `days`: an amount once; a percentage
        after each whole month, the month counting as a twelfth of 365 days."""
        counted = days - self.after_days
        if not self.rate_ppm:
            return int(counted > 0)
        return max(0, counted) * 12 // 365

    def turn_minor(self, overdue_minor: int, decimals: int, rule: Rounding) -> int:
        """What is posted each time: the amount, or a month of the percentage; rounded once."""
        if overdue_minor <= 0:
            return 0
        if not self.rate_ppm:
            return div_round(self.amount_micro, 10 ** (6 - decimals), rule)
        share = Fraction(overdue_minor * self.rate_ppm, MICRO) * _A_DAY[self.per] * Fraction(365, 12)
        return div_round(share.numerator, share.denominator, rule)

    def amount_minor(self, overdue_minor: int, days: int, decimals: int, rule: Rounding) -> int:
        """What `days` of being overdue cost, rounded once; nothing where nothing is overdue."""
        counted = days - self.after_days
        if overdue_minor <= 0 or counted <= 0:
            return 0
        if not self.rate_ppm:
            return div_round(self.amount_micro, 10 ** (6 - decimals), rule)
        share = Fraction(overdue_minor * self.rate_ppm * counted, MICRO) * _A_DAY[self.per]
        return div_round(share.numerator, share.denominator, rule)
