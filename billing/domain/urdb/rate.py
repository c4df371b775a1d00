"""One rate of the database: its fields by name, in small letters, with places for refusals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NoReturn

from billing.domain.errors import TariffRefused
from billing.domain.tariffs.json_place import described, loads

NO_END = Decimal(10**9)
"""An end from here on is none: the database writes 1e38."""
TOO_LARGE = Decimal(1_000_000)
"""No price or count is so much."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_SIX = Decimal("0.000001")
_LISTS = (
    "energyratestructure",
    "energyweekdayschedule",
    "energyweekendschedule",
    "demandratestructure",
    "demandweekdayschedule",
    "demandweekendschedule",
    "flatdemandstructure",
    "flatdemandmonths",
    "coincidentratestructure",
    "coincidentrateschedule",
    "fueladjustmentsmonthly",
    "lookbackmonths",
)


@dataclass(slots=True)
class Rate:
    """values: fields that hold something. notes: what is to be said of how they were understood."""

    values: dict[str, Any]
    place: str
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, document: Any) -> Rate:
        """From what the API answers, or one of its items, or either as a text that holds JSON.

        Raises TariffRefused for no rate, for several, and for one field written twice.
        """
        place = ""
        while isinstance(document, str):
            document = loads(document)
        if isinstance(document, dict) and "items" in document:
            document, place = document["items"], "items"
        if isinstance(document, list):
            place = place or "the file"
            if len(document) != 1:
                raise TariffRefused(place, f"holds {len(document)} rates; a file is of one{_names(document)}")
            document, place = document[0], f"{place}[0]" if place == "items" else "[0]"
        if not isinstance(document, dict):
            raise TariffRefused(place, f"expected a rate, found {described(document)}")
        values: dict[str, Any] = {}
        for key, value in document.items():
            name = key.lower()
            if name in values:
                raise TariffRefused(place or "the file", f"'{name}' stands there twice")
            if value is not None and value != "" and value != []:
                values[name] = value
        found = cls(values, place)
        for name in _LISTS:
            if isinstance(values.get(name), str):
                values[name] = found._parsed(name)
        return found

    def _parsed(self, name: str) -> Any:
        try:
            return loads(self.values[name])
        except TariffRefused as fault:
            self.refuse(name, f"a text that is {fault.reason}")

    def at(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def refuse(self, name: str, reason: str) -> NoReturn:
        raise TariffRefused(self.at(name), reason)

    def has(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        """Empty where it is not given."""
        value = self.values.get(name, "")
        if not isinstance(value, str):
            self.refuse(name, f"expected a text, found {described(value)}")
        return value.strip()

    def one_of(self, name: str, allowed: Iterable[str]) -> str:
        """As it is written among the allowed, whatever its capitals; empty where it is not given."""
        value = self.text(name)
        words = list(allowed)
        for word in words:
            if value.lower() == word.lower():
                return word
        if value:
            self.refuse(name, f"'{value}' is not one of {', '.join(words)}")
        return ""

    def number(self, name: str) -> Decimal | None:
        return number(self.values[name], self.at(name)) if self.has(name) else None

    def items(self, name: str, count: int | None = None) -> list[tuple[Any, str]]:
        """The elements of a list, each with its place."""
        if name not in self.values:
            self.refuse(name, "is not given")
        return elements(self.values[name], self.at(name), count)

    def note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)


def elements(value: Any, place: str, count: int | None = None) -> list[tuple[Any, str]]:
    if not isinstance(value, list) or (count is not None and len(value) != count):
        wanted = "a list" if count is None else f"a list of {count}"
        raise TariffRefused(place, f"expected {wanted}, found {described(value)}")
    return [(item, f"{place}[{index}]") for index, item in enumerate(value)]


def number(value: Any, place: str, *, limit: Decimal | None = TOO_LARGE) -> Decimal:
    """A number below the limit, or a text that is one. Raises TariffRefused."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TariffRefused(place, f"expected a number, found {described(value)}")
    if isinstance(value, str) and not _NUMBER.fullmatch(
        value.strip()
    ):  # Decimal takes 1_000 and other digits
        raise TariffRefused(place, f"expected a number, found {described(value)}")
    found = Decimal(str(value).strip())
    if not found.is_finite():
        raise TariffRefused(place, f"expected a number, found {described(value)}")
    if limit is not None and abs(found) >= limit:
        raise TariffRefused(place, f"{found} is too large")
    return found


def whole(value: Any, place: str) -> int:
    found = number(value, place)
    if found != int(found):
        raise TariffRefused(place, f"expected a whole number, found {described(value)}")
    return int(found)


def six_decimals(value: Decimal) -> str:
    """As tariff files write numbers; the database's come with the residue of binary fractions."""
    return format(value.quantize(_SIX, ROUND_HALF_EVEN).normalize() + 0, "f")


def _names(document: list[Any]) -> str:
    names = [str(item.get("name", "")) for item in document if isinstance(item, dict)]
    named = [name for name in names if name]
    return f" ({', '.join(named[:3])}{' ...' if len(named) > 3 else ''})" if named else ""
