"""The numbers of a Green Button feed: whole or decimal in the text, whole and exact here."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import LIMIT, IntArray

MICROS = 1_000_000
"""Instants and lengths are int64 microseconds: a fraction of a second is told, and a datetime holds it."""

MOST_DIGITS = 18
Number = TypeVar("Number", np.int64, np.int32, np.uint32)
_DECIMAL = re.compile(r"([+-]?)(\d*)\.?(\d*)", re.ASCII)


def decimal_parts(text: str) -> tuple[int, int] | None:
    """(n, places) where the text says n / 10**places; None where it is no number of up to 18 digits.

    >>> decimal_parts("-12.50"), decimal_parts("7"), decimal_parts("1e3"), decimal_parts(".")
    ((-1250, 2), (7, 0), None, None)
    """
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        return int(text), 0
    found = _DECIMAL.fullmatch(text.strip())
    if found is None or not 0 < len(found[2]) + len(found[3]) <= MOST_DIGITS:
        return None
    number = int(found[2] + found[3])
    return (-number if found[1] == "-" else number), len(found[3])


def micros_of(number: int, places: int) -> int | None:
    """Seconds, n / 10**places, as microseconds, half-even; None beyond the years a datetime can say."""
    micros = round(Fraction(number * MICROS, 10**places)) if places else number * MICROS
    return micros if abs(micros) < 10**17 else None


def distinct(numbers: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Like np.unique, but most often there is only one."""
    if numbers.size and (numbers == numbers[0]).all():
        return numbers[:1]
    return np.unique(numbers)


def scaled(numbers: IntArray, factor: Fraction) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """The numbers times a positive factor, half-even; and which of them come to a thousand million units
    (LIMIT, in millionths) or more, which no meter counts in one interval, and are nought in the result."""
    numerator, denominator = factor.numerator, factor.denominator
    bound = -(-LIMIT * 10**6 * denominator // numerator)
    sizes = np.abs(numbers)
    too_large = sizes >= min(bound, 2**63 - 1)
    kept = np.where(too_large, 0, numbers)
    most = int(sizes[~too_large].max(initial=0))
    if most * numerator >= 2**62 or denominator >= 2**62:
        exact = [round(Fraction(number * numerator, denominator)) for number in kept.tolist()]
        return np.array(exact, dtype=np.int64), too_large
    if denominator == 1:
        return kept * numerator, too_large
    whole, rest = np.divmod(kept * numerator, denominator)
    up = (rest * 2 > denominator) | ((rest * 2 == denominator) & (whole % 2 == 1))
    return whole + up, too_large
