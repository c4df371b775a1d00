"""Exact integer money: energy in micro_kwh, prices in millionths of the currency unit, money in minor units.

Nothing here is a float that is kept. Arrays are int64 with a bound checked before the multiplication;
above the bound the same sum is done in Python integers, so the answer is exact, or BeyondExact is raised.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from billing.domain.errors import BeyondExact

Int64Array = npt.NDArray[np.int64]

MICRO = 1_000_000
_DECIMAL = re.compile(r"(-?)([0-9]{1,18})(?:\.([0-9]+))?")
INT64_MAX = 2**63 - 1
DECIMALS = (0, 2, 3)
# A price at or above this would overflow the multiplication by the part below one kWh.
PRICE_MICRO_LIMIT = 9_000_000 * MICRO
ENERGY_MICRO_LIMIT = 10**18
"""Of one customer in one bill: a million million kWh. Four times as much, as power of a quarter of an hour,
fits."""
AMOUNT_MINOR_LIMIT = 2**53
"""Of one line. A thousand of them add up within int64, and readers of JSON keep it exact."""


class Rounding(StrEnum):
    """What happens to an exact half. Both are symmetric: a credit is the exact negation of its charge."""

    HALF_UP = "half_up"  # away from zero
    HALF_EVEN = "half_even"


def div_round(numerator: int, denominator: int, rule: Rounding) -> int:
    """numerator / denominator (> 0) as an integer, rounded once by ``rule``."""
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    quotient, rest = divmod(abs(numerator), denominator)
    over_half = rest - (denominator - rest)
    if over_half > 0 or (over_half == 0 and (rule is Rounding.HALF_UP or quotient % 2 == 1)):
        quotient += 1
    return -quotient if numerator < 0 else quotient


def _max_abs(values: Int64Array) -> int:
    if values.size == 0:
        return 0
    return max(int(values.max()), -int(values.min()))


def _rounded(quotient: Int64Array, rest: Int64Array, denominator: int, rule: Rounding) -> Int64Array:
    # r - (d - r) cannot overflow where 2r >= d can.
    over_half = rest - (denominator - rest)
    if rule is Rounding.HALF_UP:
        up = over_half >= 0
    else:
        up = (over_half > 0) | ((over_half == 0) & (quotient % 2 == 1))
    return quotient + up.astype(np.int64)


def _exactly(values: Int64Array, factor: int, denominator: int, rule: Rounding) -> Int64Array:
    """The same in Python integers, for what int64 cannot hold on the way. BeyondExact if not the result."""
    results = (div_round(int(value) * factor, denominator, rule) for value in values.ravel())
    return in_int64(results).reshape(values.shape)


def in_int64(results: Iterable[int]) -> Int64Array:
    """Python integers as a flat array. Raises BeyondExact where one does not fit."""
    found = list(results)
    if any(abs(result) > INT64_MAX for result in found):
        raise BeyondExact("an amount or quantity is too large to be reckoned exactly")
    return np.array(found, dtype=np.int64)


def within_bounds(amount_minor: Int64Array, code: str) -> Int64Array:
    """The same amounts, which are a line's. Raises BeyondExact where one is more than AMOUNT_MINOR_LIMIT."""
    if _max_abs(amount_minor) > AMOUNT_MINOR_LIMIT:
        beyond = (amount_minor > AMOUNT_MINOR_LIMIT) | (amount_minor < -AMOUNT_MINOR_LIMIT)
        rows = tuple(np.flatnonzero(beyond).tolist())
        raise BeyondExact(f"a line of '{code}' is too large to be reckoned exactly", rows)
    return amount_minor


