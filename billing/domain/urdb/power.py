"""In what a rate measures power, and what it asks for reactive power and for power at the grid's own peak.

The database knows kW, hp and kVA, and each of them "daily"
(https://openei.org/services/doc/rest/util_rates, demandrateunit, flatdemandunit, coincidentrateunit).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from billing.domain.charges.power import PowerUnit
from billing.domain.urdb.rate import Rate, number, six_decimals
from billing.domain.urdb.schedules import read_coincident
from billing.domain.urdb.structures import read_structure
from billing.domain.urdb.windows import window_of

_UNITS: dict[str, PowerUnit] = {"kw": "kW", "kva": "kVA"}


def unit_of(rate: Rate, name: str) -> PowerUnit:
    """Of the prices of one structure: its own field's, else that of `demandunits`, else kW. Raises
    TariffRefused."""
    own, general = (_unit(rate, field) for field in (name, "demandunits"))
    if own and general and own != general:
        rate.refuse("demandunits", f"is {general}, and {name} is {own}; which of them holds is not said")
    return own or general or "kW"


def _unit(rate: Rate, name: str) -> PowerUnit | None:
    word = rate.text(name)
    if not word:
        return None
    if word.lower() in _UNITS:
        return _UNITS[word.lower()]
    if word.lower() in ("kw daily", "kva daily"):
        rate.refuse(name, f"'{word}' does not say whether each day's highest costs that much, or the month's")
    if word.lower() in ("hp", "hp daily"):
        rate.refuse(name, f"'{word}' is of the motors that are connected, which no meter measures")
    rate.refuse(name, f"'{word}' is not one of kW, kVA")


def reactive_charges(rate: Rate) -> list[dict[str, Any]]:
    """The month's highest reactive power, in kVAr. Raises TariffRefused."""
    name = "demandreactivepowercharge"
    price = rate.number(name)
    if not price:
        return []
    if price < 0:
        rate.refuse(name, f"expected no less than 0, found {price}")
    rate.note(
        f"{rate.at(name)}: priced for each kVAr of the month's highest reactive power; the database has no "
        "field for a share that is let pass."
    )
    period = {"label": "Reactive demand", "price": six_decimals(price)}
    head = {"kind": "demand", "code": "reactive-demand", "window": window_of(rate), "unit": "kVAr"}
    return [{**head, "periods": [period]}]


def check_coincident(rate: Rate) -> None:
    """Refuses a price of power at the hour of the grid's own peak: no field says when that was."""
    name = "coincidentratestructure"
    if not rate.has(name):
        if rate.has("coincidentrateschedule") and not _zeros(rate.values["coincidentrateschedule"]):
            rate.refuse(name, "is not given, though coincidentrateschedule is")
        return
    if _zeros(rate.values[name]):
        return
    structure = read_structure(rate, name, [unit_of(rate, "coincidentrateunit")])
    used: Sequence[int] = range(len(structure))
    if rate.has("coincidentrateschedule"):
        used = read_coincident(rate, len(structure))
    if any(tier.price for number in used for tier in structure[number]):
        rate.refuse(
            name,
            "power at the hour of the grid's own peak has a price, and the rate does not say when that was; "
            "a tariff file does, in a charge of kind 'capacity' with these hours under 'at'",
        )
    rate.note(f"{rate.at(name)}: no hour of coincidentrateschedule has a price, so it costs nothing.")


def _zeros(value: object) -> bool:
    """Zeros only, however deep; ends and units of tiers cost nothing."""
    if isinstance(value, list):
        return all(_zeros(item) for item in value)
    if isinstance(value, dict):
        return all(_zeros(item) for key, item in value.items() if key in ("rate", "adj", "sell"))
    return isinstance(value, (int, float, str)) and number(value, "") == Decimal(0)
