"""How much is tried."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thoroughness:
    """seeds: of the repeated outer folds. inner_folds: in which settings and candidate are chosen. penalties:
    inverse strengths for the logistic regression. leaves, most_rounds, round_step: of boosted trees. trees,
    leaf_rows: of the forest. repeats: of the bootstrap."""

    seeds: tuple[int, ...] = (0, 1, 2)
    folds: int = 5
    inner_folds: int = 3
    penalties: tuple[float, ...] = (0.03, 0.3)
    leaves: tuple[int, ...] = (4, 12)
    most_rounds: int = 300
    round_step: int = 20
    trees: int = 150
    leaf_rows: tuple[int, ...] = (2, 10)
    repeats: int = 400


THOROUGH = Thoroughness()
QUICK = Thoroughness(
    seeds=(0,),
    folds=3,
    inner_folds=2,
    penalties=(0.1,),
    leaves=(6,),
    most_rounds=60,
    trees=20,
    leaf_rows=(5,),
    repeats=100,
)
"""For tests, and for a first look."""
