"""What a payment QR code holds, so that a banking app fills in the transfer by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

_EPC_LARGEST = 999_999_999_99
_RU_ACCOUNT = re.compile(r"[0-9]{20}")
_BIK = re.compile(r"[0-9]{9}")
_RU_LENGTHS = {"Name": 160, "BankName": 45, "Purpose": 210}
"""The longest values of the mandatory and additional fields (GOST R 56042-2014, tables 1 and 2)."""


def epc_code(*, name: str, iban: str, bic: str, amount_minor: int, text: str) -> str:
    """A SEPA credit transfer in euro (EPC069-12, version 2 of the data: the BIC may be left out, UTF-8).

    amount_minor: cents, 1 to 999,999,999.99 EUR. text: unstructured remittance, at most 140 characters.
    Raises ValueError for an amount outside.
    """
    if not 1 <= amount_minor <= _EPC_LARGEST:
        raise ValueError("an EPC code asks for 0.01 to 999,999,999.99 EUR")
    whole, cents = divmod(amount_minor, 100)
    lines = (
        *("BCD", "002", "1", "SCT", bic, _one_line(name)[:70], iban.replace(" ", "")),
        *(f"EUR{whole}.{cents:02d}", "", "", _one_line(text)[:140]),
    )
    return "\n".join(lines)


def gost_code(
    *, name: str, account: str, bank: str, bik: str, correspondent: str, more: Mapping[str, str]
) -> str:
    """A rouble transfer (GOST R 56042-2014): ST0001, 2 for UTF-8, then the five mandatory fields in their
    order and others by name, parted by bars. Raises ValueError for an account or a BIK of another shape."""
    if not (_RU_ACCOUNT.fullmatch(account) and _RU_ACCOUNT.fullmatch(correspondent) and _BIK.fullmatch(bik)):
        raise ValueError("a Russian account has 20 digits, a BIK 9")
    fields = {
        "Name": name,
        "PersonalAcc": account,
        "BankName": bank,
        "BIC": bik,
        "CorrespAcc": correspondent,
        **more,
    }
    parts = [
        f"{key}={_one_line(value).replace('|', '/')[: _RU_LENGTHS.get(key)]}"
        for key, value in fields.items()
        if value
    ]
    return "|".join(["ST00012", *parts])


def plain_code(*, name: str, account: str, amount: str, reference: str) -> str:
    """The same in words, where no standard speaks for the currency: to be read and copied."""
    return "\n".join(filter(None, (_one_line(name), account, amount, reference)))


def is_russian_account(account: str, bik: str) -> bool:
    """Whether the account's check digit agrees with its bank (order of the Bank of Russia 515 of 1997: the
    last three digits of the BIK and the account, weighed 7, 1, 3, end in zero)."""
    if not (_RU_ACCOUNT.fullmatch(account) and _BIK.fullmatch(bik)):
        return False
    digits = bik[-3:] + account
    return sum(int(digit) * (7, 1, 3)[at % 3] for at, digit in enumerate(digits)) % 10 == 0


def _one_line(text: str) -> str:
    return " ".join(text.split())
