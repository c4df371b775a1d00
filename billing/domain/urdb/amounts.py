"""Fixed charges and minimums with their units, and the older fields in their place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing.domain.urdb.rate import Rate, six_decimals

_PERS = {"$/day": "day", "$/month": "month", "$/year": "year"}


def fixed_charges(rate: Rate) -> list[dict[str, Any]]:
    """Raises TariffRefused."""
    price, per = _newer(rate, "fixedchargefirstmeter", "fixedchargeunits", ("$/day", "$/month"))
    if price is None:
        price, per = _older(rate, "fixedmonthlycharge", "fixedchargefirstmeter"), "month"
    elif rate.has("fixedmonthlycharge"):
        rate.note(f"{rate.at('fixedmonthlycharge')}: an older field; fixedchargefirstmeter is priced.")
    if not price:
        return []
    return [_charge("fixed", "fixed", "Fixed charge", price, per)]


def minimum_charges(rate: Rate) -> list[dict[str, Any]]:
    """Raises TariffRefused."""
    price, per = _newer(rate, "mincharge", "minchargeunits", tuple(_PERS))
    if price is not None:
        for name in ("minmonthlycharge", "annualmincharge"):
            if rate.has(name):
                rate.note(f"{rate.at(name)}: an older field; mincharge is priced.")
        return [_charge("minimum", "minimum", "Minimum charge", price, per)] if price else []
    found = []
    for name, code, label, of in (
        ("minmonthlycharge", "minimum", "Minimum charge", "month"),
        ("annualmincharge", "annual-minimum", "Minimum charge of the year", "year"),
    ):
        older = _older(rate, name, "mincharge")
        if older:
            found.append(_charge("minimum", code, label, older, of))
    return found


def _newer(rate: Rate, name: str, units: str, allowed: tuple[str, ...]) -> tuple[Decimal | None, str]:
    price = _amount(rate, name)
    if price is None:
        return None, ""
    unit = rate.one_of(units, allowed)
    if not unit:
        rate.refuse(units, f"is not given, though '{name}' is; it is one of {', '.join(allowed)}")
    return price, _PERS[unit]


def _older(rate: Rate, name: str, newer: str) -> Decimal | None:
    price = _amount(rate, name)
    if price:
        rate.note(f"{rate.at(name)}: the older field is priced, as {newer} is not given.")
    return price


def _amount(rate: Rate, name: str) -> Decimal | None:
    price = rate.number(name)
    if price is not None and price < 0:
        rate.refuse(name, f"expected no less than 0, found {price}")
    return None if price is None else Decimal(six_decimals(price))


def _charge(kind: str, code: str, label: str, price: Decimal, per: str) -> dict[str, Any]:
    return {"kind": kind, "code": code, "label": label, "price": six_decimals(price), "per": per}
