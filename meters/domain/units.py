"""Units as files declare them, and the three in which readings are stored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

STORED_UNITS = ("kWh", "kVArh", "m3")

# lower-case spelling: (base, power of ten from the declared unit to the base, usual spelling)
_KNOWN: dict[str, tuple[str, int, str]] = {
    "wh": ("kWh", -3, "Wh"),
    "kwh": ("kWh", 0, "kWh"),
    "mwh": ("kWh", 3, "MWh"),
    "varh": ("kVArh", -3, "VArh"),
    "kvarh": ("kVArh", 0, "kVArh"),
    "mvarh": ("kVArh", 3, "MVArh"),
    "m3": ("m3", 0, "m3"),
    "m³": ("m3", 0, "m3"),
    "l": ("m3", -3, "l"),
    "litre": ("m3", -3, "l"),
    "litres": ("m3", -3, "l"),
}


@dataclass(frozen=True, slots=True)
class Unit:
    """`declared` is the file's own spelling; 1 declared = 10**exponent base. Both are None where none is
    said.

    A unit that is not stored (kW, V, kVAh) is its own base, so that its total can still be shown.
    """

    declared: str | None
    base: str | None
    exponent: int = 0

    @property
    def stored(self) -> bool:
        """Whether readings in it may be kept."""
        return self.base in STORED_UNITS

    @property
    def decimals(self) -> int:
        """Digits after the point that a millionth of the base needs in the declared unit."""
        return 6 + self.exponent


@cache
def parse_unit(declared: str | None) -> Unit:
    """The unit behind a file's spelling, in any case; nothing at all is a unit of None."""
    text = (declared or "").strip()
    if not text:
        return Unit(None, None)
    known = _KNOWN.get(text.lower())
    return Unit(text, known[0], known[1]) if known else Unit(text, text)


def unit_in_title(title: str) -> str | None:
    """The unit a column's title names, `energy(kWh/hh)` or `consumption_kwh`; None where it names none.

    >>> unit_in_title("energy(kWh/hh)"), unit_in_title("usage_kwh"), unit_in_title("value")
    ('kWh', 'kWh', None)
    """
    for word in re.split(r"[^\w³]+|_", title):
        if len(word) > 1 and word.lower() in _KNOWN:
            return _KNOWN[word.lower()][2]
    return None
