"""How unequally something is brought by customers: the curve of who brings how much of it.

Sorted from whoever brings most (M. O. Lorenz, 1905, read from the other end; as V. Pareto's 80 to 20). What
is negative comes last, so that the curve of margins rises above the whole before it comes back to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

POINTS = 100


@dataclass(frozen=True, slots=True)
class Curve:
    """Shares of one: `customers` rising from 0 to 1, `brought` what the first so many bring of the whole."""

    customers: tuple[float, ...]
    brought: tuple[float, ...]
    count: int
    total: int

    def share_bringing(self, part: float) -> float:
        """The least share of customers that brings so much of the whole; on the curve as it is kept."""
        for place, value in enumerate(self.brought):
            if value >= part:
                if place == 0:
                    return self.customers[0]
                before = self.brought[place - 1]
                along = (part - before) / (value - before) if value > before else 1.0
                step = self.customers[place] - self.customers[place - 1]
                return self.customers[place - 1] + along * step
        return 1.0

    def brought_by(self, share: float) -> float:
        """What this share of customers brings, of the whole."""
        return float(np.interp(share, self.customers, self.brought))


def curve(values: Sequence[int]) -> Curve | None:
    """None where there is nobody, or nothing is brought in all."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))[::-1]
    total = float(ordered.sum())
    if not ordered.size or total <= 0:
        return None
    summed = np.concatenate(([0.0], np.cumsum(ordered))) / total
    at = np.unique(np.linspace(0, ordered.size, min(POINTS, ordered.size) + 1).round().astype(int))
    return Curve(
        tuple((at / ordered.size).tolist()), tuple(summed[at].tolist()), int(ordered.size), int(total)
    )
