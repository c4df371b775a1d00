"""What is kept of rankings: curves, areas with their intervals, and what may be said of them, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from churn.domain.campaigns.effects import difference_of_shares
from churn.domain.feature_table import FloatArray
from churn.domain.figures import BOOTSTRAPS
from churn.domain.uplift.cutting import best_cut
from churn.domain.uplift.repeating import GRID, repeated
from churn.domain.uplift.tenths import tenths
from churn.domain.uplift.trial import Trial, area_under, coefficient, curve, most, qini
from churn.domain.uplift.verdicts import LEAVING, UPLIFT, against, sentence


def judged(
    trial: Trial,
    rankings: Mapping[str, FloatArray],
    *,
    reached: bool,
    worth_minor: float | None = None,
    cost_minor: float | None = None,
    repeats: int = BOOTSTRAPS,
) -> dict[str, Any]:
    """rankings: scores by name, `UPLIFT` among them. reached: the plan is, and the day for looking.

    {"customers", "asked", "asked_had", "alone", "alone_had", "effect": {difference, low, high}, "most",
    "rankings": {name: {"qini": {value, low, high, held}, "coefficient", "area_under", "curve", "band"}},
    "differences": [{"of", "than", value, low, high, held}], "tenths", "cut", "sentence"}; shares of one of
    those drawn, curves where 0, 5, ... 100 of 100 are asked. cut: null where a customer's worth is not known.
    """
    again = repeated(trial, rankings, repeats)
    areas = {name: qini(trial, scores) for name, scores in rankings.items()}
    beyond_random = {name: against(areas, again, name, reached=reached) for name in rankings}
    differences = {
        name: against(areas, again, UPLIFT, name, reached=reached) for name in rankings if name != UPLIFT
    }
    asked, alone = trial.had[trial.asked], trial.had[~trial.asked]
    lines = {name: curve(trial, scores).at(GRID) for name, scores in rankings.items()}
    cut = None
    if worth_minor is not None and cost_minor is not None:
        cut = asdict(best_cut(lines[UPLIFT], again.won[UPLIFT], worth_minor, cost_minor))
        cut |= {"worth_minor": worth_minor, "cost_minor": cost_minor}
    return {
        "customers": len(trial), "asked": asked.size, "asked_had": int(asked.sum()), "alone": alone.size,
        "alone_had": int(alone.sum()), "most": most(trial),
        "effect": asdict(
            difference_of_shares(int(asked.sum()), asked.size, int(alone.sum()), alone.size)
        ),
        "rankings": {
            name: {
                "qini": asdict(beyond_random[name]), "coefficient": coefficient(trial, scores),
                "area_under": area_under(trial, scores), "curve": _rounded(lines[name]),
                "band": [_rounded(end) for end in again.band(name)],
            }
            for name, scores in rankings.items()
        },
        "differences": [
            {"of": UPLIFT, "than": name, **asdict(one)} for name, one in differences.items()
        ],
        "tenths": [asdict(one) for one in tenths(trial, rankings[UPLIFT])],
        "cut": cut,
        "sentence": sentence(beyond_random[UPLIFT], differences.get(LEAVING), beyond_random.get(LEAVING)),
    }  # fmt: skip


def _rounded(values: FloatArray) -> list[float]:
    return [float(one) for one in np.round(values, 6)]
