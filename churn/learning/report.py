"""The document of an evaluation, its numbers rounded to six places. Nothing in it depends on the clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from churn.domain.feature_table import FloatArray
from churn.domain.figures import (
    TENTHS,
    auc,
    average_precision,
    calibration_error,
    captured,
    tenths,
)
from churn.domain.intervals import MEASURES, middle, repeated
from churn.learning.choosing import CANDIDATES, candidate_name
from churn.learning.evaluating import BASELINE, CHOSEN, Evaluated
from churn.learning.leakage import Suspect

_SAID = {
    "alone": "This column alone tells {auc:.1%} of pairs of a leaver and a stayer apart.",
    "stands_out": "This column alone tells {auc:.1%} of pairs of a leaver and a stayer apart, "
    "the next one {next_auc:.1%}.",
    "pure": "Of {sure} rows it marks, {sure_left} had the rarer outcome.",
}


def figures_document(found: Evaluated, repeats: int) -> dict[str, Any]:
    """roc_auc, pr_auc, top_decile_lift: {mean, sd, interval}; calibration_error; baseline: the same; gain
    over it; candidates; chosen; tenths."""
    boot = {name: _boot(found, name, repeats) for name in (CHOSEN, BASELINE)}
    document = _measured(found, CHOSEN) | {
        "baseline": _measured(found, BASELINE) | {"candidate": "plain logistic regression"}
    }
    for measure in MEASURES:
        document[measure]["interval"] = _interval(boot[CHOSEN][measure])
        document["baseline"][measure]["interval"] = _interval(boot[BASELINE][measure])
    document["gain"] = {
        measure: {
            "mean": _round(document[measure]["mean"] - document["baseline"][measure]["mean"]),
            "interval": _interval(boot[CHOSEN][measure] - boot[BASELINE][measure]),
        }
        for measure in MEASURES
    }
    document["chosen"] = _chosen(found)
    document["candidates"] = {
        candidate_name(candidate): _measured(found, candidate_name(candidate)) for candidate in CANDIDATES
    }
    document["tenths"] = _tenths(found)
    return document


def _measured(found: Evaluated, name: str) -> dict[str, Any]:
    each: dict[str, list[float]] = {measure: [] for measure in MEASURES}
    errors = []
    for one in found.rounds:
        left, scores = found.left[one.rows], one.scores[name]
        each["roc_auc"].append(auc(left, scores))
        each["pr_auc"].append(average_precision(left, scores))
        each["top_decile_lift"].append(captured(left, scores, left.size / TENTHS) * TENTHS / int(left.sum()))
        errors.append(calibration_error(left, scores))
    document: dict[str, Any] = {
        measure: {
            "mean": _round(float(np.mean(values))),
            "sd": _round(float(np.std(values, ddof=1)) if len(values) > 1 else 0.0),
        }
        for measure, values in each.items()
    }
    if found.by_time:
        left = np.concatenate([found.left[one.rows] for one in found.rounds])
        errors = [calibration_error(left, np.concatenate([one.scores[name] for one in found.rounds]))]
    return document | {"calibration_error": _round(float(np.mean(errors)))}


def _boot(found: Evaluated, name: str, repeats: int) -> dict[str, FloatArray]:
    """Rounds of the same rows draw the same customers; periods draw their own."""
    each = [
        repeated(found.left[one.rows], one.scores[name], repeats, place if found.by_time else 0)
        for place, one in enumerate(found.rounds)
    ]
    return {measure: np.mean([one[measure] for one in each], axis=0) for measure in MEASURES}


def _interval(values: FloatArray) -> list[float] | None:
    found = middle(values)
    return None if found is None else [_round(end) for end in found]


def _chosen(found: Evaluated) -> dict[str, Any]:
    """How often nested choice took what: the fold's choice is the fold's own."""
    taken = Counter(str(one.choice["candidate"]) for one in found.tests)
    methods = Counter(str(one.choice["calibration"]) for one in found.tests)
    return {
        "candidate": max(sorted(taken), key=lambda name: taken[name]),
        "times": dict(sorted(taken.items())),
        "calibration": dict(sorted(methods.items())),
        "of": len(found.tests),
    }


def _tenths(found: Evaluated) -> list[dict[str, Any]]:
    """What was said and what happened, by tenths of rows from the lowest chance, averaged over the rounds."""
    each = [tenths(found.left[one.rows], one.scores[CHOSEN]) for one in found.rounds]
    return [
        {
            "predicted": _round(float(np.mean([one.predicted for one in group]))),
            "observed": _round(float(np.mean([one.left / one.customers for one in group]))),
        }
        for group in zip(*each, strict=False)
    ]


def suspects_document(suspects: Sequence[Suspect]) -> list[dict[str, Any]]:
    """[{"column", "why", "roc_auc", "sure", "sure_left", "message"}]"""
    return [
        {
            "column": one.column,
            "why": one.why,
            "roc_auc": _round(one.auc),
            "sure": one.sure,
            "sure_left": one.sure_left,
            "message": _SAID[one.why].format(
                auc=one.auc, next_auc=one.next_auc or 0.5, sure=one.sure, sure_left=one.sure_left
            ),
        }
        for one in suspects
    ]


def _round(value: float) -> float:
    return round(value, 6)
