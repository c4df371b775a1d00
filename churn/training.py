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
from churn.domain.feature_table import FloatArray
from churn.domain.figures import FEWEST_LEAVERS, BoolArray, enough, figures, rank
from churn.domain.label import HORIZON_DAYS, Outcome, Supply, Window, outcomes
from churn.domain.level import Level, level_of
from churn.domain.models import Model
from churn.domain.registry import Gain, gain_of
from churn.domain.split import TimeSplit
from churn.learning.calibrating import losses
from churn.model import table_of

LEAST_KNOWN = 0.1
"""Of the rows learned from, the share that knows a number; below it, the number is left out."""


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


@dataclass(frozen=True, eq=False)
class Learned:
    """A model and what was found on the way. model None: too few have left to learn from.

    twin: the same way of learning fitted on what was over on the test's morning, None where too few had left
    by then. figures: JSON, see `learn`. known: the rows learned from. tested: what was said of later ones.
    held_back: rows of earlier dates with the log-odds said of each when its customer was held back.
    gain: of the twin over the twin of the model in use, None where nothing can be compared.
    """

    model: Model | None
    figures: dict[str, Any]
    known: Past
    twin: Model | None = None
    tested: Tested | None = None
    held_back: tuple[Past, FloatArray] | None = None
    gain: Gain | None = None


@dataclass(frozen=True, eq=False)
class Tested:
    """Customers on the test's date whose outcome is known, and what each model said of them before: float64
    (rows,) by `challenger`, `baseline` and, where there is one to compare with, `champion`."""

    past: Past
    scores: dict[str, FloatArray]


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


def learn(
    frame: pd.DataFrame,
    supplies: Mapping[int, Sequence[Supply]],
    split: TimeSplit,
    incumbent: Model | None = None,
) -> Learned:
    """A model, with what a later time said of its twin, the same way of learning fitted earlier.

    incumbent: the twin of the model in use, which is told of the same later customers.

    figures: {"horizon_days", "fit": {dates, rows, customers, leavers, unknown}, "train": the same,
    "candidates": {"chosen", "log_loss" by candidate, "setting"}, "level" (`churn.domain.level`, of the model
    on the morning of `split.as_of`; null where nobody is supplied), "test": {"date", "customers", "leavers",
    "unknown", "figures" and "baseline" (of the plain logistic regression), null where too few left to say},
    "contrast": [{"fact", "left", "stayed"}], "lost": [{"customer_id", "score", "rank"}]}.

    Which model it is was chosen among the customers of the earlier dates, so the test knows nothing of it.
    """
    everything = past(frame, supplies, split.known)
    document: dict[str, Any] = {"horizon_days": HORIZON_DAYS, "fit": everything.document()}
    if not _learnable(everything):
        return Learned(None, document, everything)
    train = past(frame, supplies, split.train)
    earlier = _learnable(train)
    chosen = _chosen(train if earlier else everything)
    later = frame[frame["as_of"] == split.test]
    twin = _fitted(chosen, train, later)[0] if earlier else None
    plain = _fitted(LOGISTIC, train, later)[0] if earlier else None
    found = _tested(past(frame, supplies, [split.test]), twin, plain, incumbent)
    model, level = _fitted(chosen, everything, frame[frame["as_of"] == split.as_of])
    document |= {
        "candidates": chosen.document(),
        "train": train.document(),
        "level": None if level is None else level.document(),
        **_test_document(split, found),
        "contrast": _contrast(everything),
    }
    held_back = (train if earlier else everything, chosen.odds)
    return Learned(model, document, everything, twin, found, held_back, _gain(found))


def _told(known: Past) -> tuple[str, ...]:
    """The numbers that enough of the rows know. One that hardly anybody has yet, such as a bill's distance
    from what the weather explains in a supplier's first year, would be weighed by those few alone."""
    shares = known.frame[list(NUMERIC_NAMES)].notna().mean()
    return tuple(name for name in NUMERIC_NAMES if shares[name] >= LEAST_KNOWN)


def _learnable(known: Past) -> bool:
    return enough(known.left) and known.leavers >= FEWEST_LEAVERS


def _chosen(known: Past) -> Chosen:
    return choose(known.frame, known.left, _told(known), CATEGORICAL)


def _fitted(chosen: Chosen, known: Past, present: pd.DataFrame) -> tuple[Model, Level | None]:
    """The model with its level set for the customers of a later morning, of whom only the facts are asked;
    None where there are none."""
    model = fitted(chosen, known.frame, known.left, _told(known), CATEGORICAL)
    if not len(present):
        return model, None
    then, now = (
        model.log_odds(table_of(rows, NUMERIC_NAMES, CATEGORICAL)) for rows in (known.frame, present)
    )
    level = level_of(then, now, known.frame["as_of"].nunique())
    return model.raised(level.shift), level


def _tested(test: Past, twin: Model | None, plain: Model | None, incumbent: Model | None) -> Tested:
    if twin is None or plain is None:
        return Tested(test, {})
    table = table_of(test.frame, NUMERIC_NAMES, CATEGORICAL)
    scores = {"challenger": twin.chances(table), "baseline": plain.chances(table)}
    if incumbent is not None:
        scores["champion"] = incumbent.chances(table)
    return Tested(test, scores)


def _test_document(split: TimeSplit, found: Tested) -> dict[str, Any]:
    test = found.past
    document: dict[str, Any] = {
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
    if not found.scores:
        return document
    scores = found.scores["challenger"]
    places = rank(scores)
    document["lost"] = [
        {"customer_id": int(customer), "score": float(score), "rank": int(place)}
        for customer, score, place in zip(
            test.frame["customer_id"][test.left], scores[test.left], places[test.left], strict=True
        )
    ]
    if enough(test.left):
        document["test"]["figures"] = figures(test.left, scores).document()
        document["test"]["baseline"] = figures(test.left, found.scores["baseline"]).document()
    return document


def _gain(found: Tested) -> Gain | None:
    if "champion" not in found.scores or not enough(found.past.left):
        return None
    lost = {name: losses(scores, found.past.left) for name, scores in found.scores.items()}
    return gain_of(lost["champion"], lost["challenger"])


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
