"""What may be said of an effect, by a rule that stands before the campaign begins."""

from __future__ import annotations

from typing import Literal

from churn.domain.campaigns.effects import Effect

Verdict = Literal["works", "harms", "early", "none", "counted", "unseen"]
"""counted: what nobody left alone can do is counted, and no effect is judged by it. unseen: on its day there
were too few to see it by."""


def verdict(effect: Effect | None, *, reached: bool, good: Literal["more", "less"] = "more") -> Verdict:
    """reached: the planned size is, and the day that was set for looking; before, the effect comes with an
    interval that allows for looking every day (`looks`).

    An interval that leaves zero out says `works` or `harms`, by whether more or less is `good`. One that
    holds zero says nothing (`early`) until the plan is reached, and then that no effect was seen (`none`).
    """
    if effect is not None and effect.clear:
        return "works" if (effect.low > 0) is (good == "more") else "harms"
    return "none" if reached and effect is not None else "early"


def romi(extra_margin: float, cost: float) -> float | None:
    """Return on marketing investment: what was earned beyond the cost, for each unit of cost. None where
    nothing was spent."""
    return (extra_margin - cost) / cost if cost > 0 else None
