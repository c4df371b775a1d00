"""When supplies are lost, not only whether: lives of customers, cut short where nobody saw their end.

Kaplan and Meier (JASA 53, 1958) over the time since somebody became a customer. Most were customers before
anybody watched: they count among those at risk from the day on which they were first seen (delayed entry:
Klein, Moeschberger, Survival Analysis, 2nd edition 2003, section 4.6). Whoever moved, died or was cut off is
no longer watched from then on. Variance by Greenwood (1926), bands on the scale of log(−log) (Kalbfleisch,
Prentice, 1980, section 1.4), which stay between 0 and 1.

From a date on, the chance to be lost in each month is a discrete-time hazard, a logistic regression over
months that people were watched (Singer, Willett, Journal of Educational Statistics 18, 1993), of which the
score of the date is the fact (a landmark model: van Houwelingen, Scandinavian Journal of Statistics 34,
2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray
from churn.domain.label import HORIZON_DAYS
from churn.domain.scoring import chance
from utility_crm.kit.shares import z_of

MONTH_DAYS = 30
"""Three of them are the 90 days of the score."""
MONTHS_OF_SCORE = HORIZON_DAYS // MONTH_DAYS
HORIZONS = (1, 2, 3, 6, 12)


@dataclass(frozen=True, eq=False)
class Steps:
    """A survival curve: float64 (steps,) each. times: at which somebody was lost, rising; survival: the share
    kept beyond it, with its band; at_risk, lost: how many were watched then, and lost."""

    times: FloatArray
    survival: FloatArray
    low: FloatArray
    high: FloatArray
    at_risk: FloatArray
    lost: FloatArray

    def at(self, time: float) -> float:
        """The share kept beyond a time."""
        place = int(np.searchsorted(self.times, time, side="right"))
        return 1.0 if place == 0 else float(self.survival[place - 1])

    @property
    def median(self) -> float | None:
        """The first time by which half are lost; None where it was never seen."""
        below = np.flatnonzero(self.survival <= 0.5)
        return float(self.times[below[0]]) if below.size else None


def kaplan_meier(
    until: FloatArray, lost: BoolArray, entered: FloatArray | None = None, level: float = 0.95
) -> Steps:
    """until: float64 (lives,), when each was last watched; lost: whether it ended then; entered: since when
    it was watched (nought by default), before `until`. ValueError where one was not."""
    since = np.zeros(until.size) if entered is None else entered
    if (since >= until).any():
        raise ValueError("a life must be watched for some time")
    times, counts = np.unique(until[lost], return_counts=True)
    died = counts.astype(np.float64)
    begun = np.searchsorted(np.sort(since), times, side="left")
    over = np.searchsorted(np.sort(until), times, side="left")
    at_risk = (begun - over).astype(np.float64)
    survival = np.cumprod(1 - died / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(died / (at_risk * (at_risk - died)))
        away = z_of(level) * np.sqrt(variance) / np.abs(np.log(survival))
        low, high = survival ** np.exp(away), survival ** np.exp(-away)
    gone = survival <= 0
    return Steps(
        times, np.asarray(survival, dtype=np.float64), _none(low, gone), _none(high, gone), at_risk, died
    )


def _none(band: Any, gone: BoolArray) -> FloatArray:
    """Where nobody was kept the band is nought, too: log(−log 0) says nothing."""
    return np.where(gone, 0.0, np.asarray(band, dtype=np.float64))


def greenwood(steps: Steps) -> FloatArray:
    """float64 (steps,): the standard error of the survival."""
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(steps.lost / (steps.at_risk * (steps.at_risk - steps.lost)))
        return np.asarray(steps.survival * np.sqrt(variance))


@dataclass(frozen=True, slots=True)
class MonthlyHazard:
    """The chance to be lost in the k-th month from a date, of somebody who is there at its beginning: its
    log-odds are base + odds·score + late·ln k + fades·score·ln k, where score is the log-odds of the 90 days.
    seen: months of which there was anything to learn; those beyond go on like the last."""

    base: float
    odds: float
    late: float
    fades: float
    seen: int

    def log_odds(self, score: FloatArray, month: int) -> FloatArray:
        """float64 (customers,) of the month-th, counted from 1."""
        log_month = float(np.log(min(month, self.seen)))
        return np.asarray(
            self.base + self.odds * score + self.late * log_month + self.fades * score * log_month
        )

    def lost_within(self, chances: FloatArray, months: int) -> FloatArray:
        """float64 (customers, months): the chance to be lost by the end of each month. That of the third is
        the given chance of 90 days, exactly: the hazards of a customer are moved together until it is so."""
        score = _odds_of(chances)
        each = np.stack([self.log_odds(score, month) for month in range(1, months + 1)], axis=1)
        first = np.stack([self.log_odds(score, month) for month in range(1, MONTHS_OF_SCORE + 1)], axis=1)
        low, high = np.full(chances.size, -40.0), np.full(chances.size, 40.0)
        for _ in range(60):
            middle = (low + high) / 2
            too_much = 1 - np.prod(1 - chance(first + middle[:, None]), axis=1) > chances
            low, high = np.where(too_much, low, middle), np.where(too_much, middle, high)
        kept = np.cumprod(1 - chance(each + ((low + high) / 2)[:, None]), axis=1)
        return np.asarray(1 - kept)

    def document(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> MonthlyHazard:
        return cls(**document)


def _odds_of(chances: FloatArray) -> FloatArray:
    sure = np.clip(chances, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(sure) - np.log1p(-sure))


@dataclass(frozen=True, eq=False)
class PersonMonths:
    """A row for each month that somebody was watched in from a date on. row: which of the
    dates; month: int64 from 1; lost: bool."""

    row: npt.NDArray[np.int64]
    month: npt.NDArray[np.int64]
    lost: BoolArray


def person_months(
    observed_days: Sequence[int], ended_day: Sequence[int | None], lost: Sequence[bool], most: int
) -> PersonMonths:
    """observed_days: how many days after its date are known; ended_day: on which of them supply ended (1 is
    the day after), None where it did not; lost: whether that was to another supplier. Only months that are
    over count, so that a loss does not count earlier than its absence; of an end that was no loss, only the
    months before it."""
    rows: list[int] = []
    months: list[int] = []
    gone: list[bool] = []
    for place, (known, day, is_lost) in enumerate(zip(observed_days, ended_day, lost, strict=True)):
        over = min(most, known // MONTH_DAYS)
        end = None if day is None else -(-day // MONTH_DAYS) if is_lost else day // MONTH_DAYS
        last = over if end is None else min(over, end)
        rows += [place] * last
        months += range(1, last + 1)
        gone += [is_lost and month == end for month in range(1, last + 1)]
    return PersonMonths(
        np.array(rows, dtype=np.int64), np.array(months, dtype=np.int64), np.array(gone, dtype=np.bool_)
    )
