"""What discounts take off, charge by charge: together never more than the charges of their bases come to.

A discount's base is what its charges come to, less what earlier discounts have taken off these same charges,
and never below zero. What it takes off counts as taken off each of them in proportion to what was left of it,
in whole minor units and in the order of the bill: a fraction goes on to the next (docs/tariffs.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from billing.domain.money import Int64Array, portions_of, within_bounds
from billing.domain.reckoning.lines import LineColumn


@dataclass(frozen=True, slots=True)
class Discounted:
    """What was taken off each charge of one group so far: int64 (customers,), by the charge's code."""

    customers: int
    taken_minor: dict[str, Int64Array] = field(default_factory=dict)

    def left(self, lines: Sequence[LineColumn]) -> dict[str, Int64Array]:
        """Of each charge of these lines what they come to, less what was taken off it. Discounts among them
        count as what they took off the others alone."""
        found: dict[str, Int64Array] = {}
        for line in lines:
            if line.kind != "discount":
                found[line.code] = found.get(line.code, 0) + line.amount_minor
        return {code: sums - self.taken_minor.get(code, 0) for code, sums in found.items()}

    def base(self, left: dict[str, Int64Array], code: str) -> Int64Array:
        """What discount `code` is reckoned on. Raises BeyondExact."""
        whole = sum(left.values(), np.zeros(self.customers, dtype=np.int64))
        return np.maximum(within_bounds(whole, code), 0)

    def take(self, left: dict[str, Int64Array], amount_minor: Int64Array) -> None:
        """Keep that so much, no more than the base, was taken off; `left` in the order of the bill."""
        counted = {code: np.maximum(one, 0) for code, one in left.items()}
        nothing = np.zeros(self.customers, dtype=np.int64)
        whole = sum(counted.values(), nothing)
        so_far, before = nothing, nothing
        for code, one in counted.items():
            so_far = so_far + one
            until = portions_of(amount_minor, so_far, whole)
            self.taken_minor[code] = self.taken_minor.get(code, nothing) + (until - before)
            before = until
