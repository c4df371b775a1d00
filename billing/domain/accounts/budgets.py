"""Budget billing: a fixed amount on each bill, the difference carried to a settlement."""

from __future__ import annotations

from datetime import date

from billing.domain.accounts.correcting import LineTuple
from billing.domain.money import MICRO, Rounding, div_round

CARRIED = "Carried to the yearly settlement"
SETTLED = "Yearly settlement"


def share_of(amount_minor: int, days: int, cycle_days: int) -> int:
    """The fixed amount for a bill of so many days of a cycle: whole for a whole one, else by its days."""
    if days == cycle_days:
        return amount_minor
    return div_round(amount_minor * days, cycle_days, Rounding.HALF_UP)


def carried(
    charges_minor: int, amount_minor: int, starts_on: date, ends_before: date, currency: str, decimals: int
) -> LineTuple:
    """The line that leaves `amount_minor` of what the bill charges: the rest is carried, with its sign."""
    return _line(CARRIED, amount_minor - charges_minor, starts_on, ends_before, currency, decimals)


def settled(
    accrued_minor: int, starts_on: date, ends_before: date, currency: str, decimals: int
) -> LineTuple:
    """The line that charges what earlier bills carried, or gives back what they took too much."""
    return _line(SETTLED, accrued_minor, starts_on, ends_before, currency, decimals)


def _line(
    label: str, amount_minor: int, starts_on: date, ends_before: date, currency: str, decimals: int
) -> LineTuple:
    quantity_micro = amount_minor * 10 ** (6 - decimals)
    return ("budget", label, starts_on, ends_before, quantity_micro, currency, MICRO, amount_minor)


def proposed_amount(charges_minor: int, days: int, decimals: int) -> int:
    """A month's share of a year of such charges, up to the next whole unit of the currency.

    charges_minor: of `days` days in all; a year has 365 of them, and twelve months.
    """
    if days < 1:
        raise ValueError("a proposal needs days that were billed")
    unit = int(10**decimals)
    month = -(-max(charges_minor, 0) * 365 // (days * 12))
    return max(-(-month // unit) * unit, unit)
