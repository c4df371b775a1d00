"""What an OBIS code (IEC 62056-61, A-B:C.D.E*F) says of the values under it: unit, direction, and whether
they are energy of an interval, a register's figure, or none of both."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

Kind = Literal["quantity", "power", "other"]
"""A quantity adds up over time (energy, volume), power is a mean or a peak, other is neither."""

_CODE = re.compile(r"(?:(\d{1,3})-(\d{1,3}):)?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?(?:\*\d{1,3})?", re.ASCII)

ELECTRICITY, GAS = 1, 7
_TIME_INTEGRALS = frozenset({8, 9, 10, 17, 18, 19, 20, 29, 30, 58})
"""Value group D of electricity: 8 since the first start, 9 of the billing period, 29 of the interval..."""
_AVERAGES = frozenset({*range(8), *range(11, 17), *range(21, 29), 55})
_CUMULATIVE = frozenset({8})
_PER_PHASE = 20  # C of L1, L2, L3: 21 to 80 mean what 1 to 20 mean in all
# C of electricity: 1 and 2 active, 3 and 4 reactive, 5 to 8 reactive by quadrant; 2, 4, 7, 8 flow outwards.
_ACTIVE, _REACTIVE, _OUTWARDS = frozenset({1, 2}), frozenset(range(3, 9)), frozenset({2, 4, 7, 8})


@dataclass(frozen=True, slots=True)
class Obis:
    """`unit` is None where the code tells none; `cumulative` says that values are a register's figures."""

    kind: Kind
    unit: str | None
    direction: str
    medium: int
    cumulative: bool


@cache
def parse_obis(code: str) -> Obis | None:
    """What a code says; None where it is not shaped like one. Codes without medium are electricity's.

    >>> parse_obis("1-1:2.29.0*255")
    Obis(kind='quantity', unit='kWh', direction='export', medium=1, cumulative=False)
    """
    found = _CODE.fullmatch(code)
    if found is None:
        return None
    medium = int(found[1] or ELECTRICITY)
    what, how = int(found[3]), int(found[4])
    if medium == ELECTRICITY:
        return _electricity(what, how)
    if medium == GAS:
        return _gas(what, how)
    return Obis("other", None, "import", medium, False)


def _electricity(what: int, how: int) -> Obis:
    phase = what if what <= _PER_PHASE else (what - 1) % _PER_PHASE + 1
    direction = "export" if phase in _OUTWARDS else "import"
    if what > 80 or phase not in _ACTIVE | _REACTIVE:
        return Obis("other", None, direction, ELECTRICITY, False)
    unit = "kW" if phase in _ACTIVE else "kVAr"
    if how in _TIME_INTEGRALS:
        return Obis("quantity", f"{unit}h", direction, ELECTRICITY, how in _CUMULATIVE)
    return Obis("power" if how in _AVERAGES else "other", unit, direction, ELECTRICITY, False)


def _gas(what: int, how: int) -> Obis:
    """Volumes are C 1 to 26, energies 31 to 36; of six in a row the last three flow backwards. A profile
    (C 99) names in D what it is of."""
    profile = what == 99
    flow = how if profile else what
    place = flow % 10
    direction = "export" if place in (4, 5, 6) else "import"
    if flow // 10 > 3 or not 1 <= place <= 6:
        return Obis("other", None, "import", GAS, False)
    cumulative = not profile and how in (0, 1, 2, 3)
    return Obis("quantity", "kWh" if flow > 30 else "m3", direction, GAS, cumulative)
