"""Sums of energy x price that no int64 holds: kept in limbs, exact (EXPLAIN A2)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from billing.domain.errors import BeyondExact
from billing.domain.money import INT64_MAX, Int64Array, Rounding, amounts_of_value, div_round, in_int64


@dataclass(frozen=True, eq=False)
class ExactSum:
    """sum over k of limbs[k] * 2^(shift * k), for each customer; limbs: int64 (customers,), lowest first.

    One limb holds nearly every sum there is; ten million kWh at a thousand a kWh take two.
    """

    limbs: tuple[Int64Array, ...]
    shift: int = 0

    @classmethod
    def of(cls, micro_kwh: Int64Array, weights: Int64Array) -> ExactSum:
        """int64 (customers, intervals) times int64 (intervals,). Raises BeyondExact where the energy alone
        is no int64."""
        most = max(int(weights.max(initial=0)), -int(weights.min(initial=0)))
        energy = _most_energy(micro_kwh, INT64_MAX // max(most, 1))
        if energy * most <= INT64_MAX:
            return cls((micro_kwh @ weights,))
        shift = (INT64_MAX // max(energy, 1)).bit_length() - 1
        if shift < 1:
            raise BeyondExact("the energy is too large to be priced exactly")
        limbs, rest = [], weights
        while True:
            # The last limb keeps the sign.
            if max(int(rest.max()), -int(rest.min())) < 1 << shift:
                limbs.append(micro_kwh @ rest)
                return cls(tuple(limbs), shift)
            limbs.append(micro_kwh @ (rest & ((1 << shift) - 1)))
            rest = rest >> shift

    def exactly(self) -> list[int]:
        """One Python integer a customer."""
        columns = [limb.tolist() for limb in self.limbs]
        return [
            sum(part << (self.shift * k) for k, part in enumerate(row)) for row in zip(*columns, strict=True)
        ]

    def amounts(self, unit: Fraction, decimals: int, rule: Rounding) -> Int64Array:
        """Minor units, each rounded once. unit: the currency that one of the sum is worth."""
        worth = unit * 10**decimals
        if len(self.limbs) == 1:
            return amounts_of_value(self.limbs[0], worth, rule)
        return in_int64(
            div_round(value * worth.numerator, worth.denominator, rule) for value in self.exactly()
        )

    def means(self, micro_kwh: Int64Array, unit: Fraction) -> Int64Array:
        """Millionths of the currency a kWh of this energy, rounded half-even; zero where there is none."""
        scale = unit * 10**12
        found = [
            div_round(
                value * scale.numerator * (1 if energy > 0 else -1),
                abs(energy) * scale.denominator,
                Rounding.HALF_EVEN,
            )
            if energy
            else 0
            for value, energy in zip(self.exactly(), micro_kwh.tolist(), strict=True)
        ]
        return np.array(found, dtype=np.int64)


def _most_energy(micro_kwh: Int64Array, enough: int) -> int:
    """At least the largest sum of sizes of a row; exactly that where the quick bound is more than enough."""
    if not micro_kwh.size:
        return 0
    most = max(int(micro_kwh.max()), -int(micro_kwh.min()))
    quick = most * int(micro_kwh.shape[1])
    if quick <= enough:
        return quick
    if quick <= INT64_MAX:
        return int(np.abs(micro_kwh).sum(axis=1).max())
    rows: list[list[int]] = micro_kwh.tolist()
    return max(sum(map(abs, row)) for row in rows)
