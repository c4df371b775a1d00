"""How many of the highest it pays to ask, once it is known what a customer won is worth and what asking
costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churn.domain.feature_table import FloatArray
from churn.domain.intervals import middle
from churn.domain.uplift.repeating import GRID


@dataclass(frozen=True, slots=True)
class Cut:
    """share: of those drawn, the highest to ask, in steps of a twentieth, with its 95 % interval.

    net: what that earns beyond what it costs, a customer drawn, in minor units; over_all: how much more than
    asking everybody, with its interval. Both are less what the best of several places owes to chance.
    """

    share: float
    share_low: float
    share_high: float
    net: float
    over_all: float
    over_all_low: float
    over_all_high: float


def best_cut(won: FloatArray, repeats: FloatArray, worth_minor: float, cost_minor: float) -> Cut:
    """won: the curve on GRID; repeats: (repeats, places), the same curve on customers drawn again.

    worth_minor of a customer who is won, cost_minor of each who is asked. The place is where the net benefit
    is largest. What is said of it would be too good, having been chosen on the same customers; by how much,
    repeats tell: each one's best place is worth more in it than in the curve that it was drawn from (Efron,
    Estimating the error rate of a prediction rule, JASA 78, 1983).
    """
    net, again = _net(won, worth_minor, cost_minor), _net(repeats, worth_minor, cost_minor)
    place = int(np.argmax(net))
    there = np.argmax(again, axis=1)
    more, more_again = net - net[-1], again - again[:, -1:]
    lucky = float(np.mean(again[np.arange(there.size), there] - net[there]))
    lucky_more = float(np.mean(more_again[np.arange(there.size), there] - more[there]))
    shares, ends = middle(GRID[there]), middle(more_again[:, place])
    assert shares is not None and ends is not None
    return Cut(
        float(GRID[place]), *shares, float(net[place]) - lucky,
        float(more[place]) - lucky_more, ends[0] - lucky_more, ends[1] - lucky_more,
    )  # fmt: skip


def _net(won: FloatArray, worth_minor: float, cost_minor: float) -> FloatArray:
    return np.asarray(worth_minor * won - cost_minor * GRID)
