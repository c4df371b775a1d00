"""Shapley values as exact integers over n!, and their apportionment to whole minor units (EXPLAIN B1, B3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import factorial

import numpy as np

from billing.domain.money import INT64_MAX, Int64Array

MOST_FACTORS = 10


@lru_cache(maxsize=MOST_FACTORS + 1)
def _weights(factors: int) -> Int64Array:
    """int64 (factors, 2^factors): what each mixture counts towards each factor's numerator over n!."""
    weights = np.zeros((factors, 1 << factors), dtype=np.int64)
    for mask in range(1 << factors):
        size = mask.bit_count()
        for factor in range(factors):
            if mask >> factor & 1:
                weights[factor, mask] = factorial(size - 1) * factorial(factors - size)
            else:
                weights[factor, mask] = -factorial(size) * factorial(factors - size - 1)
    weights.flags.writeable = False
    return weights


def shapley_numerators(values: Int64Array, factors: int) -> list[list[int]]:
    """values: int64 (lines, 2^factors), bit i of the column set where factor i is as after.

    Returns (lines x factors) numerators over factors!. Each row sums to factors! * (last - first).
    """
    if factors > MOST_FACTORS:
        raise ValueError(f"at most {MOST_FACTORS} factors, not {factors}")
    weights = _weights(factors)
    bound = int(np.abs(values).max(initial=0)) * factorial(factors) * 2
    if bound < INT64_MAX:
        return [[int(x) for x in row] for row in values @ weights.T]
    exact = weights.astype(object)
    return [[int(x) for x in row] for row in values.astype(object) @ exact.T]


def apportioned(numerators: Sequence[int], denominator: int, total: int) -> tuple[int, ...]:
    """Whole numbers near numerators / denominator that sum to ``total``.

    Each is truncated toward zero; what is left goes, one by one, to the largest remainders in the direction
    of what is left, ties to the earlier. A zero stays zero; negating everything negates the result; the
    error of each is below one.
    """
    whole = [abs(n) // denominator * (1 if n >= 0 else -1) for n in numerators]
    left = total - sum(whole)
    sign = 1 if left >= 0 else -1
    rests = [(n - w * denominator) * sign for n, w in zip(numerators, whole, strict=True)]
    order = sorted((index for index, rest in enumerate(rests) if rest > 0), key=lambda i: (-rests[i], i))
    if abs(left) > len(order):
        raise ValueError("the numerators do not add up to the total")
    for index in order[: abs(left)]:
        whole[index] += sign
    return tuple(whole)