def amounts(quantity_micro: Int64Array, price_micro: int, decimals: int, rule: Rounding) -> Int64Array:
    """quantity x price in minor units of a currency with ``decimals``, each element rounded once.

    quantity_micro: int64 of any shape, millionths (of a kWh, of a day). price_micro: millionths of the
    currency unit per whole quantity. Where the product does not fit, the quantity is split at its whole unit,
    so that the bound is 6.1 TWh a line at a price of 1,500 (EXPLAIN A2); beyond it, Python integers.
    """
    denominator = 10 ** (12 - decimals)
    price, largest = abs(price_micro), _max_abs(quantity_micro)
    if largest * price <= INT64_MAX:
        return _divided(quantity_micro * price_micro, denominator, rule)
    if price >= PRICE_MICRO_LIMIT or (largest // MICRO + 1) * price > INT64_MAX:
        return _exactly(quantity_micro, price_micro, denominator, rule)
    size = np.abs(quantity_micro)
    whole, part = np.divmod(size, MICRO)
    part_price = part * price
    high = whole * price + part_price // MICRO
    quotient, rest_high = np.divmod(high, 10 ** (6 - decimals))
    rest = rest_high * MICRO + part_price % MICRO
    result = _rounded(quotient, rest, denominator, rule)
    return np.sign(quantity_micro) * result * (-1 if price_micro < 0 else 1)


def amounts_by_price(
    quantity_micro: Int64Array, price_micro: Sequence[int], decimals: int, rule: Rounding
) -> Int64Array:
    """:func:`amounts` of several lines at once: int64 (lines, customers), a price a line."""
    largest = max((abs(price) for price in price_micro), default=0)
    if largest * _max_abs(quantity_micro) <= INT64_MAX:
        prices = np.array(price_micro, dtype=np.int64)
        return _divided(quantity_micro * prices[:, None], 10 ** (12 - decimals), rule)
    pairs = zip(quantity_micro, price_micro, strict=True)
    return np.stack([amounts(quantity, price, decimals, rule) for quantity, price in pairs])


def _divided(product: Int64Array, denominator: int, rule: Rounding) -> Int64Array:
    size = np.abs(product)
    quotient = size // denominator
    result = _rounded(quotient, size - quotient * denominator, denominator, rule)
    return np.where(product < 0, -result, result)


def amounts_of_part(
    quantity_micro: Int64Array, price_micro: int, part: Fraction, decimals: int, rule: Rounding
) -> Int64Array:
    """quantity x price x part, each element rounded once: kW at a price a month, for a part of the month."""
    if part.denominator == 1 and abs(price_micro * part.numerator) < PRICE_MICRO_LIMIT:
        return amounts(quantity_micro, price_micro * part.numerator, decimals, rule)
    denominator = part.denominator * 10 ** (12 - decimals)
    largest = _max_abs(quantity_micro) * abs(price_micro) * part.numerator
    if max(largest, denominator) <= INT64_MAX:
        return _divided(quantity_micro * (price_micro * part.numerator), denominator, rule)
    return _exactly(quantity_micro, price_micro * part.numerator, denominator, rule)


def amounts_of_value(values: Int64Array, worth: Fraction, rule: Rounding) -> Int64Array:
    """values x worth (minor units each), each element rounded once."""
    if (
        worth.numerator == 0
        or _max_abs(values) * abs(worth.numerator) > INT64_MAX
        or worth.denominator > INT64_MAX
    ):
        return _exactly(values, worth.numerator, worth.denominator, rule)
    scaled = values * worth.numerator
    quotient, rest = np.divmod(np.abs(scaled), worth.denominator)
    return np.sign(scaled) * _rounded(quotient, rest, worth.denominator, rule)


def parts_of(values: Int64Array, part: Fraction) -> Int64Array:
    """values x part, rounded half-even; for quantities that are shown, not for money."""
    if part == 1:
        return values
    if max(_max_abs(values) * part.numerator, part.denominator) <= INT64_MAX:
        return _divided(values * part.numerator, part.denominator, Rounding.HALF_EVEN)
    return _exactly(values, part.numerator, part.denominator, Rounding.HALF_EVEN)


def amount(quantity_micro: int, price_micro: int, decimals: int, rule: Rounding) -> int:
    """One element of :func:`amounts`, in Python integers."""
    return div_round(quantity_micro * price_micro, 10 ** (12 - decimals), rule)


def shares_of(amount_minor: Int64Array, rate_ppm: int, rule: Rounding) -> Int64Array:
    """amount x ppm / 1e6, each element rounded once: a tax on already rounded lines."""
    if _max_abs(amount_minor) * abs(rate_ppm) > INT64_MAX:
        return _exactly(amount_minor, rate_ppm, MICRO, rule)
    product = amount_minor * rate_ppm
    quotient, rest = np.divmod(np.abs(product), MICRO)
    return np.sign(product) * _rounded(quotient, rest, MICRO, rule)


def muldiv(a: Int64Array, b: int, c: int) -> Int64Array:
    """floor(a * b / c) for a >= 0 and 0 <= b <= c, c > 0, without a wider integer.

    A float64 estimate of the quotient, its remainder by wrapping int64, corrected by one or two (EXPLAIN A1).
    Proven where the quotient is below 2^52 and c below 2^61; beyond that, Python integers.
    """
    if c <= 0 or not 0 <= b <= c:
        raise ValueError("muldiv needs 0 <= b <= c and c > 0")
    if a.size and int(a.min()) < 0:
        raise ValueError("muldiv needs a >= 0")
    largest = _max_abs(a)
    if c >= 2**61 or largest * b // c >= 2**52:
        return np.array([int(x) * b // c for x in a.ravel()], dtype=np.int64).reshape(a.shape)
    a = np.atleast_1d(np.asarray(a, dtype=np.int64))
    quotient = (a.astype(np.float64) * (b / c)).astype(np.int64)
    rest = a * np.int64(b) - quotient * np.int64(c)  # wraps twice, the difference does not
    for _ in range(3):
        low, high = rest < 0, rest >= c
        if not (low.any() or high.any()):
            break
        step = high.astype(np.int64) - low.astype(np.int64)
        quotient += step
        rest -= step * c
    return quotient


def portions_of(amount_minor: Int64Array, part: Int64Array, whole: Int64Array) -> Int64Array:
    """floor(amount x part / whole) of each customer, for amount >= 0 and 0 <= part <= whole; 0 of nothing."""
    divisor = np.maximum(whole, 1)
    if _max_abs(amount_minor) * _max_abs(part) <= INT64_MAX:
        return amount_minor * part // divisor
    of_each = zip(amount_minor.tolist(), part.tolist(), divisor.tolist(), strict=True)
    return in_int64(amount * portion // total for amount, portion, total in of_each)


def amount_text(amount_minor: int, decimals: int) -> str:
    """Minor units as a signed decimal string: (-1234, 2) is ``-12.34``; minus only, no plus."""
    if decimals == 0:
        return str(amount_minor)
    whole, part = divmod(abs(amount_minor), 10**decimals)
    return f"{'-' if amount_minor < 0 else ''}{whole}.{part:0{decimals}d}"


def micro_text(value_micro: int) -> str:
    """Millionths as the shortest exact decimal string: 260000 is ``0.26``, 31000000 is ``31``."""
    whole, part = divmod(abs(value_micro), MICRO)
    text = f"{whole}.{part:06d}".rstrip("0").rstrip(".")
    return f"-{text}" if value_micro < 0 else text


def micro_from_text(text: str) -> int:
    """A decimal string as millionths, exactly. ValueError, with the reason, for anything else."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a plain decimal number such as 0.14228")
    sign, whole, part = match.groups()
    if len(part or "") > 6:
        raise ValueError(f"'{text}' has more than six decimals")
    micro = int(whole) * MICRO + int((part or "").ljust(6, "0"))
    return -micro if sign else micro
