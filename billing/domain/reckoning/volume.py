"""Gas and water by the same engine: what is metered in cubic metres, and what it becomes on the bill.

Gas is billed in kWh: m3 x volume correction x calorific value (MJ a m3) / 3.6, as in the Gas (Calculation of
Thermal Energy) Regulations 1996 of Great Britain (SI 1996/439), whose usual correction is 1.02264. Calorific
values change by the day and are data of the tariff file; the bill states what was reckoned with. Water stays
in m3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, cast

from billing.domain.errors import MissingCalorific, TariffRefused
from billing.domain.money import MICRO, micro_text
from billing.domain.tariffs.json_place import Fields

Commodity = Literal["gas", "water"]

VOLUME_CODE = "volume metered"
"""Of the line that states the conversion; no charge can have a code with a space in it."""
_LIMIT = 1_000 * MICRO


@dataclass(frozen=True, slots=True)
class CalorificValue:
    """Millionths of a MJ a m3, in force from `starts_on` until the next one's."""

    starts_on: date
    micro: int


@dataclass(frozen=True, slots=True)
class Volume:
    """What a tariff for cubic metres makes of them. values: of gas, the earliest first."""

    commodity: Commodity
    correction_micro: int = MICRO
    values: tuple[CalorificValue, ...] = ()

    @property
    def unit(self) -> str:
        """Of the lines of energy."""
        return "kWh" if self.commodity == "gas" else "m3"

    def value_on(self, day: date) -> CalorificValue | None:
        """None for water. Raises MissingCalorific before the first value of gas."""
        if self.commodity == "water":
            return None
        known = [one for one in self.values if one.starts_on <= day]
        if not known:
            raise MissingCalorific(
                f"there is no calorific value of {day}: the first is of {self.values[0].starts_on}"
            )
        return known[-1]

    def factor(self, value: CalorificValue) -> Fraction:
        """kWh a m3."""
        return Fraction(self.correction_micro * value.micro, MICRO * MICRO) * Fraction(10, 36)

    def words(self, value: CalorificValue) -> str:
        """What the bill says of it."""
        return f"Gas metered, × {micro_text(self.correction_micro)} × {micro_text(value.micro)} MJ/m³ ÷ 3.6"

    @classmethod
    def read(cls, fields: Fields) -> Volume:
        commodity = fields.one_of("commodity", ("gas", "water"))
        if commodity == "water":
            fields.finish()
            return cls(cast("Commodity", commodity))
        correction = fields.micro("correction", limit=_LIMIT) if fields.has("correction") else MICRO
        if correction <= 0:
            fields.refuse("correction", "expected more than 0, such as 1.02264")
        values: list[CalorificValue] = []
        for item, place in fields.items("calorific_values"):
            one = Fields(item, place)
            found = CalorificValue(one.on("from"), one.micro("value", limit=_LIMIT))
            if found.micro <= 0:
                one.refuse("value", "expected more than 0: MJ a m3")
            if values and found.starts_on <= values[-1].starts_on:
                raise TariffRefused(f"{place}.from", "calorific values must follow each other by date")
            one.finish()
            values.append(found)
        fields.finish()
        return cls(cast("Commodity", commodity), correction, tuple(values))
