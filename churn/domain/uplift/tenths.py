"""A ranking in ten parts of equally many customers: what asking did in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churn.domain.campaigns.effects import Effect, difference_of_shares
from churn.domain.feature_table import FloatArray
from churn.domain.figures import TENTHS, starts_of
from churn.domain.uplift.trial import Trial


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of those drawn, the highest first: of `asked` customers `had` the outcome, of those left
    `alone` `alone_had`. Where a cut falls among equal scores, each counts with the same part, so counts need
    not be whole. effect: None where one of the groups is empty here."""

    asked: float
    had: float
    alone: float
    alone_had: float
    effect: Effect | None


def tenths(trial: Trial, scores: FloatArray, parts: int = TENTHS) -> tuple[Tenth, ...]:
    """The parts, highest scores first."""
    order = np.argsort(-scores, kind="stable")
    starts = starts_of(scores[order])
    begins = starts.astype(np.float64)
    ends = np.append(begins[1:], float(len(trial)))
    asked, had = trial.asked[order], trial.had[order]
    counts = [
        np.add.reduceat(which.astype(np.float64), starts)
        for which in (asked, asked & had, ~asked, ~asked & had)
    ]
    found = []
    for part in range(parts):
        low, high = round(part * len(trial) / parts), round((part + 1) * len(trial) / parts)
        inside = np.clip((np.minimum(ends, high) - np.maximum(begins, low)) / (ends - begins), 0.0, 1.0)
        of_asked, of_had, of_alone, of_alone_had = (float((one * inside).sum()) for one in counts)
        effect = None
        if of_asked >= 1 and of_alone >= 1:
            effect = difference_of_shares(of_had, of_asked, of_alone_had, of_alone)
        found.append(Tenth(of_asked, of_had, of_alone, of_alone_had, effect))
    return tuple(found)
