"""What the law lets a supplier ask for late payment, at most.

Nothing stands here for a country whose rule is unknown to us or is none in numbers: then the tariff alone
counts. A right to interest, such as Great Britain's Late Payment of Commercial Debts (Interest) Act 1998
between businesses, is no cap, and stands not here either.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from billing.domain.money import MICRO

_A_MONTH = Fraction(365, 12)


@dataclass(frozen=True, slots=True)
class LateFeeCap:
    """The most that may be asked of a bill, for customers of these segments; `source`, the rule's own place.

    subdivision: a part of the country that has a rule of its own, empty for all of it. month_ppm: of what is
    unpaid, for each month. once_ppm: of what is unpaid, once. penalty: by the day, parts of the central
    bank's rate (of a year): (days late from which it counts, the part). None of them: nothing may be asked.
    """

    country: str
    subdivision: str
    segments: frozenset[str]
    source: str
    month_ppm: int = 0
    once_ppm: int = 0
    penalty: tuple[tuple[int, Fraction], ...] = ()

    def most_minor(self, overdue_minor: int, days: int, posted_minor: int, bank_rate_ppm: int) -> int:
        """How much more may be asked of a bill that has been late for `days`, after `posted_minor`; minor
        units, rounded down. Where a penalty depends on a rate that nobody gave (0), nothing."""
        if self.once_ppm:
            return 0 if posted_minor else overdue_minor * self.once_ppm // MICRO
        share = Fraction(0)
        if self.month_ppm:
            share = Fraction(self.month_ppm * int(days / _A_MONTH), MICRO)
        for place, (since, part) in enumerate(self.penalty):
            until = self.penalty[place + 1][0] if place + 1 < len(self.penalty) else days + 1
            counted = max(0, min(days + 1, until) - since)
            share += counted * part * Fraction(bank_rate_ppm, MICRO)
        return max(0, int(overdue_minor * share) - posted_minor)


_HOMES = frozenset({"household"})
_SMALL = frozenset({"household", "small_business"})
_ALL = frozenset({"household", "small_business", "industry"})

CAPS = (
    LateFeeCap(
        "AU", "VIC", _SMALL,
        "Electricity Industry Act 2000 (Victoria), section 40C: a term that lets a licensee charge a small "
        "retail customer for late payment is void",
    ),
    LateFeeCap(
        "US", "NY", _HOMES,
        "New York Public Service Law, section 42: at most one and one-half percent a month on the unpaid "
        "balance, and no other charge for late payment",
        month_ppm=15_000,
    ),
    LateFeeCap(
        "US", "TX", _ALL,
        "16 Texas Administrative Code, section 25.480(c): a one-time penalty of at most 5.0 %, never again "
        "on a balance that has borne it",
        once_ppm=50_000,
    ),
    LateFeeCap(
        "RU", "", _HOMES,
        "Housing Code of the Russian Federation, article 155(14): nothing for 30 days, then 1/300 of the "
        "central bank's rate a day, from the 91st day 1/130; more may not be agreed",
        penalty=((31, Fraction(1, 300)), (91, Fraction(1, 130))),
    ),
)  # fmt: skip
"""As the sources stood when this was written; a supplier checks them for its own contracts."""


def cap_of(country: str, subdivision: str, segment: str) -> LateFeeCap | None:
    """The cap that protects a customer, the subdivision's own before the country's; None for none."""
    mine = [one for one in CAPS if one.country == country and segment in one.segments]
    own = [one for one in mine if one.subdivision and one.subdivision == subdivision]
    return next(iter(own + [one for one in mine if not one.subdivision]), None)
