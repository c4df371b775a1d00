"""How high the chances of a new day are as a whole, learned from few days.

What tells customers apart on one day need not tell one day from another: bills, use and prices move for
everybody at once with the season, and a slope learned between customers, noise and all, is then added to all
of them (between and within effects: Mundlak, On the pooling of time series and cross section data,
Econometrica 46, 1978). Only the dates learned from can say what such a common move is worth, and they are
few. So a part of it is taken: of n dates (n - 1) / (n - 1 + 4), as if the four windows of a year had said
before that it is worth nothing. One date says nothing of any move. The order of customers never changes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import log

import numpy as np

from churn.domain.feature_table import FloatArray
from churn.domain.scoring import chance

WINDOWS_IN_A_YEAR = 4
_FURTHEST, _HALVINGS = 30.0, 60


@dataclass(frozen=True, slots=True)
class Level:
    """Mean chances: learned (of the rows learned from), foretold (of a new day as the model was fitted), and
    taken. part: of the way from the first to the second, in log-odds. shift: what brings everybody's log-odds
    of that day there."""

    learned: float
    foretold: float
    taken: float
    part: float
    shift: float

    def document(self) -> dict[str, float]:
        """The level as JSON."""
        return asdict(self)


def part_taken(dates: int) -> float:
    """Of a common move, what is believed of a model that learned from so many dates: 0 of one, below 1."""
    return (dates - 1) / (dates - 1 + WINDOWS_IN_A_YEAR)


def level_of(then: FloatArray, now: FloatArray, dates: int) -> Level:
    """then: log-odds (rows learned from,); now: log-odds (customers,) of the new day, neither empty. dates:
    how many were learned from. Nothing is asked of what became of the customers of the new day."""
    learned, foretold = float(chance(then).mean()), float(chance(now).mean())
    part = part_taken(dates)
    odds = _log_odds(learned) + part * (_log_odds(foretold) - _log_odds(learned))
    taken = float(chance(np.array([odds]))[0])
    return Level(learned, foretold, taken, part, _shift(now, taken))


def _shift(odds: FloatArray, wanted: float) -> float:
    """What is to be added to log-odds so that their mean chance is the wanted one: by halving."""
    low, high = -_FURTHEST, _FURTHEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(odds + middle).mean() < wanted else (low, middle)
    return (low + high) / 2


def _log_odds(share: float) -> float:
    return log(share) - log(1 - share)
