"""The code lists of ESPI (NAESB REQ.21, espiDerived.xsd) that decide what a reading is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from meters.domain.quality import Quality
from meters.domain.units import Unit, parse_unit

FOOT = Fraction(3048, 10_000)
INCH = FOOT / 12
"""Metres, by definition (international yard and pound agreement, 1959)."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a value counts: `factor` of `unit` (before the reading type's power of ten), and its `word` in a
    channel's name, nothing for what is usual."""

    unit: Unit
    factor: Fraction = Fraction(1)
    word: str = ""


@cache
def measure(uom: int | None) -> Measure:
    """The measure behind UnitSymbolKind. What is defined as so many cubic metres or joules is counted in m3
    or kWh, exactly; a therm or a BTU has several definitions, and keeps its name."""
    if uom is None or uom == 0:
        return Measure(parse_unit(None))
    if uom in _MEASURES:
        return _MEASURES[uom]
    return Measure(Unit(f"uom {uom}", f"uom {uom}"), word=f"uom{uom}")


_M3, _KWH = parse_unit("m3"), parse_unit("kWh")
_MEASURES = {
    72: Measure(parse_unit("Wh")),
    31: Measure(_KWH, Fraction(1, 3_600_000)),  # joule
    73: Measure(parse_unit("VArh"), word="reactive"),
    71: Measure(parse_unit("VAh"), word="apparent"),
    38: Measure(parse_unit("W"), word="power"),
    63: Measure(parse_unit("VAr"), word="reactive-power"),
    61: Measure(parse_unit("VA"), word="apparent-power"),
    29: Measure(parse_unit("V"), word="voltage"),
    5: Measure(parse_unit("A"), word="current"),
    33: Measure(parse_unit("Hz"), word="frequency"),
    106: Measure(parse_unit("Ah"), word="charge"),
    42: Measure(_M3),
    166: Measure(_M3),  # uncompensated for temperature and pressure
    167: Measure(_M3),  # compensated
    119: Measure(_M3, FOOT**3),
    120: Measure(_M3, FOOT**3),  # compensated
    128: Measure(_M3, 231 * INCH**3),  # US gallon
    130: Measure(_M3, Fraction(454_609, 100_000_000)),  # imperial gallon, by UK law
    134: Measure(parse_unit("l")),
    156: Measure(parse_unit("l")),  # uncompensated
    157: Measure(parse_unit("l")),  # compensated
    132: Measure(parse_unit("BTU")),
    169: Measure(parse_unit("therm")),
}  # fmt: skip

COMMODITIES = {
    1: "electricity",
    2: "electricity",  # before the transformers' ratio is taken off
    7: "gas",
    8: "propane",
    9: "water",
    10: "steam",
    11: "wastewater",
    12: "heat",
    13: "cooling",
    14: "reclaimed-water",
}
SERVICES = {0: "electricity", 1: "gas", 2: "water", 4: "heat", 6: "wastewater"}

_FLOWS = {
    0: ("import", "import"),
    1: ("import", "import"),
    4: ("import", "net"),
    5: ("import", "lagging"),  # quadrants 1 and 2
    7: ("import", "q1q3"),
    8: ("import", "q1q4"),
    9: ("import", "q1-q4"),
    10: ("export", "q2q3"),
    11: ("import", "q2q4"),
    12: ("import", "q2-q3"),
    13: ("export", "leading"),  # quadrants 3 and 4
    14: ("export", "q3-q2"),
    15: ("import", "q1"),
    16: ("export", "q2"),
    17: ("export", "q3"),
    18: ("import", "q4"),
    19: ("export", "export"),
    20: ("import", "total"),
    21: ("import", "total-by-phase"),
}
_REACTIVE_SIDES = {"q2": "import", "q4": "export"}


def flow(code: int | None, reactive: bool) -> tuple[str, str]:
    """The customer's direction, and the word for it in a channel's name (FlowDirectionKind). What is not said
    is delivered to the customer. Reactive energy is imported in quadrants 1 and 2, active in 1 and 4."""
    direction, word = _FLOWS.get(code or 0, ("import", f"flow{code}"))
    return (_REACTIVE_SIDES.get(word, direction) if reactive else direction), word


REGISTERS = frozenset({1, 2, 3})
"""AccumulationKind whose values stand on a dial: bulk quantity, cumulative with and without the present
period. All else counts what went through in the interval."""

QUALIFIERS = {2: "average", 8: "maximum", 9: "minimum"}
PLAIN_PHASES = frozenset({0, 224, 225, 768, 769, 784})
"""All phases of the service together."""

VALID = 0
_QUALITIES = {
    0: (Quality.ACTUAL, ""),
    7: (Quality.SUBSTITUTED, "replaced or approved by a person"),
    8: (Quality.ESTIMATED, "estimated by a reference day"),
    9: (Quality.ESTIMATED, "estimated by linear interpolation"),
    10: (Quality.ACTUAL, "questionable: failed a check"),
    11: (Quality.ACTUAL, "derived: calculated"),
    12: (Quality.FORWARD, "a projection"),
    13: (Quality.ESTIMATED, "of mixed quality"),
    14: (Quality.ACTUAL, "raw: not validated"),
    15: (Quality.ESTIMATED, "adjusted for the weather"),
    16: (Quality.ESTIMATED, "of another quality"),
    17: (Quality.ACTUAL, ""),
    18: (Quality.ACTUAL, ""),
    19: (Quality.ACTUAL, ""),
}
_SETTLED = 19
_WORST = (Quality.ACTUAL, Quality.SUBSTITUTED, Quality.ESTIMATED, Quality.FORWARD)
UNKNOWN_QUALITY = 1 << 31


@cache
def quality_of(mask: int) -> Quality | None:
    """The quality of a reading with these QualityOfReading codes (bit n for code n); None for one that no
    list has. Of several the least trusted counts; what was replaced and is of revenue quality (19) is
    final."""
    codes = [code for code in range(32) if mask >> code & 1]
    if not codes:
        return Quality.ACTUAL
    if any(code not in _QUALITIES for code in codes):
        return None
    worst = max((_QUALITIES[code][0] for code in codes), key=_WORST.index)
    return Quality.FINAL if worst != Quality.ACTUAL and _SETTLED in codes else worst


@cache
def quality_words(mask: int) -> tuple[str, str] | None:
    """The codes and words worth a remark; None where there is nothing to say."""
    said = [code for code in range(32) if mask >> code & 1 and _QUALITIES.get(code, ("", ""))[1]]
    if not said:
        return None
    return ",".join(map(str, said)), "; ".join(_QUALITIES[code][1] for code in said)


def quality_codes(quality: int) -> tuple[int, ...]:
    """How a quality is written, so that `quality_of` reads it back; nothing for what is valid."""
    return _WRITTEN[Quality(quality)]


_WRITTEN: dict[Quality, tuple[int, ...]] = {
    Quality.ACTUAL: (),
    Quality.ESTIMATED: (8,),
    Quality.FORWARD: (12,),
    Quality.SUBSTITUTED: (7,),
    Quality.FINAL: (7, _SETTLED),
}
CURRENCIES = {
    36: "AUD", 124: "CAD", 156: "CNY", 208: "DKK", 356: "INR", 392: "JPY", 578: "NOK", 643: "RUB", 756: "CHF",
    826: "GBP", 840: "USD", 978: "EUR",
}  # fmt: skip
