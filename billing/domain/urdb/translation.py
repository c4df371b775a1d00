"""A rate of the database as a tariff file: seasons, and charges in the order of the bill's lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from billing.domain.tariffs.file import FORMAT, tariff_of
from billing.domain.tariffs.tariff import Tariff
from billing.domain.urdb.amounts import fixed_charges, minimum_charges
from billing.domain.urdb.demand import read_demand
from billing.domain.urdb.energy import read_energy
from billing.domain.urdb.fields import PRICED, check_fields
from billing.domain.urdb.power import check_coincident, reactive_charges
from billing.domain.urdb.rate import Rate
from billing.domain.urdb.schedules import Seasons

STARTS_ON = "1900-01-01"
"""A rate is priced for readings of any date; when it was in force is said in a note."""


@dataclass(frozen=True, slots=True)
class Translated:
    """document: a tariff file. notes: sentences on how the rate was understood."""

    document: dict[str, Any]
    notes: tuple[str, ...]

    @property
    def tariff(self) -> Tariff:
        return tariff_of(self.document)


def is_urdb(document: Any) -> bool:
    """Whether it is meant for the database's format rather than ours."""
    if isinstance(document, dict):
        keys = {str(key).lower() for key in document}
        return "format" not in keys and ("items" in keys or not keys.isdisjoint(PRICED))
    return isinstance(document, (str, list))


def urdb_tariff(document: Any) -> Tariff:
    """A tariff from the JSON of one rate. Raises TariffRefused, with the field and the reason."""
    return translated(document).tariff


def translated(document: Any) -> Translated:
    """The same as a tariff file, and what is to be said of it. Raises TariffRefused."""
    rate = Rate.of(document)
    check_fields(rate)
    country = rate.text("country")
    if country.upper() not in ("", "USA", "US", "UNITED STATES"):
        rate.refuse("country", f"prices are taken as US dollars, which those of '{country}' are not")
    energy = read_energy(rate)
    demand = read_demand(rate)
    check_coincident(rate)
    seasons = Seasons.of([(energy.month(month), demand.month(month)) for month in range(12)])
    charges = [
        *fixed_charges(rate),
        *energy.charges(seasons),
        *demand.charges(seasons),
        *reactive_charges(rate),
        *minimum_charges(rate),
    ]
    if not charges:
        rate.refuse("energyratestructure", "is not given, nor any other price")
    version: dict[str, Any] = {"starts_on": STARTS_ON, "charges": charges}
    if any("seasons" in period for charge in charges for period in charge.get("periods", ())):
        version["seasons"] = seasons.document()
    name = rate.text("name") or rate.text("label") or "URDB rate"
    found = {
        "format": FORMAT,
        "code": _code(rate, name),
        "name": name,
        "currency": "USD",
        "versions": [version],
    }
    return Translated(found, tuple(rate.notes))


def _code(rate: Rate, name: str) -> str:
    """The database's own label, or the name in small letters."""
    for words in (rate.text("label"), name):
        code = re.sub(r"[^a-z0-9_.]+", "-", words.lower()).strip("-._")[:64]
        if code:
            return code
    return "urdb-rate"
