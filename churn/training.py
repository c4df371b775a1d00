"""Learning who leaves: fit on earlier dates, test on a later one, then fit again on everything known by now.

Frames in, a model and its honest figures out; no session here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from churn.candidates import LOGISTIC, Chosen, choose, fitted
from churn.domain.facts import CATEGORICAL, NUMERIC, NUMERIC_NAMES, natural
from churn.domain.figures import FEWEST_LEAVERS, BoolArray, enough, figures, rank
from churn.domain.label import HORIZON_DAYS, Outcome, Supply, Window, outcomes
from churn.domain.models import Model
from churn.domain.split import TimeSplit
from churn.model import table_of


@dataclass(frozen=True, eq=False)
class Learned:
    """A model and what was found on the way, as JSON. model None: too few have left to learn from.

    figures: see `learn`.
    """

    model: Model | None
    figures: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Past:
    """Customers on past dates whose outcome is known. frame: a row a customer and date; left: bool
    (rows,)."""

    frame: pd.DataFrame
    left: BoolArray
    unknown: int

    @property
    def leavers(self) -> int:
        """How many people left, each counted once however many dates saw them leave."""
        return int(self.frame.loc[self.left, "customer_id"].nunique())

    def document(self) -> dict[str, Any]:
        return {
            "dates": [day.isoformat() for day in sorted(set(self.frame["as_of"]))],
            "rows": len(self.frame),
            "customers": int(self.frame["customer_id"].nunique()),
            "leavers": self.leavers,
            "unknown": self.unknown,
        }


def past(frame: pd.DataFrame, supplies: Mapping[int, Sequence[Supply]], dates: Sequence[date]) -> Past:
    """The rows of `dates` whose outcome is known; `unknown` counts those who moved, died or were cut off
    instead."""
    became = {
        (day, customer): end for day in dates for customer, end in outcomes(supplies, Window(day)).items()
    }
    rows = frame[frame["as_of"].isin(dates)]
    ends = np.array(
        [became[key] for key in zip(rows["as_of"], rows["customer_id"], strict=True)], dtype=object
    )
    known = ends != Outcome.UNKNOWN
    return Past(rows[known].reset_index(drop=True), ends[known] == Outcome.LEFT, int((~known).sum()))


def learn(frame: pd.DataFrame, supplies: Mapping[int, Sequence[Supply]], split: TimeSplit) -> Learned:
    """The model in use, with what a later time said of the same model fitted earlier.

    figures: {"horizon_days", "fit": {dates, rows, customers, leavers, unknown}, "train": the same,
    "candidates": {"chosen", "log_loss" by candidate, "setting"}, "test": {"date", "customers", "leavers",
    "unknown", "figures" and "baseline" (of the plain logistic regression), null where too few left to say},
    "contrast": [{"fact", "left", "stayed"}], "lost": [{"customer_id", "score", "rank"}]}.

    Which model it is was chosen among the customers of the earlier dates, so the test knows nothing of it.
    """
    everything = past(frame, supplies, split.known)
    document: dict[str, Any] = {"horizon_days": HORIZON_DAYS, "fit": everything.document()}
    if not _learnable(everything):
        return Learned(None, document)
    train = past(frame, supplies, split.train)
    chosen = _chosen(train if _learnable(train) else everything)
    document |= {"candidates": chosen.document(), **_tested(frame, supplies, split, train, chosen)}
    document["contrast"] = _contrast(everything)
    return Learned(_fitted(chosen, everything), document)


def _learnable(known: Past) -> bool:
    return enough(known.left) and known.leavers >= FEWEST_LEAVERS


def _chosen(known: Past) -> Chosen:
    return choose(known.frame, known.left, NUMERIC_NAMES, CATEGORICAL)


def _fitted(chosen: Chosen, known: Past) -> Model:
    return fitted(chosen, known.frame, known.left, NUMERIC_NAMES, CATEGORICAL)


def _tested(
    frame: pd.DataFrame,
    supplies: Mapping[int, Sequence[Supply]],
    split: TimeSplit,
    train: Past,
    chosen: Chosen,
) -> dict[str, Any]:
    test = past(frame, supplies, [split.test])
    document: dict[str, Any] = {
        "train": train.document(),
        "test": {
            "date": split.test.isoformat(),
            "ends_on": Window(split.test).last_day.isoformat(),
            "customers": len(test.frame),
            "leavers": test.leavers,
            "unknown": test.unknown,
            "figures": None,
            "baseline": None,
        },
        "lost": [],
    }
    if not _learnable(train):
        return document
    table = table_of(test.frame, NUMERIC_NAMES, CATEGORICAL)
    scores = _fitted(chosen, train).chances(table)
    places = rank(scores)
    document["lost"] = [
        {"customer_id": int(customer), "score": float(score), "rank": int(place)}
        for customer, score, place in zip(
            test.frame["customer_id"][test.left], scores[test.left], places[test.left], strict=True
        )
    ]
    if enough(test.left):
        plain = scores if chosen.boosting is None else _fitted(LOGISTIC, train).chances(table)
        document["test"]["figures"] = figures(test.left, scores).document()
        document["test"]["baseline"] = figures(test.left, plain).document()
    return document


def _contrast(known: Past) -> list[dict[str, Any]]:
    """Each number's average among those who left and those who stayed, as people say it."""
    found = []
    for fact in NUMERIC:
        values = known.frame[fact.name].to_numpy(dtype=np.float64)
        sides = [values[side & ~np.isnan(values)] for side in (known.left, ~known.left)]
        if all(side.size for side in sides):
            left, stayed = (float(natural(fact.kind, side).mean()) for side in sides)
            found.append({"fact": fact.name, "left": left, "stayed": stayed})
    return found
