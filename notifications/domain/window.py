"""Where an address stands on a sheet so that it shows in the window of its envelope. Pure.

A folded sheet lies loose in its envelope. The boxes here show in the usual window of each country:

- DIN 5008 form B, for windows of DIN 680: a field of 85 x 45 mm, 20 mm from the left edge and 45 mm from the
  top; 5 mm of it for the line of who sends, 12.7 mm for remarks, 27.3 mm for the address. Most of Europe.
- the British DL envelope (110 x 220 mm, window of 35 x 90 mm, 20 mm from the left and 18 mm from the bottom):
  A4 folded in three slides 10 mm sideways and 11 mm up and down, which leaves 80 x 24 mm that always show,
  57 mm from the top. Australia's and New Zealand's DL envelopes are taken to have it at the same place.
- the American number 10 envelope (4 1/8 x 9 1/2 in, window of 1 1/8 x 4 1/2 in, 7/8 in from the left and
  1/2 in from the bottom): US letter folded in three, standing on its lower edge.
- the Russian E65 envelope with its window at the right (45 x 90 mm, 20 mm from the right and the bottom).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Window:
    """The box of the address, in millimetres from the sheet's upper left corner; `paper`: typst's name."""

    paper: Literal["a4", "us-letter"]
    left_mm: float
    top_mm: float
    width_mm: float
    height_mm: float


DIN_5008_B = Window("a4", 25, 62.7, 75, 27.3)
BRITISH_DL = Window("a4", 22, 57, 76, 24)
AMERICAN_10 = Window("us-letter", 23, 55, 86, 23)
RUSSIAN_E65 = Window("a4", 112, 46, 76, 32)

_OF_COUNTRY = {
    **dict.fromkeys(("GB", "IE", "AU", "NZ"), BRITISH_DL),
    **dict.fromkeys(("US", "CA", "MX"), AMERICAN_10),
    **dict.fromkeys(("RU", "BY", "KZ"), RUSSIAN_E65),
}


def window_of(country: str) -> Window:
    """The window of the envelopes that a supplier in that country (ISO) uses."""
    return _OF_COUNTRY.get(country, DIN_5008_B)


def address_lines(address: str) -> tuple[str, ...]:
    """An address of one line as it is printed, its parts between commas on a line each.

    At most five, since a sixth would leave the window: the first ones are then put together.
    """
    parts = [part.strip() for part in address.replace("\n", ",").split(",") if part.strip()]
    over = max(0, len(parts) - 5)
    return tuple([", ".join(parts[: over + 1]), *parts[over + 1 :]] if parts else ())
