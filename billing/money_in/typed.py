"""An amount as a person types it, in their language."""

from __future__ import annotations

import re
from decimal import Decimal

from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol

from billing.domain.tariffs.file import default_decimals
from utility_crm.kit.errors import Invalid
from utility_crm.web.formats import locale
from utility_crm.web.words import mark

_SPACES = "\u0020\u00a0\u2009\u202f"
_TYPED = re.compile(r"[0-9]{1,18}|[0-9]{1,3}(?:[ ][0-9]{3}){1,5}")
_THREES = re.compile(r"[0-9]{1,3}(?:([.,' ])[0-9]{3})(?:\1[0-9]{3}){0,4}")
_PARTED = re.compile(r"(?P<whole>[0-9][0-9.,' ]*?)(?P<mark>[.,])(?P<parts>[0-9]{1,12})")


def typed_minor(amount: str, currency: str, language: str = "en") -> int:
    """An amount as typed in minor units; nothing is rounded.

    43.17 and 43,17 are the same in every language. One mark with exactly three digits behind it (1,250) is a
    thousands mark where the language writes thousands so, the decimal mark where it writes parts so and the
    currency has three of them, and else refused: it may be either. Thousands also stand apart by a space.
    Raises Invalid.
    """
    bare = "".join(" " if sign in _SPACES else sign for sign in amount)
    for name in {currency, str(get_currency_symbol(currency, locale=locale(language)))}:
        bare = bare.removeprefix(name).removesuffix(name).strip()
    digits = bare.strip()
    decimals = default_decimals(currency)
    if _may_be_both(digits, language, decimals):
        few, many = re.sub("[.,]", ".", digits), re.sub("[.,]", "", digits)
        words = mark("“%(typed)s” may be %(few)s or %(many)s: write it so. Nothing was booked.")
        shown = {"few": _shown(Decimal(few), decimals, language),
                 "many": _shown(Decimal(many), decimals, language)}  # fmt: skip
        raise Invalid("ambiguous_amount", words, "amount", typed=amount, **shown)
    found = _read(digits, language, decimals)
    minor = found.scaleb(decimals)
    if minor != minor.to_integral_value() or not 0 < minor < 10**12:
        words = mark("“%(typed)s” is no amount such as 43.17; nothing was booked.")
        raise Invalid("amount", words, "amount", typed=amount)
    return int(minor)


def _single(digits: str) -> str:
    """The mark of a number such as 1,250, that may be thousands or parts; else nothing."""
    found = re.fullmatch(r"[1-9][0-9]{0,2}([.,])[0-9]{3}", digits)
    return found.group(1) if found else ""


def _may_be_both(digits: str, language: str, decimals: int) -> bool:
    sign, tongue = _single(digits), locale(language)
    if not sign or sign == get_group_symbol(tongue):
        return False
    parts = Decimal(digits.replace(",", ".")).scaleb(decimals)
    if parts != parts.to_integral_value():
        return False  # 43.171 in pence is neither
    return decimals < 3 or sign != get_decimal_symbol(tongue)


def _read(digits: str, language: str, decimals: int) -> Decimal:
    """The number; nothing (0) where it is none. Of 1,250 it is known already which it is."""
    if _TYPED.fullmatch(digits):
        return Decimal(digits.replace(" ", ""))
    groups = _THREES.fullmatch(digits)
    lone = _single(digits)
    if groups and (not lone or lone == get_group_symbol(locale(language))) and digits[0] != "0":
        return Decimal(re.sub("[.,' ]", "", digits))
    parted = _PARTED.fullmatch(digits)
    if parted is None or len(parted["parts"]) > max(decimals, 2) + 10:
        return Decimal(0)
    whole = _THREES.fullmatch(parted["whole"])
    if not parted["whole"].isdigit() and (whole is None or whole.group(1) == parted["mark"]):
        return Decimal(0)
    return Decimal(f"{re.sub('[^0-9]', '', parted['whole'])}.{parted['parts']}")


def _shown(amount: Decimal, decimals: int, language: str) -> str:
    sign = str(get_decimal_symbol(locale(language)))
    return f"{amount:.{decimals}f}".replace(".", sign)
