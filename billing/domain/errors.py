"""What the calculation refuses, each with a reason a person can read.

BillingRefusal
├── TariffRefused      a tariff file that cannot be taken; says the place
├── NotRateable        this usage cannot be priced by this tariff over this period
│   ├── BeyondExact    it is so large that the answer would no longer be exact
│   ├── UnknownConnection, UnknownReactive   what a charge is by is not known of the supply
│   └── MissingPrices  energy was used while a price series has no price
├── PricesRefused      a file of prices that cannot be taken; says the line
└── NotComparable      two bills that may not be held against each other
"""

from __future__ import annotations

from datetime import datetime


def as_sentence(words: str, begins: bool = True) -> str:
    """Words with one mark at their end, and a capital in front where a sentence begins with them."""
    ending = "" if words.endswith((".", "?", "!")) else "."
    return f"{words[:1].upper() if begins else words[:1]}{words[1:]}{ending}"


class BillingRefusal(ValueError):
    """Base of everything refused here. ``code`` is stable, the message is for people."""

    code = "refused"

    @property
    def sentence(self) -> str:
        """The message as one sentence."""
        return as_sentence(str(self))


class TariffRefused(BillingRefusal):
    """A tariff file with a fault. ``place`` reads like ``versions[0].charges[1].periods[2].hours[0]``."""

    code = "tariff_refused"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.place = place
        self.reason = reason


class NotRateable(BillingRefusal):
    """of_all: it lies in the tariff or the period, whoever is to be priced."""

    code = "not_rateable"
    of_all = False


class MissingPrices(NotRateable):
    """series: its name. at: the first instant (UTC) with energy and no price. rows: who of a batch."""

    code = "missing_prices"

    def __init__(self, series: str, at: datetime, rows: tuple[int, ...] = (0,)) -> None:
        super().__init__(
            f"the price series '{series}' has no price for {at:%Y-%m-%d %H:%M} UTC, when energy was used"
        )
        self.series = series
        self.at = at
        self.rows = rows


class UnknownConnection(NotRateable):
    """each: kVA or kW of the connection, by which the charge `charge` is."""

    code = "connection_unknown"

    def __init__(self, charge: str, each: str) -> None:
        super().__init__(f"'{charge}' is by the {each} of the connection, which is not known")
        self.charge = charge
        self.each = each


class UnknownReactive(NotRateable):
    """A charge is by reactive energy, or by power that is measured of it, and not all of it was read."""

    code = "reactive_unknown"


class MissingCalorific(NotRateable):
    """Gas was metered on a day of which no calorific value is known."""

    code = "missing_calorific"
    of_all = True


class PricesRefused(BillingRefusal):
    """A file of prices with a fault. line: of the file, from 1; 0 for the whole."""

    code = "prices_refused"

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line = line
        self.reason = reason


class BeyondExact(NotRateable, OverflowError):
    """rows: who of a batch, where that is known."""

    code = "beyond_exact"

    def __init__(self, reason: str, rows: tuple[int, ...] = ()) -> None:
        super().__init__(reason)
        self.rows = rows


class NotComparable(BillingRefusal):
    """``code`` is one of ``other_currency``, ``other_account``, ``other_unit``..."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
