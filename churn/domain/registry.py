"""Champion and challenger: which of two models scores the customers, by a rule that is written down.

Both were told of the same later customers, of whom neither had learned. The champion stays until there is a
reason: one who was better by more than chance would make them, or one who is no worse where the champion is
old, or its customers have changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from churn.domain.feature_table import FloatArray

OLD_DAYS = 60
"""A champion of that age gives way to one that is no worse: it lacks two months of what happened since."""

RETRAIN_DAYS = 7
"""A challenger is made once a week."""

RETRAIN_DRIFTED_DAYS = 2
"""So soon where the customers have changed: every day would learn from nearly the same rows."""

State = Literal["champion", "challenger", "refused"]


@dataclass(frozen=True, slots=True)
class Gain:
    """How much less the challenger's log loss is than the champion's, a customer, and the standard error of
    that mean."""

    mean: float
    error: float

    @property
    def better(self) -> bool:
        """By more than its standard error (Breiman, Friedman, Olshen, Stone, Classification and Regression
        Trees, 1984, section 3.4.3, whose rule of one standard error this is)."""
        return self.mean > self.error

    @property
    def worse(self) -> bool:
        return self.mean < -self.error


@dataclass(frozen=True, slots=True)
class Incumbent:
    """The champion when a challenger comes. age_days: below nought, it learned at a later date than the
    challenger. usable: it was registered with its data, and every fact that it asks for is still known.
    drifted: its customers have changed since, or what it said did not come true."""

    age_days: int
    usable: bool = True
    drifted: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The challenger's state, and why: a word of `WHYS`."""

    state: State
    why: str


WHYS = (
    "first", "unregistered", "earlier", "better", "old", "drifted", "untested", "not_surely_better", "worse",
)  # fmt: skip


def verdict(incumbent: Incumbent | None, gain: Gain | None) -> Verdict:
    """What becomes of a challenger. gain None: too few left in the time that both could be tested on."""
    if incumbent is None:
        return Verdict("champion", "first")
    if not incumbent.usable:
        return Verdict("champion", "unregistered")
    if incumbent.age_days < 0:  # its twin may have seen what became of those that both are tested on
        return Verdict("refused", "earlier")
    if gain is not None and gain.worse:
        return Verdict("refused", "worse")
    if gain is not None and gain.better:
        return Verdict("champion", "better")
    if incumbent.drifted:
        return Verdict("champion", "drifted")
    if incumbent.age_days > OLD_DAYS:
        return Verdict("champion", "old")
    return Verdict("challenger", "untested" if gain is None else "not_surely_better")


def gain_of(champion_losses: FloatArray, challenger_losses: FloatArray) -> Gain:
    """From the log loss of each customer, said by the one and by the other."""
    gains = champion_losses - challenger_losses
    spread = float(gains.std(ddof=1)) if gains.size > 1 else 0.0
    return Gain(float(gains.mean()), spread / float(np.sqrt(gains.size)))
