"""Which part of a fact's curve the card draws."""

from __future__ import annotations

import numpy as np

from churn.card.curves import fact_curves
from churn.domain.drift import Watched
from churn.domain.feature_table import FeatureTable
from churn.domain.scoring import LogisticModel, NumericFact, Scaled


def test_of_what_most_have_none_of_the_step_to_one_is_drawn() -> None:
    complaints = np.repeat([0.0, 1.0], (95, 5))
    watched = Watched.of(FeatureTable({"complaints": complaints}, {}), complaints, 100)
    fact = NumericFact("complaints", 0.0, Scaled(0.0, 1.0, 2.0), None)
    (curve,) = fact_curves(LogisticModel(-2.0, (fact,), ()), watched.document(), "en")
    assert (curve.first, curve.last) == ("0.0", "1.0")
    assert curve.highest / curve.lowest > 7  # two more of log-odds
