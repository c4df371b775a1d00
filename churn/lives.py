"""When customers are lost: curves by segment over the time with us, and the months after a score.

Arrays and a regression of four numbers; no session here. Loads scikit-learn: for jobs and commands alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from churn.domain.drift import CameTrue
from churn.domain.feature_table import FloatArray
from churn.domain.figures import FEWEST_LEAVERS, BoolArray
from churn.domain.label import SWITCHED, Outcome, Supply, Window, outcomes
from churn.domain.scoring import chance
from churn.domain.survival import (
    HORIZONS,
    MONTH_DAYS,
    MONTHS_OF_SCORE,
    MonthlyHazard,
    Steps,
    kaplan_meier,
    person_months,
)
from churn.training import Learned, Past
from utility_crm.segments.domain.guarding import FEWEST

DAYS_IN_YEAR = 365.25
MOST_POINTS = 60
MOST_MONTHS = 12

Supplies = Mapping[int, Sequence[Supply]]


def survival_document(
    learned: Learned, supplies: Supplies, segments: Mapping[int, str], observed_from: date, as_of: date
) -> dict[str, Any]:
    """{"observed_from", "curves": [...], "hazard": {...} or null, "tested": [{"months", "date", "how",
    "customers", "left", "said", "happened", "low", "high", "holds"}]}."""
    document: dict[str, Any] = {
        "observed_from": observed_from.isoformat(),
        "curves": curves(supplies, segments, observed_from, as_of),
        "hazard": None,
        "tested": [],
    }
    if learned.held_back is None:
        return document
    past, odds = learned.held_back
    hazard = fit_hazard(past, odds, supplies, as_of)
    if hazard is not None:
        document["hazard"] = hazard.document()
        document["tested"] = _tested(learned, supplies, as_of, hazard)
    return document


def curves(
    supplies: Supplies, segments: Mapping[int, str], observed_from: date, as_of: date
) -> list[dict[str, Any]]:
    """A curve for everybody (segment "") and one a segment, where 15 customers and 20 losses are seen.

    [{"segment", "customers", "lost", "from", "median", "steps": [[years, kept, low, high, at risk]]}], years
    since they became customers. A curve begins (`from`) where 15 are at risk, and says how many of those who
    were there then were kept."""
    found = {
        customer: one for customer, theirs in supplies.items() if (one := _life(theirs, observed_from, as_of))
    }
    kinds = ["", *sorted({segments[customer] for customer in found if customer in segments})]
    rows = []
    for kind in kinds:
        own = [one for customer, one in found.items() if kind in ("", segments.get(customer))]
        lost = np.array([one[2] for one in own], dtype=np.bool_)
        if len(own) < FEWEST or lost.sum() < FEWEST_LEAVERS:
            continue
        entered, until = (np.array([one[side] for one in own]) for side in (0, 1))
        rows.append(
            {"segment": kind, "customers": len(own), "lost": int(lost.sum()), **_curve(entered, until, lost)}
        )
    return rows


def _life(theirs: Sequence[Supply], observed_from: date, as_of: date) -> tuple[float, float, bool] | None:
    """(watched from, until, lost) in years since the first supply; None where it was over before anybody
    watched. Losing one of several supplies is a loss, as in the score."""
    first = min(one.starts_on for one in theirs)
    gone = [one.ends_before for one in theirs if one.end_reason == SWITCHED and one.ends_before is not None]
    lost_on = min((day for day in gone if day <= as_of), default=None)
    if lost_on is not None:
        last = lost_on
    elif any(one.ends_before is None or one.ends_before > as_of for one in theirs):
        last = as_of
    else:
        last = max(one.ends_before for one in theirs if one.ends_before is not None)
    since = max(first, observed_from)
    if last <= since:
        return None
    return (since - first).days / DAYS_IN_YEAR, (last - first).days / DAYS_IN_YEAR, lost_on is not None


def _curve(entered: FloatArray, until: FloatArray, lost: BoolArray) -> dict[str, Any]:
    begins = _begins(entered, until)
    later = until > begins
    steps = kaplan_meier(until[later], lost[later], np.maximum(entered[later], begins))
    return {"from": begins, "median": steps.median, "steps": _thinned(steps)}


def _begins(entered: FloatArray, until: FloatArray) -> float:
    """The first time at which enough are at risk for a step to say anything."""
    times = np.unique(entered)
    begun = np.searchsorted(np.sort(entered), times, side="right")
    enough = np.flatnonzero(begun - np.searchsorted(np.sort(until), times, side="right") >= FEWEST)
    return float(times[enough[0]]) if enough.size else 0.0


def _thinned(steps: Steps) -> list[list[float]]:
    enough = np.flatnonzero(steps.at_risk >= FEWEST)
    if not enough.size:
        return []
    every = np.unique(np.linspace(0, enough.size - 1, min(MOST_POINTS, enough.size)).round().astype(int))
    columns = (steps.times, steps.survival, steps.low, steps.high, steps.at_risk)
    return [[round(float(column[place]), 5) for column in columns] for place in enough[every]]


def fit_hazard(past: Past, odds: FloatArray, supplies: Supplies, seen_before: date) -> MonthlyHazard | None:
    """From rows of past dates, the log-odds said of each when its customer was held back, and all that is
    known on the morning of `seen_before`. None where fewer than 20 were lost."""
    dates = past.frame["as_of"].tolist()
    customers = past.frame["customer_id"].tolist()
    ends = [
        _end_after(supplies[customer], day, seen_before)
        for customer, day in zip(customers, dates, strict=True)
    ]
    made = person_months(
        [(seen_before - day).days - 1 for day in dates],
        [None if one is None else one[0] for one in ends],
        [one is not None and one[1] for one in ends],
        MOST_MONTHS,
    )
    if int(made.lost.sum()) < FEWEST_LEAVERS:
        return None
    seen = int(made.month[made.lost].max())
    late = np.log(np.minimum(made.month, seen))
    score = odds[made.row]
    facts = np.column_stack([score, late, score * late])
    fitted = LogisticRegression(C=10.0, max_iter=1000).fit(facts, made.lost)
    by_score, by_month, fades = fitted.coef_[0].tolist()
    return MonthlyHazard(float(fitted.intercept_[0]), by_score, by_month, fades, seen)


def _end_after(theirs: Sequence[Supply], day: date, seen_before: date) -> tuple[int, bool] | None:
    """(days after `day`, lost) of the first loss, else of the day on which no supply was left; None where
    neither was seen."""
    known = [one for one in theirs if one.starts_on < seen_before]
    losses = [one.ends_before for one in known if one.end_reason == SWITCHED and one.ends_before is not None]
    lost = min((one for one in losses if day < one < seen_before), default=None)
    if lost is not None:
        return (lost - day).days, True
    ends = [one.ends_before for one in known]
    if any(end is None or end >= seen_before for end in ends):
        return None
    return (max(end for end in ends if end is not None) - day).days, False


def _tested(learned: Learned, supplies: Supplies, as_of: date, hazard: MonthlyHazard) -> list[dict[str, Any]]:
    """Up to the score's 90 days on the later customers of the test, with a hazard learned before it; beyond,
    on the newest date that reaches so far, of customers who were held back."""
    found = []
    assert learned.held_back is not None
    past, odds = learned.held_back
    test = learned.tested
    if test is not None and "challenger" in test.scores and len(test.past.frame):
        day = test.past.frame["as_of"].iloc[0]
        earlier = fit_hazard(past, odds, supplies, day)
        if earlier is not None:
            customers = test.past.frame["customer_id"].tolist()
            for months in (one for one in HORIZONS if one <= MONTHS_OF_SCORE):
                said = earlier.lost_within(test.scores["challenger"], MONTHS_OF_SCORE)[:, months - 1]
                found += _held_against(customers, said, supplies, day, months, "later")
    for months in (one for one in HORIZONS if one > MONTHS_OF_SCORE):
        over = [day for day in set(past.frame["as_of"]) if Window(day, MONTH_DAYS * months).is_over(as_of)]
        if over and months <= hazard.seen:
            day = max(over)
            rows = (past.frame["as_of"] == day).to_numpy()
            said = hazard.lost_within(chance(odds[rows]), months)[:, months - 1]
            customers = past.frame.loc[rows, "customer_id"].tolist()
            found += _held_against(customers, said, supplies, day, months, "held_back")
    return found


def _held_against(
    customers: Sequence[int], said: FloatArray, supplies: Supplies, day: date, months: int, how: str
) -> list[dict[str, Any]]:
    became = outcomes({one: supplies[one] for one in customers}, Window(day, MONTH_DAYS * months))
    ends = np.array([became[one] for one in customers], dtype=object)
    known = ends != Outcome.UNKNOWN
    if not known.any():
        return []
    true = CameTrue(int(known.sum()), int((ends == Outcome.LEFT).sum()), float(said[known].mean()))
    low, high = true.interval
    return [
        {
            "months": months,
            "date": day.isoformat(),
            "ends_on": (day + timedelta(days=MONTH_DAYS * months)).isoformat(),
            "how": how,
            "customers": true.customers,
            "left": true.left,
            "said": true.said,
            "happened": true.happened,
            "low": low,
            "high": high,
            "holds": true.holds,
        }
    ]
