"""What the calculation refuses, each with a reason a person can read.

BillingRefusal
├── TariffRefused      a tariff file that cannot be taken; says the place
├── NotRateable        this usage cannot be priced by this tariff over this period
└── NotComparable      two bills that may not be held against each other
"""

from __future__ import annotations


class BillingRefusal(ValueError):
    """Base of everything refused here. ``code`` is stable, the message is for people."""

    code = "refused"


class TariffRefused(BillingRefusal):
    """A tariff file with a fault. ``place`` reads like ``versions[0].charges[1].periods[2].hours[0]``."""

    code = "tariff_refused"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.place = place
        self.reason = reason


class NotRateable(BillingRefusal):
    code = "not_rateable"


class NotComparable(BillingRefusal):
    """``code`` is one of ``other_currency``, ``other_account``, ``other_unit``..."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
