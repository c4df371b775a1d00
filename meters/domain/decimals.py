"""Decimal text to millionths, exactly, rounded once and half to even; and back.

A float is only a guess here: it is taken where it provably rounds as the decimal does, and the text is read
as a decimal wherever it might not. So 1.0779999 and 0.0000005 come out as a person with a pencil would have
them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

MISSING = int(np.iinfo(np.int64).min)
"""Stands in an array of micro-units where there is no reading."""

LIMIT = 10**9
"""A reading is below this many units. A day of 1,440 such readings still sums in int64."""

REGISTER_LIMIT = 10**12
"""A register shows less than this, in whatever unit it counts."""

LONGEST = 60
"""Letters of a number, blanks around it aside; what is longer is none. `_EXACT` holds as many digits."""

MOST_SHOWN = 40
"""Letters of a faulty text that a message repeats."""

_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+))?", re.ASCII)
_FARTHEST = 999
"""A power of ten beyond which LONGEST digits are nought or too large, however many they are."""
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class ValueFault:
    """Why one text is no reading."""

    index: int
    code: str
    text: str

    @property
    def message(self) -> str:
        """A sentence for a person; of a long text it shows the beginning."""
        text = shown(self.text)
        if self.code == "negative_value":
            return f"The value {text} is below zero; direction is told by the channel, not by a sign."
        if self.code == "value_too_large":
            return f"The value {text} is larger than any meter can count in one interval."
        return f"The value {text!r} is not a number."


def shown(text: str) -> str:
    """A text as a message repeats it: cut where it is long.

    >>> shown("12x"), len(shown("x" * 1000))
    ('12x', 41)
    """
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def micro_of(text: str, exponent: int = 0, *, signed: bool = False, limit: int = LIMIT) -> int | str:
    """Millionths of the base unit, half-even, of a decimal text in a unit of 10**exponent; or the code of its
    fault: not_a_number, negative_value (unless `signed`), value_too_large.

    Blank text is MISSING, and one of more than LONGEST letters no number. What stands on a dial or was
    counted between two reads is no reading of an interval: it may be signed, and have a limit of its own
    (REGISTER_LIMIT).

    >>> micro_of(" 1.0779999 "), micro_of("0.0000005"), micro_of("0.0000015"), micro_of("12.5", -3)
    (1078000, 0, 2, 12500)
    """
    text = text.strip()
    if not text:
        return MISSING
    found = _NUMBER.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return "not_a_number"
    power = min(max(int(found[2] or 0), -_FARTHEST), _FARTHEST)
    value = Decimal(f"{found[1]}e{power}")
    if value < 0 and not signed:
        return "negative_value"
    if abs(value.scaleb(exponent, _EXACT)) >= limit:
        return "value_too_large"
    places = 6 + exponent
    return int(value.quantize(Decimal(1).scaleb(-places), context=_EXACT).scaleb(places, _EXACT))


def read_micro(texts: Sequence[str], exponent: int = 0) -> tuple[IntArray, list[ValueFault]]:
    """`micro_of` for many texts at once; a faulty text is MISSING in the array and named in the list."""
    joined = "".join(texts)
    # float() reads 1_000, other scripts' digits and numbers of any length
    if "_" in joined or not joined.isascii() or max(map(len, texts), default=0) > LONGEST:
        return _one_by_one(texts, exponent)
    try:
        floats = np.fromiter(map(float, texts), np.float64, count=len(texts))
    except ValueError:
        return _one_by_one(texts, exponent)
    with np.errstate(over="ignore"):
        scaled = floats * 10.0 ** (6 + exponent)
    # -1e-400 is a float's -0.0, and below zero; no nan is below the limit
    if not floats.size or np.signbit(floats).any() or not scaled.max() < LIMIT * 1e6:
        return _one_by_one(texts, exponent)
    # Text to float and the product err by less than 2**-52 of the result: only near a half does that matter.
    rounded = np.rint(scaled)
    doubtful = np.abs(np.abs(scaled - rounded) - 0.5) <= scaled * 2.0**-50
    micro = rounded.astype(np.int64)
    for index in doubtful.nonzero()[0].tolist() if doubtful.any() else ():
        exact = micro_of(texts[index], exponent)
        if isinstance(exact, str):
            return _one_by_one(texts, exponent)
        micro[index] = exact
    return micro, []


def _one_by_one(texts: Sequence[str], exponent: int) -> tuple[IntArray, list[ValueFault]]:
    micro = np.full(len(texts), MISSING, dtype=np.int64)
    faults = []
    for index, text in enumerate(texts):
        value = micro_of(text, exponent)
        if isinstance(value, str):
            faults.append(ValueFault(index, value, text.strip()))
        else:
            micro[index] = value
    return micro, faults


def decimal_text(amount: int, decimals: int) -> str:
    """An integer count of 10**-decimals as a plain decimal without needless zeros.

    >>> decimal_text(53328000, 6), decimal_text(42624000, 3), decimal_text(0, 6)
    ('53.328', '42624', '0')
    """
    sign = "-" if amount < 0 else ""
    whole, part = divmod(abs(amount), 10**decimals)
    digits = f"{part:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"
