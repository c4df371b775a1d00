"""ISO 4217 currencies that are in use, as the Unicode CLDR lists them (Babel carries it)."""

from __future__ import annotations

from functools import cache

from babel.core import get_global

# Units of account, funds, metals and codes for tests: nobody pays a bill in them.
_NOT_MONEY = frozenset((
    "BOV", "CHE", "CHW", "CLF", "CNH", "COU", "MXV", "USN", "UYI", "UYW", "XAG", "XAU", "XBA", "XBB", "XBC",
    "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX",
))  # fmt: skip


@cache
def currencies() -> frozenset[str]:
    """Codes of currencies that are legal somewhere today."""
    found = {
        code
        for of_territory in get_global("territory_currencies").values()
        for code, _since, until, _tender in of_territory
        if until is None
    }
    return frozenset(found - _NOT_MONEY)
