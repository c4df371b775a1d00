from __future__ import annotations

import pytest

from meters.domain.units import parse_unit, unit_in_title


@pytest.mark.parametrize(
    ("declared", "base", "exponent", "stored"),
    [
        ("kWh", "kWh", 0, True),
        ("KWH", "kWh", 0, True),
        ("WH", "kWh", -3, True),
        ("MWh", "kWh", 3, True),
        ("kvarh", "kVArh", 0, True),
        ("VArh", "kVArh", -3, True),
        ("m³", "m3", 0, True),
        ("kW", "kW", 0, False),
        ("pf", "pf", 0, False),
        ("", None, 0, False),
        (None, None, 0, False),
    ],
)
def test_units_in_any_case(declared: str | None, base: str | None, exponent: int, stored: bool) -> None:
    unit = parse_unit(declared)
    assert (unit.base, unit.exponent, unit.stored) == (base, exponent, stored)
    assert unit.declared == (declared or None), "the file's own spelling is kept"


@pytest.mark.parametrize(
    ("title", "unit"),
    [
        ("energy(kWh/hh)", "kWh"),
        ("KWH/hh (per half hour) ", "kWh"),
        ("usage_wh", "Wh"),
        ("Volume [m3]", "m3"),
        ("value", None),
        ("l", None),
        ("whale", None),
    ],
)
def test_a_title_may_name_the_unit(title: str, unit: str | None) -> None:
    assert unit_in_title(title) == unit
