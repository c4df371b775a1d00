"""Whether a fitted weather term may be used: does it foretell weeks unseen, and is its slope sure?"""

from __future__ import annotations

import numpy as np

from billing.domain.explanation.weather.fit import Model, Sample, best_models
from billing.domain.explanation.weather.record import Floats

FOLDS = 8
BOOTSTRAPS = 200
_SEED = 20130101
"""Fixed: the same readings must give the same answer."""


def left_out_gain(sample: Sample, model: Model) -> float:
    """1 - squares with weather / squares without, over weeks left out of the fit in turn, each in one of
    eight folds of whole weeks; the balance points are fitted anew each time."""
    squares = np.zeros(2)
    for fold in range(FOLDS):
        out = sample.week % FOLDS == fold
        if out.all() or not out.any():
            continue
        train, test = sample.only(~out), sample.only(out)
        models = best_models(train, ("none", model.kind))
        for place, kind in enumerate(("none", model.kind)):
            # Where the other weeks show no such term, they foretell without it.
            left = test.kwh - models.get(kind, models["none"]).predicted(test)
            squares[place] += left @ left
    return float(1 - squares[1] / squares[0]) if squares[0] > 0 else 0.0


def slope_errors(sample: Sample, model: Model) -> Floats:
    """The standard error of each slope at its balance point: 200 times as many whole weeks drawn with
    repetition (a block bootstrap: days of a week are alike)."""
    design = np.column_stack((sample.base, sample.terms(model.heat, model.cool)))
    weeks, place = np.unique(sample.week, return_inverse=True)
    size = design.shape[1]
    squares = np.zeros((weeks.size, size, size))
    products = np.zeros((weeks.size, size))
    np.add.at(squares, place, design[:, :, None] * design[:, None, :])
    np.add.at(products, place, design * sample.kwh[:, None])
    draw = np.random.default_rng(_SEED).multinomial(
        weeks.size, np.full(weeks.size, 1 / weeks.size), BOOTSTRAPS
    )
    matrix = np.tensordot(draw, squares, axes=1)
    # A draw without a single free day has no answer for them; a trace of ridge leaves the others alone.
    matrix += np.eye(size) * (1e-9 * np.trace(matrix, axis1=1, axis2=2)[:, None, None])
    drawn = np.linalg.solve(matrix, (draw @ products)[:, :, None])[:, :, 0]
    errors: Floats = drawn[:, size - len(model.slopes) :].std(axis=0, ddof=1)
    return errors
