"""What a bank's file says, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from billing.domain.tariffs.file import default_decimals
from utility_crm.kit.errors import Invalid


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One movement on our bank account.

    place: where in the file. amount_minor: positive is money in. structured: references that stand in fields
    made for them, text: what the payer wrote. end_to_end_ids: of the movement, and of one it takes back.
    batch: our own name of a collection booked in one sum. takes_back: the bank takes back what it had booked,
    for `return_code`.
    """

    place: str
    bank_reference: str
    booked_on: date
    amount_minor: int
    currency: str
    payer: str = ""
    payer_account: str = ""
    structured: tuple[str, ...] = ()
    text: str = ""
    end_to_end_ids: tuple[str, ...] = ()
    batch: str = ""
    takes_back: bool = False
    return_code: str = ""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A whole file. ignored: movements that are not booked yet."""

    format: str
    entries: tuple[BankEntry, ...]
    ignored: int = 0


def minor_of(text: str, currency: str, place: str) -> int:
    """An amount as a bank writes it (a point, no sign) in minor units, exactly. Raises Invalid."""
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) >= 10**15:
        raise Invalid("amount", f"{text!r} is no amount.", place)
    minor = amount.scaleb(default_decimals(currency))
    if minor != minor.to_integral_value():
        raise Invalid("amount", f"{text} {currency} has parts of a minor unit.", place)
    return int(minor)
