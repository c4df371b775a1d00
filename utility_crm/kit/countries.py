"""Codes of countries, ISO 3166-1, as the CLDR has them."""

from __future__ import annotations

import difflib
from functools import cache

from babel.core import get_global

_GROUPS = ("EU", "UN", "ZZ", "AC", "TA", "EA", "IC", "CP", "DG")
_NO_MORE = ("SU", "DD", "YU", "CS", "AN", "BU", "YD", "ZR", "TP", "NT")
"""Of the CLDR: groups and parts with codes of their own, and countries that are no more."""


@cache
def countries() -> frozenset[str]:
    """Two capital letters each. XK (Kosovo) is among them: the standard leaves it to its users, and it is
    used."""
    return frozenset(code for code in get_global("territory_currencies") if code not in (*_GROUPS, *_NO_MORE))


def nearest_country(written: str) -> str:
    """What was meant, where it can be told: another code of the same country (UK, GBR), or near letters."""
    wanted = written.strip().upper()
    meant = [wanted, *get_global("territory_aliases").get(wanted, ())]
    near = difflib.get_close_matches(wanted, sorted(countries()), n=1, cutoff=0.5)
    return next((code for code in [*meant, *near] if code in countries()), "")
