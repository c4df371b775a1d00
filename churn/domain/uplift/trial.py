"""Customers drawn by lot, what each tells of the effect, and what a ranking of them is worth.

Of no customer is it known what they would have done otherwise. What each is credited with here is right on
average: their outcome, less the usual one, weighted by the inverse of their arm's share, counted for those
who were asked and against those left alone. Everything below is a sum of such credits.

The Qini curve (Radcliffe, Using control groups to target on predicted lift, Direct Marketing Analytics
Journal 1, 2007, 14-21) says how many customers are won when the highest of a ranking are asked and no others,
as a share of all who were drawn; Radcliffe scales the control group's count by the sizes of the groups, which
is the weighting by shares. Taking the usual outcome off changes no expectation, makes the figures the same
whether leaving or staying is counted, and keeps common outcomes from drowning the rest.

scores: float64 (customers,), higher ones are asked first. Customers with equal scores are never put in an
order: along the curve they come together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray, starts_of


@dataclass(frozen=True, eq=False)
class Trial:
    """asked: bool (customers,), in an arm; the others were left alone. had: bool (customers,), who had the
    outcome that is wanted. ValueError where a group is empty."""

    asked: BoolArray
    had: BoolArray

    def __post_init__(self) -> None:
        if self.asked.shape != self.had.shape or not 0 < int(self.asked.sum()) < self.asked.size:
            raise ValueError("a trial needs customers who were asked and some who were left alone")

    def __len__(self) -> int:
        return int(self.asked.size)

    @property
    def share(self) -> float:
        """Of those drawn, who were asked."""
        return float(self.asked.mean())

    @property
    def weights(self) -> FloatArray:
        """float64 (customers,): the inverse of each one's share, below zero for those left alone."""
        return np.where(self.asked, 1 / self.share, -1 / (1 - self.share))

    @property
    def usual(self) -> float:
        """The outcome that is taken off: each arm's share of it weighted by the other arm's size, with which
        credits scatter least."""
        return float(
            (1 - self.share) * self.had[self.asked].mean() + self.share * self.had[~self.asked].mean()
        )

    @property
    def credits(self) -> FloatArray:
        """float64 (customers,): what each is credited with; their mean is the effect on all."""
        return np.asarray(self.weights * (self.had - self.usual))

    @property
    def effect(self) -> float:
        """Arm less control, in shares of one."""
        return float(self.had[self.asked].mean() - self.had[~self.asked].mean())


@dataclass(frozen=True, eq=False)
class Curve:
    """shares: float64 (points,), from 0 to 1, how many of those drawn are asked; won: float64 (points,),
    customers won by it as a share of those drawn. Straight between points."""

    shares: FloatArray
    won: FloatArray

    def at(self, shares: FloatArray) -> FloatArray:
        """What is won where so many are asked."""
        return np.interp(shares, self.shares, self.won)


def curve(trial: Trial, scores: FloatArray) -> Curve:
    """The Qini curve of a ranking: a point each distinct score."""
    order = np.argsort(-scores, kind="stable")
    starts = starts_of(scores[order])
    sizes = np.diff(np.append(starts, len(trial)))
    won = np.add.reduceat(trial.credits[order], starts)
    reached = np.concatenate(([0.0], np.cumsum(sizes))) / len(trial)
    return Curve(reached, np.concatenate(([0.0], np.cumsum(won))) / len(trial))


def places(scores: FloatArray) -> FloatArray:
    """float64 (customers,): how far down the ranking each stands, from 0 to 1; equal scores share the middle
    of theirs."""
    order = np.argsort(-scores, kind="stable")
    starts = starts_of(scores[order])
    sizes = np.diff(np.append(starts, scores.size))
    found = np.empty(scores.size)
    found[order] = np.repeat(starts + sizes / 2, sizes) / scores.size
    return found


def qini(trial: Trial, scores: FloatArray) -> float:
    """The area between the Qini curve and the straight line of asking at random.

    It is the number of customers that this ranking wins beyond asking as many at random, as a share of those
    drawn, on average over how many are asked. Zero in expectation for a ranking that knows nothing.
    """
    return float((trial.credits * (0.5 - places(scores))).mean())


def area_under(trial: Trial, scores: FloatArray) -> float:
    """The whole area under the curve (AUUC): that beyond random, and half the effect on all."""
    return qini(trial, scores) + trial.effect / 2


def most(trial: Trial) -> float:
    """The largest `qini` that any ranking of these customers could have: theirs by what each is credited
    with, which nobody can know."""
    return qini(trial, np.round(trial.credits, 9))  # those that differ by rounding alone are equal


def coefficient(trial: Trial, scores: FloatArray) -> float:
    """The Qini coefficient: `qini` as a share of the largest there could be, -1 to 1; 0 where none could
    be. It is small where outcomes are rare, however good the ranking."""
    best = most(trial)
    return qini(trial, scores) / best if best > 1e-12 else 0.0
