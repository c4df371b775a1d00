"""What power is measured in: kW, of the energy that works; kVAr, of the reactive energy; kVA, of both.

Apparent power is the root of the sum of the squares of both, of the same window (IEC 60050-131, 131-11-41).
"""

from __future__ import annotations

from typing import Literal, cast

from billing.domain.tariffs.json_place import Fields

PowerUnit = Literal["kW", "kVA", "kVAr"]
POWER_UNITS = ("kW", "kVA", "kVAr")


def read_power_unit(fields: Fields) -> PowerUnit:
    """kW where nothing is given."""
    return cast("PowerUnit", fields.one_of("unit", POWER_UNITS)) if fields.has("unit") else "kW"
