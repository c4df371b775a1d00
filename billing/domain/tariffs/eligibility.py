"""Whom a tariff is for, as its file says: segments, areas, how strong a connection, until when it is sold.

What the file leaves out limits nothing. What of a supply is not known cannot be held to fit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from billing.domain.errors import TariffRefused
from billing.domain.money import MICRO, micro_text
from billing.domain.tariffs.json_place import Fields

Fuel = Literal["electricity", "gas", "water"]
FUELS: tuple[Fuel, ...] = ("electricity", "gas", "water")
SEGMENTS = ("household", "small_business", "industry")
UnfitCode = Literal[
    "fuel", "segment", "area", "connection_unknown", "connection_below", "connection_above", "closed",
    "not_yet", "same",
]  # fmt: skip
"""not_yet: the tariff has no prices that day; same: they are on it."""
_LIMIT = 10**9 * MICRO


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of a supply. area: the code of the network's area, empty where none is known."""

    segment: str
    fuel: str
    area: str = ""
    connection_micro_kw: int | None = None


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a supply cannot be on a tariff. values: the figures of the reason, as texts."""

    code: UnfitCode
    values: tuple[tuple[str, str], ...] = ()

    @property
    def named(self) -> dict[str, str]:
        return dict(self.values)


@dataclass(frozen=True, slots=True)
class Eligibility:
    """segments, areas: empty for any. least, most: the connection's power, both ends included. closed_from:
    nobody new from that day on; who is on it stays."""

    segments: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    least_micro_kw: int | None = None
    most_micro_kw: int | None = None
    closed_from: date | None = None
    fuel: Fuel = field(default="electricity", kw_only=True)

    def unfit(self, place: Place, on: date) -> tuple[Unfit, ...]:
        """Every reason why a supply cannot begin on the tariff on a day; none: it can."""
        found: list[Unfit] = []
        if place.fuel != self.fuel:
            found.append(Unfit("fuel", (("fuel", self.fuel), ("here", place.fuel))))
        if self.segments and place.segment not in self.segments:
            found.append(Unfit("segment", (("segments", " ".join(self.segments)), ("here", place.segment))))
        if self.areas and place.area not in self.areas:
            found.append(Unfit("area", (("areas", ", ".join(self.areas)), ("here", place.area or "–"))))
        found += self._unfit_power(place.connection_micro_kw)
        if self.closed_from is not None and on >= self.closed_from:
            found.append(Unfit("closed", (("day", self.closed_from.isoformat()),)))
        return tuple(found)

    def _unfit_power(self, power: int | None) -> list[Unfit]:
        least, most = self.least_micro_kw, self.most_micro_kw
        if least is None and most is None:
            return []
        if power is None:
            return [Unfit("connection_unknown")]
        here = micro_text(power)
        if least is not None and power < least:
            return [Unfit("connection_below", (("least", micro_text(least)), ("here", here)))]
        if most is not None and power > most:
            return [Unfit("connection_above", (("most", micro_text(most)), ("here", here)))]
        return []


ANYBODY = Eligibility()
"""Of electricity, without a limit."""


def read_eligibility(tariff: Fields, commodity: str | None) -> Eligibility:
    """The keys `fuel` and `eligibility` of a tariff. commodity: of its `volume`. Raises TariffRefused."""
    fuel: Fuel = "electricity"
    if tariff.has("fuel"):
        fuel = _fuel(tariff.one_of("fuel", FUELS))
        if commodity is not None and fuel != commodity:
            tariff.refuse("fuel", f"its volume is of {commodity}")
        if commodity is None and fuel == "water":
            tariff.refuse("fuel", "water is metered in m3: say so by a 'volume'")
    elif commodity is not None:
        fuel = _fuel(commodity)
    if not tariff.has("eligibility"):
        return Eligibility(fuel=fuel)
    fields = tariff.fields("eligibility")
    segments = fields.texts("segments") if fields.has("segments") else []
    for name, place in segments:
        if name not in SEGMENTS:
            raise TariffRefused(place, f"'{name}' is not one of {', '.join(SEGMENTS)}")
    areas = fields.texts("areas") if fields.has("areas") else []
    least, most = _power(fields.fields("connection_kw")) if fields.has("connection_kw") else (None, None)
    closed_from = fields.on("closed_from") if fields.has("closed_from") else None
    fields.finish()
    found = Eligibility(
        tuple(name for name, _ in segments), tuple(code for code, _ in areas), least, most, closed_from,
        fuel=fuel,
    )  # fmt: skip
    if found == Eligibility(fuel=fuel):
        tariff.refuse("eligibility", "it limits nothing; leave it out")
    return found


def _power(fields: Fields) -> tuple[int | None, int | None]:
    least = fields.micro("least", limit=_LIMIT) if fields.has("least") else None
    most = fields.micro("most", limit=_LIMIT) if fields.has("most") else None
    fields.finish()
    if least is None and most is None:
        fields.refuse("", "give 'least', 'most' or both")
    for key, value in (("least", least), ("most", most)):
        if value is not None and value <= 0:
            fields.refuse(key, "the power of a connection is more than 0")
    if least is not None and most is not None and most < least:
        fields.refuse("most", f"it is below 'least', {micro_text(least)}")
    return least, most


def _fuel(name: str) -> Fuel:
    return next(one for one in FUELS if one == name)
