"""What a bank's file says, whatever its format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.domain.tariffs.file import default_decimals
from utility_crm.kit.errors import Invalid

_AMOUNT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?")  # within the 28 digits that Decimal keeps


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
    """An amount as 43.17, a minus before it for one below nothing, in minor units, exactly.

    Nothing else is one: no blank, plus, exponent, underscore or other digits, which Decimal would take.
    Raises Invalid.
    """
    if not _AMOUNT.fullmatch(text):
        raise Invalid("amount", f"{text!r} is no amount.", place)
    minor = Decimal(text).scaleb(default_decimals(currency))
    if minor != minor.to_integral_value():
        raise Invalid("amount", f"{text} {currency} has parts of a minor unit.", place)
    return int(minor)
