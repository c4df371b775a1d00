"""Why a customer may leave: the three facts that raise their chance most, against the average customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from churn.domain.feature_table import FloatArray

REASONS = 3
LEAST_POINTS = 0.5
"""What rounds to no point at all is no reason."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A group of facts and the percentage points it adds to the chance of leaving."""

    group: str
    points: float


@dataclass(frozen=True, eq=False)
class Grouped:
    """Points by group of facts. points: float64 (customers, groups)."""

    groups: tuple[str, ...]
    points: FloatArray

    def reasons(self, most: int = REASONS) -> list[tuple[Reason, ...]]:
        """Each customer's largest positive groups, largest first; none below half a point."""
        order: npt.NDArray[np.int64] = np.argsort(-self.points, axis=1, kind="stable")[:, :most]
        return [
            tuple(
                Reason(self.groups[place], float(row[place]))
                for place in places
                if row[place] >= LEAST_POINTS
            )
            for row, places in zip(self.points, order, strict=True)
        ]


def grouped(points: FloatArray, facts: Sequence[str], group_of: Mapping[str, str]) -> Grouped:
    """Sum the points (customers, facts) of facts that are one reason. KeyError for a fact of no group."""
    groups = tuple(dict.fromkeys(group_of[fact] for fact in facts))
    place = {group: index for index, group in enumerate(groups)}
    summed = np.zeros((points.shape[0], len(groups)))
    for column, fact in enumerate(facts):
        summed[:, place[group_of[fact]]] += points[:, column]
    return Grouped(groups, summed)
