"""How far areas of Qini curves could be off by chance: the bootstrap over customers, both groups drawn anew.

What is said of two rankings is said of the same customers drawn, so that their difference has an interval of
its own. How the scores were learned is not repeated: the intervals are of these rankings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from churn.domain.feature_table import FloatArray
from churn.domain.figures import BOOTSTRAPS, starts_of
from churn.domain.intervals import middle
from churn.domain.uplift.trial import Trial

STEPS = 20
"""The curve is looked at where so many twentieths are asked."""

GRID = np.linspace(0.0, 1.0, STEPS + 1)
_AT_ONCE = 2_000_000


@dataclass(frozen=True, eq=False)
class Repeats:
    """areas: by ranking, float64 (repeats,); won: by ranking, float64 (repeats, STEPS + 1), its curve on
    GRID."""

    areas: Mapping[str, FloatArray]
    won: Mapping[str, FloatArray]

    def interval(self, name: str, than: str = "") -> tuple[float, float]:
        """95 % of a ranking's area, or of how much it is larger than another's."""
        found = self.areas[name] - (self.areas[than] if than else 0.0)
        ends = middle(found)
        assert ends is not None
        return ends

    def band(self, name: str) -> tuple[FloatArray, FloatArray]:
        """95 % of the curve at each place of GRID by itself."""
        low, high = np.quantile(self.won[name], (0.025, 0.975), axis=0)
        return low, high


@dataclass(frozen=True, eq=False)
class _Ordered:
    order: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]


def repeated(
    trial: Trial, rankings: Mapping[str, FloatArray], repeats: int = BOOTSTRAPS, seed: int = 3
) -> Repeats:
    """Every ranking's area and curve on customers drawn again and again with replacement, as many of each
    group as there are. The same seed draws the same customers."""
    draw = np.random.default_rng(seed)
    size, weights, share = len(trial), trial.weights, trial.share
    ordered = {name: _ordered(scores) for name, scores in rankings.items()}
    areas: dict[str, list[FloatArray]] = {name: [] for name in rankings}
    won: dict[str, list[FloatArray]] = {name: [] for name in rankings}
    batch = max(1, _AT_ONCE // size)
    for first in range(0, repeats, batch):
        picked = _picked(trial, draw, min(batch, repeats - first))
        had = picked * trial.had
        of_asked, of_alone = had[:, trial.asked].sum(axis=1), had[:, ~trial.asked].sum(axis=1)
        usual = (1 - share) * of_asked / (size * share) + share * of_alone / (size * (1 - share))
        told = weights * (had - usual[:, None] * picked)
        for name, one in ordered.items():
            groups = np.add.reduceat(picked[:, one.order], one.starts, axis=1) / size
            worth = np.add.reduceat(told[:, one.order], one.starts, axis=1) / size
            reached = np.cumsum(groups, axis=1)
            areas[name].append((worth * (0.5 - (reached - groups / 2))).sum(axis=1))
            won[name].append(_on_grid(reached, np.cumsum(worth, axis=1)))
    return Repeats(
        {name: np.concatenate(parts) for name, parts in areas.items()},
        {name: np.concatenate(parts) for name, parts in won.items()},
    )


def _ordered(scores: FloatArray) -> _Ordered:
    order = np.argsort(-scores, kind="stable")
    return _Ordered(order, starts_of(scores[order]))


def _picked(trial: Trial, draw: np.random.Generator, repeats: int) -> FloatArray:
    """float64 (repeats, customers): how often each was drawn."""
    found = np.empty((repeats, len(trial)))
    for group in (trial.asked, ~trial.asked):
        many = int(group.sum())
        found[:, group] = draw.multinomial(many, np.full(many, 1 / many), size=repeats)
    return found


def _on_grid(reached: FloatArray, won: FloatArray) -> FloatArray:
    none = np.zeros(1)
    return np.array(
        [
            np.interp(GRID, np.concatenate((none, x)), np.concatenate((none, y)))
            for x, y in zip(reached, won, strict=True)
        ]
    )
